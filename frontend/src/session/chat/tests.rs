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
    removed(&mut rows, message(1).message_id);
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
    assert_eq!(refused(&rows, id), None);
    assert!(refuse(&mut rows, id, ErrorCode::Forbidden));
    let refused = refused(&rows, id).unwrap();
    assert_eq!((&*refused.text, refused.code), ("0", ErrorCode::Forbidden));
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

fn answer(seq: i64, to: i64) -> ChatMessage {
    ChatMessage {
        reply_to: Some(quote(
            &[Arc::new(row(message(to), None))],
            message(to).message_id,
        )),
        ..message(seq)
    }
}

fn edit(of: i64, text: &str, op_id: Option<OpId>) -> ChatEdited {
    ChatEdited {
        seq: 9,
        canvas_id: CanvasId(1),
        message_id: message(of).message_id,
        target_seq: of,
        message_text: text.into(),
        edited_at: chrono::DateTime::UNIX_EPOCH.into(),
        op_id,
    }
}

fn quoted(row: &ChatRow) -> Option<&str> {
    row.reply_to.as_ref().map(|reply| reply.excerpt.as_str())
}

#[test]
fn an_answer_shows_the_words_as_they_are_and_none_of_a_removed_message() {
    let mut rows = Vec::new();
    prepend(&mut rows, vec![message(1), answer(2, 1)]);
    assert_eq!(quoted(&rows[1]), Some("1"));
    edited(&mut rows, &edit(1, &"x".repeat(100), None));
    assert_eq!(quoted(&rows[1]), Some(&*"x".repeat(80)));
    assert_eq!(rows[0].text.len(), 100);
    assert!(rows[0].edited_at.is_some());
    removed(&mut rows, message(1).message_id);
    assert_eq!(quoted(&rows[1]), Some(""));
    // The message itself need not be loaded.
    rows.remove(0);
    edited(&mut rows, &edit(1, "again", None));
    assert_eq!(quoted(&rows[0]), Some("again"));
}

#[test]
fn new_words_are_shown_at_once_and_the_newest_stay_until_they_are_stored() {
    let (first, second) = (
        OpId::from(Uuid::from_u128(7)),
        OpId::from(Uuid::from_u128(8)),
    );
    let id = message(1).message_id;
    let mut rows = Vec::new();
    prepend(&mut rows, vec![message(1)]);
    edit_pending(&mut rows, id, first, "one");
    edit_pending(&mut rows, id, second, "two");
    assert_eq!(rows[0].words(), "two");
    edited(&mut rows, &edit(1, "one", Some(first)));
    assert_eq!((rows[0].words(), &*rows[0].text), ("two", "one"));
    assert!(!edit_refused(&mut rows, first, ErrorCode::Forbidden));
    assert!(edit_refused(&mut rows, second, ErrorCode::Forbidden));
    assert_eq!(refused_edit(&rows, second), Some((id, "two".into())));
    edit_ended(&mut rows, second);
    assert_eq!(
        (rows[0].words(), refused_edit(&rows, second)),
        ("one", None)
    );
}

#[test]
fn a_snapshot_brings_the_words_that_are_stored_now() {
    let mut rows = Vec::new();
    prepend(&mut rows, vec![message(1), answer(2, 1)]);
    let edited_at = Some(chrono::DateTime::UNIX_EPOCH.into());
    let new = ChatMessage {
        message_text: "new".into(),
        edited_at,
        ..message(1)
    };
    restart(&mut rows, vec![new, message(3)]);
    assert_eq!((rows[0].words(), rows[0].edited_at), ("new", edited_at));
}

#[test]
fn what_waits_quotes_a_message_once_it_is_loaded() {
    let id = OpId::from(Uuid::from_u128(7));
    let waiting = ChatRow {
        reply_to: Some(quote(&[], message(1).message_id)),
        ..(*pending(id)).clone()
    };
    let mut rows = vec![Arc::new(waiting)];
    complete_quotes(&mut rows);
    assert_eq!(quoted(&rows[0]), Some(""));
    restart(&mut rows, vec![message(1)]);
    complete_quotes(&mut rows);
    assert_eq!(quoted(&rows[1]), Some("1"));
}
