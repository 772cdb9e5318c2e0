//! The people whose names complete what is typed after an `@`.

use super::complete;
use crate::store::Store;
use leptos::prelude::*;
use shared::ids::UserId;

/// Most completions.
const NAMES: usize = 6;

/// A completion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The user.
    pub id: UserId,
    /// The user name, which is inserted.
    pub user: String,
    /// The display name, which is shown.
    pub display: String,
}

/// The other users who match: those on the canvas, then those who wrote last.
pub fn names(store: &Store, prefix: &str) -> Vec<Name> {
    let me = store.me.with(|me| me.as_ref().map(|me| me.user_id));
    let is_meant = |id: UserId, username: &str, display: &str| {
        Some(id) != me && complete::matches(prefix, username, display)
    };
    let mut names = store.people.select(NAMES, |person| {
        is_meant(person.user_id, &person.username, &person.display_name).then(|| Name {
            id: person.user_id,
            user: person.username.clone(),
            display: person.display_name.clone(),
        })
    });
    let hidden = store.hidden.get();
    store.chat.with(|rows| {
        for row in rows.iter().rev() {
            if names.len() >= NAMES {
                break;
            }
            let id = row.sender_id;
            let is_new = !hidden.contains(&id) && names.iter().all(|name| name.id != id);
            if is_new
                && !row.sender_username.is_empty()
                && is_meant(id, &row.sender_username, &row.sender_display_name)
            {
                names.push(Name {
                    id,
                    user: row.sender_username.clone(),
                    display: row.sender_display_name.clone(),
                });
            }
        }
    });
    names
}
