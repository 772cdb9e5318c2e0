//! Who is in a room, on whatever node: kept per connection, shown per user.
//! Pure: it is told the time and returns what others should hear.

use super::{cluster_message::PresenceEntry, node_id::NodeId, write::Identity};
use serde::Serialize;
use shared::{
    ids::{ConnectionId, UserId},
    limits,
    presence::{ActiveUser, Editing, Status},
};
use std::{
    collections::{BTreeMap, HashSet},
    time::{Duration, Instant},
};

/// Time after the last `typing` until it ends by itself.
pub(crate) const TYPING: Duration = Duration::from_millis(limits::TYPING_MS);
/// Time after the last connection until `user_left`.
pub(crate) const LEAVE: Duration = Duration::from_millis(limits::LEAVE_MS);

/// Everybody in a room.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    /// Boxed, since the map keeps much room that is not in use.
    users: BTreeMap<UserId, Box<User>>,
    /// Grows with every `editing_tile`, so that the newest is known.
    clock: u64,
}

#[derive(Debug)]
struct User {
    identity: Identity,
    status: Status,
    status_message: String,
    connections: Connections,
    /// Set while no connection is left.
    leaves_at: Option<Instant>,
    /// Whether the last connection that ended was one of this node's.
    left_here: bool,
}

/// A user's connections: mostly one, and so few that a list is the smallest and
/// quickest map.
#[derive(Debug, Default)]
struct Connections(Vec<(ConnectionId, ConnectionState)>);

impl Connections {
    fn get(&self, id: ConnectionId) -> Option<&ConnectionState> {
        let mut all = self.0.iter();
        all.find(|(tab, _)| *tab == id)
            .map(|(_, activity)| activity)
    }

    fn get_mut(&mut self, id: ConnectionId) -> Option<&mut ConnectionState> {
        let mut all = self.0.iter_mut();
        all.find(|(tab, _)| *tab == id)
            .map(|(_, activity)| activity)
    }

    fn insert(&mut self, id: ConnectionId) {
        self.remove(id);
        self.0.reserve_exact(1);
        self.0.push((id, ConnectionState::default()));
    }

    fn remove(&mut self, id: ConnectionId) -> Option<ConnectionState> {
        let place = self.0.iter().position(|(tab, _)| *tab == id)?;
        Some(self.0.swap_remove(place).1)
    }

    fn activities(&self) -> impl Iterator<Item = &ConnectionState> {
        self.0.iter().map(|(_, activity)| activity)
    }
}

#[derive(Debug, Default)]
struct ConnectionState {
    /// The node that has the connection; none is this one.
    home: Option<NodeId>,
    typing_until: Option<Instant>,
    editing: Option<(u64, Editing)>,
}

/// An [`ActiveUser`] that borrows its texts.
#[derive(Debug, Serialize)]
pub(crate) struct Seen<'a> {
    user_id: UserId,
    username: &'a str,
    display_name: &'a str,
    is_active: bool,
    status: Status,
    status_message: &'a str,
    is_typing: bool,
    editing: Option<Editing>,
    connections: usize,
}

/// What a connection's end changed for others.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Left {
    /// The user types no more.
    pub(crate) stopped_typing: bool,
    /// The tile that the connection drew in.
    pub(crate) stopped_editing: Option<Editing>,
    /// When `user_left` is due, if this was the last connection.
    pub(crate) leaves_at: Option<Instant>,
}

/// What a new connection is for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// The user was not there.
    First,
    /// The user was there, under an older name to show.
    Renamed,
    /// Another tab, or one come back.
    Another,
}

impl Presence {
    /// Adds a connection.
    pub(crate) fn join(
        &mut self,
        identity: &Identity,
        status_message: &str,
        connection: ConnectionId,
    ) -> Arrival {
        let mut new = false;
        let user = self.users.entry(identity.user_id).or_insert_with(|| {
            new = true;
            Box::new(User {
                identity: identity.clone(),
                status: Status::Online,
                status_message: status_message.to_owned(),
                connections: Connections::default(),
                leaves_at: None,
                left_here: false,
            })
        });
        let renamed = user.rename(identity);
        user.leaves_at = None;
        user.connections.insert(connection);
        match (new, renamed) {
            (true, _) => Arrival::First,
            (false, true) => Arrival::Renamed,
            (false, false) => Arrival::Another,
        }
    }

