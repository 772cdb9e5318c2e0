//! Sanctions, slow mode and lockdown: what waits, what is kept as a draft, and
//! what is told.

#![cfg(not(target_arch = "wasm32"))]

use super::{
    plain::MemoryStorage,
    server::{CANVAS, failure, user},
    simulation::Simulation,
};
use crate::{
    model::{
        chat::DeliveryStatus,
        connection::{ConnectionStatus, EndReason},
        notice::{MayNot, NoticeKind},
    },
    session::{
        effect::{Effect, RefusalCause},
        pending_storage::KeyValueStorage,
    },
    store::backend::Var,
};
use shared::{
    api::{
        Canvas, ChatMessage,
        moderation::UserRef,
        sanctions::{Sanction, SanctionBrief, SanctionKind},
    },
    canvas::Coord,
    ids::{MessageId, OpId},
    protocol::{
        CanvasUpdated, ChatEvent, ChatRemoved, ClientMessage, ErrorCode, RemovedBy, SanctionLifted,
        Sanctioned, ServerMessage,
    },
    time::Timestamp,
};

const AT: Coord = Coord { x: 0, y: 0 };

fn time(ms: i64) -> Timestamp {
    chrono::DateTime::from_timestamp_millis(ms).unwrap().into()
}

fn sanction(id: i64, kind: SanctionKind, expires_at: Option<i64>) -> Sanction {
    let user = user(1);
    Sanction {
        id,
        canvas_id: Some(CANVAS),
        user: UserRef {
            user_id: user.id,
            username: user.username,
            display_name: user.display_name,
        },
        kind,
        reason: "because".into(),
        issued_by: None,
        issued_at: time(0),
        expires_at: expires_at.map(time),
        lifted_at: None,
        lift_reason: String::new(),
        case_id: None,
        appeal: None,
        note: None,
    }
}

/// Tells the first tab of a sanction.
fn impose(simulation: &mut Simulation, sanction: Sanction) {
    let message = ServerMessage::Sanction(Box::new(Sanctioned {
        sanction,
        timestamp: time(0),
    }));
    simulation.tabs[0].to_tab.push_back(message);
    simulation.deliver(0);
}

/// The server refuses the next request of the first tab.
fn refuse(simulation: &mut Simulation, code: ErrorCode, retry_after_ms: Option<u64>) -> OpId {
    let id = simulation.tabs[0]
        .to_server
        .pop_front()
        .unwrap()
        .op_id
        .unwrap();
    let mut error = failure(id, code);
    error.retry_after_ms = retry_after_ms;
    error.sanction = (code == ErrorCode::Sanctioned).then(|| {
        Box::new(SanctionBrief {
            id: 9,
            kind: SanctionKind::Timeout,
            reason: "because".into(),
            expires_at: None,
        })
    });
    simulation.tabs[0]
        .to_tab
        .push_back(ServerMessage::Error(error));
    simulation.deliver(0);
    id
}

fn drafts(storage: &MemoryStorage) -> usize {
    storage.keys("stellar.draft.").len()
}

fn notices(simulation: &Simulation) -> Vec<NoticeKind> {
    let notices = simulation.tabs[0].state.store.notices.get();
    notices.into_iter().map(|notice| notice.kind).collect()
}

fn texts(simulation: &Simulation, tab: usize) -> Vec<(String, bool)> {
    let rows = simulation.tabs[tab].state.store.chat.get();
    rows.iter()
        .map(|row| (row.text.clone(), row.removed))
        .collect()
}

#[test]
fn who_may_not_paint_leaves_the_tile_is_told_and_paints_again_once_it_is_lifted() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    simulation.tabs[0].input(now, |state| state.open_tile(AT));
    assert_eq!(simulation.tabs[0].state.store.editing.get(), Some(AT));
    impose(&mut simulation, sanction(5, SanctionKind::NoPaint, None));
    assert_eq!(simulation.tabs[0].state.store.editing.get(), None);
    assert!(!simulation.tabs[0].paint(AT, &[(0, 1)], now));
    let why = simulation.tabs[0].state.store.draw_refusal(AT);
    assert_eq!(why, Some(MayNot::Sanctioned { until: None }));
    assert!(simulation.tabs[0].say("I can still talk", now).is_some());
    let lifted = ServerMessage::SanctionLifted(SanctionLifted {
        sanction_id: 5,
        canvas_id: Some(CANVAS),
        timestamp: time(0),
    });
    simulation.tabs[0].to_tab.push_back(lifted);
    simulation.settle();
    assert!(simulation.tabs[0].state.store.sanctions.get().is_empty());
    assert_eq!(notices(&simulation).last(), Some(&NoticeKind::SanctionOver));
    assert!(simulation.tabs[0].paint(AT, &[(0, 1)], now));
    simulation.settle();
    simulation.assert_converged();
}

