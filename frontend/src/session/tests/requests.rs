//! One's own requests: shown at once, kept, sent in order, sent again, and
//! taken back when refused.

#![cfg(not(target_arch = "wasm32"))]

use super::{
    server::{GRID, failure, user},
    simulation::{Fault, Simulation},
};
use crate::{
    model::{
        chat::{ChatKey, DeliveryStatus},
        notice::NoticeKind,
    },
    session::queue::CAPACITY,
    store::backend::Var,
};
use shared::{
    canvas::Coord,
    protocol::{ClientMessage, ErrorCode, ServerMessage},
};

const AT: Coord = Coord { x: 0, y: 0 };

fn notices(simulation: &Simulation) -> Vec<NoticeKind> {
    let notices = simulation.tabs[0].state.store.notices.get();
    notices.into_iter().map(|notice| notice.kind).collect()
}

fn deliveries(simulation: &Simulation, tab: usize) -> Vec<(String, DeliveryStatus)> {
    let rows = simulation.tabs[tab].state.store.chat.get();
    rows.iter()
        .map(|row| (row.text.clone(), row.delivery))
        .collect()
}

#[test]
fn strokes_that_wait_are_joined_into_one_request() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    simulation.tabs[0].disconnect(now);
    for index in 0..5 {
        assert!(simulation.tabs[0].paint(AT, &[(index, 1)], now));
    }
    assert_eq!(simulation.tabs[0].waiting(), 1);
    assert_eq!(simulation.storage(0).requests(), 1);
    assert_eq!(simulation.tabs[0].shown(AT, 4), Some(1));
    simulation.settle();
    assert_eq!(simulation.server.head(), 1);
    assert_eq!(simulation.storage(0).requests(), 0);
    simulation.assert_converged();
}

#[test]
fn a_full_queue_takes_nothing_more_and_says_so() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    simulation.tabs[0].disconnect(now);
    for n in 0..CAPACITY {
        assert!(simulation.tabs[0].say(&format!("{n}"), now).is_some());
    }
    assert_eq!(simulation.tabs[0].say("one more", now), None);
    assert!(!simulation.tabs[0].paint(AT, &[(0, 1)], now));
    assert_eq!(simulation.tabs[0].shown(AT, 0), None);
    assert_eq!(notices(&simulation), [NoticeKind::QueueFull]);
    assert_eq!(simulation.tabs[0].waiting(), CAPACITY);
}

#[test]
fn what_the_storage_has_no_room_for_is_told_once() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    simulation.storage(0).full.set(true);
    simulation.tabs[0].disconnect(now);
    simulation.tabs[0].say("one", now);
    simulation.tabs[0].say("two", now);
    assert_eq!(notices(&simulation), [NoticeKind::NotKept]);
    assert!(simulation.tabs[0].state.would_lose());
    simulation.settle();
    assert!(!simulation.tabs[0].state.would_lose());
    assert_eq!(simulation.server.messages.len(), 2);
}

#[test]
fn a_refused_stroke_is_dropped_and_the_rest_rebased() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    let tab = &mut simulation.tabs[0];
    tab.paint(AT, &[(0, 1), (1, 1)], now);
    tab.paint(AT, &[(1, 2), (2, 2)], now);
    assert_eq!(tab.to_server.len(), 2, "each was sent at once");
    simulation.serve(0, Fault::Refuse);
    simulation.deliver(0);
    let tab = &simulation.tabs[0];
    assert_eq!(tab.waiting(), 1);
    let shown: Vec<_> = (0..3).map(|index| tab.shown(AT, index)).collect();
    assert_eq!(shown, [Some(255), Some(2), Some(2)]);
    assert!(matches!(
        notices(&simulation)[..],
        [NoticeKind::Refused {
            code: ErrorCode::TileLocked,
            at: Some(AT),
            ..
        }]
    ));
    simulation.settle();
    simulation.assert_converged();
}

#[test]
fn a_request_that_the_shared_rules_refuse_is_not_sent() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    let outside = Coord {
        x: GRID.width,
        y: 0,
    };
    assert!(!simulation.tabs[0].paint(outside, &[(0, 1)], now));
    assert!(!simulation.tabs[0].paint(AT, &[(0, 200)], now));
    assert_eq!(simulation.tabs[0].to_server.len(), 0);
    assert_eq!(simulation.tabs[0].waiting(), 0);
}

