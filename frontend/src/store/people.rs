//! The people who are on the canvas now: one value per person, so that a change
//! of one person notifies only the readers of that person.

use super::backend::{Backend, Signals, Var};
use crate::browser;
use leptos::prelude::{Get, Track, With, WithUntracked};
use shared::{
    canvas::Coord,
    ids::UserId,
    presence::{ActiveUser, Editing, Status},
    protocol::{PresenceUpdate, UserCount},
};
use std::collections::HashMap;

/// Who is on the canvas, this tab's user included.
pub struct People<B: Backend> {
    entries: B::Var<HashMap<UserId, B::Entry<ActiveUser>>>,
    /// Sorted by display name in lower case, then by id.
    order: B::Var<Vec<(String, UserId)>>,
    /// The tiles that people draw in.
    editors: B::Var<HashMap<UserId, Coord>>,
    typing: B::Var<Vec<UserId>>,
}

#[expect(
    clippy::expl_impl_clone_on_copy,
    reason = "derive would ask for `B: Clone`"
)]
impl Clone for People<Signals> {
    fn clone(&self) -> Self {
        *self
    }
}

impl Copy for People<Signals> {}

impl<B: Backend> Default for People<B> {
    fn default() -> Self {
        Self {
            entries: B::var(HashMap::new()),
            order: B::var(Vec::new()),
            editors: B::var(HashMap::new()),
            typing: B::var(Vec::new()),
        }
    }
}

impl<B: Backend> People<B> {
    /// Replaces everybody.
    pub fn replace(&self, people: Vec<ActiveUser>) {
        let mut order: Vec<_> = people.iter().map(sort_key).collect();
        order.sort_unstable();
        let editors = people
            .iter()
            .filter_map(|person| Some((person.user_id, tile_of(person.editing?))))
            .collect();
        let typing = people
            .iter()
            .filter(|person| person.is_typing)
            .map(|person| person.user_id)
            .collect();
        self.entries.update(|entries| {
            let mut old = std::mem::take(entries);
            for person in people {
                let id = person.user_id;
                let entry = match old.remove(&id) {
                    Some(entry) => {
                        entry.set_if_changed(person);
                        entry
                    }
                    None => B::entry(person),
                };
                entries.insert(id, entry);
            }
            for entry in old.into_values() {
                entry.update(|_| {});
            }
        });
        self.order.set(order);
        self.editors.set_if_changed(editors);
        self.typing.set_if_changed(typing);
    }

    /// Somebody joined, or one who had just left is back.
    pub fn joined(&self, event: &UserCount) {
        let known = self.change(event.user_id, |person| {
            person.is_active = true;
            person.display_name.clone_from(&event.display_name);
        });
        if known {
            return;
        }
        let person = ActiveUser {
            user_id: event.user_id,
            username: event.username.clone(),
            display_name: event.display_name.clone(),
            is_active: true,
            status: Status::Online,
            status_message: String::new(),
            is_typing: false,
            editing: None,
            connections: 1,
        };
        let key = sort_key(&person);
        self.entries.update_quietly(|entries| {
            entries.insert(event.user_id, B::entry(person));
        });
        self.order.update(|order| insert(order, key));
    }

    /// Somebody left.
    pub fn left(&self, user: UserId) {
        let mut entry = None;
        self.entries
            .update_quietly(|entries| entry = entries.remove(&user));
        let Some(entry) = entry else { return };
        self.order
            .update(|order| order.retain(|(_, other)| *other != user));
        self.set_editor(user, None);
        self.set_typing(user, false);
        // Whoever shows this person looks again and finds them gone.
        entry.update(|_| {});
    }

    /// Somebody types a chat message, or stopped.
    pub fn typing(&self, user: UserId, is_typing: bool) {
        if self.change(user, |person| person.is_typing = is_typing) {
            self.set_typing(user, is_typing);
        }
    }

    /// Somebody's status, name or open tile changed.
    pub fn presence(&self, event: &PresenceUpdate) {
        let editing = match (event.tile_x, event.tile_y) {
            (Some(tile_x), Some(tile_y)) if event.is_editing => Some(Editing { tile_x, tile_y }),
            _ => None,
        };
        let known = self.change(event.user_id, |person| {
            if let Some(name) = &event.display_name {
                person.display_name.clone_from(name);
            }
            person.status = event.status;
            person.status_message.clone_from(&event.status_message);
            person.editing = editing;
        });
        if known {
            self.set_editor(event.user_id, editing);
        }
    }

    /// This tab opened or left a tile. The server tells the others only.
    pub fn edit(&self, user: UserId, editing: Option<Editing>) {
        if self.change(user, |person| person.editing = editing) {
            self.set_editor(user, editing);
        }
    }

    /// This user chose a status; without a message the old one stays.
    pub fn set_status(&self, user: UserId, status: Status, message: Option<&str>) {
        self.change(user, |person| {
            person.status = status;
            if let Some(message) = message {
                message.clone_into(&mut person.status_message);
            }
        });
    }

    /// Changes a person, and moves them in the order if they have another
    /// name now. False if they are not here.
    fn change(&self, user: UserId, change: impl FnOnce(&mut ActiveUser)) -> bool {
        let Some(entry) = self.entries.with(|entries| entries.get(&user).cloned()) else {
            return false;
        };
        let before = entry.get();
        let mut after = before.clone();
        change(&mut after);
        if after == before {
            return true;
        }
        let renamed = after.display_name != before.display_name;
        let key = sort_key(&after);
        entry.set(after);
        if renamed {
            self.order.update(|order| {
                order.retain(|(_, other)| *other != user);
                insert(order, key);
            });
            if self.editors.with(|editors| editors.contains_key(&user)) {
                self.editors.update(|_| {});
            }
        }
        true
    }

