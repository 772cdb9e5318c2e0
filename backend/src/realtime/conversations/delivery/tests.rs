//! Messages come once and in order, whatever is read or delivered first.

use super::*;
use crate::realtime::{outbox::Outbox, registry::ClientType, write::Identity};
use shared::ids::SessionId;
use std::sync::atomic::AtomicI64;
use uuid::Uuid;

fn sent(seq: i64, at: i64, previous_at: Option<i64>) -> DirectSent {
    DirectSent {
        conversation: ConversationId(1),
        seq,
        at,
        previous_at,
        is_again: false,
    }
}

fn tracker(delivered: Option<i64>) -> SeqTracker {
    SeqTracker {
        delivered,
        ..SeqTracker::default()
    }
}

fn at(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap()
}

/// A connection of this user that nothing writes to.
fn connection(user: UserId) -> Arc<ConnectionHandle> {
    Arc::new(ConnectionHandle {
        connection_id: ConnectionId(Uuid::now_v7()),
        identity: Identity {
            user_id: user,
            username: "ann".into(),
            display_name: "Ann".into(),
            name_version: 0,
        },
        session_id: Mutex::new(SessionId(Uuid::now_v7())),
        canvas_id: None,
        client_type: ClientType::Browser,
        platform: String::new(),
        hello: Mutex::default(),
        connected_at: at(0),
        last_seen: AtomicI64::new(0),
        outbox: Arc::new(Outbox::default()),
    })
}

fn received(connection: &ConnectionHandle) -> Vec<String> {
    let drained = connection.outbox.try_drain();
    let messages = drained.map(|drained| drained.messages).unwrap_or_default();
    let text =
        |message: &OutboundMessage| String::from_utf8(message.frame.json().to_vec()).unwrap();
    messages.iter().map(text).collect()
}

#[test]
fn a_message_that_is_read_before_its_ack_is_delivered_comes_once() {
    let user = UserId(1);
    let message = DirectMessage {
        message_id: MessageId(Uuid::now_v7()),
        conversation_id: ConversationId(1),
        seq: 4,
        sender_id: user,
        text: "once".to_owned(),
        removed: false,
        created_at: at(99_000).into(),
        op_id: None,
    };
    let both = [connection(user), connection(user)];
    let deliveries = Deliveries::default();
    let ack = OutboundMessage::event(0, Bytes::from_static(b"ack").into());
    let expected = deliveries.expect_ack(message.message_id, both[0].connection_id, ack);
    let mut tracker = tracker(Some(3));
    tracker.show(&deliveries.found(user, message.clone()), &both);
    let sent = DirectSent::new(&message, None, false);
    let own = Item {
        ack: Some(expected),
        ..Item::own(user, &sent, &frame(message))
    };
    tracker.show(&own, &both);
    drop(own);
    assert_eq!(received(&both[0]), ["ack"]);
    assert_eq!(received(&both[1]).len(), 1);
    assert!(deliveries.acks.lock().is_empty());
}

#[test]
fn the_next_message_misses_nothing_and_a_later_one_those_between() {
    let now = at(100_000);
    let next = sent(4, 99_000, Some(98_999));
    assert_eq!(tracker(Some(3)).missing(&next, now), None);
    assert_eq!(tracker(Some(7)).missing(&next, now), None);
    let missing = tracker(Some(1)).missing(&next, now).unwrap();
    assert_eq!((missing.after, missing.until), (1, 3));
}

#[test]
fn where_nothing_came_lately_only_new_messages_may_be_missing() {
    let now = at(100_000);
    assert_eq!(tracker(None).missing(&sent(1, 99_000, None), now), None);
    let after_a_pause = sent(4, 99_000, Some(90_000));
    assert_eq!(tracker(None).missing(&after_a_pause, now), None);
    let missing = tracker(None).missing(&sent(4, 99_000, Some(98_000)), now);
    let missing = missing.unwrap();
    assert_eq!((missing.after, missing.until), (0, 3));
    assert_eq!(missing.since, Some(at(94_000)));
}

#[test]
fn a_removed_message_is_shown_after_it_was_shown_itself() {
    let now = at(100_000);
    let again = |at| DirectSent {
        is_again: true,
        ..sent(4, at, None)
    };
    assert_eq!(tracker(Some(4)).missing(&again(99_000), now), None);
    assert_eq!(
        tracker(Some(3)).missing(&again(99_000), now).unwrap().until,
        4
    );
    assert_eq!(tracker(None).missing(&again(99_000), now).unwrap().until, 4);
    assert_eq!(tracker(None).missing(&again(1_000), now), None);
}
