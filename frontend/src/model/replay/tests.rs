use super::*;
use serde_json::{Value, json};
use shared::pixels::Pixels;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

pub(crate) const GRID: Grid = Grid {
    width: 4,
    height: 3,
    tile_size: 2,
    palette: 9,
};
pub(crate) const BOARD: Area = Area {
    x0: 0,
    y0: 0,
    x1: 3,
    y1: 2,
};

/// An event, a second after the one before it.
pub(crate) fn event(seq: i64, kind: &str, fields: &Value) -> DurableEvent {
    let time: Timestamp = chrono::DateTime::from_timestamp_millis(seq * 1_000)
        .unwrap()
        .into();
    let mut event = json!({
        "type": kind, "seq": seq, "tile_id": 1, "canvas_id": 1, "creator_id": 1,
        "updater_id": 1, "deleter_id": 1, "liker_id": 1, "liked": true, "x": 0, "y": 0,
        "version": 1, "like_count": 0, "title": "", "timestamp": time.to_string(),
    });
    if kind == "canvas_chat_message" {
        event = json!({
            "type": kind, "seq": seq, "message_id": "01890a5d-ac96-774b-bcce-b302099a8057",
            "canvas_id": 1, "sender_id": 1, "sender_username": "ann",
            "sender_display_name": "Ann", "message_text": "hi", "created_at": time.to_string(),
        });
    }
    for (name, value) in fields.as_object().unwrap() {
        event[name] = value.clone();
    }
    serde_json::from_value(event).unwrap()
}

pub(crate) fn created(seq: i64, x: i32, who: i64) -> DurableEvent {
    let pixels = Pixels::blank(2).encode();
    let fields = json!({"x": x, "creator_id": who, "pixels": pixels});
    event(seq, "tile_created", &fields)
}

pub(crate) fn painted(seq: i64, x: i32, who: i64, color: u8) -> DurableEvent {
    let fields = json!({"x": x, "updater_id": who, "delta": [[0, color]], "title": null});
    event(seq, "tile_updated", &fields)
}

pub(crate) fn said(seq: i64) -> DurableEvent {
    event(seq, "canvas_chat_message", &json!({}))
}

/// Two people paint in two tiles, and talk.
pub(crate) fn log() -> Vec<DurableEvent> {
    vec![
        created(1, 0, 1),
        painted(2, 0, 1, 3),
        said(3),
        created(4, 1, 2),
        painted(5, 1, 2, 4),
        painted(6, 0, 2, 5),
        event(7, "tile_deleted", &json!({"x": 1, "deleter_id": 1})),
        created(8, 1, 1),
        painted(9, 1, 1, 6),
        said(10),
    ]
}

/// The first pixel of the two tiles; none where there is no tile.
pub(crate) fn seen(tiles: &TileStore) -> [Option<u8>; 2] {
    [0, 1].map(|x| {
        let tile = tiles.shown(Coord { x, y: 0 })?;
        tile.state.pixels.as_bytes().first().copied()
    })
}

/// What is seen after each event of [`log`].
fn expected(seq: i64) -> [Option<u8>; 2] {
    match seq {
        0 => [None, None],
        1 => [Some(255), None],
        2 | 3 => [Some(3), None],
        4 => [Some(3), Some(255)],
        5 => [Some(3), Some(4)],
        6 => [Some(5), Some(4)],
        7 => [Some(5), None],
        8 => [Some(5), Some(255)],
        _ => [Some(5), Some(6)],
    }
}

fn replay(tiles: &mut TileStore) -> Replay {
    Replay::new(GRID, Some(BOARD), 0, Vec::new(), log(), tiles)
}

#[test]
fn the_board_is_shown_after_any_event_whatever_was_shown_before() {
    let mut tiles = TileStore::default();
    let mut replay = replay(&mut tiles);
    for from in 0..=10 {
        for to in 0..=10 {
            replay.seek(from, &mut tiles);
            replay.seek(to, &mut tiles);
            assert_eq!(seen(&tiles), expected(to), "{from} {to}");
        }
    }
}

