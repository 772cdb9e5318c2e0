//! Who is there, who types and which tile is open, over several tabs and nodes.

use super::*;
use uuid::Uuid;

fn ann() -> Identity {
    Identity {
        user_id: UserId(1),
        username: "ann".into(),
        display_name: "Ann".into(),
        name_version: 0,
    }
}

fn tab(n: u128) -> ConnectionId {
    ConnectionId(Uuid::from_u128(n))
}

#[test]
fn a_user_is_there_from_the_first_tab_until_after_the_last() {
    let now = Instant::now();
    let mut presence = Presence::default();
    assert_eq!(presence.join(&ann(), "", tab(1)), Arrival::First);
    assert_eq!(presence.join(&ann(), "", tab(2)), Arrival::Another);
    assert_eq!(presence.leave(UserId(1), tab(1), now).leaves_at, None);
    let due = presence.leave(UserId(1), tab(2), now).leaves_at.unwrap();
    assert_eq!(presence.count(), 1);
    assert!(presence.expire(UserId(1), now).is_none());
    assert!(presence.expire(UserId(1), due).is_some());
    assert_eq!(presence.count(), 0);
}

#[test]
fn coming_back_in_time_is_no_new_arrival() {
    let now = Instant::now();
    let mut presence = Presence::default();
    presence.join(&ann(), "", tab(1));
    let due = presence.leave(UserId(1), tab(1), now).leaves_at.unwrap();
    assert_eq!(presence.join(&ann(), "", tab(2)), Arrival::Another);
    assert!(presence.expire(UserId(1), due).is_none());
}

#[test]
fn coming_under_a_newer_name_is_told() {
    let mut presence = Presence::default();
    presence.join(&ann(), "", tab(1));
    let anna = Identity {
        display_name: "Anna".into(),
        name_version: 1,
        ..ann()
    };
    assert_eq!(presence.join(&anna, "", tab(2)), Arrival::Renamed);
    assert_eq!(presence.join(&anna, "", tab(3)), Arrival::Another);
    assert_eq!(presence.count(), 1);
}

#[test]
fn the_newest_name_counts_in_whatever_order_nodes_tell_it() {
    let other = NodeId::random();
    let entry = |n, name_version: i64| PresenceEntry {
        connection: tab(n),
        user_id: UserId(1),
        username: "ann".into(),
        display_name: name_version.to_string(),
        name_version,
        status: Status::Online,
        status_message: String::new(),
        typing: false,
        editing: None,
    };
    let mut presence = Presence::default();
    let mut tell = |n, name_version| {
        let arrival = presence.arrive(other, &entry(n, name_version));
        let shown = presence.get(UserId(1)).unwrap().display_name;
        (arrival, shown)
    };
    assert_eq!(tell(1, 2), (Arrival::First, "2".into()));
    assert_eq!(tell(2, 1), (Arrival::Another, "2".into()));
    assert_eq!(tell(2, 3), (Arrival::Renamed, "3".into()));
    assert_eq!(tell(1, 2), (Arrival::Another, "3".into()));
}

#[test]
fn borrowed_or_not_a_user_is_the_same_on_the_wire() {
    let mut presence = Presence::default();
    presence.join(&ann(), "\"back soon\"", tab(1));
    presence.status(UserId(1), Status::Away, None);
    let editing = Editing {
        tile_x: 3,
        tile_y: 4,
    };
    presence.editing(UserId(1), tab(1), Some(editing));
    let borrowed = serde_json::to_string(&presence.views()).unwrap();
    assert_eq!(borrowed, serde_json::to_string(&presence.list()).unwrap());
}

#[test]
fn typing_ends_with_the_last_tab_that_types() {
    let now = Instant::now();
    let mut presence = Presence::default();
    presence.join(&ann(), "", tab(1));
    presence.join(&ann(), "", tab(2));
    assert!(presence.typing(UserId(1), tab(1), Some(now + TYPING)));
    assert!(presence.typing(UserId(1), tab(2), Some(now + TYPING)));
    assert!(!presence.typing(UserId(1), tab(1), None));
    assert_eq!(presence.stop_typing(UserId(1), tab(2), now), None);
    let later = now + TYPING;
    assert_eq!(presence.stop_typing(UserId(1), tab(2), later), Some(true));
}

#[test]
fn the_tile_opened_last_is_shown_and_freed_with_its_tab() {
    let now = Instant::now();
    let mut presence = Presence::default();
    let tile = |tile_x| Editing { tile_x, tile_y: 0 };
    presence.join(&ann(), "", tab(1));
    presence.join(&ann(), "", tab(2));
    presence.editing(UserId(1), tab(1), Some(tile(1)));
    presence.editing(UserId(1), tab(2), Some(tile(2)));
    assert_eq!(presence.get(UserId(1)).unwrap().editing, Some(tile(2)));
    let departure = presence.leave(UserId(1), tab(2), now);
    assert_eq!(departure.stopped_editing, Some(tile(2)));
    assert_eq!(presence.get(UserId(1)).unwrap().editing, Some(tile(1)));
}