    /// Adds another node's connection, unless it is there; what it does there
    /// is still to be noted.
    pub(crate) fn arrive(&mut self, home: NodeId, entry: &PresenceEntry) -> Arrival {
        let connection = entry.connection;
        if let Some(user) = self.users.get_mut(&entry.user_id)
            && user.connections.get(connection).is_some()
        {
            return if user.rename(&entry.identity()) {
                Arrival::Renamed
            } else {
                Arrival::Another
            };
        }
        let arrival = self.join(&entry.identity(), &entry.status_message, connection);
        if let Some(user) = self.users.get_mut(&entry.user_id) {
            if arrival == Arrival::First {
                user.status = entry.status;
            }
            if let Some(activity) = user.connections.get_mut(connection) {
                activity.home = Some(home);
            }
        }
        arrival
    }

    /// Notes what another node's connection does, without telling anybody.
    pub(crate) fn note(&mut self, entry: &PresenceEntry, typing_until: Instant) {
        let (user, connection) = (entry.user_id, entry.connection);
        self.typing(user, connection, entry.typing.then_some(typing_until));
        self.editing(user, connection, entry.editing);
    }

    /// Removes a connection.
    pub(crate) fn leave(&mut self, user: UserId, connection: ConnectionId, now: Instant) -> Left {
        let Some(user) = self.users.get_mut(&user) else {
            return Left::default();
        };
        let was_typing = user.is_typing();
        let Some(activity) = user.connections.remove(connection) else {
            return Left::default();
        };
        if user.connections.0.is_empty() {
            user.leaves_at = Some(now + LEAVE);
            user.left_here = activity.home.is_none();
        }
        Left {
            stopped_typing: was_typing && !user.is_typing(),
            stopped_editing: activity.editing.map(|(_, tile)| tile),
            leaves_at: user.leaves_at,
        }
    }

    /// Ends the stay of a user whose last connection ended long enough ago:
    /// who it was, and whether that connection was one of this node's.
    pub(crate) fn expire(&mut self, user: UserId, now: Instant) -> Option<(Identity, bool)> {
        let due = self.users.get(&user)?.leaves_at? <= now;
        if !due {
            return None;
        }
        let user = self.users.remove(&user)?;
        Some((user.identity, user.left_here))
    }

    /// Whether somebody left this node a moment ago and may come back.
    pub(crate) fn has_recent_leavers(&self) -> bool {
        self.users
            .values()
            .any(|user| user.leaves_at.is_some() && user.left_here)
    }

    /// A user's names.
    pub(crate) fn identity(&self, user: UserId) -> Option<Identity> {
        self.users.get(&user).map(|user| user.identity.clone())
    }

    /// What other nodes need to know of a connection.
    pub(crate) fn entry(&self, user: UserId, connection: ConnectionId) -> Option<PresenceEntry> {
        let user = self.users.get(&user)?;
        user.connections.get(connection)?;
        Some(user.entry(connection))
    }

    /// What other nodes need to know of this one's connections, of one user or
    /// of all.
    pub(crate) fn entries_here(&self, of: Option<UserId>) -> Vec<PresenceEntry> {
        let users = self
            .users
            .iter()
            .filter(|(id, _)| of.is_none_or(|of| of == **id));
        users
            .flat_map(|(_, user)| {
                let here = user.connections.0.iter().filter(|(_, a)| a.home.is_none());
                here.map(|(id, _)| user.entry(*id))
            })
            .collect()
    }

    /// Another node's connections.
    pub(crate) fn of(&self, node: NodeId) -> Vec<(UserId, ConnectionId)> {
        self.users
            .iter()
            .flat_map(|(id, user)| {
                let there = user.connections.0.iter();
                let there = there.filter(|(_, a)| a.home == Some(node));
                there.map(|(connection, _)| (*id, *connection))
            })
            .collect()
    }

    /// Whether another node has this connection.
    pub(crate) fn is_elsewhere(&self, connection: ConnectionId) -> bool {
        let mut users = self.users.values();
        users.any(|user| {
            let activity = user.connections.get(connection);
            activity.is_some_and(|activity| activity.home.is_some())
        })
    }

    /// The other nodes that have connections here.
    pub(crate) fn remote_nodes(&self) -> HashSet<NodeId> {
        self.users
            .values()
            .flat_map(|user| user.connections.activities().filter_map(|a| a.home))
            .collect()
    }

    /// Notes that a connection types, or stopped. True if others should hear it.
    pub(crate) fn typing(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        until: Option<Instant>,
    ) -> bool {
        let Some(user) = self.users.get_mut(&user) else {
            return false;
        };
        let Some(activity) = user.connections.get_mut(connection) else {
            return false;
        };
        activity.typing_until = until;
        until.is_some() || !user.is_typing()
    }

