//! Messages are applied in the canvas's order, each once, without gaps.

#![cfg(not(target_arch = "wasm32"))]

use super::{
    server::{Outcome, message, user},
    simulation::{Fault, Simulation},
};
use crate::{model::connection::ConnectionStatus, session::effect::Effect, store::backend::Var};
use shared::{
    canvas::Coord,
    ids::{Epoch, OpId},
    pixels::PixelEdit,
    protocol::{ClientMessage, ClientRequest, ErrorCode, ErrorMessage, ServerMessage},
};
use uuid::Uuid;

const AT: Coord = Coord { x: 1, y: 1 };

/// Somebody who is not in the simulation paints a pixel.
fn remote_paint(simulation: &mut Simulation, n: u128, edit: PixelEdit) -> ServerMessage {
    let request = ClientRequest {
        op_id: Some(OpId::from(Uuid::from_u128(1_000 + n))),
        message: ClientMessage::TilePaint {
            x: AT.x,
            y: AT.y,
            pixels: vec![edit],
            undo_of: None,
        },
    };
    match simulation.server.request(&user(9), &request) {
        Outcome::Stored(_, Some(event)) => message(event),
        other => panic!("{other:?}"),
    }
}

#[test]
fn events_are_applied_once_and_in_order() {
    let mut simulation = Simulation::open(&[user(1)]);
    let first = remote_paint(&mut simulation, 1, PixelEdit(0, 1));
    let second = remote_paint(&mut simulation, 2, PixelEdit(0, 2));
    for message in [&first, &first, &second, &first, &second] {
        simulation.tabs[0].to_tab.push_back(message.clone());
        simulation.deliver(0);
    }
    assert_eq!(simulation.tabs[0].shown(AT, 0), Some(2));
    assert!(simulation.tabs[0].connected);
    simulation.assert_converged();
}

#[test]
fn a_gap_reconnects_and_the_replay_fills_it() {
    let mut simulation = Simulation::open(&[user(1)]);
    let _lost = remote_paint(&mut simulation, 1, PixelEdit(0, 1));
    let second = remote_paint(&mut simulation, 2, PixelEdit(1, 2));
    simulation.tabs[0].to_tab.push_back(second);
    simulation.deliver(0);
    let tab = &simulation.tabs[0];
    assert!(!tab.connected, "it reconnects");
    assert_eq!(tab.shown(AT, 1), None, "nothing after the gap is applied");
    assert!(tab.state.resume_query().starts_with("&last_seq=0&"));
    simulation.settle();
    assert_eq!(simulation.tabs[0].shown(AT, 0), Some(1));
    simulation.assert_converged();
}

#[test]
fn an_ack_that_is_not_the_next_event_reconnects_and_the_stroke_is_kept() {
    let mut simulation = Simulation::open(&[user(1), user(2)]);
    simulation.tabs[1].paint(AT, &[(0, 1)], simulation.now);
    simulation.serve(1, Fault::None);
    // The event of tab 1 gets lost on the way to tab 0.
    simulation.tabs[0].to_tab.clear();
    simulation.tabs[0].paint(AT, &[(5, 3)], simulation.now);
    simulation.serve(0, Fault::None);
    simulation.deliver(0);
    assert!(!simulation.tabs[0].connected);
    assert_eq!(simulation.tabs[0].waiting(), 1);
    simulation.settle();
    simulation.assert_converged();
    assert_eq!(simulation.tabs[0].shown(AT, 5), Some(3));
}

#[test]
fn a_renewed_log_is_read_anew() {
    let mut simulation = Simulation::open(&[user(1)]);
    simulation.tabs[0].paint(AT, &[(0, 1)], simulation.now);
    simulation.settle();
    simulation.server.epoch = Epoch(Uuid::from_u128(78));
    simulation.tabs[0].disconnect(simulation.now);
    simulation.connect(0);
    simulation.deliver(0);
    // Events wait for the snapshot.
    let event = remote_paint(&mut simulation, 1, PixelEdit(1, 2));
    simulation.tabs[0].to_tab.push_back(event);
    simulation.deliver(0);
    assert_eq!(simulation.tabs[0].shown(AT, 1), Some(255));
    simulation.settle();
    assert_eq!(simulation.tabs[0].shown(AT, 1), Some(2));
    simulation.assert_converged();
}

