//! Identifiers. Each kind has its own type, so that the compiler refuses a tile
//! id where a user id is expected.

mod op;

pub use op::{InvalidOpId, OpId};

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = <$inner as FromStr>::Err;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id!(
    /// A user, registered or guest.
    UserId(i64)
);
id!(
    /// A canvas.
    CanvasId(i64)
);
id!(
    /// A tile. If a tile is deleted and its cell drawn in again, the new tile
    /// has a new id.
    TileId(i64)
);
id!(
    /// A rewrite; 0 for a preview.
    RewriteId(i64)
);
id!(
    /// A file made of a canvas's past.
    ExportId(i64)
);
id!(
    /// A comment on a tile.
    CommentId(i64)
);
id!(
    /// A chat message or a private message (UUID version 7).
    MessageId(Uuid)
);
id!(
    /// The private messages of two users.
    ConversationId(i64)
);
id!(
    /// One WebSocket connection; a browser tab has one.
    ConnectionId(Uuid)
);
id!(
    /// A session of a signed-in user; the `jti` claim of its tokens (RFC 7519).
    SessionId(Uuid)
);
id!(
    /// An invite to a canvas.
    InviteId(i64)
);
id!(
    /// The version of a canvas's log. It changes if the log is rewritten; two
    /// `seq` can only be compared within the same epoch.
    Epoch(Uuid)
);
