//! The rules of a canvas: who may do what to a tile, and what it then looks
//! like. Pure, so that the server decides and the browser foretells by the
//! same code.

use crate::{
    ids::{TileId, UserId},
    pixels::{PixelEdit, PixelError, Pixels, check_edits},
    protocol::ErrorCode,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Who finds a canvas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Listed; everybody reads, everybody signed in joins.
    #[default]
    Public,
    /// As public, but not listed.
    Unlisted,
    /// Members only.
    Private,
}

/// Who paints which tile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EditPolicy {
    /// Every editor paints every tile, together.
    #[default]
    Open,
    /// A painter holds the tile's lock.
    Exclusive,
    /// A tile is painted by its creator, the moderators and the owner.
    Own,
}

/// What a user may do on a canvas; a later one may more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads, chats and likes.
    Viewer,
    /// Draws as well.
    Editor,
    /// Draws in and deletes every tile, and names editors and viewers.
    Moderator,
    /// Made the canvas; may everything.
    Owner,
}

/// A cell of the grid. Integers too large for it are clamped when read, and
/// so stay outside every grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Coord {
    /// Column, from 0 at the left.
    pub x: i32,
    /// Row, from 0 at the top.
    pub y: i32,
}

/// The measures of a canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Tiles in a row.
    pub width: i32,
    /// Rows.
    pub height: i32,
    /// Pixels along one side of a tile.
    pub tile_size: i32,
    /// Colours in the palette.
    pub palette: usize,
}

impl Grid {
    /// Whether the cell lies on the canvas.
    pub fn contains(&self, at: Coord) -> bool {
        (0..self.width).contains(&at.x) && (0..self.height).contains(&at.y)
    }
}

/// What somebody wants done to the tile of one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TileOp {
    /// Starts a tile in an empty cell.
    Create {
        /// Its title, or empty.
        title: String,
        /// Its pixels, or blank.
        pixels: Option<Pixels>,
    },
    /// Paints single pixels; starts the tile where the cell is empty.
    Paint {
        /// In the order of painting.
        edits: Vec<PixelEdit>,
    },
    /// Replaces the title, all pixels, or both.
    Update {
        /// New title.
        title: Option<String>,
        /// New pixels.
        pixels: Option<Pixels>,
        /// Refuse if the tile has another version by now.
        base_version: Option<i64>,
    },
    /// Sets whether the actor likes the tile.
    Like {
        /// Likes it from now on.
        liked: bool,
    },
    /// Empties the cell.
    Delete,
}

/// A tile as the rules see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileState {
    /// Which.
    pub id: TileId,
    /// Who started it.
    pub creator_id: UserId,
    /// Its title, or empty.
    pub title: String,
    /// What is drawn.
    pub pixels: Pixels,
    /// 1 when created, one more with every change of title or pixels.
    pub version: i64,
    /// How many like it.
    pub like_count: i64,
}

/// Who acts, and what bears on whether they may.
#[derive(Clone, Copy, Debug)]
pub struct Actor {
    /// Who.
    pub user_id: UserId,
    /// Their role on this canvas.
    pub role: Role,
    /// Whether they like the tile already.
    pub likes: bool,
    /// Whether somebody else holds the tile's lock.
    pub locked_by_other: bool,
}

/// What an operation changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A tile was started; its state is all there is to say.
    Created,
    /// Title or pixels changed.
    Updated {
        /// The new title.
        title: Option<String>,
        /// Single pixels.
        delta: Option<Vec<PixelEdit>>,
        /// All pixels.
        pixels: Option<Pixels>,
    },
    /// The actor likes it, or no longer.
    Liked(bool),
    /// The cell is empty now.
    Deleted,
    /// All is as it was.
    Nothing,
}

/// Why an operation was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The cell is not on the canvas.
    #[error("the cell is outside the canvas")]
    OutOfBounds,
    /// The cell has a tile already.
    #[error("the cell already has a tile")]
    TileExists,
    /// The cell is empty.
    #[error("the cell has no tile")]
    TileNotFound,
    /// Somebody else holds the lock.
    #[error("somebody else is drawing in this tile")]
    TileLocked,
    /// The role or the canvas's policy does not allow it.
    #[error("you may not do this here")]
    Forbidden,
    /// The tile is not of `base_version` any more.
    #[error("the tile has changed: it has version {0} now")]
    VersionConflict(i64),
    /// The pixels do not fit the canvas.
    #[error(transparent)]
    Pixels(#[from] PixelError),
}