#[test]
fn events_during_the_snapshot_are_applied_after_it() {
    let mut simulation = Simulation::new(&[user(1)]);
    simulation.tabs[0].open(simulation.now);
    remote_paint(&mut simulation, 1, PixelEdit(0, 1));
    simulation.settle();
    simulation.server.epoch = Epoch(Uuid::from_u128(79));
    simulation.tabs[0].disconnect(simulation.now);
    simulation.connect(0);
    simulation.deliver(0);
    let in_snapshot = remote_paint(&mut simulation, 2, PixelEdit(0, 2));
    simulation.read_snapshot(0);
    let after = remote_paint(&mut simulation, 3, PixelEdit(1, 3));
    for message in [in_snapshot, after] {
        simulation.tabs[0].to_tab.push_back(message);
        simulation.deliver(0);
    }
    simulation.deliver_snapshot(0);
    assert_eq!(simulation.tabs[0].shown(AT, 0), Some(2));
    assert_eq!(simulation.tabs[0].shown(AT, 1), Some(3));
    assert!(simulation.tabs[0].connected);
    simulation.assert_converged();
}

#[test]
fn a_resumed_connection_replays_what_was_missed() {
    let mut simulation = Simulation::open(&[user(1)]);
    simulation.tabs[0].disconnect(simulation.now);
    let status = simulation.tabs[0].state.store.connection.get();
    assert!(matches!(status, ConnectionStatus::Waiting { .. }));
    remote_paint(&mut simulation, 1, PixelEdit(0, 1));
    remote_paint(&mut simulation, 2, PixelEdit(1, 1));
    simulation.settle();
    let tab = &simulation.tabs[0];
    assert_eq!(tab.state.store.connection.get(), ConnectionStatus::Live);
    assert!(tab.seen.contains(&Effect::SendHello));
    simulation.assert_converged();
}

#[test]
fn history_that_went_back_and_grew_again_is_read_anew() {
    let mut simulation = Simulation::open(&[user(1)]);
    for n in 0..3 {
        let message = remote_paint(&mut simulation, n, PixelEdit(u16::try_from(n).unwrap(), 1));
        simulation.tabs[0].to_tab.push_back(message);
        simulation.deliver(0);
    }
    let query = simulation.tabs[0].state.resume_query();
    assert!(
        query.contains("&last_timestamp=1970-01-01T00:00:00.003Z"),
        "{query}"
    );
    // The last two are lost with a copy that is older; others come in their place, under the same
    // epoch.
    simulation.server.log.truncate(1);
    simulation.server.clock = 1_000;
    remote_paint(&mut simulation, 10, PixelEdit(1, 2));
    let in_its_place = remote_paint(&mut simulation, 11, PixelEdit(2, 2));
    // Whether the line held ...
    simulation.tabs[0].to_tab.push_back(in_its_place);
    simulation.deliver(0);
    assert!(
        !simulation.tabs[0].connected,
        "another event with the same number"
    );
    // ... or not, the server is told what this client has.
    simulation.settle();
    assert_eq!(simulation.tabs[0].shown(AT, 1), Some(2));
    simulation.assert_converged();
}

#[test]
fn ones_own_stroke_is_resumed_from_by_the_time_of_its_ack() {
    let mut simulation = Simulation::open(&[user(1)]);
    simulation.tabs[0].paint(AT, &[(0, 1)], simulation.now);
    simulation.settle();
    let query = simulation.tabs[0].state.resume_query();
    assert!(
        query.ends_with("&last_timestamp=1970-01-01T00:00:00.001Z"),
        "{query}"
    );
    let updated = |simulation: &Simulation| {
        let tiles = &simulation.tabs[0].state.store.tiles;
        tiles.peek(|tiles| tiles.shown(AT).unwrap().updated_at.millis())
    };
    assert_eq!(
        updated(&simulation),
        1,
        "the server's time, not this computer's"
    );
}

#[test]
fn who_is_too_far_behind_reads_the_snapshot() {
    let mut simulation = Simulation::open(&[user(1)]);
    remote_paint(&mut simulation, 1, PixelEdit(0, 1));
    let error = ServerMessage::Error(ErrorMessage {
        code: ErrorCode::TooFarBehind,
        message: String::new(),
        op_id: None,
        retry_after_ms: None,
        sanction: None,
    });
    simulation.tabs[0].to_tab.push_back(error);
    simulation.deliver(0);
    simulation.settle();
    assert_eq!(simulation.tabs[0].shown(AT, 0), Some(1));
    simulation.assert_converged();
}
