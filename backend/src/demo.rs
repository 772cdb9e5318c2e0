//! The demonstration canvas (`DEMO`): a painted night sky over a forest with free
//! cells for the first visitors.

mod scene;

use crate::{
    db::{self, DbError, access::Standing, canvases, users},
    realtime::{Identity, Operation, UNKNOWN_ACL, Write, WriteError},
    state::AppState,
};
use futures_util::future;
use shared::{
    api::User,
    canvas::{Coord, EditPolicy, Role, TileOp, Visibility},
    pixels::Pixels,
};
use thiserror::Error;

/// A hash that no password has: nobody can sign in as the painter.
const NO_PASSWORD: &str = "!";

/// Why the demonstration canvas cannot be created.
#[derive(Debug, Error)]
pub(crate) enum DemoError {
    /// The canvas or its owner cannot be created.
    #[error(transparent)]
    Database(#[from] DbError),
    /// A tile cannot be created.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Creates the canvas if there is no canvas yet.
///
/// # Errors
/// What was created until then stays.
pub(crate) async fn make(state: &AppState) -> Result<(), DemoError> {
    if canvases::any(&state.pool).await? {
        return Ok(());
    }
    let painter = painter(state).await?;
    let new = canvases::New {
        name: "Stellar night".to_owned(),
        description: "Everybody draws here. The forest still has free cells.".to_owned(),
        width: scene::COLUMNS,
        height: scene::ROWS,
        tile_size: scene::TILE_SIZE,
        palette: scene::PALETTE.map(str::to_owned).to_vec(),
        visibility: Visibility::Public,
        edit_policy: EditPolicy::Open,
    };
    let canvas_id = canvases::insert(&state.pool, painter.id, &new).await?;
    let identity = Identity {
        user_id: painter.id,
        username: painter.username.into(),
        display_name: painter.display_name.into(),
        name_version: 0,
    };
    let writes = cells().filter(|at| !scene::is_free(*at)).map(|at| {
        let op = TileOp::Create {
            title: scene::title(at).to_owned(),
            pixels: Some(Pixels::from_bytes(scene::tile(at))),
        };
        let write = Write {
            identity: identity.clone(),
            role: Role::Owner,
            acl_version: UNKNOWN_ACL,
            sanctions: None,
            standing: Standing::default(),
            op_id: None,
            operation: Operation::Tile {
                at,
                expected: None,
                op,
                undo_of: None,
            },
        };
        state.hub.write(canvas_id, write)
    });
    future::try_join_all(writes).await?;
    tracing::info!(canvas = %canvas_id, "made the demonstration canvas");
    Ok(())
}

/// Creates the canvas's owner, with a random suffix if the name is taken.
async fn painter(state: &AppState) -> db::Result<User> {
    let name = match users::by_name(&state.pool, "stellar").await? {
        None => "stellar".to_owned(),
        Some(_) => format!("stellar-{:08x}", rand::random::<u32>()),
    };
    users::insert(&state.pool, &name, "Stellar", Some(NO_PASSWORD)).await
}

fn cells() -> impl Iterator<Item = Coord> {
    (0..scene::ROWS).flat_map(|y| (0..scene::COLUMNS).map(move |x| Coord { x, y }))
}