#[test]
fn a_sanction_that_has_an_end_is_over_by_the_clock_of_the_server() {
    let mut simulation = Simulation::open(&[user(1)]);
    // The simulated server's clock began at 0 when the tab connected.
    impose(
        &mut simulation,
        sanction(5, SanctionKind::Timeout, Some(2_500)),
    );
    simulation.pass(2);
    assert_eq!(simulation.tabs[0].state.store.sanctions.get().len(), 1);
    simulation.pass(1);
    assert!(simulation.tabs[0].state.store.sanctions.get().is_empty());
    assert_eq!(notices(&simulation), [NoticeKind::SanctionOver]);
}

#[test]
fn what_a_sanction_refuses_is_taken_back_and_kept_as_a_draft() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    simulation.tabs[0].paint(AT, &[(0, 1)], now);
    refuse(&mut simulation, ErrorCode::Sanctioned, None);
    let like = ClientMessage::TileLike {
        x: 0,
        y: 0,
        liked: true,
    };
    assert_eq!(simulation.tabs[0].shown(AT, 0), None);
    assert_eq!(simulation.tabs[0].waiting(), 0);
    assert_eq!(notices(&simulation), [NoticeKind::Shelved]);
    let asked = Effect::FetchSanctions;
    assert!(simulation.tabs[0].seen.contains(&asked), "to say why");
    simulation.tabs[0].say("hello", now);
    refuse(&mut simulation, ErrorCode::Sanctioned, None);
    let row = simulation.tabs[0].state.store.chat.get()[0].clone();
    assert_eq!(row.delivery, DeliveryStatus::Failed(ErrorCode::Sanctioned));
    assert_eq!(simulation.tabs[0].state.store.drafts.get(), 2);
    assert_eq!(drafts(&simulation.storage(0)), 2);
    // A like is no work that could be lost.
    simulation.tabs[0].input(now, |state| state.dispatch(like, now));
    assert_eq!(simulation.tabs[0].state.store.drafts.get(), 2);
    let json = simulation.tabs[0].state.draft_as_json();
    let requests: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(requests[0]["type"], "tile_paint");
    assert_eq!(requests[1]["text"], "hello");
}

#[test]
fn a_draft_survives_a_reload_is_not_sent_by_itself_and_can_be_sent_once() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    simulation.tabs[0].paint(AT, &[(3, 2)], now);
    let id = refuse(&mut simulation, ErrorCode::Sanctioned, None);
    simulation.tabs[0].reload(false, now);
    simulation.settle();
    assert_eq!(simulation.server.head(), 0);
    assert_eq!(simulation.tabs[0].state.store.drafts.get(), 1);
    simulation.tabs[0].input(now, |state| state.send_draft(now));
    assert_eq!(simulation.tabs[0].shown(AT, 3), Some(2));
    assert_eq!(simulation.tabs[0].state.store.drafts.get(), 0);
    assert_eq!(drafts(&simulation.storage(0)), 0);
    simulation.settle();
    assert_eq!(simulation.server.applied[&(user(1).id, id)], 1);
    simulation.assert_converged();
}

#[test]
fn a_discarded_draft_is_gone() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    simulation.tabs[0].paint(AT, &[(3, 2)], now);
    refuse(&mut simulation, ErrorCode::LockedDown, Some(1_000));
    assert_eq!(simulation.tabs[0].state.store.drafts.get(), 1);
    simulation.tabs[0].input(now, |state| state.discard_draft());
    assert_eq!(simulation.tabs[0].state.store.drafts.get(), 0);
    assert_eq!(drafts(&simulation.storage(0)), 0);
}

