//! Tests of the request queue.

use super::*;
use shared::text::ChatText;
use uuid::Uuid;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const TILE: OrderingKey = OrderingKey::Tile(Coord { x: 0, y: 0 });

fn id(n: u128) -> OpId {
    OpId::from(Uuid::from_u128(n))
}

fn paint(edits: &[(u16, u8)]) -> ClientMessage {
    ClientMessage::TilePaint {
        x: 0,
        y: 0,
        pixels: edits.iter().map(|&(i, c)| PixelEdit(i, c)).collect(),
        undo_of: None,
    }
}

fn chat(text: &str) -> ClientMessage {
    ClientMessage::CanvasChat {
        text: ChatText::parse(text).unwrap(),
        canvas_id: None,
        reply_to: None,
    }
}

fn sent(queue: &mut Queue) -> Vec<OpId> {
    std::iter::from_fn(|| queue.next(0).and_then(|request| request.op_id)).collect()
}

#[test]
fn unsent_strokes_are_merged_and_sent_ones_are_not() {
    let mut queue = Queue::default();
    assert_eq!(queue.push(id(1), TILE, paint(&[(0, 1)]), 0), Pushed::New);
    assert_eq!(
        queue.push(id(2), TILE, paint(&[(1, 1)]), 0),
        Pushed::Merged(id(1))
    );
    assert_eq!(sent(&mut queue), [id(1)]);
    assert_eq!(queue.push(id(3), TILE, paint(&[(2, 1)]), 0), Pushed::New);
    assert_eq!(queue.len(), 2);
    assert_eq!(queue.get(id(1)).unwrap().message, paint(&[(0, 1), (1, 1)]));
}

#[test]
fn requests_of_a_key_are_sent_in_order_and_limited_in_flight() {
    let mut queue = Queue::default();
    for n in 0..6 {
        queue.push(id(n), OrderingKey::Chat, chat("hello"), 0);
    }
    queue.push(id(9), TILE, paint(&[(0, 1)]), 0);
    assert_eq!(sent(&mut queue), [id(0), id(1), id(2), id(3), id(9)]);
    queue.remove(id(0)).unwrap();
    assert_eq!(sent(&mut queue), [id(4)]);
}

#[test]
fn after_a_disconnect_requests_are_sent_again_in_order_with_their_ids() {
    let mut queue = Queue::default();
    queue.push(id(1), OrderingKey::Chat, chat("one"), 0);
    assert_eq!(sent(&mut queue), [id(1)]);
    queue.disconnected();
    queue.push(id(2), OrderingKey::Chat, chat("two"), 0);
    assert_eq!(sent(&mut queue), [id(1), id(2)]);
}

#[test]
fn postponed_requests_are_sent_again_later_one_by_one() {
    let mut queue = Queue::default();
    for n in 1..4 {
        queue.push(id(n), OrderingKey::Chat, chat("x"), 0);
    }
    sent(&mut queue);
    for n in 1..4 {
        assert!(queue.postpone(id(n), 500));
    }
    assert!(queue.next(499).is_none());
    assert_eq!(queue.paused_until(499), Some(500));
    assert_eq!(queue.next(500).unwrap().op_id, Some(id(1)));
    assert!(queue.next(500).is_none());
    queue.remove(id(1));
    assert_eq!(queue.next(500).unwrap().op_id, Some(id(2)));
}

#[test]
fn a_later_stroke_stays_on_top_of_a_postponed_one() {
    let mut queue = Queue::default();
    queue.push(id(1), TILE, paint(&[(0, 1), (1, 1)]), 0);
    sent(&mut queue);
    queue.push(id(2), TILE, paint(&[(0, 2)]), 0);
    sent(&mut queue);
    queue.postpone(id(1), 10);
    let (_, emptied) = queue.remove(id(2)).unwrap();
    assert!(emptied.is_empty());
    assert_eq!(queue.get(id(1)).unwrap().message, paint(&[(1, 1)]));
}

#[test]
fn the_queue_is_bounded_and_frozen_requests_do_not_change() {
    let mut queue = Queue::default();
    for n in 0..CAPACITY {
        queue.push(id(n as u128), OrderingKey::Chat, chat("x"), 0);
    }
    assert_eq!(
        queue.push(id(9999), OrderingKey::Chat, chat("x"), 0),
        Pushed::Full
    );
    let mut queue = Queue::default();
    queue.push(id(1), TILE, paint(&[(0, 1)]), 0);
    queue.freeze();
    assert_eq!(queue.push(id(2), TILE, paint(&[(1, 1)]), 0), Pushed::New);
}

#[test]
fn what_is_held_waits_and_the_other_keys_are_sent() {
    let mut queue = Queue::default();
    queue.push(id(1), OrderingKey::Chat, chat("one"), 0);
    assert_eq!(sent(&mut queue), [id(1)]);
    queue.hold(id(1), 100);
    queue.push(id(2), OrderingKey::Chat, chat("two"), 0);
    queue.push(id(3), TILE, paint(&[(0, 1)]), 0);
    assert_eq!(sent(&mut queue), [id(3)]);
    assert_eq!(queue.next(99), None);
    assert_eq!(queue.next(100).and_then(|r| r.op_id), Some(id(1)));
    assert_eq!(queue.next(100).and_then(|r| r.op_id), Some(id(2)));
    queue.hold(id(1), 200);
    queue.release();
    assert_eq!(queue.next(101).and_then(|r| r.op_id), Some(id(1)));
}

fn undo(edits: &[(u16, u8)], of: u128) -> ClientMessage {
    let mut message = paint(edits);
    if let ClientMessage::TilePaint { undo_of, .. } = &mut message {
        *undo_of = Some(id(of));
    }
    message
}

#[test]
fn an_undo_is_merged_into_the_unsent_stroke_that_it_takes_back_alone() {
    let mut queue = Queue::default();
    queue.push(id(1), TILE, paint(&[(0, 1)]), 0);
    let merged = queue.push(id(2), TILE, undo(&[(0, 255)], 1), 0);
    assert_eq!(merged, Pushed::Merged(id(1)));
    // Of an earlier stroke.
    assert_eq!(
        queue.push(id(3), TILE, undo(&[(1, 255)], 9), 0),
        Pushed::New
    );
    let again = queue.push(id(4), TILE, undo(&[(2, 255)], 9), 0);
    assert_eq!(again, Pushed::Merged(id(3)));
    // Its redo.
    let redo = queue.push(id(5), TILE, undo(&[(2, 1)], 3), 0);
    assert_eq!(redo, Pushed::Merged(id(3)));
    assert_eq!(queue.push(id(6), TILE, paint(&[(2, 1)]), 0), Pushed::New);
    assert_eq!(
        queue.push(id(7), TILE, undo(&[(2, 255)], 3), 0),
        Pushed::New
    );
}