#[test]
fn a_request_whose_answer_was_lost_is_repeated_and_applied_once() {
    let mut simulation = Simulation::open(&[user(1), user(2)]);
    let now = simulation.now;
    let id = simulation.tabs[0].say("hello", now).unwrap();
    simulation.tabs[0].paint(AT, &[(0, 3)], now);
    simulation.serve(0, Fault::None);
    simulation.serve(0, Fault::LoseAnswer);
    assert_eq!(simulation.tabs[0].waiting(), 2);
    simulation.settle();
    assert_eq!(simulation.server.head(), 2);
    assert_eq!(simulation.server.applied[&(user(1).id, id)], 1);
    simulation.assert_converged();
}

#[test]
fn what_the_server_could_not_do_is_sent_again_later() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    simulation.tabs[0].say("hello", now);
    simulation.serve(0, Fault::Unavailable);
    simulation.deliver(0);
    assert_eq!(simulation.tabs[0].to_server.len(), 0, "not at once");
    assert_eq!(
        deliveries(&simulation, 0),
        [("hello".into(), DeliveryStatus::Pending)]
    );
    simulation.pass(1);
    assert_eq!(simulation.tabs[0].to_server.len(), 1, "a second later");
    simulation.settle();
    assert_eq!(
        deliveries(&simulation, 0),
        [("hello".into(), DeliveryStatus::Stored)]
    );
}

#[test]
fn the_server_may_say_when_to_ask_again() {
    let mut simulation = Simulation::open(&[user(1)]);
    let id = simulation.tabs[0].say("hello", simulation.now).unwrap();
    simulation.tabs[0].to_server.clear();
    let mut error = failure(id, ErrorCode::RateLimited);
    error.retry_after_ms = Some(5_000);
    simulation.tabs[0]
        .to_tab
        .push_back(ServerMessage::Error(error));
    simulation.deliver(0);
    simulation.pass(4);
    assert_eq!(simulation.tabs[0].to_server.len(), 0);
    simulation.pass(1);
    assert_eq!(simulation.tabs[0].to_server.len(), 1);
}

#[test]
fn a_chat_row_is_pending_then_stored_under_the_same_key() {
    let mut simulation = Simulation::open(&[user(1), user(2)]);
    let id = simulation.tabs[0].say("hello", simulation.now).unwrap();
    let row = |simulation: &Simulation| simulation.tabs[0].state.store.chat.get()[0].clone();
    assert_eq!(row(&simulation).key, ChatKey::Own(id));
    assert_eq!(row(&simulation).delivery, DeliveryStatus::Pending);
    simulation.settle();
    assert_eq!(row(&simulation).key, ChatKey::Own(id));
    assert_eq!(row(&simulation).delivery, DeliveryStatus::Stored);
    assert_eq!(row(&simulation).seq, Some(1));
    assert_eq!(
        deliveries(&simulation, 1),
        [("hello".into(), DeliveryStatus::Stored)]
    );
}

#[test]
fn a_refused_chat_row_stays_as_failed_and_the_others_are_sent() {
    let mut simulation = Simulation::open(&[user(1)]);
    simulation.tabs[0].say("bad", simulation.now);
    simulation.tabs[0].say("good", simulation.now);
    simulation.serve(0, Fault::Refuse);
    simulation.settle();
    assert_eq!(
        deliveries(&simulation, 0),
        [
            ("good".into(), DeliveryStatus::Stored),
            ("bad".into(), DeliveryStatus::Failed(ErrorCode::TileLocked)),
        ]
    );
}

#[test]
fn a_request_for_a_tile_that_is_gone_is_refused_and_forgotten() {
    let mut simulation = Simulation::open(&[user(1), user(2)]);
    simulation.tabs[0].paint(AT, &[(0, 1)], simulation.now);
    simulation.settle();
    let now = simulation.now;
    let title = ClientMessage::TileUpdate {
        x: 0,
        y: 0,
        title: Some("mine".into()),
        pixels: None,
    };
    simulation.tabs[1].disconnect(now);
    simulation.tabs[1].input(now, |state| state.dispatch(title, now));
    let delete = ClientMessage::TileDelete { x: 0, y: 0 };
    simulation.tabs[0].input(now, |state| state.dispatch(delete, now));
    simulation.settle();
    simulation.assert_converged();
    let notices = simulation.tabs[1].state.store.notices.get();
    assert!(matches!(
        notices[..],
        [ref notice] if matches!(notice.kind, NoticeKind::Refused { code: ErrorCode::TileNotFound, .. })
    ));
}
