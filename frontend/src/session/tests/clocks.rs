//! Sleep, clocks that are set, and the server's time.

#![cfg(not(target_arch = "wasm32"))]

use super::{server::user, simulation::Simulation};
use crate::{
    session::{
        pending_storage::{KeyValueStorage, PendingStorage},
        queue::CAPACITY,
    },
    store::backend::Var,
};
use shared::{canvas::Coord, ids::UserId};
use std::rc::Rc;
use uuid::Uuid;

const AT: Coord = Coord { x: 2, y: 0 };
const HOUR_MS: i64 = 3_600_000;

/// Two tabs of one user; the first has no connection, and a stroke waits.
fn offline() -> Simulation {
    let mut simulation = Simulation::open(&[user(1), user(1)]);
    let now = simulation.now;
    simulation.tabs[0].disconnect(now);
    simulation.tabs[0].paint(AT, &[(0, 1)], now);
    simulation
}

/// The second tab stores its own, and the first draws on before its next tick.
fn assert_nothing_is_lost(mut simulation: Simulation) {
    let now = simulation.now;
    simulation.tabs[0].paint(AT, &[(1, 1)], now);
    simulation.settle();
    assert_eq!(simulation.tabs[1].shown(AT, 0), Some(1));
    assert_eq!(simulation.tabs[1].shown(AT, 1), Some(1));
    simulation.assert_converged();
}

#[test]
fn what_is_drawn_right_after_a_long_sleep_is_stored() {
    let mut simulation = offline();
    let sleeper = simulation.tabs.remove(0);
    simulation.pass(90);
    simulation.settle();
    assert_eq!(simulation.server.head(), 1, "the other tab took it over");
    simulation.tabs.insert(0, sleeper);
    assert_nothing_is_lost(simulation);
}

#[test]
fn a_clock_that_is_set_costs_no_stroke() {
    for step in [-HOUR_MS, -80_000, 80_000, HOUR_MS] {
        let mut simulation = offline();
        simulation.storage(0).clock_step.set(step);
        let now = simulation.now;
        simulation.tabs[1].input(now, |state| state.heartbeat(now));
        simulation.settle();
        assert_nothing_is_lost(simulation);
    }
}

#[test]
fn a_page_that_holds_its_lock_is_alive_whatever_the_clock_says() {
    let mut simulation = offline();
    let page = simulation.tabs[0].page.unwrap();
    simulation.tabs[1].living = Some(vec![page]);
    simulation.storage(0).clock_step.set(HOUR_MS);
    let sleeper = simulation.tabs.remove(0);
    simulation.pass(200);
    assert_eq!(simulation.tabs[0].waiting(), 0);
    assert_eq!(simulation.server.head(), 0);
    // It is gone.
    simulation.tabs[0].living = Some(Vec::new());
    simulation.pass(5);
    std::mem::forget(sleeper);
    simulation.settle();
    assert_eq!(simulation.server.head(), 1);
}

#[test]
fn a_hidden_page_with_a_tick_a_minute_is_not_taken_for_dead() {
    let mut simulation = offline();
    for _ in 0..5 {
        let mut hidden = simulation.tabs.remove(0);
        simulation.pass(60);
        let now = simulation.now;
        hidden.input(now, |state| state.tick(now));
        simulation.tabs.insert(0, hidden);
    }
    assert_eq!(simulation.tabs[0].waiting(), 1);
    assert_eq!(simulation.tabs[1].waiting(), 0);
}

#[test]
fn what_this_version_cannot_read_stays_for_a_newer_one() {
    let simulation = Simulation::open(&[user(1), user(1)]);
    let storage = simulation.storage(0);
    let key = format!(
        "stellar.op.1.1.{}.{}",
        Uuid::from_u128(7),
        Uuid::from_u128(8)
    );
    storage.save(&key, r#"{"type":"tile_dream"}"#);
    let mut simulation = simulation;
    simulation.pass(5);
    assert!(storage.load(&key).is_some());
    assert_eq!(simulation.tabs[0].waiting(), 0);
}

#[test]
fn what_finds_no_room_in_the_queue_is_taken_over_later() {
    let mut simulation = Simulation::open(&[user(1), user(1)]);
    let now = simulation.now;
    for tab in &mut simulation.tabs {
        tab.disconnect(now);
    }
    simulation.tabs[0].say("left behind", now);
    for n in 0..CAPACITY {
        simulation.tabs[1].say(&format!("{n}"), now);
    }
    simulation.tabs[0].input(now, |state| state.leave());
    simulation.tabs.remove(0);
    simulation.pass(5);
    assert_eq!(simulation.tabs[0].waiting(), CAPACITY);
    simulation.settle();
    simulation.pass(5);
    simulation.settle();
    assert_eq!(simulation.storage(0).requests(), 0);
    let stored = &simulation.server.messages;
    assert!(
        stored
            .iter()
            .any(|message| message.message_text == "left behind")
    );
}

#[test]
fn a_heartbeat_is_late_however_the_clock_was_set() {
    let simulation = Simulation::open(&[user(1)]);
    let memory = simulation.storage(0);
    let storage: Rc<dyn KeyValueStorage> = Rc::<_>::clone(&memory) as Rc<dyn KeyValueStorage>;
    let canvas = simulation.tabs[0].state.store.canvas_id;
    let pending = PendingStorage::new(storage, canvas, UserId(1), Uuid::from_u128(99));
    assert!(pending.heartbeat());
    for step in [75_000, -75_000] {
        memory.clock_step.set(memory.clock_step.get() + step);
        assert!(pending.is_late(75_000));
        assert!(!pending.heartbeat(), "others may have taken over");
        assert!(pending.heartbeat());
    }
}

#[test]
fn a_pending_row_has_the_servers_time() {
    let mut simulation = Simulation::open(&[user(1)]);
    // The simulated server's clock stood at 1970 when the tab connected.
    let connected_at = simulation.now;
    simulation.pass(7);
    let now = simulation.now;
    simulation.tabs[0].say("hello", now);
    let rows = simulation.tabs[0].state.store.chat.get();
    assert_eq!(rows[0].at.millis(), now - connected_at);
}
