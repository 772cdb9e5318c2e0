//! Answers and new words for messages: shown at once, kept, stored once, taken
//! back when refused.

#![cfg(not(target_arch = "wasm32"))]

use super::{
    server::{failure, user},
    simulation::{Fault, Simulation},
};
use crate::{
    model::{
        chat::{ChatRow, DeliveryStatus},
        notice::NoticeKind,
    },
    session::chat,
    store::backend::Var,
};
use shared::{
    ids::{MessageId, OpId},
    protocol::{Ack, ErrorCode, ServerMessage},
};
use std::sync::Arc;

fn rows(simulation: &Simulation, tab: usize) -> Vec<Arc<ChatRow>> {
    simulation.tabs[tab].state.store.chat.get()
}

fn words(simulation: &Simulation, tab: usize) -> Vec<String> {
    let rows = rows(simulation, tab);
    rows.iter().map(|row| row.words().to_owned()).collect()
}

fn quotes(simulation: &Simulation, tab: usize) -> Vec<Option<String>> {
    let rows = rows(simulation, tab);
    let quote = |row: &Arc<ChatRow>| row.reply_to.as_ref().map(|reply| reply.excerpt.clone());
    rows.iter().map(quote).collect()
}

/// What the last row of a tab says of new words.
fn fate(simulation: &Simulation, tab: usize) -> Option<DeliveryStatus> {
    let rows = rows(simulation, tab);
    Some(rows.last()?.edit.as_ref()?.delivery)
}

/// The id of the message that was stored last.
fn newest(simulation: &Simulation) -> MessageId {
    simulation.server.messages.last().unwrap().message_id
}

/// Two people, of whom the first has said something.
fn spoken() -> Simulation {
    let mut simulation = Simulation::open(&[user(1), user(2)]);
    let now = simulation.now;
    simulation.tabs[0].say("hello", now);
    simulation.settle();
    simulation
}

/// The server refuses the next request of the first tab.
fn refuse(simulation: &mut Simulation, code: ErrorCode) -> OpId {
    let request = simulation.tabs[0].to_server.pop_front().unwrap();
    let id = request.op_id.unwrap();
    let error = ServerMessage::Error(failure(id, code));
    simulation.tabs[0].to_tab.push_back(error);
    simulation.deliver(0);
    id
}

#[test]
fn an_answer_quotes_the_message_at_once_and_as_it_is() {
    let mut simulation = spoken();
    let (now, id) = (simulation.now, newest(&simulation));
    simulation.tabs[1].reply(Some(id), "hi", now);
    assert_eq!(quotes(&simulation, 1), [None, Some("hello".to_owned())]);
    simulation.settle();
    simulation.tabs[0].edit(id, "hello all", now);
    simulation.settle();
    for tab in 0..2 {
        let expected = [None, Some("hello all".to_owned())];
        assert_eq!(quotes(&simulation, tab), expected, "tab {tab}");
    }
    simulation.assert_converged();
}

#[test]
fn new_words_are_shown_before_they_are_stored_and_everywhere_after() {
    let mut simulation = spoken();
    let (now, id) = (simulation.now, newest(&simulation));
    simulation.tabs[0].edit(id, "hello all", now);
    assert_eq!(words(&simulation, 0), ["hello all"]);
    assert_eq!(fate(&simulation, 0), Some(DeliveryStatus::Pending));
    assert_eq!(words(&simulation, 1), ["hello"]);
    simulation.settle();
    for tab in 0..2 {
        assert_eq!(words(&simulation, tab), ["hello all"]);
        assert_eq!(fate(&simulation, tab), None);
        assert!(rows(&simulation, tab)[0].edited_at.is_some());
    }
    simulation.assert_converged();
}

#[test]
fn new_words_and_answers_survive_a_reload_without_a_connection() {
    let mut simulation = spoken();
    let (now, id) = (simulation.now, newest(&simulation));
    simulation.tabs[0].disconnect(now);
    simulation.tabs[0].edit(id, "hello all", now);
    simulation.tabs[0].reply(Some(id), "and more", now);
    simulation.tabs[0].reload(false, now);
    assert_eq!(simulation.tabs[0].waiting(), 2);
    // The message itself comes with the snapshot.
    assert_eq!(words(&simulation, 0), ["and more"]);
    simulation.read_snapshot(0);
    simulation.deliver_snapshot(0);
    assert_eq!(words(&simulation, 0), ["hello all", "and more"]);
    assert_eq!(quotes(&simulation, 0)[1].as_deref(), Some("hello"));
    assert_eq!(simulation.server.messages[0].message_text, "hello");
    simulation.settle();
    assert_eq!(simulation.storage(0).requests(), 0);
    assert_eq!(quotes(&simulation, 1)[1].as_deref(), Some("hello all"));
    simulation.assert_converged();
}

