//! Properties of `canvas::apply`, over random operations.

use proptest::{collection::vec, option, prelude::*};
use shared::{
    canvas::{Actor, Change, Coord, Grid, Role, TileOp, TileState, apply, check},
    ids::{TileId, UserId},
    pixels::{PixelEdit, Pixels, TRANSPARENT},
};
use std::collections::{BTreeMap, HashSet};

const GRID: Grid = Grid {
    width: 2,
    height: 2,
    tile_size: 8,
    palette: 4,
};
const AREA: u16 = 64;

fn colour() -> impl Strategy<Value = u8> {
    prop_oneof![6 => 0_u8..4, 1 => Just(TRANSPARENT)]
}

fn edits() -> impl Strategy<Value = Vec<PixelEdit>> {
    vec(
        (0..AREA, colour()).prop_map(|(i, c)| PixelEdit(i, c)),
        1..20,
    )
}

fn pixels() -> impl Strategy<Value = Pixels> {
    vec(colour(), usize::from(AREA)).prop_map(Pixels::from_bytes)
}

fn title() -> impl Strategy<Value = String> {
    // Few, so that some change nothing.
    "[ab]{0,1}"
}

fn operation() -> impl Strategy<Value = TileOp> {
    prop_oneof![
        1 => (title(), option::of(pixels()))
            .prop_map(|(title, pixels)| TileOp::Create { title, pixels }),
        4 => edits().prop_map(|edits| TileOp::Paint { edits }),
        2 => (option::of(title()), option::of(pixels()), option::of(1_i64..6)).prop_map(
            |(title, pixels, base_version)| TileOp::Update { title, pixels, base_version }
        ),
        2 => any::<bool>().prop_map(|liked| TileOp::Like { liked }),
        1 => Just(TileOp::Delete),
    ]
}

/// Who does what where.
fn steps() -> impl Strategy<Value = Vec<(i64, Coord, TileOp)>> {
    let at = (0..2_i32, 0..2_i32).prop_map(|(x, y)| Coord { x, y });
    vec((1..4_i64, at, operation()), 0..60)
}

fn actor(user: i64, likes: bool) -> Actor {
    Actor {
        user_id: UserId(user),
        role: Role::Editor,
        likes,
        locked_by_other: false,
    }
}

/// What was done, as the log tells it: a start carries the whole tile.
struct Entry {
    at: Coord,
    change: Change,
    started: Option<TileState>,
}

/// Carries out the steps as the server does, checks each, and keeps the log.
fn play(steps: &[(i64, Coord, TileOp)]) -> (BTreeMap<Coord, TileState>, Vec<Entry>) {
    let mut board = BTreeMap::new();
    let mut log = Vec::new();
    let mut fans = HashSet::new();
    for (n, (user, at, op)) in (1..).zip(steps) {
        assert_eq!(check(&GRID, *at, op), Ok(()));
        let mut cell: Option<TileState> = board.remove(at);
        let before = cell.clone();
        let tile_id = before.as_ref().map(|tile| tile.id);
        let likes = tile_id.is_some_and(|tile| fans.contains(&(tile, *user)));
        let result = apply(&GRID, &mut cell, op, &actor(*user, likes), TileId(n));
        match &result {
            Err(_) | Ok(Change::Nothing) => assert_eq!(cell, before, "{result:?}"),
            Ok(change) => {
                assert_ne!(cell, before, "{change:?}");
                let version = |cell: &Option<TileState>| cell.as_ref().map_or(0, |t| t.version);
                match change {
                    Change::Created => assert_eq!((version(&before), version(&cell)), (0, 1)),
                    Change::Updated { .. } => assert_eq!(version(&cell), version(&before) + 1),
                    Change::Liked(now) => {
                        assert_eq!(version(&cell), version(&before));
                        let fan = (tile_id.unwrap(), *user);
                        assert!(if *now {
                            fans.insert(fan)
                        } else {
                            fans.remove(&fan)
                        });
                    }
                    Change::Deleted => assert_eq!(cell, None),
                    Change::Nothing => unreachable!("seen above"),
                }
                log.push(Entry {
                    at: *at,
                    change: change.clone(),
                    started: cell.clone().filter(|_| *change == Change::Created),
                });
            }
        }
        board.extend(cell.map(|tile| (*at, tile)));
    }
    for tile in board.values() {
        let count = fans.iter().filter(|(liked, _)| *liked == tile.id).count();
        assert_eq!(tile.like_count, i64::try_from(count).unwrap());
    }
    (board, log)
}

/// What a client that knows nothing but the log has at its end.
fn replay(log: Vec<Entry>) -> BTreeMap<Coord, TileState> {
    let mut board: BTreeMap<Coord, TileState> = BTreeMap::new();
    for Entry {
        at,
        change,
        started,
    } in log
    {
        match change {
            Change::Created => {
                board.insert(at, started.unwrap());
            }
            Change::Updated {
                title,
                delta,
                pixels,
            } => {
                let tile = board.get_mut(&at).unwrap();
                tile.version += 1;
                if let Some(title) = title {
                    tile.title = title;
                }
                if let Some(pixels) = pixels {
                    tile.pixels = pixels;
                }
                tile.pixels.paint(&delta.unwrap_or_default());
            }
            Change::Liked(liked) => {
                let tile = board.get_mut(&at).unwrap();
                tile.like_count += if liked { 1 } else { -1 };
            }
            Change::Deleted => {
                board.remove(&at);
            }
            Change::Nothing => unreachable!("not in the log"),
        }
    }
    board
}

proptest! {
    #[test]
    fn refusals_change_nothing_and_the_log_tells_everything(steps in steps()) {
        let (board, log) = play(&steps);
        prop_assert_eq!(replay(log), board);
    }

    #[test]
    fn of_each_pixel_the_last_stroke_stays(strokes in vec((1..4_i64, edits()), 1..40)) {
        let mut cell = None;
        let mut expected = vec![TRANSPARENT; usize::from(AREA)];
        for (user, edits) in strokes {
            for PixelEdit(index, colour) in &edits {
                expected[usize::from(*index)] = *colour;
            }
            let paint = TileOp::Paint { edits };
            apply(&GRID, &mut cell, &paint, &actor(user, false), TileId(1)).unwrap();
        }
        let tile = cell.unwrap();
        prop_assert_eq!(tile.pixels.as_bytes(), &expected[..]);
    }

    #[test]
    fn what_does_not_fit_the_canvas_never_passes(
        x in any::<i32>(),
        y in any::<i32>(),
        index in any::<u16>(),
        colour in any::<u8>(),
    ) {
        let op = TileOp::Paint { edits: vec![PixelEdit(index, colour)] };
        let fits = (0..2).contains(&x)
            && (0..2).contains(&y)
            && index < AREA
            && (colour < 4 || colour == TRANSPARENT);
        prop_assert_eq!(check(&GRID, Coord { x, y }, &op).is_ok(), fits);
    }
}
