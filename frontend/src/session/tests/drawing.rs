//! Strokes, undo and redo.

#![cfg(not(target_arch = "wasm32"))]

use super::{
    server::user,
    simulation::{Fault, Simulation},
};
use crate::{
    model::notice::{MayNot, Notice, NoticeKind},
    session::queue::CAPACITY,
    store::backend::Var,
};
use shared::{
    api::rewrites::{Cause, RewriteKind},
    canvas::Coord,
    ids::{OpId, RewriteId, UserId},
    pixels::PixelEdit,
    protocol::{ClientMessage, DurableEvent, TileUpdated},
};

const AT: Coord = Coord { x: 1, y: 0 };
const OTHER: Coord = Coord { x: 2, y: 0 };

fn open() -> Simulation {
    let mut simulation = Simulation::open(&[user(1), user(2)]);
    simulation.tabs[0].input(0, |state| state.open_tile(AT));
    simulation
}

fn pixels(simulation: &Simulation, tab: usize) -> [Option<u8>; 3] {
    [0, 1, 2].map(|index| simulation.tabs[tab].shown(AT, index))
}

fn undoable(simulation: &Simulation) -> (bool, bool) {
    simulation.tabs[0].state.store.undoable.get()
}

#[test]
fn undo_takes_the_last_stroke_back_and_redo_paints_it_again() {
    let mut simulation = open();
    let now = simulation.now;
    simulation.tabs[0].paint(AT, &[(0, 1), (1, 1)], now);
    simulation.tabs[0].paint(AT, &[(1, 2)], now);
    assert_eq!(undoable(&simulation), (true, false));
    simulation.tabs[0].input(now, |state| state.undo(now));
    assert_eq!(pixels(&simulation, 0), [Some(1), Some(1), Some(255)]);
    simulation.tabs[0].input(now, |state| state.undo(now));
    assert_eq!(pixels(&simulation, 0), [Some(255), Some(255), Some(255)]);
    assert_eq!(undoable(&simulation), (false, true));
    simulation.tabs[0].input(now, |state| state.redo(now));
    simulation.tabs[0].input(now, |state| state.redo(now));
    assert_eq!(pixels(&simulation, 0), [Some(1), Some(2), Some(255)]);
    simulation.settle();
    simulation.assert_converged();
}

#[test]
fn in_the_past_no_tile_is_opened_or_painted_and_what_others_do_arrives() {
    let mut simulation = Simulation::open(&[user(1), user(2)]);
    let store = &simulation.tabs[0].state.store;
    store.past.is_shown.set(true);
    let now = simulation.now;
    simulation.tabs[0].input(0, |state| state.open_tile(AT));
    let store = &simulation.tabs[0].state.store;
    assert_eq!(store.editing.get(), None);
    assert!(store.notices.with(|notices| {
        let past = |notice: &Notice| {
            matches!(
                notice.kind,
                NoticeKind::MayNotDraw {
                    why: MayNot::Past,
                    ..
                }
            )
        };
        notices.iter().any(past)
    }));
    let parts = vec![(AT, vec![PixelEdit(0, 1)])];
    simulation.tabs[0].input(now, |state| state.paint_all(parts, now));
    simulation.tabs[1].input(0, |state| state.open_tile(AT));
    simulation.tabs[1].paint(AT, &[(2, 3)], now);
    simulation.settle();
    assert_eq!(pixels(&simulation, 0), [Some(255), Some(255), Some(3)]);
    simulation.tabs[0].state.store.past.is_shown.set(false);
    simulation.tabs[0].input(0, |state| state.open_tile(AT));
    let store = &simulation.tabs[0].state.store;
    assert_eq!(store.editing.get(), Some(AT));
    simulation.assert_converged();
}

#[test]
fn undo_leaves_what_somebody_else_painted_over() {
    let mut simulation = open();
    simulation.tabs[0].paint(AT, &[(0, 1), (1, 1)], simulation.now);
    simulation.settle();
    simulation.tabs[1].paint(AT, &[(1, 3)], simulation.now);
    simulation.settle();
    let now = simulation.now;
    simulation.tabs[0].input(now, |state| state.undo(now));
    simulation.settle();
    assert_eq!(pixels(&simulation, 1), [Some(255), Some(3), Some(255)]);
    simulation.assert_converged();
}