#[test]
fn cells_that_changed_are_drawn_anew_and_no_others() {
    use crate::model::tile_store::DirtyCells;
    let mut tiles = TileStore::default();
    let mut replay = replay(&mut tiles);
    replay.seek(6, &mut tiles);
    tiles.take_dirty();
    replay.seek(4, &mut tiles);
    let both: HashSet<Coord> = [0, 1].map(|x| Coord { x, y: 0 }).into();
    assert_eq!(tiles.take_dirty(), DirtyCells::Some(both));
    replay.seek(5, &mut tiles);
    let one: HashSet<Coord> = [Coord { x: 1, y: 0 }].into();
    assert_eq!(tiles.take_dirty(), DirtyCells::Some(one));
}

#[test]
fn events_outside_of_the_known_cells_change_nothing() {
    let mut tiles = TileStore::default();
    let known = rewrite::area_between(Coord { x: 0, y: 0 }, Coord { x: 0, y: 2 });
    let mut replay = Replay::new(GRID, Some(known), 0, Vec::new(), log(), &mut tiles);
    replay.seek(9, &mut tiles);
    assert_eq!(seen(&tiles), [Some(5), None]);
    assert!(replay.covers(known) && !replay.covers(BOARD));
}

#[test]
fn events_that_follow_are_added_and_others_are_not() {
    let mut tiles = TileStore::default();
    let mut first = log();
    let rest = first.split_off(4);
    let mut replay = Replay::new(GRID, Some(BOARD), 0, Vec::new(), first, &mut tiles);
    assert_eq!(replay.end(), 4);
    replay.extend(log());
    assert_eq!(replay.end(), 10);
    replay.extend(rest);
    replay.extend(vec![said(17)]);
    assert_eq!(replay.end(), 10);
    replay.seek(9, &mut tiles);
    assert_eq!(seen(&tiles), expected(9));
}

#[test]
fn a_long_replay_gives_up_its_beginning() {
    let mut tiles = TileStore::default();
    let first = vec![created(1, 0, 1)];
    let mut replay = Replay::new(GRID, Some(BOARD), 0, Vec::new(), first, &mut tiles);
    for seq in 2..20_000 {
        replay.extend(vec![painted(seq, 0, 1, u8::try_from(seq % 9).unwrap())]);
        replay.seek(seq, &mut tiles);
    }
    assert!(replay.start() > 11_000);
    replay.seek(replay.start(), &mut tiles);
    let color = u8::try_from(replay.start() % 9).unwrap();
    assert_eq!(seen(&tiles)[0], Some(color));
}

fn walk(direction: Direction, by_person: bool, from: i64) -> Vec<i64> {
    let mut tiles = TileStore::default();
    let replay = replay(&mut tiles);
    let mut seq = from;
    std::iter::from_fn(|| match replay.step(seq, direction, by_person) {
        Step::To(next) if next != seq => {
            seq = next;
            Some(next)
        }
        Step::To(_) | Step::Beyond => None,
    })
    .collect()
}

#[test]
fn steps_go_from_change_to_change() {
    assert_eq!(walk(Direction::Forward, false, 0), [1, 2, 4, 5, 6, 7, 8, 9]);
    // After the message 10 the last change is 9.
    assert_eq!(walk(Direction::Back, false, 10), [8, 7, 6, 5, 4, 2, 1, 0]);
}

#[test]
fn steps_by_person_go_to_what_somebody_else_did() {
    assert_eq!(walk(Direction::Forward, true, 0), [1, 4, 7]);
    assert_eq!(walk(Direction::Back, true, 10), [6, 2, 0]);
}

#[test]
fn a_step_may_lead_beyond_what_is_known() {
    let mut tiles = TileStore::default();
    let events = log().split_off(4);
    let replay = Replay::new(GRID, Some(BOARD), 4, Vec::new(), events, &mut tiles);
    assert_eq!(replay.step(5, Direction::Back, false), Step::Beyond);
    assert_eq!(replay.step(4, Direction::Back, false), Step::Beyond);
    assert_eq!(replay.step(9, Direction::Forward, false), Step::Beyond);
    assert_eq!(replay.step(4, Direction::Forward, false), Step::To(5));
}

#[test]
fn a_rewrite_is_by_who_asked_for_it() {
    let cause = json!({"kind": "revert", "rewrite_id": 1, "by": 7});
    let created = event(
        3,
        "tile_created",
        &json!({"pixels": Pixels::blank(2).encode(), "creator_id": 2, "cause": cause}),
    );
    assert_eq!(TileChange::of(&created).unwrap().actor, UserId(7));
    assert_eq!(TileChange::of(&said(1)), None);
}
