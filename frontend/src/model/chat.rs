//! The rows of the chat.

use shared::{
    ids::{MessageId, OpId, UserId},
    protocol::ErrorCode,
    time::Timestamp,
};

/// Whether the server has stored a chat row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// It is in the server's database.
    Stored,
    /// It was sent, or waits for the connection; shown faint.
    Pending,
    /// The server refused it; the user may send it again or discard it.
    Failed(ErrorCode),
}

/// One row of the chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatRow {
    /// Stable for the life of the row: a key for `<For>`.
    pub key: ChatKey,
    /// Its number in the canvas's order of events; none until it is stored.
    pub seq: Option<i64>,
    /// The author's id.
    pub sender_id: UserId,
    /// The author's unique name.
    pub sender_username: String,
    /// The author's display name.
    pub sender_display_name: String,
    /// The text of the message; empty if it was removed.
    pub text: String,
    /// The message's id; none until it is stored.
    pub message_id: Option<MessageId>,
    /// Whether its author or a moderator took it back.
    pub removed: bool,
    /// When it was stored; for a pending row, when it was written here.
    pub at: Timestamp,
    /// Whether it is stored.
    pub delivery: DeliveryStatus,
}

/// Identifies a chat row. A row of one's own keeps its operation id when it
/// becomes stored, so that it is not removed and added again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChatKey {
    /// Written by somebody else, in another tab, or read from history.
    Message(MessageId),
    /// Written in this tab.
    Own(OpId),
}

/// Whether rows older than the first loaded one can be fetched (chat and
/// activity list).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Older {
    /// There may be more.
    #[default]
    Maybe,
    /// A page is being fetched.
    Loading,
    /// The first loaded row is the first of the canvas.
    None,
}
