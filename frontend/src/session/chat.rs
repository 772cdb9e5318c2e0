//! The rows of the chat: stored ones in their order, then one's own that are
//! not stored yet. Pure.

use crate::model::chat::{ChatKey, ChatRow, DeliveryStatus, PendingEdit};
use shared::{
    api::{ChatMessage, ReplyTo},
    ids::{MessageId, OpId},
    protocol::{ChatEdited, ChatEvent, ErrorCode},
};
use std::sync::Arc;

/// Rows kept at most; older ones are fetched again when the user scrolls up.
const MAX_ROWS: usize = 5_000;

/// A row is shared with whoever shows it, so that a change of one row does not
/// copy the others.
pub type Rows = Vec<Arc<ChatRow>>;

/// A message as a row.
pub fn row(message: ChatMessage, own: Option<OpId>) -> ChatRow {
    ChatRow {
        key: own.map_or(ChatKey::Message(message.message_id), ChatKey::Own),
        seq: Some(message.seq),
        sender_id: message.sender_id,
        sender_username: message.sender_username,
        sender_display_name: message.sender_display_name,
        text: message.message_text,
        message_id: Some(message.message_id),
        at: message.created_at,
        removed: message.removed,
        delivery: DeliveryStatus::Stored,
        reply_to: message.reply_to,
        edited_at: message.edited_at,
        edit: None,
    }
}

/// A message was stored: adds it in its order. One's own replaces the pending
/// row and keeps its key. True if the oldest rows were dropped, so that older
/// ones can be fetched again.
pub fn stored(rows: &mut Rows, event: ChatEvent) -> bool {
    let own = event.op_id.filter(|id| {
        let pending = own_index(rows, *id);
        pending.map(|index| rows.remove(index)).is_some()
    });
    insert(rows, row(event.message, own));
    let surplus = rows.len().saturating_sub(MAX_ROWS);
    rows.drain(..surplus);
    surplus > 0
}

/// A stored message was removed: its row stays, without the words.
pub fn removed(rows: &mut [Arc<ChatRow>], id: MessageId) {
    if let Some(row) = stored_row(rows, id) {
        let row = Arc::make_mut(row);
        row.text.clear();
        row.removed = true;
        row.edit = None;
    }
    quote_anew(rows, id, "");
}

/// A stored message got new words. The row shows them, unless newer ones of this
/// user wait.
pub fn edited(rows: &mut [Arc<ChatRow>], event: &ChatEdited) {
    let id = event.message_id;
    let Some(row) = stored_row(rows, id) else {
        quote_anew(rows, id, &event.message_text);
        return;
    };
    if row.removed {
        return;
    }
    let row = Arc::make_mut(row);
    row.text.clone_from(&event.message_text);
    row.edited_at = Some(event.edited_at);
    if row
        .edit
        .as_ref()
        .is_some_and(|edit| Some(edit.op) == event.op_id)
    {
        row.edit = None;
    }
    quote_anew(rows, id, &event.message_text);
}

/// The rows that answer a message show its words as they are now.
fn quote_anew(rows: &mut [Arc<ChatRow>], id: MessageId, words: &str) {
    let excerpt = ReplyTo::excerpt(words);
    for row in rows {
        let is_answer = |reply: &ReplyTo| reply.message_id == id && reply.excerpt != excerpt;
        if row.reply_to.as_ref().is_some_and(is_answer)
            && let Some(reply) = &mut Arc::make_mut(row).reply_to
        {
            reply.excerpt.clone_from(&excerpt);
        }
    }
}

fn stored_row(rows: &mut [Arc<ChatRow>], id: MessageId) -> Option<&mut Arc<ChatRow>> {
    rows.iter_mut().find(|row| row.message_id == Some(id))
}

/// What an answer to a message shows of it; only its id where it is not loaded.
pub fn quote(rows: &[Arc<ChatRow>], id: MessageId) -> ReplyTo {
    let row = rows.iter().find(|row| row.message_id == Some(id));
    ReplyTo {
        message_id: id,
        sender_username: row.map_or_else(String::new, |row| row.sender_username.clone()),
        excerpt: row.map_or_else(String::new, |row| ReplyTo::excerpt(&row.text)),
    }
}

/// Shows new words of this user for a stored message, which wait to be stored.
pub fn edit_pending(rows: &mut [Arc<ChatRow>], id: MessageId, op: OpId, text: &str) {
    let is_shown = |row: &ChatRow| {
        let edit = row.edit.as_ref();
        edit.is_some_and(|edit| edit.op == op && edit.delivery == DeliveryStatus::Pending)
    };
    if let Some(row) = stored_row(rows, id)
        && !row.removed
        && !is_shown(row)
    {
        Arc::make_mut(row).edit = Some(PendingEdit {
            op,
            text: text.to_owned(),
            delivery: DeliveryStatus::Pending,
        });
    }
}

/// New words are stored, or are given up: the row shows the stored ones.
pub fn edit_ended(rows: &mut [Arc<ChatRow>], op: OpId) {
    if let Some(row) = edited_row(rows, op) {
        Arc::make_mut(row).edit = None;
    }
}

/// New words were refused. False if no row shows them.
pub fn edit_refused(rows: &mut [Arc<ChatRow>], op: OpId, code: ErrorCode) -> bool {
    let edit = edited_row(rows, op).and_then(|row| Arc::make_mut(row).edit.as_mut());
    let is_shown = edit.is_some();
    if let Some(edit) = edit {
        edit.delivery = DeliveryStatus::Failed(code);
    }
    is_shown
}

