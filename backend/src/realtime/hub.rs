//! The node's rooms and connections, and the door to them.

use shared::{
    api::UpdateCanvas,
    canvas::{Coord, Refusal, Role, TileOp},
    ids::{CanvasId, OpId, SessionId, TileId, UserId},
    presence::ActiveUser,
    text::ChatText,
};
use sqlx::PgPool;
use std::{sync::Arc, time::Duration};
use thiserror::Error;

/// Who acts, by name.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Who.
    pub user_id: UserId,
    /// Their unique name.
    pub username: String,
    /// Their name to show.
    pub display_name: String,
}

/// Something durable that is to be done.
#[derive(Clone, Debug)]
pub enum Operation {
    /// Says something.
    Chat(ChatText),
    /// Does something to a tile.
    Tile {
        /// Its cell.
        at: Coord,
        /// Refuse with `tile_not_found` if the cell has another tile by now.
        expected: Option<TileId>,
        /// What.
        op: TileOp,
    },
    /// Changes the canvas's settings (checked values).
    Settings(UpdateCanvas),
}

/// A durable request on its way to the log.
#[derive(Clone, Debug)]
pub struct Write {
    /// Whose request it is.
    pub identity: Identity,
    /// Their role on the canvas.
    pub role: Role,
    /// Applied once, ever.
    pub op_id: Option<OpId>,
    /// What is to be done.
    pub operation: Operation,
}

/// What became of a request that was carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// The event's place in the log; none where nothing changed.
    pub seq: Option<i64>,
    /// The tile, for tile operations.
    pub tile_id: Option<TileId>,
    /// Its version afterwards.
    pub version: Option<i64>,
    /// Its likes afterwards.
    pub like_count: Option<i64>,
}

/// Why a request was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WriteError {
    /// The rules forbid it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is no such canvas (any more).
    #[error("there is no such canvas")]
    CanvasNotFound,
    /// Too much is waiting already.
    #[error("too much is waiting to be written")]
    Busy,
    /// The database is away; nothing is confirmed.
    #[error("the database is away")]
    Unavailable,
    /// The server's fault; logged where it happened.
    #[error("internal error")]
    Internal,
}

/// What the realtime part is told about its limits.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Time between pings, ± 20 %.
    pub ping_interval: Duration,
    /// Silence after which a peer is dropped.
    pub timeout: Duration,
    /// Connections in total.
    pub max_connections: usize,
    /// Connections of one user.
    pub max_connections_per_user: usize,
    /// Connections from one address.
    pub max_connections_per_ip: usize,
    /// Whether requests are limited in rate.
    pub rate_limits: bool,
}

/// The node's rooms and connections.
#[derive(Clone)]
pub struct Hub {
    inner: Arc<Inner>,
}

struct Inner {
    pool: PgPool,
    settings: Settings,
}

impl Hub {
    /// A hub with no room open.
    pub fn new(pool: PgPool, settings: Settings) -> Self {
        Self {
            inner: Arc::new(Inner { pool, settings }),
        }
    }

    /// Carries out one durable request of an HTTP client; its event goes to
    /// every connection.
    ///
    /// # Errors
    /// [`WriteError`]; nothing was changed then, or with `Unavailable` nothing
    /// is known.
    pub async fn write(&self, canvas_id: CanvasId, write: Write) -> Result<Done, WriteError> {
        let _ = (canvas_id, write, &self.inner.pool, &self.inner.settings);
        Err(WriteError::Unavailable)
    }

    /// Who is on the canvas now.
    pub async fn active_users(&self, canvas_id: CanvasId) -> Vec<ActiveUser> {
        let _ = canvas_id;
        Vec::new()
    }

    /// How many users are on the canvas now.
    pub fn active_count(&self, canvas_id: CanvasId) -> usize {
        let _ = canvas_id;
        0
    }

    /// Ends every connection of a session.
    pub fn session_revoked(&self, session_id: SessionId) {
        let _ = session_id;
    }

    /// Makes a role that was given or taken count for open connections; none
    /// ends them.
    pub fn role_changed(&self, canvas_id: CanvasId, user_id: UserId, role: Option<Role>) {
        let _ = (canvas_id, user_id, role);
    }

    /// Tells everybody on the canvas that it is gone, and ends their connections.
    pub fn canvas_deleted(&self, canvas_id: CanvasId) {
        let _ = canvas_id;
    }

    /// Ends every connection with 1012 and finishes what is being written.
    pub async fn shut_down(&self) {}

    /// Whether [`Hub::shut_down`] was called.
    pub fn is_draining(&self) -> bool {
        false
    }
}
