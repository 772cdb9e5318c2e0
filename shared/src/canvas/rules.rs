//! Which operations are allowed, and what they change. Pure functions without
//! clock and I/O.

use super::{Coord, EditPolicy, Grid, Role, TileOp, TileState};
use crate::{
    ids::{TileId, UserId},
    pixels::{PixelEdit, PixelError, Pixels, check_edits},
    protocol::ErrorCode,
};
use thiserror::Error;

/// The acting user, with what decides whether they can act.
#[derive(Clone, Copy, Debug)]
pub struct Actor {
    /// The user.
    pub user_id: UserId,
    /// The user's role on the canvas.
    pub role: Role,
    /// Whether the user likes the tile before the operation.
    pub likes: bool,
    /// Whether another user holds the tile's lock.
    pub locked_by_other: bool,
}

/// What an operation changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TileChange {
    /// The tile was created; its whole state is new.
    Created,
    /// The title or the pixels changed.
    Updated {
        /// The new title, if it is another one.
        title: Option<String>,
        /// The pixels that were set, if single ones were.
        delta: Option<Vec<PixelEdit>>,
        /// All pixels, if all were replaced by others.
        pixels: Option<Pixels>,
    },
    /// The acting user's like was set (true) or removed (false).
    Liked(bool),
    /// The tile was deleted.
    Deleted,
    /// Nothing changed; no event is stored.
    Nothing,
}

/// Why an operation was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The cell is outside the canvas.
    #[error("the cell is outside the canvas")]
    OutOfBounds,
    /// The cell already has a tile.
    #[error("the cell already has a tile")]
    TileExists,
    /// The cell has no tile.
    #[error("the cell has no tile")]
    TileNotFound,
    /// Another user holds the lock.
    #[error("somebody else is drawing in this tile")]
    TileLocked,
    /// The user's role or the canvas's edit policy does not allow it.
    #[error("you may not do this here")]
    Forbidden,
    /// The tile does not have `base_version`; it has this version.
    #[error("the tile has changed: it has version {0} now")]
    VersionConflict(i64),
    /// The pixels do not fit the canvas.
    #[error(transparent)]
    Pixels(#[from] PixelError),
}

impl Refusal {
    /// The error code that clients get.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::OutOfBounds => ErrorCode::OutOfBounds,
            Self::TileExists => ErrorCode::TileExists,
            Self::TileNotFound => ErrorCode::TileNotFound,
            Self::TileLocked => ErrorCode::TileLocked,
            Self::Forbidden => ErrorCode::Forbidden,
            Self::VersionConflict(_) => ErrorCode::VersionConflict,
            Self::Pixels(_) => ErrorCode::InvalidMessage,
        }
    }
}

/// Checks what depends on the canvas's dimensions only, not on its tiles.
///
/// # Errors
/// [`Refusal::OutOfBounds`] or [`Refusal::Pixels`].
pub fn check(grid: &Grid, at: Coord, op: &TileOp) -> Result<(), Refusal> {
    if !grid.contains(at) {
        return Err(Refusal::OutOfBounds);
    }
    match op {
        TileOp::Create { pixels, .. } | TileOp::Update { pixels, .. } => {
            if let Some(pixels) = pixels {
                pixels.check(grid.tile_size, grid.palette)?;
            }
        }
        TileOp::Paint { edits } => check_edits(edits, grid.tile_size, grid.palette)?,
        TileOp::Like { .. } | TileOp::Delete => {}
    }
    Ok(())
}