    fn set_editor(&self, user: UserId, editing: Option<Editing>) {
        let at = editing.map(tile_of);
        if self.editors.with(|editors| editors.get(&user).copied()) != at {
            self.editors.update(|editors| match at {
                Some(at) => {
                    editors.insert(user, at);
                }
                None => {
                    editors.remove(&user);
                }
            });
        }
    }

    fn set_typing(&self, user: UserId, is_typing: bool) {
        if self.typing.with(|typing| typing.contains(&user)) != is_typing {
            self.typing.update(|typing| {
                if is_typing {
                    typing.push(user);
                } else {
                    typing.retain(|other| *other != user);
                }
            });
        }
    }

    /// A copy of one person. Not reactive.
    pub fn peek(&self, user: UserId) -> Option<ActiveUser> {
        let entry = self.entries.with(|entries| entries.get(&user).cloned());
        entry.map(|entry| entry.get())
    }

    /// The tiles that people draw in. Not reactive.
    pub fn peek_editors(&self) -> Vec<(UserId, Coord)> {
        let sorted = |editors: &HashMap<UserId, Coord>| {
            self.order.with(|order| {
                let editor = |(_, user): &(String, UserId)| Some((*user, *editors.get(user)?));
                order.iter().filter_map(editor).collect()
            })
        };
        self.editors.with(|editors| {
            if editors.is_empty() {
                Vec::new()
            } else {
                sorted(editors)
            }
        })
    }
}

impl People<Signals> {
    /// Everybody's ids, sorted by name. Reactive: changes when somebody
    /// joins, leaves or is renamed.
    pub fn ids(self) -> Vec<UserId> {
        With::with(&self.order, |order| {
            order.iter().map(|(_, user)| *user).collect()
        })
    }

    /// How many are here. Reactive.
    pub fn len(self) -> usize {
        With::with(&self.order, Vec::len)
    }

    /// Whether nobody is here, so that the list is not loaded yet. Reactive.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// One person, if they are here. Reactive: changes with this person.
    pub fn get(self, user: UserId) -> Option<ActiveUser> {
        let entry = self
            .entries
            .with_untracked(|entries| entries.get(&user).cloned());
        if entry.is_none() {
            self.order.track();
        }
        entry.map(|entry| Get::get(&entry))
    }

    /// The first person, sorted by name, for whom `find` gives something. Not
    /// reactive.
    pub fn find<T>(self, find: impl Fn(&ActiveUser) -> Option<T>) -> Option<T> {
        self.entries.with_untracked(|entries| {
            self.order.with_untracked(|order| {
                order
                    .iter()
                    .filter_map(|(_, user)| entries.get(user))
                    .find_map(|entry| entry.with_untracked(&find))
            })
        })
    }

    /// Of the first `most` people, sorted by name, for whom `select` gives
    /// something. Not reactive to changes of one person.
    pub fn select<T>(self, most: usize, select: impl Fn(&ActiveUser) -> Option<T>) -> Vec<T> {
        self.order.track();
        self.entries.with_untracked(|entries| {
            self.order.with_untracked(|order| {
                order
                    .iter()
                    .filter_map(|(_, user)| entries.get(user))
                    .filter_map(|entry| entry.with_untracked(&select))
                    .take(most)
                    .collect()
            })
        })
    }

    /// Who draws in a tile, sorted by name. Reactive: changes when
    /// somebody opens or leaves any tile.
    pub fn editors_of(self, at: Coord) -> Vec<UserId> {
        self.track_editors();
        self.peek_editors()
            .into_iter()
            .filter(|(_, tile)| *tile == at)
            .map(|(user, _)| user)
            .collect()
    }

    /// Subscribes to who draws in which tile.
    pub fn track_editors(self) {
        self.editors.track();
    }

    /// The names of the first `most` people except `me` who type a chat
    /// message, in the order in which they began, and how many type in all.
    /// Reactive; costs the same for any number of people.
    pub fn typing_now(self, most: usize, me: Option<UserId>) -> (Vec<String>, usize) {
        let (first, all) = With::with(&self.typing, |typing| {
            let others = typing.iter().copied().filter(|user| Some(*user) != me);
            let first: Vec<UserId> = others.take(most).collect();
            let i_type = me.is_some_and(|me| typing.contains(&me));
            (first, typing.len() - usize::from(i_type))
        });
        let names = first.into_iter().filter_map(|user| self.get(user));
        (names.map(|person| person.display_name).collect(), all)
    }

    /// The first `most` people except `me`, sorted by name, and how many others
    /// are here. Reactive: changes when somebody joins, leaves or is renamed.
    pub fn others(self, most: usize, me: Option<UserId>) -> (Vec<UserId>, usize) {
        let i_am_here = self
            .entries
            .with_untracked(|entries| me.is_some_and(|me| entries.contains_key(&me)));
        With::with(&self.order, |order| {
            let others = order.iter().map(|(_, user)| *user);
            let first = others.filter(|user| Some(*user) != me).take(most);
            (first.collect(), order.len() - usize::from(i_am_here))
        })
    }
}

fn sort_key(person: &ActiveUser) -> (String, UserId) {
    (browser::lowercase(&person.display_name), person.user_id)
}

fn insert(order: &mut Vec<(String, UserId)>, key: (String, UserId)) {
    let at = order.partition_point(|other| *other < key);
    order.insert(at, key);
}

fn tile_of(editing: Editing) -> Coord {
    Coord {
        x: editing.tile_x,
        y: editing.tile_y,
    }
}

#[cfg(test)]
mod tests;
