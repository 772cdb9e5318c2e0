//! Changing a canvas's settings, inside a write transaction.

use chrono::{DateTime, Utc};
use shared::{
    api::{Canvas, UpdateCanvas},
    canvas::{EditPolicy, Visibility},
    ids::{CanvasId, Epoch, UserId},
};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

#[derive(FromRow)]
struct Row {
    name: String,
    description: String,
    width: i32,
    height: i32,
    tile_size: i32,
    palette: Vec<String>,
    visibility: String,
    edit_policy: String,
    owner_id: i64,
    tile_count: i64,
    epoch: Uuid,
    last_seq: i64,
    created_at: DateTime<Utc>,
}

/// Applies a change and returns the canvas as it is then, seen by nobody in
/// particular: without a role and without the number of people on it.
pub(crate) async fn update(
    connection: &mut PgConnection,
    id: CanvasId,
    change: &UpdateCanvas,
) -> sqlx::Result<Canvas> {
    let row: Row = sqlx::query_as(
        "UPDATE canvases
         SET name = COALESCE($2, name), description = COALESCE($3, description),
             visibility = COALESCE($4, visibility), edit_policy = COALESCE($5, edit_policy)
         WHERE id = $1
         RETURNING name, description, width, height, tile_size, palette, visibility,
                   edit_policy, owner_id, tile_count, epoch, last_seq, created_at",
    )
    .bind(id.0)
    .bind(&change.name)
    .bind(&change.description)
    .bind(change.visibility.map(visibility_text))
    .bind(change.edit_policy.map(edit_policy_text))
    .fetch_one(connection)
    .await?;
    Ok(Canvas {
        id,
        name: row.name,
        description: row.description,
        width: row.width,
        height: row.height,
        tile_size: row.tile_size,
        palette: row.palette,
        visibility: visibility(&row.visibility),
        edit_policy: super::log::edit_policy(&row.edit_policy),
        owner_id: UserId(row.owner_id),
        role: None,
        tile_count: row.tile_count,
        active_users: 0,
        epoch: Epoch(row.epoch),
        last_seq: row.last_seq,
        created_at: row.created_at.into(),
    })
}

fn visibility_text(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Public => "public",
        Visibility::Unlisted => "unlisted",
        Visibility::Private => "private",
    }
}

fn edit_policy_text(policy: EditPolicy) -> &'static str {
    match policy {
        EditPolicy::Open => "open",
        EditPolicy::Exclusive => "exclusive",
        EditPolicy::Own => "own",
    }
}

fn visibility(text: &str) -> Visibility {
    match text {
        "private" => Visibility::Private,
        "unlisted" => Visibility::Unlisted,
        _ => Visibility::Public,
    }
}