    /// Ends a connection's typing if its time is over; then, whether others
    /// should hear it.
    pub(crate) fn stop_typing(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        now: Instant,
    ) -> Option<bool> {
        let due = self
            .users
            .get(&user)
            .and_then(|user| user.connections.get(connection))
            .and_then(|activity| activity.typing_until)
            .is_some_and(|until| until <= now);
        due.then(|| self.typing(user, connection, None))
    }

    /// Notes the tile that a connection draws in.
    pub(crate) fn editing(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        tile: Option<Editing>,
    ) {
        self.clock += 1;
        let clock = self.clock;
        if let Some(activity) = self
            .users
            .get_mut(&user)
            .and_then(|user| user.connections.get_mut(connection))
        {
            activity.editing = tile.map(|tile| (clock, tile));
        }
    }

    /// Sets a user's status; `None` leaves the message as it is.
    pub(crate) fn status(&mut self, user: UserId, status: Status, message: Option<&str>) {
        if let Some(user) = self.users.get_mut(&user) {
            user.status = status;
            if let Some(message) = message {
                message.clone_into(&mut user.status_message);
            }
        }
    }

    /// The status and its message.
    pub(crate) fn status_of(&self, user: UserId) -> Option<(Status, &str)> {
        let user = self.users.get(&user)?;
        Some((user.status, &user.status_message))
    }

    /// One user as others see them.
    pub(crate) fn get(&self, user: UserId) -> Option<ActiveUser> {
        self.users.get(&user).map(|user| user.view())
    }

    /// Everybody, in the order of their ids.
    pub(crate) fn list(&self) -> Vec<ActiveUser> {
        self.users.values().map(|user| user.view()).collect()
    }

    /// The same to be serialized, without a copy of any text.
    pub(crate) fn seen(&self) -> Vec<Seen<'_>> {
        self.users.values().map(|user| user.seen()).collect()
    }

    /// How many users are there.
    pub(crate) fn count(&self) -> usize {
        self.users.len()
    }
}

impl User {
    /// Takes a name if it is newer than the one known, and says whether it is.
    fn rename(&mut self, identity: &Identity) -> bool {
        let is_newer = identity.name_version > self.identity.name_version;
        if is_newer {
            self.identity.clone_from(identity);
        }
        is_newer
    }

    fn entry(&self, connection: ConnectionId) -> PresenceEntry {
        let activity = self.connections.get(connection);
        PresenceEntry {
            connection,
            user_id: self.identity.user_id,
            username: self.identity.username.to_string(),
            display_name: self.identity.display_name.to_string(),
            name_version: self.identity.name_version,
            status: self.status,
            status_message: self.status_message.clone(),
            typing: activity.is_some_and(|a| a.typing_until.is_some()),
            editing: activity.and_then(|a| a.editing).map(|(_, tile)| tile),
        }
    }

    fn is_typing(&self) -> bool {
        self.connections
            .activities()
            .any(|a| a.typing_until.is_some())
    }

    fn view(&self) -> ActiveUser {
        let seen = self.seen();
        ActiveUser {
            user_id: seen.user_id,
            username: seen.username.to_owned(),
            display_name: seen.display_name.to_owned(),
            is_active: seen.is_active,
            status: seen.status,
            status_message: seen.status_message.to_owned(),
            is_typing: seen.is_typing,
            editing: seen.editing,
            connections: seen.connections,
        }
    }

    fn seen(&self) -> Seen<'_> {
        Seen {
            user_id: self.identity.user_id,
            username: &self.identity.username,
            display_name: &self.identity.display_name,
            is_active: !self.connections.0.is_empty(),
            status: self.status,
            status_message: &self.status_message,
            is_typing: self.is_typing(),
            editing: self
                .connections
                .activities()
                .filter_map(|activity| activity.editing)
                .max_by_key(|(clock, _)| *clock)
                .map(|(_, tile)| tile),
            connections: self.connections.0.len(),
        }
    }
}

#[cfg(test)]
mod tests {
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
        let borrowed = serde_json::to_string(&presence.seen()).unwrap();
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
        let left = presence.leave(UserId(1), tab(2), now);
        assert_eq!(left.stopped_editing, Some(tile(2)));
        assert_eq!(presence.get(UserId(1)).unwrap().editing, Some(tile(1)));
    }
}
