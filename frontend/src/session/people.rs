//! Who is there, kept up to date by what the server tells. Pure.

use shared::{
    ids::UserId,
    presence::{ActiveUser, Editing, Status},
    protocol::{PresenceUpdate, UserCount},
};

/// Puts people into the order in which they are shown: by name.
pub fn sort(people: &mut [ActiveUser]) {
    people.sort_by_cached_key(|user| (user.display_name.to_lowercase(), user.user_id));
}

/// Somebody came.
pub fn joined(people: &mut Vec<ActiveUser>, event: &UserCount) {
    if let Some(user) = find(people, event.user_id) {
        user.is_active = true;
        user.display_name.clone_from(&event.display_name);
        return;
    }
    people.push(ActiveUser {
        user_id: event.user_id,
        username: event.username.clone(),
        display_name: event.display_name.clone(),
        is_active: true,
        status: Status::Online,
        status_message: String::new(),
        is_typing: false,
        editing: None,
        connections: 1,
    });
    sort(people);
}

/// Somebody left.
pub fn left(people: &mut Vec<ActiveUser>, user: UserId) {
    people.retain(|other| other.user_id != user);
}

/// Somebody writes, or stopped.
pub fn typing(people: &mut [ActiveUser], user: UserId, is_typing: bool) {
    if let Some(user) = find(people, user) {
        user.is_typing = is_typing;
    }
}

/// Somebody's status or open tile changed.
pub fn updated(people: &mut [ActiveUser], event: &PresenceUpdate) {
    let Some(user) = find(people, event.user_id) else {
        return;
    };
    if let Some(name) = &event.display_name {
        user.display_name.clone_from(name);
    }
    user.status = event.status;
    user.status_message.clone_from(&event.status_message);
    user.editing = match (event.tile_x, event.tile_y) {
        (Some(tile_x), Some(tile_y)) if event.is_editing => Some(Editing { tile_x, tile_y }),
        _ => None,
    };
}

/// What this user does in this tab: others are told, oneself is not.
pub fn edit(people: &mut [ActiveUser], user: UserId, editing: Option<Editing>) {
    if let Some(user) = find(people, user) {
        user.editing = editing;
    }
}

fn find(people: &mut [ActiveUser], user: UserId) -> Option<&mut ActiveUser> {
    people.iter_mut().find(|other| other.user_id == user)
}

#[cfg(test)]
mod tests {
    use super::*;
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
        let mut people = Vec::new();
        joined(&mut people, &count(2, "Zoe"));
        joined(&mut people, &count(1, "ann"));
        joined(&mut people, &count(2, "Zoe"));
        let ids: Vec<_> = people.iter().map(|user| user.user_id.0).collect();
        assert_eq!(ids, [1, 2]);
        typing(&mut people, UserId(1), true);
        assert!(people[0].is_typing);
        left(&mut people, UserId(2));
        assert_eq!(people.len(), 1);
    }

    #[test]
    fn a_left_tile_is_not_edited_any_more() {
        let mut people = Vec::new();
        joined(&mut people, &count(1, "ann"));
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
        updated(&mut people, &event);
        assert_eq!(
            people[0].editing,
            Some(Editing {
                tile_x: 3,
                tile_y: 4
            })
        );
        event.is_editing = false;
        updated(&mut people, &event);
        assert_eq!((people[0].editing, people[0].status), (None, Status::Busy));
    }
}
