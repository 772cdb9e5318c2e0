//! Random histories of a cell, cut into segments and events of the log at random, and read at
//! every `seq`; compared with a replay of the whole history.

use super::{
    build::appended,
    read::{newest, next},
    segment::{MAX_EVENTS, Reader},
    tile::{self, CellTile},
};
use crate::{
    cell_history::{Step, StepAction},
    db::tile_keyframes::{Content, Part, StoredSegment},
};
use chrono::DateTime;
use proptest::{collection::vec, prelude::*};
use shared::{
    api::rewrites::{Cause, RewriteKind},
    ids::{CanvasId, RewriteId, TileId, UserId},
    pixels::{PixelEdit, Pixels},
    protocol::{DurableEvent, TileCreated, TileDeleted, TileLiked, TileUpdated},
};
use std::collections::{BTreeMap, HashMap};

/// A tile of 8 × 8 pixels.
const AREA: usize = 64;
const CELL: i32 = 7 * 256 + 3;
const X: i32 = 3;
const Y: i32 = 7;

/// One of the things that happen to a tile; what does not fit is left out.
fn action() -> impl Strategy<Value = StepAction> {
    let user = (1..4_i64).prop_map(UserId);
    let title = proptest::option::of("[a-z☃]{0,8}");
    let pixels = vec(any::<u8>(), AREA).prop_map(Pixels::from_bytes);
    let edits = vec(
        (0..64_u16, any::<u8>()).prop_map(|(at, c)| PixelEdit(at, c)),
        0..9,
    );
    prop_oneof![
        1 => (user.clone(), any::<i64>(), "[a-z]{0,5}", pixels.clone(), 1..9_i64).prop_map(
            |(creator, tile, title, pixels, version)| StepAction::Created {
                tile: TileId(tile),
                creator,
                title,
                pixels,
                version,
                like_count: version - 1,
            }
        ),
        8 => (user.clone(), title, edits, proptest::option::weighted(0.1, pixels),
              proptest::option::of(1..500_i64)).prop_map(
            |(updater, title, delta, pixels, undo_of)| StepAction::Updated {
                updater,
                title,
                delta,
                pixels,
                undo_of,
                version: 0,
                like_count: 0,
            }
        ),
        2 => (user.clone(), any::<bool>(), 0..1000_i64).prop_map(|(liker, liked, like_count)| {
            StepAction::Liked { liker, liked, like_count }
        }),
        1 => user.prop_map(|deleter| StepAction::Deleted { deleter }),
    ]
}

/// A history: the events, with gaps between, as other cells have events too.
fn history() -> impl Strategy<Value = Vec<Step>> {
    let cause = proptest::option::weighted(0.1, (0..4_usize, any::<i64>(), 1..5_i64));
    vec((action(), cause, 1..40_i64, -3..5000_i64), 1..400).prop_map(|acts| {
        let (mut seq, mut millis, mut version, mut likes) = (0, 1_700_000_000_000, 0, 0);
        let steps = acts.into_iter().map(|(mut action, cause, gap, later)| {
            seq += gap;
            millis += later;
            match &mut action {
                StepAction::Created {
                    version: first,
                    like_count,
                    ..
                } => {
                    (version, likes) = (*first, *like_count);
                }
                StepAction::Updated {
                    version: new,
                    like_count,
                    ..
                } => {
                    version += 1;
                    (*new, *like_count) = (version, likes);
                }
                StepAction::Liked { like_count, .. } => likes = *like_count,
                StepAction::Deleted { .. } => {}
            }
            let cause = cause.filter(|_| !matches!(action, StepAction::Liked { .. }));
            let kinds = [
                RewriteKind::Revert,
                RewriteKind::Restore,
                RewriteKind::Undo,
                RewriteKind::Palette,
            ];
            Step {
                seq,
                at: DateTime::from_timestamp_millis(millis).unwrap().into(),
                cause: cause.map(|(kind, id, by)| Cause {
                    kind: kinds[kind],
                    rewrite_id: RewriteId(id),
                    by: UserId(by),
                }),
                action,
            }
        });
        steps.collect()
    })
}

/// The event's wire form.
fn body(step: &Step) -> String {
    let Step {
        seq,
        at: timestamp,
        cause,
        action,
    } = step.clone();
    let canvas_id = CanvasId(1);
    let (x, y) = (X, Y);
    let (tile_id, creator_id) = (TileId(5), UserId(6));
    let event = match action {
        StepAction::Created {
            tile,
            creator,
            title,
            pixels,
            version,
            like_count,
        } => DurableEvent::TileCreated(TileCreated {
            seq,
            tile_id: tile,
            canvas_id,
            creator_id: creator,
            x,
            y,
            title,
            pixels,
            version,
            like_count,
            timestamp,
            cause,
        }),
        StepAction::Updated {
            updater,
            title,
            delta,
            pixels,
            undo_of,
            version,
            like_count,
        } => DurableEvent::TileUpdated(TileUpdated {
            seq,
            tile_id,
            canvas_id,
            creator_id,
            updater_id: updater,
            x,
            y,
            version,
            like_count,
            timestamp,
            title,
            delta: (!delta.is_empty()).then_some(delta),
            pixels,
            undo_of,
            cause,
        }),
        StepAction::Liked {
            liker,
            liked,
            like_count,
        } => DurableEvent::TileLiked(TileLiked {
            seq,
            tile_id,
            canvas_id,
            creator_id,
            liker_id: liker,
            liked,
            x,
            y,
            like_count,
            timestamp,
        }),
        StepAction::Deleted { deleter } => DurableEvent::TileDeleted(TileDeleted {
            seq,
            tile_id,
            canvas_id,
            creator_id,
            deleter_id: deleter,
            x,
            y,
            timestamp,
            cause,
        }),
    };
    serde_json::to_string(&event).unwrap()
}

