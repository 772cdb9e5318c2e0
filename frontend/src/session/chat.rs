//! The rows of the chat: stored ones in their order, then one's own that are
//! not stored yet. Pure.

use crate::model::chat::{ChatKey, ChatRow, DeliveryStatus};
use shared::{
    api::ChatMessage,
    ids::OpId,
    protocol::{ChatEvent, ErrorCode},
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
pub fn removed(rows: &mut [Arc<ChatRow>], seq: i64) {
    if let Some(row) = rows.iter_mut().find(|row| row.seq == Some(seq)) {
        let row = Arc::make_mut(row);
        row.text.clear();
        row.removed = true;
    }
}

/// A stored message was edited.
pub fn edited(rows: &mut [Arc<ChatRow>], seq: i64, text: &str) {
    if let Some(row) = rows.iter_mut().find(|row| row.seq == Some(seq)) {
        text.clone_into(&mut Arc::make_mut(row).text);
    }
}

/// Where one's own row stands that is not stored: those are at the end.
fn own_index(rows: &[Arc<ChatRow>], id: OpId) -> Option<usize> {
    let stored = rows
        .iter()
        .rposition(|row| row.seq.is_some())
        .map_or(0, |last| last + 1);
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

/// One's own message was refused.
pub fn refuse(rows: &mut [Arc<ChatRow>], id: OpId, code: ErrorCode) {
    if let Some(index) = own_index(rows, id) {
        Arc::make_mut(&mut rows[index]).delivery = DeliveryStatus::Failed(code);
    }
}

/// The text of a refused message.
pub fn refused_text(rows: &[Arc<ChatRow>], id: OpId) -> Option<String> {
    let row = &rows[own_index(rows, id)?];
    matches!(row.delivery, DeliveryStatus::Failed(_)).then(|| row.text.clone())
}

/// Removes a refused message.
pub fn discard(rows: &mut Rows, id: OpId) {
    if refused_text(rows, id).is_some()
        && let Some(index) = own_index(rows, id)
    {
        rows.remove(index);
    }
}

fn insert(rows: &mut Rows, row: ChatRow) {
    let stored = rows
        .iter()
        .rposition(|other| other.seq.is_some())
        .map_or(0, |last| last + 1);
    let at = rows[..stored].partition_point(|other| other.seq < row.seq);
    if rows.get(at).is_some_and(|other| other.seq == row.seq) {
        if let (true, Some(seq)) = (row.removed, row.seq) {
            removed(rows, seq);
        }
        return;
    }
    rows.insert(at, Arc::new(row));
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::ids::{CanvasId, MessageId, UserId};
    use uuid::Uuid;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn message(seq: i64) -> ChatMessage {
        ChatMessage {
            message_id: MessageId(Uuid::from_u128(u128::from(seq.unsigned_abs()))),
            canvas_id: CanvasId(1),
            seq,
            sender_id: UserId(1),
            sender_username: "ann".into(),
            sender_display_name: "Ann".into(),
            message_text: seq.to_string(),
            created_at: chrono::DateTime::UNIX_EPOCH.into(),
            reply_to: None,
            edited_at: None,
            removed: false,
        }
    }

    fn pending(id: OpId) -> Arc<ChatRow> {
        Arc::new(ChatRow {
            key: ChatKey::Own(id),
            seq: None,
            delivery: DeliveryStatus::Pending,
            ..row(message(0), None)
        })
    }

    fn seqs(rows: &[Arc<ChatRow>]) -> Vec<Option<i64>> {
        rows.iter().map(|row| row.seq).collect()
    }

    #[test]
    fn rows_stand_in_order_whatever_order_they_come_in_and_once() {
        let mut rows = Vec::new();
        for seq in [5, 3, 9, 5, 3] {
            stored(
                &mut rows,
                ChatEvent {
                    message: message(seq),
                    op_id: None,
                },
            );
        }
        prepend(&mut rows, vec![message(2), message(1)]);
        assert_eq!(seqs(&rows), [1, 2, 3, 5, 9].map(Some));
    }

    #[test]
    fn a_removed_message_stays_without_its_words_and_so_does_a_row_that_is_known() {
        let mut rows = Vec::new();
        prepend(&mut rows, vec![message(1), message(2)]);
        removed(&mut rows, 1);
        let without_words = ChatMessage {
            message_text: String::new(),
            removed: true,
            ..message(2)
        };
        restart(&mut rows, vec![without_words, message(3)]);
        let states: Vec<(&str, bool)> = rows.iter().map(|r| (&*r.text, r.removed)).collect();
        assert_eq!(states, [("", true), ("", true), ("3", false)]);
    }

    #[test]
    fn the_stored_message_takes_the_pending_rows_place_and_key() {
        let id = OpId::from(Uuid::from_u128(7));
        let other = OpId::from(Uuid::from_u128(8));
        let mut rows = vec![pending(id), pending(other)];
        stored(
            &mut rows,
            ChatEvent {
                message: message(4),
                op_id: Some(id),
            },
        );
        assert_eq!(seqs(&rows), [Some(4), None]);
        assert_eq!(rows[0].key, ChatKey::Own(id));
        settle(&mut rows, id);
        settle(&mut rows, other);
        assert_eq!(seqs(&rows), [Some(4)]);
    }

    #[test]
    fn a_refused_message_can_be_taken_out_again() {
        let id = OpId::from(Uuid::from_u128(7));
        let mut rows = vec![pending(id)];
        discard(&mut rows, id);
        assert_eq!(refused_text(&rows, id), None);
        refuse(&mut rows, id, ErrorCode::Forbidden);
        assert_eq!(refused_text(&rows, id), Some("0".into()));
        discard(&mut rows, id);
        assert!(rows.is_empty());
    }

    #[test]
    fn a_snapshot_keeps_what_joins_on_and_what_is_not_stored() {
        let id = OpId::from(Uuid::from_u128(7));
        let mut rows = vec![
            Arc::new(row(message(1), None)),
            Arc::new(row(message(2), None)),
            pending(id),
        ];
        assert!(!restart(&mut rows, vec![message(2), message(3)]));
        assert_eq!(seqs(&rows), [Some(1), Some(2), Some(3), None]);
        assert!(restart(&mut rows, vec![message(50)]));
        assert_eq!(seqs(&rows), [Some(50), None]);
    }
}
