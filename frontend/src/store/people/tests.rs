//! Tests of who is here, in which order, and who draws where.

use super::*;
use leptos::prelude::{ArcMemo, GetUntracked};
use shared::ids::CanvasId;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn count(id: i64, name: &str) -> UserCount {
    UserCount {
        user_id: UserId(id),
        username: name.to_lowercase(),
        display_name: name.into(),
        active_users: 1,
        timestamp: chrono::DateTime::UNIX_EPOCH.into(),
    }
}

#[test]
fn people_come_once_are_sorted_and_leave() {
    let people = People::<Signals>::default();
    people.joined(&count(2, "Zoe"));
    people.joined(&count(1, "ann"));
    people.joined(&count(2, "Zoe"));
    let ids = |people: People<Signals>| people.order.with_untracked(Clone::clone);
    let ids: Vec<_> = ids(people).into_iter().map(|(_, user)| user.0).collect();
    assert_eq!(ids, [1, 2]);
    people.typing(UserId(1), true);
    assert!(people.peek(UserId(1)).unwrap().is_typing);
    people.left(UserId(2));
    assert_eq!(people.order.with_untracked(Vec::len), 1);
    assert_eq!(people.peek(UserId(2)), None);
}

#[test]
fn a_left_tile_is_not_edited_any_more() {
    let people = People::<Signals>::default();
    people.joined(&count(1, "ann"));
    let mut event = PresenceUpdate {
        user_id: UserId(1),
        username: "ann".into(),
        display_name: None,
        canvas_id: CanvasId(1),
        status: Status::Busy,
        status_message: "drawing".into(),
        tile_x: Some(3),
        tile_y: Some(4),
        is_editing: true,
        timestamp: chrono::DateTime::UNIX_EPOCH.into(),
    };
    people.presence(&event);
    let at = Coord { x: 3, y: 4 };
    assert_eq!(
        people.peek(UserId(1)).unwrap().editing,
        Some(Editing {
            tile_x: 3,
            tile_y: 4
        })
    );
    assert_eq!(people.peek_editors(), [(UserId(1), at)]);
    event.is_editing = false;
    people.presence(&event);
    let ann = people.peek(UserId(1)).unwrap();
    assert_eq!((ann.editing, ann.status), (None, Status::Busy));
    assert_eq!(people.peek_editors(), []);
}

#[test]
fn a_renamed_person_moves_and_a_snapshot_replaces_everybody() {
    let people = People::<Signals>::default();
    people.joined(&count(1, "ann"));
    people.joined(&count(2, "Zoe"));
    people.joined(&count(1, "zz"));
    let order = people.order.with_untracked(Clone::clone);
    assert_eq!(order.iter().map(|(_, u)| u.0).collect::<Vec<_>>(), [2, 1]);
    let ann = people.peek(UserId(1)).unwrap();
    people.replace(vec![ann]);
    assert_eq!(people.order.with_untracked(Vec::len), 1);
    assert_eq!(people.peek(UserId(2)), None);
}

#[test]
fn the_first_of_many_cost_the_same_as_of_few() {
    let people = People::<Signals>::default();
    for id in 1..=1_000 {
        people.joined(&count(id, &format!("{id:04}")));
    }
    let me = Some(UserId(2));
    let ids = |ids: &[i64]| ids.iter().map(|&id| UserId(id)).collect::<Vec<_>>();
    assert_eq!(people.others(3, me), (ids(&[1, 3, 4]), 999));
    assert_eq!(people.others(3, None), (ids(&[1, 2, 3]), 1_000));
    for id in [9, 2, 7, 5] {
        people.typing(UserId(id), true);
    }
    let names = vec!["0009".to_owned(), "0007".to_owned()];
    assert_eq!(people.typing_now(2, me), (names, 3));
    people.left(UserId(9));
    assert_eq!(people.typing_now(1, me).1, 2);
    assert_eq!(people.others(1, me).1, 998);
}

/// A reader of `read`; gives how often it has read, up to date.
fn reader<T: Clone + PartialEq + Send + Sync + 'static>(
    read: impl Fn() -> T + Send + Sync + 'static,
) -> impl Fn() -> u32 {
    let reads = ArcMemo::new(move |before: Option<&(u32, T)>| {
        (before.map_or(0, |(reads, _)| *reads) + 1, read())
    });
    move || reads.get_untracked().0
}

#[test]
fn a_change_of_one_person_reaches_those_who_show_them() {
    let people = People::<Signals>::default();
    for id in 1..=1_000 {
        people.joined(&count(id, &format!("{id:04}")));
    }
    let one = reader(move || people.get(UserId(1)));
    let other = reader(move || people.get(UserId(2)));
    let list = reader(move || people.ids());
    let faces = reader(move || people.others(5, None));
    assert_eq!((one(), other(), list(), faces()), (1, 1, 1, 1));
    people.typing(UserId(1), true);
    people.set_status(UserId(1), Status::Busy, None);
    assert_eq!((one(), other(), list(), faces()), (2, 1, 1, 1));
    people.joined(&count(1_001, "zoe"));
    assert_eq!((one(), other(), list(), faces()), (2, 1, 2, 2));
    people.left(UserId(500));
    assert_eq!((one(), other(), list(), faces()), (2, 1, 3, 3));
}