/// Checks whether the user can perform the operation on the tile; `None` is an
/// empty cell.
///
/// # Errors
/// [`Refusal::Forbidden`] or [`Refusal::TileLocked`].
pub fn permit(
    policy: EditPolicy,
    tile: Option<&TileState>,
    op: &TileOp,
    actor: &Actor,
) -> Result<(), Refusal> {
    let created = tile.is_none_or(|tile| tile.creator_id == actor.user_id);
    let moderates = actor.role >= Role::Moderator;
    let allowed = match op {
        TileOp::Like { .. } => true,
        TileOp::Delete => actor.role >= Role::Editor && (created || moderates),
        TileOp::Create { .. } => actor.role >= Role::Editor,
        TileOp::Paint { .. } | TileOp::Update { .. } => {
            actor.role >= Role::Editor && (policy != EditPolicy::Own || created || moderates)
        }
    };
    if !allowed {
        return Err(Refusal::Forbidden);
    }
    let draws = !matches!(op, TileOp::Like { .. });
    if draws && policy == EditPolicy::Exclusive && actor.locked_by_other {
        return Err(Refusal::TileLocked);
    }
    Ok(())
}

/// Applies an operation to a cell. The operation must have passed [`check`] and
/// [`permit`]. If a tile is created, its id is `new_id`.
///
/// # Errors
/// [`Refusal::TileExists`], [`Refusal::TileNotFound`] or
/// [`Refusal::VersionConflict`]; then the cell is unchanged.
pub fn apply(
    grid: &Grid,
    cell: &mut Option<TileState>,
    op: &TileOp,
    actor: &Actor,
    new_id: TileId,
) -> Result<TileChange, Refusal> {
    let create = |title: &str, pixels: Pixels| TileState {
        id: new_id,
        creator_id: actor.user_id,
        title: title.to_owned(),
        pixels,
        version: 1,
        like_count: 0,
    };
    match (op, &mut *cell) {
        (TileOp::Create { .. }, Some(_)) => Err(Refusal::TileExists),
        (TileOp::Create { title, pixels }, None) => {
            let pixels = pixels
                .clone()
                .unwrap_or_else(|| Pixels::blank(grid.tile_size));
            *cell = Some(create(title, pixels));
            Ok(TileChange::Created)
        }
        (TileOp::Paint { edits }, None) => {
            let mut pixels = Pixels::blank(grid.tile_size);
            if !pixels.paint(edits) {
                return Ok(TileChange::Nothing);
            }
            *cell = Some(create("", pixels));
            Ok(TileChange::Created)
        }
        (TileOp::Paint { edits }, Some(tile)) => {
            if !tile.pixels.paint(edits) {
                return Ok(TileChange::Nothing);
            }
            tile.version += 1;
            Ok(TileChange::Updated {
                title: None,
                delta: Some(edits.clone()),
                pixels: None,
            })
        }
        (
            TileOp::Update {
                title,
                pixels,
                base_version,
            },
            Some(tile),
        ) => {
            if base_version.is_some_and(|base| base != tile.version) {
                return Err(Refusal::VersionConflict(tile.version));
            }
            let renamed = title.as_ref().filter(|new| **new != tile.title);
            let redrawn = pixels.as_ref().filter(|new| **new != tile.pixels);
            if renamed.is_none() && redrawn.is_none() {
                return Ok(TileChange::Nothing);
            }
            if let Some(new) = renamed {
                tile.title.clone_from(new);
            }
            if let Some(new) = redrawn {
                tile.pixels.clone_from(new);
            }
            tile.version += 1;
            Ok(TileChange::Updated {
                title: renamed.cloned(),
                delta: None,
                pixels: redrawn.cloned(),
            })
        }
        (TileOp::Like { liked }, Some(tile)) => {
            if *liked == actor.likes {
                return Ok(TileChange::Nothing);
            }
            tile.like_count += if *liked { 1 } else { -1 };
            Ok(TileChange::Liked(*liked))
        }
        (TileOp::Delete, Some(_)) => {
            *cell = None;
            Ok(TileChange::Deleted)
        }
        (TileOp::Update { .. } | TileOp::Like { .. } | TileOp::Delete, None) => {
            Err(Refusal::TileNotFound)
        }
    }
}

#[cfg(test)]
mod tests;
