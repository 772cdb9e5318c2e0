//! What is asked of the write path, and what becomes of it.

use shared::{
    api::UpdateCanvas,
    canvas::{Coord, Refusal, Role, TileOp},
    ids::{OpId, TileId, UserId},
    text::ChatText,
};
use std::sync::Arc;
use thiserror::Error;

/// Bytes of `[1023,255],`.
const EDIT_BYTES: usize = 11;

/// Who acts, by name. Cheap to clone; clones share the names.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// Who.
    pub(crate) user_id: UserId,
    /// Their unique name.
    pub(crate) username: Arc<str>,
    /// Their name to show.
    pub(crate) display_name: Arc<str>,
    /// How often it had been changed: of two names, the one with the higher version is newer.
    pub(crate) name_version: i64,
}

/// Something durable that is to be done.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
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
    /// Takes or prolongs a tile's lock; nothing of it is in the log.
    Lock {
        /// Its cell.
        at: Coord,
    },
    /// Gives a tile's lock back; nothing of it is in the log.
    Unlock {
        /// Its cell.
        at: Coord,
    },
}

impl Operation {
    /// The bytes that its event may have on the wire, besides names and numbers,
    /// where a tile has `area` pixels.
    pub(crate) fn size(&self, area: usize) -> usize {
        // In base64.
        let whole = area.div_ceil(3) * 4;
        match self {
            Self::Chat(text) => text.as_str().len(),
            Self::Tile { op, .. } => match op {
                TileOp::Create { title, .. } => title.len() + whole,
                // An empty cell's tile is told as a whole.
                TileOp::Paint { edits } => whole.max(edits.len() * EDIT_BYTES),
                TileOp::Update { title, pixels, .. } => {
                    let whole = pixels.as_ref().map_or(0, |_| whole);
                    title.as_ref().map_or(0, String::len) + whole
                }
                TileOp::Like { .. } | TileOp::Delete => 0,
            },
            Self::Settings(_) | Self::Lock { .. } | Self::Unlock { .. } => 0,
        }
    }
}

/// A durable request on its way to the log.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    /// Whose request it is.
    pub(crate) identity: Identity,
    /// Their role on the canvas.
    pub(crate) role: Role,
    /// Applied once, ever.
    pub(crate) op_id: Option<OpId>,
    /// What is to be done.
    pub(crate) operation: Operation,
}

/// What became of a request that was carried out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    /// The event's place in the log; none where nothing changed.
    pub(crate) seq: Option<i64>,
    /// The tile, for tile operations.
    pub(crate) tile_id: Option<TileId>,
    /// Its version afterwards.
    pub(crate) version: Option<i64>,
    /// Its likes afterwards.
    pub(crate) like_count: Option<i64>,
}

/// Why a request was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum WriteError {
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
