//! Tests of the past of a cell.

use super::{step::tests::event, *};
use serde_json::json;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn created(seq: i64) -> DurableEvent {
    let pixels = Pixels::from_bytes(vec![0; 4]).encode();
    event(seq, "tile_created", &json!({"pixels": pixels}))
}

fn stroke(seq: i64, updater: i64, color: u8) -> DurableEvent {
    let fields = json!({"updater_id": updater, "delta": [[0, color]]});
    event(seq, "tile_updated", &fields)
}

#[expect(clippy::option_option, reason = "an empty cell is known, too")]
fn first_pixel(past: &TilePast, position: usize) -> Option<Option<u8>> {
    let picture = past.picture(position)?;
    Some(picture.map(|pixels| pixels.as_bytes()[0]))
}

#[test]
fn steps_are_shown_one_after_the_other() {
    let mut past = TilePast::new([(10, 12, 2), (13, 13, 1), (20, 20, 1)].into_iter());
    assert_eq!((past.len(), past.seq_before()), (4, Some(9)));
    assert_eq!(first_pixel(&past, 0), Some(None));
    assert_eq!(first_pixel(&past, 1), None);
    let span = past.missing(1).unwrap();
    assert_eq!((span.from_seq, span.to_seq), (10, 20));
    let events = vec![
        created(10),
        event(11, "tile_liked", &json!({})),
        stroke(12, 2, 7),
        event(13, "tile_updated", &json!({"title": "new"})),
        event(20, "tile_deleted", &json!({})),
    ];
    past.load(span, None, events);
    assert_eq!(past.missing(4), None);
    let shown: Vec<_> = (0..=4).map(|at| first_pixel(&past, at).unwrap()).collect();
    assert_eq!(shown, [None, Some(0), Some(7), Some(7), None]);
    let kinds: Vec<_> = (1..=4)
        .map(|at| past.step(at).unwrap())
        .map(|step| (step.seq, step.actor.0, step.kind))
        .collect();
    let expected = [
        (10, 1, StepKind::Created),
        (12, 2, StepKind::Painted),
        (13, 2, StepKind::Titled),
        (20, 3, StepKind::Deleted),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(past.step(0), None);
}

#[test]
fn a_long_past_is_read_in_parts() {
    // As many steps as a busy tile has: 5 in each of 200 buckets.
    let buckets = (0..200).map(|n| (n * 10 + 1, n * 10 + 10, 5));
    let mut past = TilePast::new(buckets);
    assert_eq!(past.len(), 1_000);
    let span = past.missing(1_000).unwrap();
    assert_eq!((span.chunk, span.from_seq, span.to_seq), (4, 1_601, 2_000));
    let start = Pixels::from_bytes(vec![3; 4]);
    let events = (0..200).map(|n| stroke(1_601 + 2 * n, 2, 9)).collect();
    past.load(span, Some(start), events);
    assert_eq!(first_pixel(&past, 801), Some(Some(9)));
    assert_eq!(past.step(801).unwrap().seq, 1_601);
    assert_eq!(past.step(1_000).unwrap().seq, 1_999);
    assert_eq!(past.missing(800).unwrap().chunk, 3);
    assert_eq!(past.step(800), None);
}

#[test]
fn only_what_is_near_is_kept() {
    let mut past = TilePast::new((1..=20).map(|n| (n, n, CHUNK_STEPS)));
    for chunk in 0..20 {
        let span = past.missing(chunk * CHUNK_STEPS + 1).unwrap();
        past.load(span, None, Vec::new());
    }
    let kept: Vec<_> = past.loaded().collect();
    assert_eq!(kept, (20 - MAX_LOADED..20).collect::<Vec<_>>());
}

#[test]
fn what_was_read_stays_when_the_cell_grows() {
    let mut past = TilePast::new((1..=2).map(|n| (n, n, CHUNK_STEPS)));
    let old = past.missing(1).unwrap();
    past.load(old, None, vec![created(1)]);
    let mut grown = TilePast::new((1..=3).map(|n| (n, n, CHUNK_STEPS)));
    grown.take_loaded(past);
    assert_eq!(grown.missing(1), None);
    assert!(grown.missing(CHUNK_STEPS + 1).is_some());
    // An answer to a question about an older state.
    assert_eq!(grown.spans().len(), 3);
    let late = Span { to_seq: 9, ..old };
    grown.load(Span { chunk: 1, ..late }, None, vec![created(1)]);
    assert!(grown.missing(CHUNK_STEPS + 1).is_some());
}

#[test]
fn one_can_go_from_person_to_person() {
    let mut past = TilePast::new([(1, 6, 6)].into_iter());
    let span = past.missing(1).unwrap();
    let by = [1, 2, 2, 2, 3];
    let strokes = (2..).zip(by).map(|(seq, by)| stroke(seq, by, 1));
    past.load(
        span,
        None,
        std::iter::once(created(1)).chain(strokes).collect(),
    );
    // By 1, 1, 2, 2, 2, 3.
    assert_eq!(past.next_person(1, true), 3);
    assert_eq!(past.next_person(3, true), 6);
    assert_eq!(past.next_person(6, true), 6);
    assert_eq!(past.next_person(6, false), 5);
    assert_eq!(past.next_person(5, false), 2);
    assert_eq!(past.next_person(2, false), 0);
    assert_eq!(past.next_person(0, true), 1);
}
