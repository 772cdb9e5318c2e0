//! What a canvas asks of guests and newcomers.

use serde::{Deserialize, Serialize};

/// What guests may do on a canvas. Whoever was given a role by name is no guest there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Guests {
    /// Everything that editors may.
    #[default]
    Paint,
    /// Chat and like.
    Chat,
    /// Read only.
    Look,
    /// They may not join.
    None,
}

/// What newcomers may do on a canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Newcomers {
    /// The same as everybody.
    Free,
    /// Few pixels in the tiles of others, and few messages.
    Limited,
}
