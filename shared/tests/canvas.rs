//! Properties of the rules of a canvas, over random operations.

use proptest::{collection::vec, option, prelude::*};
use shared::{
    canvas::{
        Actor, Coord, EditPolicy, Grid, Role, TileChange, TileOp, TileState, apply, check, permit,
    },
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
    // Few different ones, so that some updates set the title that is there.
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

/// Operations whose pixels need not fit the grid.
fn unchecked_operation() -> impl Strategy<Value = TileOp> {
    let edit = any::<(u16, u8)>().prop_map(|(index, colour)| PixelEdit(index, colour));
    let pixels = || vec(any::<u8>(), 0..80).prop_map(Pixels::from_bytes);
    prop_oneof![
        operation(),
        vec(edit, 0..20).prop_map(|edits| TileOp::Paint { edits }),
        (title(), option::of(pixels()))
            .prop_map(|(title, pixels)| TileOp::Create { title, pixels }),
        (
            option::of(title()),
            option::of(pixels()),
            option::of(any::<i64>())
        )
            .prop_map(|(title, pixels, base_version)| TileOp::Update {
                title,
                pixels,
                base_version
            }),
    ]
}

fn policy() -> impl Strategy<Value = EditPolicy> {
    prop_oneof![
        Just(EditPolicy::Open),
        Just(EditPolicy::Exclusive),
        Just(EditPolicy::Own)
    ]
}

/// Random operations: user, cell, operation.
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

/// An event of the log. A created tile is in it as a whole.
struct Entry {
    at: Coord,
    change: TileChange,
    created: Option<TileState>,
}

/// Applies the steps as the server does, checks the result of each, and records
/// the log.
fn play(steps: &[(i64, Coord, TileOp)]) -> (BTreeMap<Coord, TileState>, Vec<Entry>) {
    let mut board = BTreeMap::new();
    let mut log = Vec::new();
    let mut like_set = HashSet::new();
    for (n, (user, at, op)) in (1..).zip(steps) {
        assert_eq!(check(&GRID, *at, op), Ok(()));
        let mut cell: Option<TileState> = board.remove(at);
        let before = cell.clone();
        let tile_id = before.as_ref().map(|tile| tile.id);
        let liked = tile_id.is_some_and(|tile| like_set.contains(&(tile, *user)));
        let result = apply(&GRID, &mut cell, op, &actor(*user, liked), TileId(n));
        match &result {
            Err(_) | Ok(TileChange::Nothing) => assert_eq!(cell, before, "{result:?}"),
            Ok(change) => {
                assert_ne!(cell, before, "{change:?}");
                let version = |cell: &Option<TileState>| cell.as_ref().map_or(0, |t| t.version);
                match change {
                    TileChange::Created => assert_eq!((version(&before), version(&cell)), (0, 1)),
                    TileChange::Updated { .. } => assert_eq!(version(&cell), version(&before) + 1),
                    TileChange::Liked(now) => {
                        assert_eq!(version(&cell), version(&before));
                        let like = (tile_id.unwrap(), *user);
                        assert!(if *now {
                            like_set.insert(like)
                        } else {
                            like_set.remove(&like)
                        });
                    }
                    TileChange::Deleted => assert_eq!(cell, None),
                    TileChange::Nothing => unreachable!("handled above"),
                }
                log.push(Entry {
                    at: *at,
                    change: change.clone(),
                    created: cell.clone().filter(|_| *change == TileChange::Created),
                });
            }
        }
        board.extend(cell.map(|tile| (*at, tile)));
    }
    for tile in board.values() {
        let count = like_set
            .iter()
            .filter(|(liked, _)| *liked == tile.id)
            .count();
        assert_eq!(tile.like_count, i64::try_from(count).unwrap());
    }
    (board, log)
}

/// The tiles of a client that applies the log to an empty canvas.
fn replay(log: Vec<Entry>) -> BTreeMap<Coord, TileState> {
    let mut board: BTreeMap<Coord, TileState> = BTreeMap::new();
    for Entry {
        at,
        change,
        created,
    } in log
    {
        match change {
            TileChange::Created => {
                board.insert(at, created.unwrap());
            }
            TileChange::Updated {
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
            TileChange::Liked(liked) => {
                let tile = board.get_mut(&at).unwrap();
                tile.like_count += if liked { 1 } else { -1 };
            }
            TileChange::Deleted => {
                board.remove(&at);
            }
            TileChange::Nothing => unreachable!("not in the log"),
        }
    }
    board
}

proptest! {
    #[test]
    fn refusals_change_nothing_and_the_log_is_complete(steps in steps()) {
        let (board, log) = play(&steps);
        prop_assert_eq!(replay(log), board);
    }

    #[test]
    fn the_last_edit_of_each_pixel_wins(strokes in vec((1..4_i64, edits()), 1..40)) {
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
    fn an_edit_outside_the_canvas_never_passes(
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

    #[test]
    fn pixels_of_another_size_or_palette_never_pass(
        bytes in vec(any::<u8>(), 60..68),
        creates in any::<bool>(),
    ) {
        let fits = bytes.len() == usize::from(AREA)
            && bytes.iter().all(|&colour| colour < 4 || colour == TRANSPARENT);
        let pixels = Some(Pixels::from_bytes(bytes));
        let op = if creates {
            TileOp::Create { title: String::new(), pixels }
        } else {
            TileOp::Update { title: None, pixels, base_version: None }
        };
        prop_assert_eq!(check(&GRID, Coord { x: 0, y: 0 }, &op).is_ok(), fits);
    }

    #[test]
    fn apply_is_deterministic_and_takes_what_was_never_checked(
        ops in vec((1..4_i64, any::<bool>(), unchecked_operation()), 1..20),
    ) {
        let mut cell = None;
        for (n, (user, likes, op)) in (1..).zip(ops) {
            let mut again = cell.clone();
            let who = actor(user, likes);
            let change = apply(&GRID, &mut cell, &op, &who, TileId(n));
            let second = apply(&GRID, &mut again, &op, &who, TileId(n));
            prop_assert_eq!(change, second);
            prop_assert_eq!(&cell, &again);
        }
    }

    #[test]
    fn a_higher_role_permits_at_least_as_much(
        op in operation(),
        policy in policy(),
        (creator, locked) in (1..3_i64, any::<bool>()),
        has_tile in any::<bool>(),
    ) {
        let tile = TileState {
            id: TileId(1),
            creator_id: UserId(creator),
            title: String::new(),
            pixels: Pixels::blank(GRID.tile_size),
            version: 1,
            like_count: 0,
        };
        let tile = has_tile.then_some(&tile);
        let permits = [Role::Viewer, Role::Editor, Role::Moderator, Role::Owner].map(|role| {
            let who = Actor { role, locked_by_other: locked, ..actor(1, false) };
            permit(policy, tile, &op, &who).is_ok()
        });
        prop_assert!(permits.is_sorted(), "{permits:?}");
        prop_assert_eq!(permits[0], matches!(op, TileOp::Like { .. }));
        let locks_out = locked && policy == EditPolicy::Exclusive;
        prop_assert_eq!(permits[3], !locks_out || matches!(op, TileOp::Like { .. }));
    }
}
