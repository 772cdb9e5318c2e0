//! Requests that a page left behind: who takes them over, and who does not.

#![cfg(not(target_arch = "wasm32"))]

use super::{
    server::user,
    simulation::{Fault, Simulation},
};
use crate::{model::connection::SignIn, store::backend::Var};
use shared::canvas::Coord;

const AT: Coord = Coord { x: 2, y: 0 };

fn texts(simulation: &Simulation) -> Vec<&str> {
    let messages = simulation.server.messages.iter();
    messages
        .map(|message| message.message_text.as_str())
        .collect()
}

#[test]
fn a_reloaded_page_goes_on_with_what_waited() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    simulation.tabs[0].disconnect(now);
    simulation.tabs[0].say("before the reload", now);
    simulation.tabs[0].paint(AT, &[(3, 2)], now);
    simulation.tabs[0].reload(false, now);
    assert_eq!(simulation.tabs[0].waiting(), 2);
    simulation.settle();
    assert_eq!(texts(&simulation), ["before the reload"]);
    simulation.assert_converged();
}

#[test]
fn another_tab_of_the_same_user_takes_over_what_a_closed_one_left_in_order() {
    let mut simulation = Simulation::open(&[user(1), user(1)]);
    let now = simulation.now;
    simulation.tabs[0].disconnect(now);
    for text in ["one", "two", "three"] {
        simulation.tabs[0].say(text, now);
    }
    simulation.tabs[0].input(now, |state| state.leave());
    simulation.tabs.remove(0);
    assert_eq!(simulation.tabs[0].waiting(), 0);
    simulation.pass(5);
    assert_eq!(simulation.tabs[0].waiting(), 3);
    simulation.settle();
    assert_eq!(texts(&simulation), ["one", "two", "three"]);
    assert_eq!(simulation.storage(0).requests(), 0);
}

#[test]
fn a_stroke_that_is_taken_over_is_shown_before_it_is_stored() {
    let mut simulation = Simulation::open(&[user(1), user(1)]);
    let now = simulation.now;
    simulation.tabs[0].disconnect(now);
    simulation.tabs[0].paint(AT, &[(3, 2)], now);
    simulation.tabs[0].input(now, |state| state.leave());
    simulation.tabs.remove(0);
    assert_eq!(simulation.tabs[0].shown(AT, 3), None);
    simulation.pass(5);
    assert_eq!(simulation.tabs[0].shown(AT, 3), Some(2));
    assert_eq!(simulation.server.head(), 0);
}

#[test]
fn nobody_takes_over_what_a_living_page_has() {
    let mut simulation = Simulation::open(&[user(1), user(1)]);
    simulation.tabs[0].disconnect(simulation.now);
    simulation.tabs[0].say("mine", simulation.now);
    simulation.pass(120);
    assert_eq!(simulation.tabs[0].waiting(), 1);
    assert_eq!(simulation.tabs[1].waiting(), 0);
}

#[test]
fn a_crashed_page_is_taken_over_when_its_heartbeat_is_old() {
    let mut simulation = Simulation::open(&[user(1), user(1)]);
    simulation.tabs[0].disconnect(simulation.now);
    simulation.tabs[0].say("from the crashed page", simulation.now);
    let crashed = simulation.tabs.remove(0);
    std::mem::forget(crashed);
    simulation.pass(60);
    assert_eq!(simulation.tabs[0].waiting(), 0);
    simulation.pass(30);
    assert_eq!(texts(&simulation).len() + simulation.tabs[0].waiting(), 1);
    simulation.settle();
    assert_eq!(texts(&simulation), ["from the crashed page"]);
}

