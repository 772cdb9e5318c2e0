//! What the user is told about the connection, and what is asked to find out.

#![cfg(not(target_arch = "wasm32"))]

use super::{
    server::user,
    simulation::{NETWORK, Simulation},
};
use crate::{
    model::connection::{
        ConnectionProblem, ConnectionStatus, EndReason, LoadFailure, LoadState, SignIn,
    },
    session::effect::{Effect, FetchError, MeAnswer, Network, RefusalCause},
    store::backend::Var,
};
use shared::canvas::{Coord, Role};

fn status(simulation: &Simulation) -> ConnectionStatus {
    simulation.tabs[0].state.store.connection.get()
}

fn problem(simulation: &Simulation) -> Option<ConnectionProblem> {
    simulation.tabs[0].state.store.connection_problem.get()
}

#[test]
fn a_lost_connection_waits_and_a_refused_one_is_asked_about() {
    let mut simulation = Simulation::open(&[user(1)]);
    let tab = &mut simulation.tabs[0];
    tab.input(0, |state| state.waiting(500, true, true));
    assert!(tab.seen.contains(&Effect::ProbeRefusal));
    assert_eq!(
        status(&simulation),
        ConnectionStatus::Waiting {
            retry_at: 500,
            offline: false
        }
    );
    for (cause, expected) in [
        (
            RefusalCause::TooManyConnections,
            Some(ConnectionProblem::TooMany),
        ),
        (RefusalCause::Overloaded, Some(ConnectionProblem::Full)),
        (RefusalCause::RateLimited, None),
        (
            RefusalCause::Unreachable { online: true },
            Some(ConnectionProblem::Away),
        ),
        (
            RefusalCause::Unreachable { online: false },
            Some(ConnectionProblem::Offline),
        ),
        (RefusalCause::None, None),
    ] {
        simulation.tabs[0].input(0, |state| state.refusal_received(cause, None));
        assert_eq!(problem(&simulation), expected, "{cause:?}");
    }
    let tab = &mut simulation.tabs[0];
    tab.input(0, |state| {
        state.refusal_received(RefusalCause::SignedOut, None)
    });
    assert!(tab.wants_me, "the server is asked whether that is so");
    tab.input(0, |state| state.me_received(MeAnswer::SignedOut));
    assert!(tab.seen.contains(&Effect::SignedOut));
}

#[test]
fn sockets_that_never_open_while_http_works_are_told() {
    let mut simulation = Simulation::open(&[user(1)]);
    let refused = |simulation: &mut Simulation| {
        let now = simulation.now;
        let tab = &mut simulation.tabs[0];
        tab.disconnect(now);
        tab.input(now, |state| state.waiting(now + 500, true, true));
        tab.input(now, |state| {
            state.refusal_received(RefusalCause::None, None)
        });
        problem(simulation)
    };
    // A server that starts anew refuses once.
    assert_eq!(refused(&mut simulation), None);
    assert_eq!(refused(&mut simulation), None);
    assert_eq!(refused(&mut simulation), Some(ConnectionProblem::Blocked));
    simulation.settle();
    assert_eq!(problem(&simulation), None);
    assert_eq!(refused(&mut simulation), None, "counted anew");
}

#[test]
fn a_retry_after_puts_the_next_attempt_off() {
    let mut simulation = Simulation::open(&[user(1)]);
    let tab = &mut simulation.tabs[0];
    tab.input(0, |state| state.waiting(500, true, true));
    tab.input(0, |state| {
        state.refusal_received(RefusalCause::Overloaded, Some(7_000));
    });
    let postponed = Effect::PostponeConnect {
        retry_after_ms: 7_000,
    };
    assert!(tab.seen.contains(&postponed));
}