#[test]
fn new_words_whose_answer_was_lost_are_stored_once() {
    let mut simulation = spoken();
    let (now, id) = (simulation.now, newest(&simulation));
    let op = simulation.tabs[0].edit(id, "hello all", now).unwrap();
    simulation.serve(0, Fault::LoseAnswer);
    assert_eq!(fate(&simulation, 0), Some(DeliveryStatus::Pending));
    simulation.settle();
    assert_eq!(simulation.server.applied[&(user(1).id, op)], 1);
    assert_eq!(fate(&simulation, 0), None);
    assert_eq!(words(&simulation, 0), ["hello all"]);
    simulation.assert_converged();
}

#[test]
fn the_same_words_again_are_acknowledged_without_an_event() {
    let mut simulation = spoken();
    let (now, id) = (simulation.now, newest(&simulation));
    simulation.tabs[0].edit(id, "hello", now);
    simulation.settle();
    assert_eq!(
        (fate(&simulation, 0), simulation.tabs[0].waiting()),
        (None, 0)
    );
    assert_eq!(simulation.server.head(), 1);
}

#[test]
fn an_acknowledgement_before_the_event_takes_nothing_away() {
    let mut simulation = spoken();
    let (now, id) = (simulation.now, newest(&simulation));
    let op = simulation.tabs[0].edit(id, "hello all", now);
    simulation.serve(0, Fault::None);
    let ack = Ack {
        op_id: op,
        request: "chat_edit".into(),
        seq: Some(2),
        ..Ack::default()
    };
    simulation.tabs[0]
        .to_tab
        .push_front(ServerMessage::Ack(ack));
    simulation.deliver(0);
    assert_eq!(words(&simulation, 0), ["hello all"]);
    assert_eq!(simulation.tabs[0].waiting(), 1);
    simulation.settle();
    assert_eq!(
        (fate(&simulation, 0), simulation.tabs[0].waiting()),
        (None, 0)
    );
    simulation.assert_converged();
}

#[test]
fn refused_words_stay_to_be_sent_again_or_given_up() {
    let mut simulation = spoken();
    let (now, id) = (simulation.now, newest(&simulation));
    simulation.tabs[0].edit(id, "hello all", now);
    let op = refuse(&mut simulation, ErrorCode::Forbidden);
    assert_eq!(words(&simulation, 0), ["hello all"]);
    assert_eq!(
        fate(&simulation, 0),
        Some(DeliveryStatus::Failed(ErrorCode::Forbidden))
    );
    assert_eq!(simulation.tabs[0].waiting(), 0);
    let refused = simulation.tabs[0]
        .state
        .store
        .chat
        .with(|rows| chat::refused_edit(rows, op));
    assert_eq!(refused, Some((id, "hello all".to_owned())));
    let chat = &simulation.tabs[0].state.store.chat;
    chat.update(|rows| chat::edit_ended(rows, op));
    assert_eq!(words(&simulation, 0), ["hello"]);
}

#[test]
fn refused_words_for_a_message_that_is_not_loaded_are_told() {
    let mut simulation = spoken();
    let (now, id) = (simulation.now, newest(&simulation));
    simulation.tabs[0].edit(id, "hello all", now);
    simulation.tabs[0].state.store.chat.set(Vec::new());
    refuse(&mut simulation, ErrorCode::MessageNotFound);
    let notices = simulation.tabs[0].state.store.notices.get();
    assert!(matches!(
        notices[..],
        [crate::model::notice::Notice {
            kind: NoticeKind::Refused {
                code: ErrorCode::MessageNotFound,
                ..
            },
            ..
        }]
    ));
}

#[test]
fn an_edit_in_slow_mode_waits() {
    let mut simulation = spoken();
    let (now, id) = (simulation.now, newest(&simulation));
    simulation.tabs[0].edit(id, "hello all", now);
    let request = simulation.tabs[0].to_server.pop_front().unwrap();
    let mut error = failure(request.op_id.unwrap(), ErrorCode::SlowMode);
    error.retry_after_ms = Some(5_000);
    simulation.tabs[0]
        .to_tab
        .push_back(ServerMessage::Error(error));
    simulation.deliver(0);
    assert_eq!(fate(&simulation, 0), Some(DeliveryStatus::Pending));
    assert!(simulation.tabs[0].to_server.is_empty());
    simulation.settle();
    assert_eq!(words(&simulation, 1), ["hello all"]);
}