impl Refusal {
    /// The code for the wire.
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

/// Whether `op` can be meant for this canvas at all, whatever its tiles are.
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

/// Whether the actor may do this to the tile as it is.
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

/// Applies an operation that passed [`check`] and [`permit`] to the cell.
/// `new_id` is the id of the tile should one be started.
///
/// # Errors
/// [`Refusal::TileExists`], [`Refusal::TileNotFound`] or
/// [`Refusal::VersionConflict`]; the cell is then as it was.
pub fn apply(
    grid: &Grid,
    cell: &mut Option<TileState>,
    op: &TileOp,
    actor: &Actor,
    new_id: TileId,
) -> Result<Change, Refusal> {
    let start = |title: &str, pixels: Pixels| TileState {
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
            *cell = Some(start(title, pixels));
            Ok(Change::Created)
        }
        (TileOp::Paint { edits }, None) => {
            let mut pixels = Pixels::blank(grid.tile_size);
            pixels.paint(edits);
            *cell = Some(start("", pixels));
            Ok(Change::Created)
        }
        (TileOp::Paint { edits }, Some(tile)) => {
            tile.pixels.paint(edits);
            tile.version += 1;
            Ok(Change::Updated {
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
            if title.is_none() && pixels.is_none() {
                return Ok(Change::Nothing);
            }
            if let Some(title) = title {
                tile.title.clone_from(title);
            }
            if let Some(pixels) = pixels {
                tile.pixels.clone_from(pixels);
            }
            tile.version += 1;
            Ok(Change::Updated {
                title: title.clone(),
                delta: None,
                pixels: pixels.clone(),
            })
        }
        (TileOp::Like { liked }, Some(tile)) => {
            if *liked == actor.likes {
                return Ok(Change::Nothing);
            }
            tile.like_count += if *liked { 1 } else { -1 };
            Ok(Change::Liked(*liked))
        }
        (TileOp::Delete, Some(_)) => {
            *cell = None;
            Ok(Change::Deleted)
        }
        (TileOp::Update { .. } | TileOp::Like { .. } | TileOp::Delete, None) => {
            Err(Refusal::TileNotFound)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: Grid = Grid {
        width: 2,
        height: 2,
        tile_size: 8,
        palette: 4,
    };

    fn actor(user: i64, role: Role) -> Actor {
        Actor {
            user_id: UserId(user),
            role,
            likes: false,
            locked_by_other: false,
        }
    }

    fn paint(index: u16, colour: u8) -> TileOp {
        TileOp::Paint {
            edits: vec![PixelEdit(index, colour)],
        }
    }

    fn started_by(user: i64) -> Option<TileState> {
        let mut cell = None;
        let ann = actor(user, Role::Editor);
        apply(&GRID, &mut cell, &paint(0, 1), &ann, TileId(1)).unwrap();
        cell
    }

    #[test]
    fn painting_an_empty_cell_starts_a_tile_and_painting_on_merges() {
        let mut cell = started_by(1);
        let bob = actor(2, Role::Editor);
        let change = apply(&GRID, &mut cell, &paint(9, 2), &bob, TileId(2)).unwrap();
        assert!(matches!(change, Change::Updated { delta: Some(_), .. }));
        let tile = cell.unwrap();
        assert_eq!((tile.id, tile.creator_id), (TileId(1), UserId(1)));
        assert_eq!(
            (tile.pixels.as_bytes()[0], tile.pixels.as_bytes()[9]),
            (1, 2)
        );
        assert_eq!(tile.version, 2);
    }

    #[test]
    fn a_refused_operation_changes_nothing() {
        let mut cell = started_by(1);
        let before = cell.clone();
        let stale = TileOp::Update {
            title: Some("x".into()),
            pixels: None,
            base_version: Some(7),
        };
        let ann = actor(1, Role::Editor);
        assert_eq!(
            apply(&GRID, &mut cell, &stale, &ann, TileId(2)),
            Err(Refusal::VersionConflict(1))
        );
        let create = TileOp::Create {
            title: String::new(),
            pixels: None,
        };
        assert_eq!(
            apply(&GRID, &mut cell, &create, &ann, TileId(2)),
            Err(Refusal::TileExists)
        );
        assert_eq!(cell, before);
    }

    #[test]
    fn likes_count_once() {
        let mut cell = started_by(1);
        let like = TileOp::Like { liked: true };
        let mut bob = actor(2, Role::Viewer);
        let change = apply(&GRID, &mut cell, &like, &bob, TileId(2)).unwrap();
        assert_eq!(change, Change::Liked(true));
        bob.likes = true;
        let again = apply(&GRID, &mut cell, &like, &bob, TileId(2)).unwrap();
        assert_eq!(again, Change::Nothing);
        assert_eq!(cell.unwrap().like_count, 1);
    }

    #[test]
    fn roles_and_policies_decide_who_draws() {
        let tile = started_by(1);
        let tile = tile.as_ref();
        let may = |policy, tile, op: &TileOp, who: &Actor| permit(policy, tile, op, who).is_ok();
        let viewer = actor(1, Role::Viewer);
        let creator = actor(1, Role::Editor);
        let other = actor(2, Role::Editor);
        let moderator = actor(3, Role::Moderator);
        let edit = paint(0, 0);
        assert!(!may(EditPolicy::Open, tile, &edit, &viewer));
        assert!(may(
            EditPolicy::Open,
            tile,
            &TileOp::Like { liked: true },
            &viewer
        ));
        assert!(may(EditPolicy::Open, tile, &edit, &other));
        assert!(!may(EditPolicy::Own, tile, &edit, &other));
        assert!(may(EditPolicy::Own, None, &edit, &other));
        assert!(may(EditPolicy::Own, tile, &edit, &creator));
        assert!(may(EditPolicy::Own, tile, &edit, &moderator));
        assert!(!may(EditPolicy::Open, tile, &TileOp::Delete, &other));
        assert!(may(EditPolicy::Open, tile, &TileOp::Delete, &creator));
        let mut late = other;
        late.locked_by_other = true;
        assert!(may(EditPolicy::Open, tile, &edit, &late));
        assert_eq!(
            permit(EditPolicy::Exclusive, tile, &edit, &late),
            Err(Refusal::TileLocked)
        );
    }

    #[test]
    fn what_lies_outside_is_refused_before_anything_else() {
        let far = Coord { x: 2, y: 0 };
        assert_eq!(check(&GRID, far, &paint(64, 0)), Err(Refusal::OutOfBounds));
        let near = Coord { x: 1, y: 0 };
        assert!(matches!(
            check(&GRID, near, &paint(64, 0)),
            Err(Refusal::Pixels(_))
        ));
        assert!(check(&GRID, near, &paint(63, 3)).is_ok());
    }
}