#[test]
fn a_page_that_slept_sends_its_requests_as_they_are() {
    let mut simulation = Simulation::open(&[user(1), user(1)]);
    let now = simulation.now;
    simulation.tabs[0].disconnect(now);
    simulation.tabs[0].paint(AT, &[(0, 1)], now);
    // Tab 0 sleeps; tab 1 takes its stroke over and stores it.
    let sleeper = simulation.tabs.remove(0);
    simulation.pass(90);
    simulation.settle();
    assert_eq!(simulation.server.head(), 1);
    simulation.tabs.insert(0, sleeper);
    simulation.pass(5);
    // A new stroke is not joined to the one that is stored already.
    simulation.tabs[0].paint(AT, &[(1, 1)], simulation.now);
    assert_eq!(simulation.tabs[0].waiting(), 2);
    simulation.settle();
    assert_eq!(simulation.server.head(), 2);
    simulation.assert_converged();
}

/// Signs another user in, in the same tab.
fn sign_in(simulation: &mut Simulation, id: i64) {
    let now = simulation.now;
    let tab = &mut simulation.tabs[0];
    tab.user = user(id);
    // The server closes the connection of a session that ended.
    tab.disconnect(now);
    let sign_in = SignIn::SignedIn(user(id));
    tab.state.account = sign_in.clone();
    tab.input(now, |state| state.signed(sign_in, now));
}

#[test]
fn what_ann_queued_is_not_sent_as_bob_and_waits_for_ann() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    simulation.tabs[0].disconnect(now);
    simulation.tabs[0].say("ann says", now);
    simulation.tabs[0].paint(AT, &[(0, 1)], now);
    sign_in(&mut simulation, 2);
    assert_eq!(simulation.tabs[0].waiting(), 0);
    assert!(simulation.tabs[0].state.store.chat.with(Vec::is_empty));
    simulation.settle();
    assert_eq!(simulation.server.head(), 0, "nothing was sent as Bob");
    assert_eq!(simulation.storage(0).requests(), 2, "it is kept for Ann");
    simulation.assert_converged();
    sign_in(&mut simulation, 1);
    assert_eq!(simulation.tabs[0].waiting(), 2);
    simulation.settle();
    let authors: Vec<_> = simulation.server.applied.keys().map(|key| key.0).collect();
    assert_eq!(authors, [user(1).id, user(1).id]);
    simulation.assert_converged();
}

#[test]
fn bob_cannot_undo_what_ann_drew_in_the_same_tab() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    simulation.tabs[0].input(now, |state| state.open_tile(AT));
    simulation.tabs[0].paint(AT, &[(0, 1)], now);
    simulation.settle();
    sign_in(&mut simulation, 2);
    simulation.settle();
    simulation.tabs[0].input(now, |state| state.undo(now));
    assert_eq!(simulation.tabs[0].waiting(), 0);
    assert_eq!(simulation.tabs[0].shown(AT, 0), Some(1));
}

#[test]
fn what_bob_queues_after_ann_is_kept_as_bobs() {
    let mut simulation = Simulation::open(&[user(1)]);
    sign_in(&mut simulation, 2);
    simulation.tabs[0].say("bob says", simulation.now);
    simulation.tabs[0].reload(false, simulation.now);
    assert_eq!(simulation.tabs[0].waiting(), 1);
    sign_in(&mut simulation, 1);
    assert_eq!(simulation.tabs[0].waiting(), 0);
    simulation.settle();
    assert_eq!(simulation.server.head(), 0, "nothing was sent as Ann");
}

#[test]
fn signing_out_keeps_what_waits_and_the_same_user_goes_on() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    simulation.tabs[0].paint(AT, &[(0, 1)], now);
    simulation.serve(0, Fault::LoseAnswer);
    let tab = &mut simulation.tabs[0];
    tab.state.account = SignIn::SignedOut;
    tab.input(now, |state| state.signed(SignIn::SignedOut, now));
    assert!(!tab.wants_socket);
    assert_eq!(tab.waiting(), 1);
    sign_in(&mut simulation, 1);
    simulation.settle();
    assert_eq!(simulation.server.head(), 1);
    simulation.assert_converged();
}
