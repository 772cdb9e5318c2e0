//! What a refusal is about.

use std::fmt::{Display, Formatter, Result};

/// What was not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    /// A route.
    Address,
    /// A canvas.
    Canvas,
    /// A tile.
    Tile,
    /// A chat message.
    Message,
    /// A user, or a member.
    User,
    /// A connection in the registry.
    Connection,
    /// A sanction.
    Sanction,
    /// A session.
    Session,
    /// An invite.
    Invite,
    /// A rewrite.
    Rewrite,
    /// A comment on a tile.
    Comment,
    /// A report.
    Report,
    /// A case.
    Case,
    /// An appeal.
    Appeal,
    /// A conversation in private.
    Conversation,
    /// An export, or its file.
    Export,
}

/// What a list with a largest number of entries has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// A user whom one blocks.
    Block,
    /// An invite to a canvas.
    Invite,
}

impl Display for Entry {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::Block => "block",
            Self::Invite => "invite",
        })
    }
}

impl Display for Resource {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::Address => "address",
            Self::Canvas => "canvas",
            Self::Tile => "tile",
            Self::Message => "message",
            Self::User => "user",
            Self::Connection => "connection",
            Self::Session => "session",
            Self::Invite => "invite",
            Self::Sanction => "sanction",
            Self::Rewrite => "rewrite",
            Self::Comment => "comment",
            Self::Report => "report",
            Self::Case => "case",
            Self::Appeal => "appeal",
            Self::Conversation => "conversation",
            Self::Export => "export",
        })
    }
}
