//! What is left of a chat message that was removed. One function decides it, so that the
//! log and the events in memory have the same bytes.

use shared::{
    api::ChatMessage,
    protocol::{ChatEvent, DurableEvent},
};

/// The beginning of the wire form of a `chat_removed`.
const REMOVED: &[u8] = br#"{"type":"chat_removed","#;

/// The message with this wire form, as it was, and its wire form without the words: `seq`,
/// sender and time stay. `None` if it is no chat message, or was removed already.
pub(crate) fn without_words(body: &[u8]) -> Option<(ChatMessage, String)> {
    let Ok(DurableEvent::CanvasChatMessage(event)) = serde_json::from_slice(body) else {
        return None;
    };
    if event.message.removed {
        return None;
    }
    let blank = DurableEvent::CanvasChatMessage(ChatEvent {
        message: ChatMessage {
            message_text: String::new(),
            removed: true,
            ..event.message.clone()
        },
        op_id: event.op_id,
    });
    Some((event.message, serde_json::to_string(&blank).ok()?))
}

/// The `seq` of the message that the event with this wire form removes; `None` for other
/// events.
pub(crate) fn removed_seq(body: &[u8]) -> Option<i64> {
    if !body.starts_with(REMOVED) {
        return None;
    }
    match serde_json::from_slice(body) {
        Ok(DurableEvent::ChatRemoved(event)) => Some(event.target_seq),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ID: &str = "018f4e1c-0000-7000-8000-000000000001";
    const TIME: &str = "2025-08-29T21:45:19.000Z";

    #[test]
    fn only_the_words_go() {
        let event = json!({
            "type": "canvas_chat_message", "message_id": ID, "canvas_id": 7, "seq": 3,
            "sender_id": 1, "sender_username": "ann", "sender_display_name": "Ann",
            "message_text": "words", "created_at": TIME, "op_id": ID,
        });
        let (message, body) = without_words(event.to_string().as_bytes()).unwrap();
        assert_eq!(message.message_text, "words");
        let left: serde_json::Value = serde_json::from_str(&body).unwrap();
        let mut expected = event;
        expected["message_text"] = "".into();
        expected["removed"] = true.into();
        assert_eq!(left, expected);
        // Where the index of the migration `0015_order.sql` looks for it.
        assert_eq!(&body[44..80], ID);
        assert!(without_words(body.as_bytes()).is_none());
    }

    #[test]
    fn a_removal_is_known_by_its_beginning() {
        let event = DurableEvent::ChatRemoved(shared::protocol::ChatRemoved {
            seq: 9,
            canvas_id: shared::ids::CanvasId(7),
            message_id: ID.parse().unwrap(),
            target_seq: 3,
            remover_id: shared::ids::UserId(1),
            by: shared::protocol::RemovedBy::Author,
            timestamp: chrono::DateTime::UNIX_EPOCH.into(),
            op_id: None,
        });
        let body = serde_json::to_vec(&event).unwrap();
        assert_eq!(removed_seq(&body), Some(3));
        assert_eq!(without_words(&body), None);
        assert_eq!(
            removed_seq(br#"{"type":"tile_liked","target_seq":3}"#),
            None
        );
    }
}
