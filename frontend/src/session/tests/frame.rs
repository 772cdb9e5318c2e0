//! What waits is shown after a reload without a network.

#![cfg(not(target_arch = "wasm32"))]

use super::{
    server::user,
    simulation::{NETWORK, Simulation},
};
use crate::{
    model::connection::LoadState,
    session::{effect::FetchError, pending_storage::KeyValueStorage},
    store::backend::Var,
};
use shared::canvas::Coord;

const AT: Coord = Coord { x: 1, y: 1 };

fn frames(simulation: &Simulation) -> usize {
    simulation.storage(0).keys("stellar.frame.").len()
}

/// The first tab's page cannot fetch the snapshot.
fn fail_to_load(simulation: &mut Simulation) {
    let now = simulation.now;
    simulation.tabs[0].input(now, |state| {
        state.snapshot_received(Err(FetchError::Unavailable), NETWORK, now);
    });
}

#[test]
fn what_waits_is_shown_on_the_board_before_the_snapshot_comes() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    simulation.tabs[0].disconnect(now);
    assert_eq!(frames(&simulation), 0, "nothing waits");
    simulation.tabs[0].paint(AT, &[(3, 2)], now);
    simulation.tabs[0].say("hello", now);
    assert_eq!(frames(&simulation), 1);

    simulation.tabs[0].reload(false, now);
    assert_eq!(simulation.tabs[0].shown(AT, 3), None);
    fail_to_load(&mut simulation);
    assert_eq!(simulation.tabs[0].shown(AT, 3), Some(2));
    assert_eq!(
        simulation.tabs[0].state.store.load.get(),
        LoadState::Loading
    );
    // One can go on.
    assert!(simulation.tabs[0].paint(AT, &[(4, 1)], now));

    simulation.settle();
    assert_eq!(simulation.server.messages.len(), 1);
    assert_eq!(frames(&simulation), 0);
    simulation.assert_converged();
}

#[test]
fn a_page_without_anything_that_waits_shows_no_board_before_the_snapshot() {
    let mut simulation = Simulation::open(&[user(1)]);
    let now = simulation.now;
    simulation.tabs[0].reload(false, now);
    fail_to_load(&mut simulation);
    assert!(simulation.tabs[0].state.store.canvas.with(Option::is_none));
    simulation.settle();
}

#[test]
fn a_network_that_is_back_is_used_at_once() {
    let mut simulation = Simulation::new(&[user(1)]);
    let now = simulation.now;
    simulation.tabs[0].open(now);
    fail_to_load(&mut simulation);
    assert!(simulation.read_snapshot(0), "the retry's");
    assert!(!simulation.read_snapshot(0));
    simulation.tabs[0].input(now, |state| state.network_back());
    assert!(simulation.read_snapshot(0));
}
