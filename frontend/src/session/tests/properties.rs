//! Properties of the pure parts, for any input.

#![cfg(not(target_arch = "wasm32"))]

use crate::{
    model::tile_store::{Author, TileStore},
    session::{
        queue::{OrderingKey, Pushed, Queue},
        seq_tracker::{SeqPosition, SeqTracker},
    },
};
use proptest::prelude::*;
use shared::{
    canvas::{Coord, Grid, TileOp},
    ids::{Epoch, OpId, UserId},
    pixels::PixelEdit,
    protocol::ClientMessage,
};
use std::collections::HashMap;
use uuid::Uuid;

const AT: Coord = Coord { x: 0, y: 0 };
/// Requests under way at most, as the queue has it: in all, and of one key.
const MAX_IN_FLIGHT: usize = 32;
const MAX_IN_FLIGHT_PER_KEY: usize = 4;

fn paint(tile: i32, pixels: Vec<PixelEdit>) -> ClientMessage {
    ClientMessage::TilePaint {
        x: tile,
        y: 0,
        pixels,
        undo_of: None,
    }
}

proptest! {
    /// Whatever order events come in, those applied are 1, 2, 3 … without a gap.
    #[test]
    fn applied_events_have_no_gap(events in prop::collection::vec(1i64..20, 0..100)) {
        let mut tracker = SeqTracker::default();
        tracker.restart(Epoch(Uuid::nil()), 0);
        let mut applied = Vec::new();
        for seq in events {
            if tracker.advance(seq, None) == SeqPosition::Next {
                applied.push(seq);
            }
        }
        let head = i64::try_from(applied.len()).unwrap();
        prop_assert_eq!(&applied, &(1..=head).collect::<Vec<_>>());
        prop_assert_eq!(tracker.resume_point().unwrap().seq, head);
    }

    /// Requests of one tile are sent in their order, at most so many at a
    /// time, and none is lost, however answers and broken connections come.
    #[test]
    fn the_queue_keeps_order_and_windows_and_loses_nothing(
        steps in prop::collection::vec((0u8..10, 0i32..3, any::<prop::sample::Index>()), 0..200),
    ) {
        let mut queue = Queue::default();
        let mut ids = 0u128;
        let mut waiting: Vec<OpId> = Vec::new();
        let mut keys: HashMap<OpId, i32> = HashMap::new();
        let mut sent: Vec<OpId> = Vec::new();
        for (step, tile, which) in steps {
            match step {
                0..=3 => {
                    ids += 1;
                    let id = OpId::from(Uuid::from_u128(ids));
                    // Likes are never merged.
                    let message = ClientMessage::TileLike { x: tile, y: 0, liked: true };
                    let key = OrderingKey::Tile(Coord { x: tile, y: 0 });
                    prop_assert_eq!(queue.push(id, key, message, 0), Pushed::New);
                    waiting.push(id);
                    keys.insert(id, tile);
                }
                4..=6 => {
                    if let Some(request) = queue.next(0) {
                        let id = request.op_id.unwrap();
                        let earlier = waiting
                            .iter()
                            .take_while(|other| **other != id)
                            .filter(|other| keys[*other] == keys[&id]);
                        for other in earlier {
                            prop_assert!(sent.contains(other), "sent out of order");
                        }
                        sent.push(id);
                    }
                }
                7 | 8 if !sent.is_empty() => {
                    let id = sent.remove(which.index(sent.len()));
                    prop_assert!(queue.remove(id).is_some());
                    waiting.retain(|other| *other != id);
                }
                _ => {
                    queue.disconnected();
                    sent.clear();
                }
            }
            prop_assert!(sent.len() <= MAX_IN_FLIGHT);
            for tile in 0..3 {
                let here = sent.iter().filter(|id| keys[*id] == tile).count();
                prop_assert!(here <= MAX_IN_FLIGHT_PER_KEY);
            }
            let queued: Vec<OpId> = queue.iter().map(|op| op.id).collect();
            prop_assert_eq!(&queued, &waiting);
        }
    }

    /// Joined strokes paint what the single ones would.
    #[test]
    fn joined_strokes_paint_the_same(
        strokes in prop::collection::vec(
            prop::collection::vec((0u16..64, 0u8..4), 1..20), 1..20),
    ) {
        let mut queue = Queue::default();
        let mut alone = shared::pixels::Pixels::blank(8);
        for (n, stroke) in (1u128..).zip(&strokes) {
            let edits: Vec<_> = stroke.iter().map(|&(i, c)| PixelEdit(i, c)).collect();
            alone.paint(&edits);
            let id = OpId::from(Uuid::from_u128(n));
            queue.push(id, OrderingKey::Tile(AT), paint(0, edits), 0);
        }
        let mut joined = shared::pixels::Pixels::blank(8);
        for op in queue.iter() {
            let ClientMessage::TilePaint { pixels, .. } = &op.message else {
                panic!("{op:?}");
            };
            joined.paint(pixels);
        }
        prop_assert_eq!(joined, alone);
        prop_assert!(queue.len() <= strokes.len());
    }

    /// Applying pending operations one by one shows the same as a rebase of
    /// all of them, and a rebase without any shows what is confirmed.
    #[test]
    fn a_rebase_shows_what_applying_one_by_one_does(
        strokes in prop::collection::vec(
            prop::collection::vec((0u16..64, 0u8..4), 1..20), 1..10),
    ) {
        let grid = Grid { width: 1, height: 1, tile_size: 8, palette: 4 };
        let author = Author { user_id: UserId(1), username: "ann".into() };
        let time = chrono::DateTime::UNIX_EPOCH.into();
        let ops: Vec<TileOp> = strokes
            .iter()
            .map(|stroke| TileOp::Paint {
                edits: stroke.iter().map(|&(i, c)| PixelEdit(i, c)).collect(),
            })
            .collect();
        let (mut one_by_one, mut rebased) = (TileStore::default(), TileStore::default());
        one_by_one.load(grid, Vec::new());
        rebased.load(grid, Vec::new());
        for op in &ops {
            one_by_one.apply(AT, op, &author, time);
        }
        rebased.rebase(AT, ops.iter(), &author, time);
        prop_assert_eq!(one_by_one.shown(AT), rebased.shown(AT));
        rebased.rebase(AT, [].iter(), &author, time);
        prop_assert_eq!(rebased.shown(AT), None);
    }
}