/// The message that refused words are for, and the words.
pub fn refused_edit(rows: &[Arc<ChatRow>], op: OpId) -> Option<(MessageId, String)> {
    let shows = |row: &&Arc<ChatRow>| row.edit.as_ref().is_some_and(|edit| edit.op == op);
    let row = rows.iter().find(shows)?;
    let edit = row.edit.as_ref()?;
    let is_refused = matches!(edit.delivery, DeliveryStatus::Failed(_));
    is_refused.then(|| Some((row.message_id?, edit.text.clone())))?
}

fn edited_row(rows: &mut [Arc<ChatRow>], op: OpId) -> Option<&mut Arc<ChatRow>> {
    let shows = |row: &&mut Arc<ChatRow>| row.edit.as_ref().is_some_and(|edit| edit.op == op);
    rows.iter_mut().find(shows)
}

/// Whether all rows that wait know what they quote.
pub fn has_complete_quotes(rows: &[Arc<ChatRow>]) -> bool {
    !rows[own_start(rows)..]
        .iter()
        .any(|row| unknown_quote(row).is_some())
}

/// More rows are loaded: those that wait quote what was not loaded before.
pub fn complete_quotes(rows: &mut [Arc<ChatRow>]) {
    for index in own_start(rows)..rows.len() {
        let Some(id) = unknown_quote(&rows[index]) else {
            continue;
        };
        let quote = quote(rows, id);
        if !quote.sender_username.is_empty() {
            Arc::make_mut(&mut rows[index]).reply_to = Some(quote);
        }
    }
}

/// The message that a row answers, if nothing else is known of it.
fn unknown_quote(row: &ChatRow) -> Option<MessageId> {
    let reply = row.reply_to.as_ref()?;
    reply.sender_username.is_empty().then_some(reply.message_id)
}

/// The index after the stored rows, from which on this user's own rows wait.
fn own_start(rows: &[Arc<ChatRow>]) -> usize {
    rows.iter()
        .rposition(|row| row.seq.is_some())
        .map_or(0, |last| last + 1)
}

/// Where one's own row stands that is not stored: those are at the end.
fn own_index(rows: &[Arc<ChatRow>], id: OpId) -> Option<usize> {
    let stored = own_start(rows);
    let index = rows[stored..]
        .iter()
        .position(|row| row.key == ChatKey::Own(id))?;
    Some(stored + index)
}

/// A snapshot came: keeps the known rows that join on to its rows, then the
/// snapshot's, then those that are not stored. True if older rows were dropped
/// since they do not join on.
pub fn restart(rows: &mut Rows, messages: Vec<ChatMessage>) -> bool {
    let oldest = messages.iter().map(|message| message.seq).min();
    let joins = oldest.is_some_and(|oldest| rows.iter().any(|row| row.seq == Some(oldest)));
    let had = rows.iter().any(|row| row.seq.is_some());
    if !joins {
        rows.retain(|row| row.seq.is_none());
    }
    for message in messages {
        insert(rows, row(message, None));
    }
    had && !joins
}

/// Older messages came.
pub fn prepend(rows: &mut Rows, messages: Vec<ChatMessage>) {
    for message in messages {
        insert(rows, row(message, None));
    }
}

/// One's own request ended, and its event came already or is part of a
/// snapshot: removes the row if it is still pending.
pub fn settle(rows: &mut Rows, id: OpId) {
    if let Some(index) = own_index(rows, id) {
        rows.remove(index);
    }
}

/// One's own message was refused. False if it has no row.
pub fn refuse(rows: &mut [Arc<ChatRow>], id: OpId, code: ErrorCode) -> bool {
    let index = own_index(rows, id);
    if let Some(index) = index {
        Arc::make_mut(&mut rows[index]).delivery = DeliveryStatus::Failed(code);
    }
    index.is_some()
}

/// A refused message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedMessage {
    /// Its words.
    pub text: String,
    /// The message that it was to answer.
    pub reply_to: Option<MessageId>,
    /// Why it was refused.
    pub code: ErrorCode,
}

/// A refused message of this user.
pub fn refused(rows: &[Arc<ChatRow>], id: OpId) -> Option<RefusedMessage> {
    let row = &rows[own_index(rows, id)?];
    let DeliveryStatus::Failed(code) = row.delivery else {
        return None;
    };
    Some(RefusedMessage {
        text: row.text.clone(),
        reply_to: row.reply_to.as_ref().map(|reply| reply.message_id),
        code,
    })
}

/// Removes a refused message.
pub fn discard(rows: &mut Rows, id: OpId) {
    if refused(rows, id).is_some()
        && let Some(index) = own_index(rows, id)
    {
        rows.remove(index);
    }
}

/// Adds a stored row in its order. One that is known takes over the message as
/// it is now.
fn insert(rows: &mut Rows, row: ChatRow) {
    let at = rows[..own_start(rows)].partition_point(|other| other.seq < row.seq);
    let Some(known) = rows.get_mut(at).filter(|known| known.seq == row.seq) else {
        rows.insert(at, Arc::new(row));
        return;
    };
    let is_same = (&known.text, known.removed, known.edited_at, &known.reply_to)
        == (&row.text, row.removed, row.edited_at, &row.reply_to);
    if !is_same {
        let known = Arc::make_mut(known);
        known.edit = known.edit.take().filter(|_| !row.removed);
        known.text = row.text;
        known.removed = row.removed;
        known.edited_at = row.edited_at;
        known.reply_to = row.reply_to;
    }
}

#[cfg(test)]
mod tests;
