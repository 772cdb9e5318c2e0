//! Toasts, and the reasons why a user may not draw.

use shared::{
    api::rewrites::Rewrite,
    canvas::{Coord, Role},
    ids::UserId,
    protocol::ErrorCode,
    time::Timestamp,
};

/// Why this user may not draw in a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MayNot {
    /// The connection ended for good: nothing can be stored any more.
    Over,
    /// Nobody is signed in.
    SignedOut,
    /// The user's role is viewer.
    Viewer,
    /// The board shows the past.
    Past,
    /// The tile belongs to this other user (edit policy `own`).
    Theirs(UserId),
    /// This other user holds the tile's lock (edit policy `exclusive`).
    Locked(UserId),
    /// A sanction keeps this user from it.
    Sanctioned {
        /// When it ends; none for an open end.
        until: Option<Timestamp>,
    },
    /// Only moderators and people with a role change anything here now.
    LockedDown {
        /// When that ends.
        until: Timestamp,
    },
}

impl MayNot {
    /// The other user concerned: the tile's owner or the holder of its lock.
    pub fn whose(self) -> Option<UserId> {
        match self {
            Self::Over
            | Self::SignedOut
            | Self::Viewer
            | Self::Past
            | Self::Sanctioned { .. }
            | Self::LockedDown { .. } => None,
            Self::Theirs(user) | Self::Locked(user) => Some(user),
        }
    }
}

/// A toast.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// A key for `<For>`.
    pub id: u64,
    /// What it says.
    pub kind: NoticeKind,
}

/// What a toast says.
#[derive(Clone, Debug, PartialEq)]
pub enum NoticeKind {
    /// The server, or this client by the same rules, refused a change of
    /// one's own; it was taken back.
    Refused {
        /// The reason's code.
        code: ErrorCode,
        /// The tile, if it was a change of one.
        at: Option<Coord>,
    },
    /// The queue of unsent requests is full: the change was not taken.
    QueueFull,
    /// This user's role changed.
    Role(Role),
    /// Local storage is full: queued requests would not survive a reload.
    NotKept,
    /// The user tried to draw where they may not.
    MayNotDraw {
        /// The reason.
        why: MayNot,
        /// The display name of [`MayNot::whose`], or empty.
        name: String,
    },
    /// An announcement of the server's administrator.
    Announcement(String),
    /// Somebody pointed at a tile; the toast offers to fly there.
    Mentioned {
        /// Their display name.
        username: String,
        /// The tile.
        at: Coord,
        /// Their message, or empty.
        message: String,
    },
    /// What was taken back, restored or undone; the toast offers to undo it.
    Rewritten(Box<Rewrite>),
    /// Refused changes of one's own are kept as a draft.
    Shelved,
    /// A sanction of this user was lifted or is over.
    SanctionOver,
    /// Somebody reported something; for moderators.
    Reported,
    /// Something succeeded; the text comes from the component.
    Done(String),
    /// Something failed; the text comes from the component.
    Problem(String),
}
