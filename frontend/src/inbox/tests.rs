//! Tests of the inbox's state machine, on the host: the messages are those of
//! the contract, as a server sends them.

#![cfg(not(target_arch = "wasm32"))]

use super::{
    effect::{InboxEffect, Part},
    state::{
        InboxState,
        sending::Posted,
        thread::{MessagePage, ReadError},
    },
};
use crate::{
    model::{
        chat::{DeliveryStatus, OlderPages},
        connection::SignIn,
        inbox::{
            ConversationAccess, PagedListState, ThreadRowKey, ThreadState, conversation_access,
        },
    },
    session::tests::plain::{MemoryStorage, Plain},
    storage::KeyValueStorage,
    store::{InboxStore, backend::Var},
};
use serde_json::{Value, json};
use shared::{
    api::{
        User,
        conversations::{ConversationState, DirectMessage},
        notifications::ReadNotifications,
    },
    ids::{ConversationId, MessageId, OpId, UserId},
    protocol::{ClientMessage, ErrorCode, ServerMessage},
    text::ChatText,
};
use std::rc::Rc;
use uuid::Uuid;

const ME: i64 = 1;
const ANN: i64 = 2;
const CONVERSATION: ConversationId = ConversationId(7);

struct Page {
    state: InboxState<Plain>,
    now: i64,
}

fn user(id: i64) -> User {
    User {
        id: UserId(id),
        username: format!("user{id}"),
        display_name: format!("User {id}"),
        is_guest: false,
        is_admin: false,
        status_message: String::new(),
        created_at: chrono::DateTime::UNIX_EPOCH.into(),
    }
}

fn time(at: i64) -> String {
    let time = chrono::DateTime::from_timestamp(at, 0).unwrap_or_default();
    shared::time::Timestamp::from(time).to_string()
}

fn from<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("a body of the contract")
}

fn message_id(seq: i64) -> MessageId {
    MessageId(Uuid::from_u128(u128::from(seq.unsigned_abs())))
}

fn message(seq: i64, sender: i64, text: &str) -> Value {
    json!({
        "message_id": message_id(seq), "conversation_id": 7, "seq": seq, "sender_id": sender,
        "text": text, "removed": false, "created_at": time(seq),
    })
}

fn with_op(mut message: Value, op_id: OpId) -> Value {
    message["op_id"] = json!(op_id);
    message
}

fn conversation(id: i64, state: &str, last: Option<Value>, unread: i64) -> Value {
    json!({
        "id": id, "with": {"user_id": ANN, "username": "ann", "display_name": "Ann"},
        "state": state, "last_message": last, "unread_count": unread, "created_at": time(0),
    })
}

