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
        at: message.created_at,
        delivery: DeliveryStatus::Stored,
    }
}

/// A message was stored: adds it in its order. One's own replaces the pending
/// row and keeps its key.
pub fn stored(rows: &mut Rows, event: ChatEvent) {
    let own = event
        .op_id
        .filter(|id| rows.iter().any(|row| row.key == ChatKey::Own(*id)));
    if let Some(id) = own {
        rows.retain(|row| row.key != ChatKey::Own(id));
    }
    insert(rows, row(event.message, own));
    if rows.len() > MAX_ROWS {
        let surplus = rows.len() - MAX_ROWS;
        rows.drain(..surplus);
    }
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
    rows.retain(|row| row.key != ChatKey::Own(id) || row.delivery == DeliveryStatus::Stored);
}

/// One's own message was refused.
pub fn refuse(rows: &mut [Arc<ChatRow>], id: OpId, code: ErrorCode) {
    for row in rows {
        if row.key == ChatKey::Own(id) {
            Arc::make_mut(row).delivery = DeliveryStatus::Failed(code);
        }
    }
}

/// Removes a refused message and returns its text.
pub fn discard(rows: &mut Rows, id: OpId) -> Option<String> {
    let failed = |row: &Arc<ChatRow>| {
        row.key == ChatKey::Own(id) && matches!(row.delivery, DeliveryStatus::Failed(_))
    };
    let index = rows.iter().position(failed)?;
    Some(rows.remove(index).text.clone())
}

fn insert(rows: &mut Rows, row: ChatRow) {
    let stored = rows
        .iter()
        .rposition(|other| other.seq.is_some())
        .map_or(0, |last| last + 1);
    let at = rows[..stored].partition_point(|other| other.seq < row.seq);
    if rows.get(at).is_some_and(|other| other.seq == row.seq) {
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
        assert_eq!(discard(&mut rows, id), None);
        refuse(&mut rows, id, ErrorCode::Forbidden);
        assert_eq!(discard(&mut rows, id), Some("0".into()));
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