/// The segments after they grew by pieces of these lengths, and the events that none of them
/// has.
fn cut<'a>(history: &'a [Step], pieces: &[usize]) -> (BTreeMap<i64, StoredSegment>, &'a [Step]) {
    let mut segments: BTreeMap<i64, StoredSegment> = BTreeMap::new();
    let mut done = 0;
    for piece in pieces {
        let end = (done + piece).min(history.len());
        // Some that it has already are given again.
        let steps = history[done.saturating_sub(3)..end].to_vec();
        let last = segments.values().last().cloned().into_iter().collect();
        for segment in appended(last, &BTreeMap::from([(CELL, steps)])).unwrap() {
            segments.insert(segment.first_seq, segment);
        }
        done = end;
    }
    (segments, &history[done..])
}

fn segment_part(stored: &StoredSegment) -> Part {
    Part {
        tile: CELL,
        last_seq: stored.last_seq,
        content: Content::Segment(stored.data.clone()),
    }
}

fn event_part(step: &Step) -> Part {
    Part {
        tile: CELL,
        last_seq: step.seq,
        content: Content::Event(body(step)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_cell_is_at_every_seq_what_a_replay_says(
        history in history(),
        pieces in vec(1..300_usize, 0..5),
    ) {
        let (segments, hot) = cut(&history, &pieces);
        prop_assert!(segments.values().all(|it| usize::try_from(it.events).unwrap() <= MAX_EVENTS));
        let kept: i32 = segments.values().map(|segment| segment.events).sum();
        prop_assert_eq!(usize::try_from(kept).unwrap() + hot.len(), history.len());
        let mut expected: Option<CellTile> = None;
        let mut next_event = history.iter().peekable();
        let head = history.last().map_or(0, |step| step.seq);
        for seq in 0..=head + 1 {
            while let Some(step) = next_event.next_if(|step| step.seq <= seq) {
                tile::apply(&mut expected, step);
            }
            if seq % 7 != 0 && history.binary_search_by_key(&seq, |step| step.seq).is_err() {
                continue;
            }
            // As `tile_keyframes::newest` reads them.
            let segment = segments.range(..=seq).next_back().map(|(_, it)| segment_part(it));
            let events = hot.iter().filter(|step| step.seq <= seq).take(128).map(event_part);
            let parts: Vec<Part> = segment.into_iter().chain(events).collect();
            let (mut found, unfinished) = newest(parts, seq, 128).unwrap();
            for (_, after) in unfinished {
                for step in hot.iter().filter(|step| step.seq > after && step.seq <= seq) {
                    tile::apply(found.entry(CELL).or_default(), step);
                }
            }
            prop_assert_eq!(found.remove(&CELL).flatten(), expected.clone(), "at {}", seq);
        }
    }

    #[test]
    fn the_events_are_read_back_from_any_on(
        history in history(),
        pieces in vec(1..300_usize, 0..5),
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
    ) {
        let (segments, hot) = cut(&history, &pieces);
        let mut after = history[from.index(history.len())].seq - 1;
        let until = history[to.index(history.len())].seq;
        let wanted: Vec<Step> = history
            .iter()
            .filter(|step| step.seq > after && step.seq <= until)
            .cloned()
            .collect();
        let mut read = Vec::new();
        loop {
            // As `tile_keyframes::next` reads them, two segments at a time.
            let some = segments.values().filter(|it| it.last_seq > after && it.first_seq <= until);
            let some = some.take(2).map(segment_part);
            let events = hot.iter().filter(|step| step.seq > after && step.seq <= until);
            let parts: Vec<Part> = some.chain(events.take(128).map(event_part)).collect();
            let found = next(parts, &HashMap::from([(CELL, after)]), until, 2, 128).unwrap();
            read.extend(found.steps.into_iter().map(|(_, step)| step));
            match found.unfinished.first() {
                Some((_, known)) => after = *known,
                None => break,
            }
        }
        prop_assert_eq!(read, wanted);
    }
}

#[test]
fn broken_bytes_are_an_error() {
    for bytes in [&[][..], &[1, 2, 3], &zstd::bulk::compress(&[9], 1).unwrap()] {
        assert!(Reader::open(bytes).is_err());
    }
    let cut = zstd::bulk::compress(&[1, 0, 0, 2], 1).unwrap();
    let mut reader = Reader::open(&cut).unwrap();
    assert!(reader.next_step().is_err());
}