fn notification(id: i64, kind: &str, more: Value) -> Value {
    let mut told = json!({
        "id": id, "kind": kind, "canvas_id": 5, "canvas_name": "Sky",
        "actor": {"user_id": ANN, "username": "ann", "display_name": "Ann"},
        "count": 1, "text": "", "created_at": time(id), "read": false,
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        told[name] = value.clone();
    }
    told
}

impl Page {
    /// A page of a browser, without anybody.
    fn new(storage: &Rc<MemoryStorage>) -> Self {
        let storage: Rc<dyn KeyValueStorage> = Rc::<MemoryStorage>::clone(storage) as _;
        let mut next = 0_u128;
        let new_id = Box::new(move || {
            next += 1;
            // Each page has ids of its own.
            Uuid::from_u128((0x77 << 64) + next)
        });
        Self {
            state: InboxState::new(InboxStore::default(), storage, new_id, 0),
            now: 0,
        }
    }

    /// As [`Page::new`], with `ME` signed in and connected, and one conversation.
    fn connected() -> Self {
        let mut page = Self::new(&Rc::default());
        page.state.signed(&SignIn::SignedIn(user(ME)), 0);
        page.state.connected(0);
        page.list(
            &[conversation(7, "open", Some(message(2, ANN, "two")), 0)],
            0,
        );
        page.effects();
        page
    }

    fn list(&mut self, items: &[Value], unread: i64) {
        let page = json!({"items": items, "next_cursor": null, "unread_count": unread});
        self.state.conversations_received(Some(from(page)), true);
    }

    /// Opens the conversation, with these messages.
    fn opened(&mut self, messages: &[Value]) {
        self.state.open(Some(CONVERSATION));
        self.messages(Part::Newest, messages);
        self.effects();
    }

    fn messages(&mut self, part: Part, messages: &[Value]) {
        let items: Vec<DirectMessage> = messages.iter().map(|one| from(one.clone())).collect();
        let page = MessagePage {
            items,
            has_more: false,
        };
        self.state.messages_received(CONVERSATION, part, Ok(page));
    }

    fn hears(&mut self, message: Value) {
        let message: ServerMessage = from(message);
        self.state.message_received(message, self.now);
    }

    fn hears_message(&mut self, message: Value) {
        self.hears(json!({"type": "direct_message", "message": message}));
    }

    fn hears_notification(&mut self, told: Value, unread: i64) {
        self.hears(json!({"type": "notification", "notification": told, "unread_count": unread}));
    }

    fn says(&mut self, text: &str) {
        assert!(self.state.say(&ChatText::parse(text).unwrap(), self.now));
    }

    fn effects(&mut self) -> Vec<InboxEffect> {
        self.state.take_effects()
    }

    /// The messages that were sent over HTTP since the last look.
    fn posts(&mut self) -> Vec<(OpId, String)> {
        self.effects()
            .into_iter()
            .filter_map(|effect| match effect {
                InboxEffect::Post { op_id, text, .. } => Some((op_id, text)),
                _ => None,
            })
            .collect()
    }

    /// The rows of the open conversation: text, and delivery status.
    fn rows(&self) -> Vec<(String, DeliveryStatus)> {
        self.state.store.thread.with(|thread| {
            let rows = thread.iter().flat_map(|thread| &thread.rows);
            rows.map(|row| (row.text.clone(), row.delivery)).collect()
        })
    }

    fn texts(&self) -> Vec<String> {
        self.rows().into_iter().map(|(text, _)| text).collect()
    }

    fn notifications(&self) -> Vec<(i64, i64, bool)> {
        self.state.store.notifications.with(|list| {
            let items = list.items.iter();
            items.map(|one| (one.id, one.count, one.read)).collect()
        })
    }

    fn unread(&self) -> (usize, usize) {
        (
            self.state.store.unread.get(),
            self.state.store.unread_messages.get(),
        )
    }
}

fn notification_page(items: &[Value], next: Option<&str>, unread: i64) -> Value {
    json!({"items": items, "next_cursor": next, "unread_count": unread})
}

#[test]
fn a_notification_that_grows_stays_one() {
    let mut page = Page::connected();
    page.hears_notification(notification(1, "tile_liked", json!({"x": 3, "y": 4})), 1);
    page.hears_notification(notification(2, "mention", json!({})), 2);
    page.hears_notification(notification(1, "tile_liked", json!({"count": 5})), 2);
    assert_eq!(page.notifications(), [(2, 1, false), (1, 5, false)]);
    assert_eq!(page.unread(), (2, 0));
}

#[test]
fn what_is_read_here_is_told_to_the_server_once() {
    let mut page = Page::connected();
    for id in 1..=3 {
        page.hears_notification(notification(id, "reply", json!({})), id);
    }
    page.effects();
    page.state.read_notification(2);
    page.state.read_notification(2);
    assert_eq!(page.unread().0, 2);
    let ids = ReadNotifications {
        ids: Some(vec![2]),
        ..ReadNotifications::default()
    };
    assert_eq!(page.effects(), [InboxEffect::MarkRead(ids)]);
    page.state.read_all_notifications();
    let all = ReadNotifications {
        up_to_id: Some(3),
        ..ReadNotifications::default()
    };
    assert_eq!(page.effects(), [InboxEffect::MarkRead(all)]);
    assert_eq!(page.unread().0, 0);
    assert!(page.notifications().iter().all(|(.., read)| *read));
}

#[test]
fn what_another_tab_read_is_read_here_or_asked_for() {
    let mut page = Page::connected();
    for id in 1..=2 {
        page.hears_notification(notification(id, "reply", json!({})), id);
    }
    page.effects();
    // Which one was read, the server does not say.
    page.hears(json!({"type": "notifications_read", "unread_count": 1}));
    assert_eq!(
        page.effects(),
        [InboxEffect::FetchNotifications { cursor: None }]
    );
    page.hears(json!({"type": "notifications_read", "unread_count": 0}));
    assert_eq!(page.effects(), []);
    assert!(page.notifications().iter().all(|(.., read)| *read));
}

#[test]
fn the_first_page_takes_the_place_of_what_is_as_new_as_it() {
    let mut page = Page::connected();
    let of = |ids: &[i64]| -> Vec<Value> {
        ids.iter()
            .map(|id| notification(*id, "reply", json!({})))
            .collect()
    };
    let first = notification_page(&of(&[9, 8]), Some("a"), 5);
    page.state.notifications_received(Some(from(first)), true);
    page.state.more_notifications();
    assert_eq!(
        page.effects(),
        [InboxEffect::FetchNotifications {
            cursor: Some("a".to_owned())
        }]
    );
    let second = notification_page(&of(&[8, 7, 6]), None, 5);
    page.state.notifications_received(Some(from(second)), false);
    let ids = |page: &Page| -> Vec<i64> {
        page.notifications()
            .into_iter()
            .map(|(id, ..)| id)
            .collect()
    };
    assert_eq!(ids(&page), [9, 8, 7, 6]);
    // While this page was away 10 came, and 8 was deleted.
    let first = notification_page(&of(&[10, 9]), Some("b"), 6);
    page.state.notifications_received(Some(from(first)), true);
    assert_eq!(ids(&page), [10, 9, 8, 7, 6]);
    let all = notification_page(&of(&[10]), None, 1);
    page.state.notifications_received(Some(from(all)), true);
    assert_eq!(ids(&page), [10]);
    page.state.notifications_received(None, true);
    assert_eq!(ids(&page), [10]);
    let state = page.state.store.notifications.with(|list| list.state);
    assert_eq!(state, PagedListState::Ready);
}

#[test]
fn every_connection_reads_what_was_missed() {
    let mut page = Page::connected();
    page.opened(&[message(1, ME, "one"), message(2, ANN, "two")]);
    page.state.disconnected();
    page.state.connected(5);
    let effects = page.effects();
    for wanted in [
        InboxEffect::FetchNotifications { cursor: None },
        InboxEffect::FetchConversations { cursor: None },
        InboxEffect::FetchMessages {
            conversation: CONVERSATION,
            part: Part::After(2),
        },
    ] {
        assert!(effects.contains(&wanted), "{wanted:?}");
    }
    page.messages(Part::After(2), &[message(3, ANN, "three")]);
    assert_eq!(page.texts(), ["one", "two", "three"]);
    assert_eq!(page.unread().1, 1);
}

#[test]
fn without_a_connection_the_lists_are_read_after_a_moment() {
    let mut page = Page::new(&Rc::default());
    page.state.signed(&SignIn::SignedIn(user(ME)), 0);
    page.effects();
    page.state.tick(2_999);
    assert_eq!(page.effects(), []);
    page.state.tick(3_000);
    assert_eq!(
        page.effects(),
        [
            InboxEffect::FetchNotifications { cursor: None },
            InboxEffect::FetchConversations { cursor: None },
        ]
    );
    page.state.tick(4_000);
    assert_eq!(page.effects(), []);
}

#[test]
fn a_canvas_carries_the_inbox_in_place_of_a_socket_of_its_own() {
    let mut page = Page::new(&Rc::default());
    page.state.carried(true);
    page.state.signed(&SignIn::SignedIn(user(ME)), 0);
    let effects = page.effects();
    assert!(!effects.contains(&InboxEffect::OpenSocket));
    page.state.carried(false);
    assert_eq!(page.effects(), [InboxEffect::OpenSocket]);
    page.state.carried(true);
    assert_eq!(page.effects(), [InboxEffect::CloseSocket]);
    page.state.carried(false);
    page.effects();
    page.state.signed(&SignIn::SignedOut, 0);
    assert_eq!(page.effects(), [InboxEffect::CloseSocket]);
}

#[test]
fn messages_stand_in_order_and_a_missing_one_is_read() {
    let mut page = Page::connected();
    page.opened(&[message(2, ANN, "two"), message(1, ME, "one")]);
    page.hears_message(message(4, ANN, "four"));
    assert_eq!(page.texts(), ["one", "two"]);
    assert_eq!(
        page.effects(),
        [InboxEffect::FetchMessages {
            conversation: CONVERSATION,
            part: Part::After(2),
        }]
    );
    page.messages(
        Part::After(2),
        &[message(3, ANN, "three"), message(4, ANN, "four")],
    );
    page.hears_message(message(3, ANN, "three"));
    page.hears_message(message(5, ME, "five"));
    assert_eq!(page.texts(), ["one", "two", "three", "four", "five"]);
}

#[test]
fn a_message_is_shown_at_once_and_stored_once() {
    let mut page = Page::connected();
    page.opened(&[message(1, ME, "one"), message(2, ANN, "two")]);
    page.says("three");
    page.says("four");
    let sent = page.posts();
    // One at a time, so that they stay in order.
    assert_eq!(sent.len(), 1);
    assert_eq!(page.rows()[2], ("three".into(), DeliveryStatus::Pending));
    let op_id = sent[0].0;
    // The event of a socket may come before the answer.
    page.hears_message(with_op(message(3, ME, "three"), op_id));
    let stored = from(message(3, ME, "three"));
    page.state.posted(op_id, Posted::Stored(stored), 1);
    assert_eq!(page.texts(), ["one", "two", "three", "four"]);
    assert_eq!(page.rows()[2].1, DeliveryStatus::Stored);
    // The row keeps its key.
    let key = page
        .state
        .store
        .thread
        .with(|thread| thread.as_ref().map(|thread| thread.rows[2].key));
    assert_eq!(key, Some(ThreadRowKey::Own(op_id)));
    let next = page.posts();
    assert_eq!(next.len(), 1);
    assert_eq!(next[0].1, "four");
}

#[test]
fn what_cannot_be_sent_waits_and_survives_a_reload() {
    let storage = Rc::<MemoryStorage>::default();
    let mut page = Page::new(&storage);
    page.state.signed(&SignIn::SignedIn(user(ME)), 0);
    page.state.open(Some(CONVERSATION));
    page.says("hello");
    let (op_id, _) = page.posts()[0].clone();
    let postponed = Posted::Postponed {
        retry_after_ms: Some(5_000),
        random: 0.0,
    };
    page.state.posted(op_id, postponed, 0);
    page.state.tick(4_999);
    assert_eq!(page.posts(), []);
    page.state.tick(5_000);
    assert_eq!(page.posts(), [(op_id, "hello".to_owned())]);

    let mut reloaded = Page::new(&storage);
    reloaded.state.signed(&SignIn::SignedIn(user(ME)), 0);
    reloaded.state.open(Some(CONVERSATION));
    assert_eq!(reloaded.rows(), [("hello".into(), DeliveryStatus::Pending)]);
    reloaded.state.connected(0);
    // The same operation, so that it is stored once.
    assert_eq!(reloaded.posts(), [(op_id, "hello".to_owned())]);

    let mut other = Page::new(&storage);
    other.state.signed(&SignIn::SignedIn(user(ANN)), 0);
    other.state.open(Some(CONVERSATION));
    assert_eq!(other.rows(), []);
}

#[test]
fn a_refused_message_can_be_sent_again_or_given_up() {
    let storage = Rc::<MemoryStorage>::default();
    let mut page = Page::new(&storage);
    page.state.signed(&SignIn::SignedIn(user(ME)), 0);
    page.state.open(Some(CONVERSATION));
    page.says("hello");
    let (first, _) = page.posts()[0].clone();
    page.state
        .posted(first, Posted::Refused(ErrorCode::NotWanted), 0);
    let failed = DeliveryStatus::Failed(ErrorCode::NotWanted);
    assert_eq!(page.rows(), [("hello".into(), failed)]);
    assert!(storage.keys("stellar.dm.").is_empty());
    page.effects();
    page.state.retry(first, 0);
    let (second, text) = page.posts()[0].clone();
    assert_ne!(first, second);
    assert_eq!(text, "hello");
    page.state
        .posted(second, Posted::Refused(ErrorCode::NotWanted), 0);
    page.state.discard(second);
    assert_eq!(page.rows(), []);
}

#[test]
fn what_the_user_sees_is_read_on_this_connection_and_counted_elsewhere() {
    let mut page = Page::connected();
    page.list(
        &[conversation(7, "open", Some(message(2, ANN, "two")), 2)],
        3,
    );
    page.hears_notification(
        notification(
            1,
            "direct_message",
            json!({"canvas_id": null, "conversation_id": 7}),
        ),
        1,
    );
    page.opened(&[message(1, ANN, "one"), message(2, ANN, "two")]);
    assert_eq!(page.unread(), (1, 3));
    page.state.sees(Some(CONVERSATION));
    assert_eq!(
        page.effects(),
        [InboxEffect::Send(ClientMessage::DirectMessageRead {
            conversation_id: CONVERSATION,
            seq: 2,
        })]
    );
    assert_eq!(page.unread(), (0, 1));
    // What comes while the user looks is read at once; and once only.
    page.hears_message(message(3, ANN, "three"));
    assert_eq!(
        page.effects(),
        [InboxEffect::Send(ClientMessage::DirectMessageRead {
            conversation_id: CONVERSATION,
            seq: 3,
        })]
    );
    page.state.sees(Some(CONVERSATION));
    assert_eq!(page.effects(), []);
    page.state.sees(None);
    page.hears_message(message(4, ANN, "four"));
    assert_eq!(page.effects(), []);
    assert_eq!(page.unread(), (0, 2));
    // Another connection of this user read it.
    page.hears(json!({"type": "direct_message_read", "conversation_id": 7, "seq": 4}));
    assert_eq!(page.unread(), (0, 1));
}

#[test]
fn without_a_connection_reading_is_told_over_http() {
    let mut page = Page::connected();
    page.opened(&[message(2, ANN, "two")]);
    page.state.disconnected();
    page.state.sees(Some(CONVERSATION));
    assert_eq!(
        page.effects(),
        [InboxEffect::PostRead {
            conversation: CONVERSATION,
            seq: 2,
        }]
    );
}

#[test]
fn a_removed_message_stays_without_its_words() {
    let mut page = Page::connected();
    page.opened(&[message(1, ME, "one"), message(2, ANN, "two")]);
    let mut removed = message(2, ANN, "");
    removed["removed"] = json!(true);
    page.hears_message(removed);
    // An answer that was under way has the words still.
    page.messages(Part::Newest, &[message(2, ANN, "two")]);
    assert_eq!(page.texts(), ["one", ""]);
    page.state.removed(message_id(1));
    assert_eq!(page.texts(), ["", ""]);
}

#[test]
fn a_request_ends_with_the_answer() {
    let mut page = Page::connected();
    let access = |page: &Page, me: i64| {
        let one = page.state.store.conversation(CONVERSATION);
        one.map(|one| conversation_access(&one, UserId(me)))
    };
    page.list(&[conversation(7, "request", None, 0)], 0);
    assert_eq!(access(&page, ME), Some(ConversationAccess::NoRequest));
    page.list(
        &[conversation(7, "request", Some(message(1, ME, "hi")), 0)],
        0,
    );
    assert_eq!(access(&page, ME), Some(ConversationAccess::RequestSent));
    assert_eq!(
        access(&page, ANN),
        Some(ConversationAccess::RequestReceived)
    );
    page.hears_message(message(2, ANN, "hello"));
    assert_eq!(access(&page, ME), Some(ConversationAccess::Open));
    page.state
        .conversation_changed(CONVERSATION, ConversationState::Blocked);
    assert_eq!(access(&page, ME), Some(ConversationAccess::Blocked));
}

#[test]
fn typing_is_told_seldom_and_ends_by_itself() {
    let mut page = Page::connected();
    page.opened(&[message(1, ANN, "one")]);
    for at in [0, 500, 1_999, 2_000] {
        page.state.types(true, at);
    }
    page.state.types(false, 2_100);
    page.state.types(false, 2_200);
    let typing = |is_typing| {
        InboxEffect::Send(ClientMessage::DirectTyping {
            conversation_id: CONVERSATION,
            is_typing,
        })
    };
    assert_eq!(page.effects(), [typing(true), typing(true), typing(false)]);
    page.hears(json!({"type": "direct_typing", "conversation_id": 7, "is_typing": true}));
    assert_eq!(page.state.store.typing.get(), [CONVERSATION]);
    page.hears_message(message(2, ANN, "two"));
    assert_eq!(page.state.store.typing.get(), []);
    page.hears(json!({"type": "direct_typing", "conversation_id": 7, "is_typing": true}));
    page.state.tick(6_000);
    assert_eq!(page.state.store.typing.get(), []);
}

#[test]
fn an_unknown_conversation_is_looked_for_in_the_whole_list() {
    let mut page = Page::connected();
    let first = json!({
        "items": [conversation(8, "open", None, 0)], "next_cursor": "b", "unread_count": 0,
    });
    page.state.conversations_received(Some(from(first)), true);
    page.effects();
    page.state.open(Some(ConversationId(9)));
    let next = InboxEffect::FetchConversations {
        cursor: Some("b".to_owned()),
    };
    assert!(page.effects().contains(&next));
    let last = json!({
        "items": [conversation(7, "open", None, 0)], "next_cursor": null, "unread_count": 0,
    });
    page.state.conversations_received(Some(from(last)), false);
    let state = |page: &Page| {
        let thread = page.state.store.thread.get();
        thread.map(|thread| thread.state)
    };
    assert_eq!(state(&page), Some(ThreadState::Missing));
    page.state.open(Some(CONVERSATION));
    page.state
        .messages_received(CONVERSATION, Part::Newest, Err(ReadError::Missing));
    assert_eq!(state(&page), Some(ThreadState::Missing));
}

#[test]
fn a_message_of_an_unknown_conversation_has_the_list_read() {
    let mut page = Page::connected();
    page.list(&[], 0);
    page.hears_message(message(1, ANN, "hi"));
    assert_eq!(
        page.effects(),
        [InboxEffect::FetchConversations { cursor: None }]
    );
}

#[test]
fn older_messages_come_above() {
    let mut page = Page::connected();
    page.state.open(Some(CONVERSATION));
    let newest = MessagePage {
        items: vec![from(message(4, ANN, "four")), from(message(3, ME, "three"))],
        has_more: true,
    };
    page.state
        .messages_received(CONVERSATION, Part::Newest, Ok(newest));
    page.effects();
    page.state.load_older();
    page.state.load_older();
    assert_eq!(
        page.effects(),
        [InboxEffect::FetchMessages {
            conversation: CONVERSATION,
            part: Part::Before(3),
        }]
    );
    page.messages(
        Part::Before(3),
        &[message(2, ANN, "two"), message(1, ME, "one")],
    );
    assert_eq!(page.texts(), ["one", "two", "three", "four"]);
    let older = page.state.store.thread.get().map(|thread| thread.older);
    assert_eq!(older, Some(OlderPages::None));
}

#[test]
fn another_user_sees_nothing_of_the_former_ones() {
    let mut page = Page::connected();
    page.opened(&[message(1, ANN, "one")]);
    page.hears_notification(notification(1, "reply", json!({})), 1);
    page.state.signed(&SignIn::SignedIn(user(3)), 0);
    assert_eq!(page.unread(), (0, 0));
    assert_eq!(page.notifications(), []);
    assert_eq!(page.texts(), Vec::<String>::new());
    // Who is asked again, and is the same, keeps what is shown.
    page.hears_notification(notification(2, "reply", json!({})), 1);
    page.state.signed(&SignIn::SignedIn(user(3)), 0);
    assert_eq!(page.unread(), (1, 0));
}
