//! The rows of the chat.

use shared::{
    api::ReplyTo,
    ids::{MessageId, OpId, UserId},
    limits,
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
    /// The message that it answers. Of one that waits here and answers a message
    /// that is not loaded, only the id is known.
    pub reply_to: Option<ReplyTo>,
    /// When its words were replaced last.
    pub edited_at: Option<Timestamp>,
    /// This user's new words for it, which are not stored yet.
    pub edit: Option<PendingEdit>,
}

impl ChatRow {
    /// The words that are shown: new ones as soon as they were written.
    pub fn words(&self) -> &str {
        self.edit.as_ref().map_or(&self.text, |edit| &edit.text)
    }

    /// Whether its author may replace its words, as far as its age goes. `now` is
    /// the server's time in milliseconds since 1970.
    pub fn is_editable(&self, now: i64) -> bool {
        let age = now - self.at.millis();
        self.seq.is_some() && !self.removed && age < limits::EDIT_S * 1_000
    }
}

/// What the chat's text field is asked for from elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComposeCommand {
    /// To answer a message.
    Reply(MessageId),
    /// To edit one's own message.
    Edit(MessageId),
}

/// New words for a stored message, from when they were written until they are
/// stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingEdit {
    /// The request.
    pub op: OpId,
    /// The new words.
    pub text: String,
    /// [`DeliveryStatus::Pending`] or [`DeliveryStatus::Failed`].
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
pub enum OlderPages {
    /// There may be more.
    #[default]
    Maybe,
    /// A page is being fetched.
    Loading,
    /// The first loaded row is the first of the canvas.
    None,
}