#[test]
fn undo_leaves_what_somebody_else_painted_over_in_the_same_colour() {
    let mut simulation = open();
    simulation.tabs[0].paint(AT, &[(0, 1), (1, 1)], simulation.now);
    simulation.settle();
    // Painted over and painted back: the second stroke is somebody else's.
    simulation.tabs[1].paint(AT, &[(1, 3)], simulation.now);
    simulation.settle();
    simulation.tabs[1].paint(AT, &[(1, 1)], simulation.now);
    simulation.settle();
    let now = simulation.now;
    simulation.tabs[0].input(now, |state| state.undo(now));
    simulation.settle();
    assert_eq!(pixels(&simulation, 1), [Some(255), Some(1), Some(255)]);
    simulation.assert_converged();
}

#[test]
fn undo_brings_back_what_somebody_else_painted_under_a_pending_stroke() {
    let mut simulation = open();
    simulation.tabs[0].paint(AT, &[(0, 1)], simulation.now);
    simulation.settle();
    simulation.tabs[0].paint(AT, &[(0, 2)], simulation.now);
    simulation.tabs[1].paint(AT, &[(0, 3)], simulation.now);
    simulation.serve(1, Fault::None);
    simulation.deliver(0);
    simulation.settle();
    assert_eq!(pixels(&simulation, 1)[0], Some(2));
    let now = simulation.now;
    simulation.tabs[0].input(now, |state| state.undo(now));
    simulation.settle();
    assert_eq!(pixels(&simulation, 1)[0], Some(3));
    simulation.assert_converged();
}

#[test]
fn a_refused_stroke_cannot_be_undone() {
    let mut simulation = open();
    let now = simulation.now;
    simulation.tabs[0].paint(AT, &[(0, 1)], now);
    simulation.serve(0, Fault::Refuse);
    simulation.deliver(0);
    assert_eq!(undoable(&simulation), (false, false));
    assert_eq!(pixels(&simulation, 0), [None, None, None]);
}

#[test]
fn a_cancelled_stroke_leaves_nothing() {
    let mut simulation = open();
    let now = simulation.now;
    simulation.tabs[0].paint(AT, &[(0, 1)], now);
    simulation.tabs[0].input(now, |state| state.cancel_stroke(AT, now));
    simulation.settle();
    assert_eq!(pixels(&simulation, 0), [Some(255), Some(255), Some(255)]);
    assert_eq!(undoable(&simulation), (false, false));
}

#[test]
fn a_picture_over_several_tiles_is_undone_as_one() {
    let mut simulation = open();
    let now = simulation.now;
    let edits = vec![PixelEdit(0, 2)];
    let parts = vec![(AT, edits.clone()), (OTHER, edits)];
    simulation.tabs[0].input(now, |state| state.paint_all(parts, now));
    assert_eq!(simulation.tabs[0].shown(OTHER, 0), Some(2));
    simulation.tabs[0].input(now, |state| state.undo(now));
    assert_eq!(simulation.tabs[0].shown(AT, 0), Some(255));
    assert_eq!(simulation.tabs[0].shown(OTHER, 0), Some(255));
    simulation.settle();
    simulation.assert_converged();
}

#[test]
fn others_strokes_go_under_ones_own_pending_one() {
    let mut simulation = open();
    simulation.tabs[0].paint(AT, &[(0, 1)], simulation.now);
    simulation.settle();
    simulation.tabs[0].paint(AT, &[(0, 2)], simulation.now);
    simulation.tabs[1].paint(AT, &[(0, 3), (1, 3)], simulation.now);
    simulation.serve(1, Fault::None);
    simulation.deliver(0);
    assert_eq!(pixels(&simulation, 0), [Some(2), Some(3), Some(255)]);
    simulation.settle();
    assert_eq!(pixels(&simulation, 1), [Some(2), Some(3), Some(255)]);
    simulation.assert_converged();
}

#[test]
fn a_picture_that_finds_no_room_is_told_and_its_part_can_be_undone() {
    let mut simulation = open();
    let now = simulation.now;
    simulation.tabs[0].disconnect(now);
    for n in 1..CAPACITY {
        simulation.tabs[0].say(&format!("{n}"), now);
    }
    let edits = vec![PixelEdit(0, 2)];
    let parts = vec![(AT, edits.clone()), (OTHER, edits)];
    let all = simulation.tabs[0].input(now, |state| state.paint_all(parts.clone(), now));
    assert!(!all);
    assert_eq!(simulation.tabs[0].shown(AT, 0), Some(2));
    assert_eq!(simulation.tabs[0].shown(OTHER, 0), None);
    assert_eq!(undoable(&simulation), (true, false));
    simulation.settle();
    // What is there already costs nothing the second time.
    assert!(simulation.tabs[0].input(now, |state| state.paint_all(parts, now)));
    simulation.settle();
    simulation.assert_converged();
}

