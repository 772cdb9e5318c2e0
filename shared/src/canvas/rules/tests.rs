//! What the rules allow and what they do.

use super::*;
use crate::pixels::TRANSPARENT;

const GRID: Grid = Grid {
    width: 2,
    height: 2,
    tile_size: 8,
    palette: 4,
};

fn actor(user: i64, role: Role) -> Actor {
    Actor {
        user_id: UserId(user),
        role,
        likes: false,
        locked_by_other: false,
    }
}

fn paint(index: u16, colour: u8) -> TileOp {
    TileOp::Paint {
        edits: vec![PixelEdit(index, colour)],
    }
}

fn created_by(user: i64) -> Option<TileState> {
    let mut cell = None;
    let ann = actor(user, Role::Editor);
    apply(&GRID, &mut cell, &paint(0, 1), &ann, TileId(1)).unwrap();
    cell
}

#[test]
fn painting_an_empty_cell_creates_a_tile_and_painting_again_merges() {
    let mut cell = created_by(1);
    let bob = actor(2, Role::Editor);
    let change = apply(&GRID, &mut cell, &paint(9, 2), &bob, TileId(2)).unwrap();
    assert!(matches!(change, TileChange::Updated { delta: Some(_), .. }));
    let tile = cell.unwrap();
    assert_eq!((tile.id, tile.creator_id), (TileId(1), UserId(1)));
    assert_eq!(
        (tile.pixels.as_bytes()[0], tile.pixels.as_bytes()[9]),
        (1, 2)
    );
    assert_eq!(tile.version, 2);
}

#[test]
fn what_is_there_already_changes_nothing() {
    let mut cell = None;
    let ann = actor(1, Role::Editor);
    let nothing = |cell: &mut Option<TileState>, op: &TileOp| {
        let before = cell.clone();
        let change = apply(&GRID, cell, op, &ann, TileId(1)).unwrap();
        assert_eq!((change, &*cell), (TileChange::Nothing, &before), "{op:?}");
    };
    nothing(&mut cell, &paint(3, TRANSPARENT));
    apply(&GRID, &mut cell, &paint(3, 1), &ann, TileId(1)).unwrap();
    nothing(&mut cell, &paint(3, 1));
    nothing(&mut cell, &paint(4, TRANSPARENT));
    let there_and_back = vec![PixelEdit(3, 2), PixelEdit(3, 1)];
    nothing(
        &mut cell,
        &TileOp::Paint {
            edits: there_and_back,
        },
    );
    let same = |title: &str, pixels| TileOp::Update {
        title: Some(title.to_owned()),
        pixels,
        base_version: None,
    };
    nothing(&mut cell, &same("", None));
    let pixels = cell.as_ref().map(|tile| tile.pixels.clone());
    nothing(&mut cell, &same("", pixels.clone()));
    let renamed = apply(&GRID, &mut cell, &same("x", pixels), &ann, TileId(1));
    let expected = TileChange::Updated {
        title: Some("x".to_owned()),
        delta: None,
        pixels: None,
    };
    assert_eq!(renamed, Ok(expected));
}

#[test]
fn a_refused_operation_changes_nothing() {
    let mut cell = created_by(1);
    let before = cell.clone();
    let stale = TileOp::Update {
        title: Some("x".into()),
        pixels: None,
        base_version: Some(7),
    };
    let ann = actor(1, Role::Editor);
    assert_eq!(
        apply(&GRID, &mut cell, &stale, &ann, TileId(2)),
        Err(Refusal::VersionConflict(1))
    );
    let create = TileOp::Create {
        title: String::new(),
        pixels: None,
    };
    assert_eq!(
        apply(&GRID, &mut cell, &create, &ann, TileId(2)),
        Err(Refusal::TileExists)
    );
    assert_eq!(cell, before);
}

#[test]
fn likes_count_once() {
    let mut cell = created_by(1);
    let like = TileOp::Like { liked: true };
    let mut bob = actor(2, Role::Viewer);
    let change = apply(&GRID, &mut cell, &like, &bob, TileId(2)).unwrap();
    assert_eq!(change, TileChange::Liked(true));
    bob.likes = true;
    let again = apply(&GRID, &mut cell, &like, &bob, TileId(2)).unwrap();
    assert_eq!(again, TileChange::Nothing);
    assert_eq!(cell.unwrap().like_count, 1);
}

#[test]
fn role_and_policy_decide_who_can_draw() {
    let tile = created_by(1);
    let tile = tile.as_ref();
    let may = |policy, tile, op: &TileOp, who: &Actor| permit(policy, tile, op, who).is_ok();
    let viewer = actor(1, Role::Viewer);
    let creator = actor(1, Role::Editor);
    let other = actor(2, Role::Editor);
    let moderator = actor(3, Role::Moderator);
    let edit = paint(0, 0);
    assert!(!may(EditPolicy::Open, tile, &edit, &viewer));
    assert!(may(
        EditPolicy::Open,
        tile,
        &TileOp::Like { liked: true },
        &viewer
    ));
    assert!(may(EditPolicy::Open, tile, &edit, &other));
    assert!(!may(EditPolicy::Own, tile, &edit, &other));
    assert!(may(EditPolicy::Own, None, &edit, &other));
    assert!(may(EditPolicy::Own, tile, &edit, &creator));
    assert!(may(EditPolicy::Own, tile, &edit, &moderator));
    assert!(!may(EditPolicy::Open, tile, &TileOp::Delete, &other));
    assert!(may(EditPolicy::Open, tile, &TileOp::Delete, &creator));
    let mut late = other;
    late.locked_by_other = true;
    assert!(may(EditPolicy::Open, tile, &edit, &late));
    assert_eq!(
        permit(EditPolicy::Exclusive, tile, &edit, &late),
        Err(Refusal::TileLocked)
    );
}

#[test]
fn positions_outside_are_refused_first() {
    let far = Coord { x: 2, y: 0 };
    assert_eq!(check(&GRID, far, &paint(64, 0)), Err(Refusal::OutOfBounds));
    let near = Coord { x: 1, y: 0 };
    assert!(matches!(
        check(&GRID, near, &paint(64, 0)),
        Err(Refusal::Pixels(_))
    ));
    assert!(check(&GRID, near, &paint(63, 3)).is_ok());
}
