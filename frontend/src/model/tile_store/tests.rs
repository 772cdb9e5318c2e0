//! Tests of the confirmed and the optimistic state.

use super::*;
use shared::ids::CanvasId;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const GRID: Grid = Grid {
    width: 4,
    height: 4,
    tile_size: 8,
    palette: 8,
};
const AT: Coord = Coord { x: 1, y: 2 };

fn now() -> Timestamp {
    chrono::DateTime::UNIX_EPOCH.into()
}

fn ann() -> Author {
    Author {
        user_id: UserId(1),
        username: "ann".into(),
    }
}

fn paint(edits: &[(u16, u8)]) -> TileOp {
    TileOp::Paint {
        edits: edits.iter().map(|&(i, c)| PixelEdit(i, c)).collect(),
    }
}

fn ack(version: i64) -> Ack {
    Ack {
        tile_id: Some(TileId(77)),
        version: Some(version),
        like_count: Some(0),
        ..Ack::default()
    }
}

fn updated(version: i64, delta: &[(u16, u8)]) -> TileUpdated {
    TileUpdated {
        seq: version,
        tile_id: TileId(77),
        canvas_id: CanvasId(1),
        creator_id: UserId(1),
        updater_id: UserId(2),
        x: AT.x,
        y: AT.y,
        version,
        like_count: 0,
        timestamp: now(),
        title: None,
        delta: Some(delta.iter().map(|&(i, c)| PixelEdit(i, c)).collect()),
        pixels: None,
        undo_of: None,
        cause: None,
    }
}

fn at(tiles: &TileStore, index: u16) -> u8 {
    color(tiles.shown(AT).map(|tile| &tile.state.pixels), index)
}

fn empty() -> TileStore {
    let mut tiles = TileStore::default();
    tiles.load(GRID, Vec::new());
    tiles
}

#[test]
fn a_pending_stroke_is_shown_and_a_refused_one_is_removed() {
    let mut tiles = empty();
    tiles.apply(AT, &paint(&[(3, 5)]), &ann(), now());
    assert_eq!(at(&tiles, 3), 5);
    assert!(tiles.confirmed(AT).is_none());
    assert_eq!(tiles.len(), 1);
    tiles.rebase(AT, std::iter::empty(), &ann(), now());
    assert!(tiles.shown(AT).is_none());
    assert_eq!(tiles.len(), 0);
}

#[test]
fn pending_strokes_stay_on_top_of_remote_edits() {
    let mut tiles = empty();
    let first = paint(&[(0, 1)]);
    tiles.confirm(AT, &first, &ack(1), &ann(), now());
    let mine = paint(&[(0, 2), (1, 2)]);
    tiles.apply(AT, &mine, &ann(), now());
    tiles.updated(updated(2, &[(0, 7), (9, 7)]));
    tiles.rebase(AT, std::iter::once(&mine), &ann(), now());
    assert_eq!((at(&tiles, 0), at(&tiles, 1), at(&tiles, 9)), (2, 2, 7));
    tiles.rebase(AT, std::iter::empty(), &ann(), now());
    assert_eq!((at(&tiles, 0), at(&tiles, 1), at(&tiles, 9)), (7, 255, 7));
}

#[test]
fn an_acknowledged_stroke_is_confirmed_in_sequence() {
    let mut tiles = empty();
    let mine = paint(&[(0, 2)]);
    tiles.apply(AT, &mine, &ann(), now());
    // The ids and counts are those of the ack, not what this client would have
    // counted.
    tiles.confirm(AT, &mine, &ack(5), &ann(), now());
    tiles.rebase(AT, std::iter::empty(), &ann(), now());
    let tile = tiles.shown(AT).unwrap();
    assert_eq!((tile.state.id, tile.state.version), (TileId(77), 5));
    assert_eq!(tile.creator, "ann");
    // Somebody else painted it later in the sequence, so their colour stays.
    tiles.updated(updated(6, &[(0, 6)]));
    assert_eq!(at(&tiles, 0), 6);
}

#[test]
fn a_like_is_counted_immediately_and_only_once() {
    let mut tiles = empty();
    tiles.confirm(AT, &paint(&[(0, 1)]), &ack(1), &ann(), now());
    let like = TileOp::Like { liked: true };
    tiles.apply(AT, &like, &ann(), now());
    let tile = tiles.shown(AT).unwrap();
    assert_eq!((tile.state.like_count, tile.liked), (1, true));
    let mut stored = ack(1);
    stored.like_count = Some(4);
    tiles.confirm(AT, &like, &stored, &ann(), now());
    tiles.rebase(AT, std::iter::empty(), &ann(), now());
    let tile = tiles.shown(AT).unwrap();
    assert_eq!((tile.state.like_count, tile.liked), (4, true));
}

#[test]
fn changed_cells_are_reported_once() {
    let mut tiles = empty();
    assert_eq!(tiles.take_dirty(), DirtyCells::All);
    assert_eq!(tiles.take_dirty(), DirtyCells::None);
    tiles.apply(AT, &paint(&[(0, 1)]), &ann(), now());
    assert_eq!(tiles.take_dirty(), DirtyCells::Some(HashSet::from([AT])));
}

#[test]
fn changes_have_the_colours_before_and_after() {
    let mut pixels = Pixels::blank(8);
    pixels.paint(&[PixelEdit(4, 3)]);
    let edits = [PixelEdit(4, 1), PixelEdit(5, 1), PixelEdit(4, 2)];
    let (before, after) = changes(Some(&pixels), &edits);
    assert_eq!(before, [PixelEdit(4, 3), PixelEdit(5, 255)]);
    assert_eq!(after, [PixelEdit(4, 2), PixelEdit(5, 1)]);
    assert_eq!(
        changes(Some(&pixels), &[PixelEdit(4, 1), PixelEdit(4, 3)]).1,
        []
    );
    assert_eq!(changes(None, &[PixelEdit(0, 255)]).1, []);
}