#[test]
fn the_offline_queue_of_a_banned_person_becomes_a_draft() {
    let mut simulation = Simulation::open(&[user(1), user(2)]);
    let now = simulation.now;
    simulation.tabs[1].paint(AT, &[(0, 3)], now);
    simulation.settle();
    simulation.tabs[0].disconnect(now);
    simulation.tabs[0].paint(AT, &[(0, 1), (1, 1)], now);
    simulation.tabs[0].say("while away", now);
    assert_eq!(simulation.tabs[0].waiting(), 2);
    let refused = |simulation: &mut Simulation| {
        simulation.tabs[0].input(now, |state| {
            state.refusal_received(RefusalCause::Banned, None);
        });
    };
    refused(&mut simulation);
    let tab = &simulation.tabs[0];
    let connection = tab.state.store.connection.get();
    assert_eq!(connection, ConnectionStatus::Ended(EndReason::Banned));
    assert!(!tab.wants_socket);
    assert!(tab.seen.contains(&Effect::FetchSanctions));
    assert_eq!((tab.waiting(), tab.state.store.drafts.get()), (0, 2));
    // The board shows what is stored.
    assert_eq!((tab.shown(AT, 0), tab.shown(AT, 1)), (Some(3), Some(255)));
    assert_eq!(simulation.storage(0).requests(), 0);
    assert_eq!(drafts(&simulation.storage(0)), 2);
    // Nor does it come back with a reload: only the draft does.
    simulation.tabs[0].reload(true, now);
    refused(&mut simulation);
    assert_eq!(simulation.tabs[0].waiting(), 0);
    assert_eq!(simulation.tabs[0].state.store.drafts.get(), 2);
}

#[test]
fn a_ban_that_is_over_connects_again() {
    let mut simulation = Simulation::open(&[user(1)]);
    simulation.tabs[0].input(simulation.now, |state| state.ended("banned"));
    let (ban, other) = (
        sanction(5, SanctionKind::Ban, Some(1_500)),
        Sanction {
            canvas_id: Some(shared::ids::CanvasId(9)),
            ..sanction(6, SanctionKind::Ban, None)
        },
    );
    let now = simulation.now;
    simulation.tabs[0].input(now, |state| {
        state.sanctions_received(Some(vec![ban, other]), now);
    });
    assert_eq!(simulation.tabs[0].state.store.sanctions.get().len(), 1);
    simulation.pass(1);
    assert!(!simulation.tabs[0].wants_socket);
    simulation.pass(1);
    assert!(simulation.tabs[0].wants_socket);
    simulation.settle();
    let connection = simulation.tabs[0].state.store.connection.get();
    assert_eq!(connection, ConnectionStatus::Live);
}

#[test]
fn in_slow_mode_a_message_waits_and_strokes_do_not() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    simulation.tabs[0].say("first", now);
    refuse(&mut simulation, ErrorCode::SlowMode, Some(5_000));
    assert_eq!(
        simulation.tabs[0].state.store.chat_held_until.get(),
        now + 5_000
    );
    assert!(notices(&simulation).is_empty());
    simulation.tabs[0].paint(AT, &[(0, 1)], now);
    assert_eq!(simulation.tabs[0].to_server.len(), 1, "the stroke alone");
    simulation.tabs[0].to_server.clear();
    simulation.pass(4);
    assert_eq!(simulation.tabs[0].to_server.len(), 0);
    simulation.pass(1);
    assert_eq!(simulation.tabs[0].to_server.len(), 1, "the message");
}

#[test]
fn a_newcomers_stroke_that_is_too_much_is_taken_back_and_says_why() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    simulation.tabs[0].paint(AT, &[(0, 1)], now);
    refuse(&mut simulation, ErrorCode::Newcomer, Some(60_000));
    assert_eq!(simulation.tabs[0].shown(AT, 0), None);
    assert_eq!(simulation.tabs[0].state.store.drafts.get(), 0);
    assert!(matches!(
        notices(&simulation)[..],
        [NoticeKind::Refused {
            code: ErrorCode::Newcomer,
            ..
        }]
    ));
}

