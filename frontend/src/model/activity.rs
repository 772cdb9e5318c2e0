//! The lines of the activity list.

use shared::{canvas::Coord, ids::UserId, time::Timestamp};

/// Lines kept in the activity list at most.
pub const ACTIVITY_ROWS: usize = 2_000;

/// One line of the activity list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Its number in the canvas's order of events; a key for `<For>`.
    pub seq: i64,
    /// The user who did it.
    pub actor: UserId,
    /// What was done.
    pub kind: ActivityKind,
    /// The tile, if it was done to one.
    pub at: Option<Coord>,
    /// When it was done; for joined strokes, when the newest was drawn.
    pub time: Timestamp,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivityKind {
    /// A tile was started.
    Created,
    /// A tile was painted in; strokes of one user in one tile are joined.
    Painted,
    /// A tile's title changed.
    Titled,
    /// A tile was liked.
    Liked,
    /// A like was taken back.
    Unliked,
    /// A tile was deleted.
    Deleted,
    /// A tile was commented on.
    Commented,
    /// The canvas's settings changed.
    Settings,
}