/// What waits to be sent to the server: the ids of strokes, and what they take
/// back.
fn sent(simulation: &Simulation) -> Vec<(OpId, Option<OpId>)> {
    let strokes = simulation.tabs[0].to_server.iter();
    let strokes = strokes.filter_map(|request| match request.message {
        ClientMessage::TilePaint { undo_of, .. } => Some((request.op_id?, undo_of)),
        _ => None,
    });
    strokes.collect()
}

#[test]
fn an_undo_names_the_stroke_and_a_redo_names_the_undo() {
    let mut simulation = open();
    let now = simulation.now;
    simulation.tabs[0].paint(AT, &[(0, 1)], now);
    let [(stroke, None)] = sent(&simulation)[..] else {
        panic!("a stroke takes nothing back");
    };
    simulation.settle();
    simulation.tabs[0].input(now, |state| state.undo(now));
    let [(undo, undone)] = sent(&simulation)[..] else {
        panic!("one undo");
    };
    assert_eq!(undone, Some(stroke));
    simulation.settle();
    simulation.tabs[0].input(now, |state| state.redo(now));
    assert_eq!(sent(&simulation)[0].1, Some(undo));
    simulation.settle();
    // The stroke's pixels are its own again.
    simulation.tabs[0].input(now, |state| state.undo(now));
    assert_eq!(sent(&simulation)[0].1, Some(stroke));
    simulation.settle();
    simulation.assert_converged();
}

#[test]
fn a_cancelled_stroke_is_named_as_taken_back() {
    let mut simulation = open();
    let now = simulation.now;
    simulation.tabs[0].paint(AT, &[(0, 1)], now);
    let stroke = sent(&simulation)[0].0;
    simulation.tabs[0].input(now, |state| state.cancel_stroke(AT, now));
    assert_eq!(sent(&simulation)[1].1, Some(stroke));
}

#[test]
fn what_was_painted_offline_is_undone_within_its_stroke() {
    let mut simulation = open();
    let now = simulation.now;
    simulation.tabs[0].disconnect(now);
    simulation.tabs[0].paint(AT, &[(0, 1)], now);
    simulation.tabs[0].input(now, |state| state.undo(now));
    assert_eq!(simulation.tabs[0].waiting(), 1);
    simulation.tabs[0].input(now, |state| state.redo(now));
    simulation.settle();
    assert_eq!(pixels(&simulation, 1)[0], Some(1));
    simulation.assert_converged();
}

#[test]
fn a_new_stroke_is_not_merged_into_an_undo() {
    let mut simulation = open();
    let now = simulation.now;
    simulation.tabs[0].paint(AT, &[(0, 1)], now);
    simulation.settle();
    simulation.tabs[0].disconnect(now);
    simulation.tabs[0].input(now, |state| state.undo(now));
    simulation.tabs[0].paint(AT, &[(0, 2)], now);
    assert_eq!(simulation.tabs[0].waiting(), 2);
    simulation.settle();
    simulation.assert_converged();
}

#[test]
fn what_a_rewrite_painted_is_not_undone_by_whoever_asked_for_it() {
    let mut simulation = open();
    simulation.tabs[0].paint(AT, &[(0, 1), (1, 1)], simulation.now);
    simulation.settle();
    let now = simulation.now;
    let seq = simulation.server.head() + 1;
    let tile = simulation.server.tiles.get_mut(&AT).unwrap();
    tile.pixels.paint(&[PixelEdit(1, 3)]);
    tile.version += 1;
    let event = DurableEvent::TileUpdated(TileUpdated {
        seq,
        tile_id: tile.id,
        canvas_id: super::server::CANVAS,
        creator_id: tile.creator_id,
        updater_id: UserId(1),
        x: AT.x,
        y: AT.y,
        version: tile.version,
        like_count: tile.like_count,
        timestamp: chrono::DateTime::UNIX_EPOCH.into(),
        title: None,
        delta: Some(vec![PixelEdit(1, 3)]),
        pixels: None,
        undo_of: None,
        cause: Some(Cause {
            kind: RewriteKind::Revert,
            rewrite_id: RewriteId(1),
            by: UserId(1),
        }),
    });
    simulation.server.log.push(event.clone());
    for tab in &mut simulation.tabs {
        tab.to_tab.push_back(super::server::message(event.clone()));
    }
    simulation.settle();
    simulation.tabs[0].input(now, |state| state.undo(now));
    simulation.settle();
    assert_eq!(pixels(&simulation, 1), [Some(255), Some(3), Some(255)]);
    simulation.assert_converged();
}