#[test]
fn a_lockdown_keeps_from_painting_until_it_ends() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    simulation.tabs[0].paint(AT, &[(0, 1)], now);
    refuse(&mut simulation, ErrorCode::LockedDown, Some(3_000));
    let why = simulation.tabs[0].state.store.draw_refusal(AT);
    assert_eq!(why, Some(MayNot::LockedDown { until: time(3_000) }));
    assert!(!simulation.tabs[0].paint(AT, &[(0, 1)], now));
    simulation.pass(3);
    assert!(simulation.tabs[0].paint(AT, &[(0, 1)], simulation.now));
}

#[test]
fn a_removed_message_loses_its_words_in_every_tab() {
    let mut simulation = Simulation::open(&[user(1), user(2)]);
    let now = simulation.now;
    simulation.tabs[0].say("one", now);
    simulation.tabs[0].say("two", now);
    simulation.settle();
    let message_id = simulation.tabs[0].state.store.chat.get()[0]
        .message_id
        .unwrap();
    let removed = ChatRemoved {
        seq: 3,
        canvas_id: CANVAS,
        message_id,
        target_seq: 1,
        remover_id: user(2).id,
        by: RemovedBy::Moderator,
        timestamp: time(9),
        op_id: None,
    };
    for tab in 0..2 {
        let message = ServerMessage::ChatRemoved(removed.clone());
        simulation.tabs[tab].to_tab.push_back(message);
        simulation.deliver(tab);
        let shown = texts(&simulation, tab);
        assert_eq!(shown, [(String::new(), true), ("two".into(), false)]);
        assert_eq!(simulation.tabs[tab].state.head(), 3);
    }
}

/// The canvas's settings change, for the first tab.
fn update_canvas(simulation: &mut Simulation, seq: i64, change: impl FnOnce(&mut Canvas)) {
    let mut canvas = simulation.tabs[0].state.store.canvas.get().unwrap();
    change(&mut canvas);
    let event = ServerMessage::CanvasUpdated(Box::new(CanvasUpdated {
        seq,
        canvas_id: CANVAS,
        canvas,
        timestamp: time(seq),
    }));
    simulation.tabs[0].to_tab.push_back(event);
    simulation.deliver(0);
}

#[test]
fn in_slow_mode_ones_own_message_begins_the_wait_and_its_end_ends_it() {
    let mut simulation = Simulation::open(&[user(1)]);
    let start = simulation.now;
    simulation.tabs[0].say("before", start);
    simulation.settle();
    let held = |simulation: &Simulation| simulation.tabs[0].state.store.chat_held_until.get();
    assert_eq!(held(&simulation), 0);
    update_canvas(&mut simulation, 2, |canvas| canvas.slow_mode_s = 10);
    simulation.tabs[0].say("slow", start);
    let stored = ServerMessage::CanvasChatMessage(ChatEvent {
        message: ChatMessage {
            message_id: MessageId(uuid::Uuid::from_u128(3)),
            canvas_id: CANVAS,
            seq: 3,
            sender_id: user(1).id,
            sender_username: user(1).username,
            sender_display_name: user(1).display_name,
            message_text: "slow".into(),
            created_at: time(2_000),
            reply_to: None,
            edited_at: None,
            removed: false,
        },
        op_id: simulation.tabs[0].to_server.pop_front().unwrap().op_id,
    });
    simulation.tabs[0].to_tab.push_back(stored);
    simulation.deliver(0);
    // Two seconds after the tab connected, and ten more.
    assert_eq!(held(&simulation), start + 12_000);
    update_canvas(&mut simulation, 4, |canvas| canvas.slow_mode_s = 0);
    assert_eq!(held(&simulation), 0);
}

#[test]
fn a_lockdown_that_is_ended_early_keeps_nobody() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    simulation.tabs[0].paint(AT, &[(0, 1)], now);
    refuse(&mut simulation, ErrorCode::LockedDown, Some(60_000));
    assert!(!simulation.tabs[0].paint(AT, &[(0, 1)], now));
    update_canvas(&mut simulation, 1, |canvas| canvas.lockdown_until = None);
    assert!(simulation.tabs[0].paint(AT, &[(0, 1)], now));
}
