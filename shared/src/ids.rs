//! Identifiers as types of their own, so that a tile id cannot stand where a
//! user id is meant.

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
    /// A tile. Its cell may be deleted and drawn anew, which makes a new tile.
    TileId(i64)
);
id!(
    /// A chat message (UUID version 7).
    MessageId(Uuid)
);
id!(
    /// One WebSocket connection: one tab.
    ConnectionId(Uuid)
);
id!(
    /// A signed-in session, the `jti` of its tokens.
    SessionId(Uuid)
);
id!(
    /// Renewed if a canvas's log is ever rewritten: a `seq` is only comparable
    /// within one epoch.
    Epoch(Uuid)
);