#[test]
fn what_ends_a_connection_for_good_is_told_and_closes_the_tile() {
    for (reason, expected, over) in [
        ("kicked", EndReason::Kicked, false),
        ("banned", EndReason::Banned, true),
        ("canvas_deleted", EndReason::CanvasDeleted, true),
        ("rate_limited", EndReason::RateLimited, false),
        ("something new", EndReason::Other, false),
    ] {
        let mut simulation = Simulation::open(&[user(1)]);
        let at = Coord { x: 0, y: 0 };
        simulation.tabs[0].input(0, |state| state.open_tile(at));
        simulation.tabs[0].input(0, |state| state.ended(reason));
        assert_eq!(status(&simulation), ConnectionStatus::Ended(expected));
        let editing = simulation.tabs[0].state.store.editing.get();
        assert_eq!(editing.is_none(), over, "{reason}");
    }
}

#[test]
fn an_expired_token_is_asked_about() {
    let mut simulation = Simulation::open(&[user(1)]);
    let tab = &mut simulation.tabs[0];
    tab.input(0, |state| state.ended("token_expired"));
    assert!(tab.wants_me);
    tab.wants_socket = false;
    tab.input(0, |state| state.me_received(MeAnswer::User(user(1))));
    assert!(tab.wants_socket);
    tab.wants_socket = false;
    tab.input(0, |state| state.me_received(MeAnswer::Unknown));
    assert!(tab.wants_socket, "the next connection will tell");
    tab.input(0, |state| state.me_received(MeAnswer::SignedOut));
    assert_eq!(tab.seen.last(), Some(&Effect::SignedOut));
}

#[test]
fn a_snapshot_that_cannot_be_had_is_tried_again_or_told() {
    let mut simulation = Simulation::new(&[user(1)]);
    let now = simulation.now;
    let tab = &mut simulation.tabs[0];
    tab.open(now);
    tab.input(now, |state| {
        let network = Network {
            online: false,
            retry_after_ms: 9_000,
            random: 0.5,
        };
        state.snapshot_received(Err(FetchError::Unavailable), network, now);
    });
    let retry = Effect::RetrySnapshot { after_ms: 9_000 };
    assert!(tab.seen.contains(&retry), "not before the server asks to");
    assert_eq!(problem(&simulation), Some(ConnectionProblem::Offline));
    assert!(matches!(
        status(&simulation),
        ConnectionStatus::Waiting { offline: true, .. }
    ));
    let tab = &mut simulation.tabs[0];
    tab.input(now, |state| state.fetch_snapshot());
    tab.input(now, |state| {
        state.snapshot_received(Err(FetchError::NotFound), NETWORK, now);
    });
    assert_eq!(
        tab.state.store.load.get(),
        LoadState::Failed(LoadFailure::NotFound)
    );
    assert!(!tab.wants_socket);
}

#[test]
fn a_snapshot_read_as_somebody_else_is_read_again() {
    let mut simulation = Simulation::new(&[user(1)]);
    let now = simulation.now;
    simulation.tabs[0].open(now);
    simulation.read_snapshot(0);
    simulation.tabs[0].state.account = SignIn::SignedIn(user(2));
    simulation.deliver_snapshot(0);
    let load = simulation.tabs[0].state.store.load.get();
    assert_eq!(load, LoadState::Loading);
    assert!(simulation.read_snapshot(0), "it is asked for again");
}

#[test]
fn who_lost_the_right_to_draw_is_told_and_leaves_the_tile() {
    let mut simulation = Simulation::open(&[user(1)]);
    let at = Coord { x: 0, y: 0 };
    let tab = &mut simulation.tabs[0];
    tab.input(0, |state| state.open_tile(at));
    assert_eq!(tab.state.store.editing.get(), Some(at));
    tab.input(0, |state| state.role_received(Role::Viewer));
    assert_eq!(tab.state.store.editing.get(), None);
    assert_eq!(tab.state.store.notices.with(Vec::len), 1);
    assert!(!tab.paint(at, &[(0, 1)], 0));
    tab.input(0, |state| state.open_tile(at));
    assert_eq!(tab.state.store.editing.get(), None);
}
