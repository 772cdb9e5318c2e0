//! The users on a canvas, on all nodes: kept per connection, shown per user. Pure: it
//! is given the time, and returns what the members have to know.

mod user;

use super::{cluster_message::PresenceEntry, node_id::NodeId, write::Identity};
use shared::{
    ids::{ConnectionId, UserId},
    limits,
    presence::{ActiveUser, Editing, Status},
};
use std::{
    collections::{BTreeMap, HashSet},
    time::{Duration, Instant},
};
use user::{ActiveUserView, Connections, User};

/// Time after the last `typing` message until the typing ends by itself.
pub(crate) const TYPING: Duration = Duration::from_millis(limits::TYPING_MS);
/// Time from the end of a user's last connection to `user_left`.
pub(crate) const LEAVE: Duration = Duration::from_millis(limits::LEAVE_MS);

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    /// Boxed, since the nodes of the map have room for entries that are not there.
    users: BTreeMap<UserId, Box<User>>,
    /// Counts the changes of open tiles, so that the tile opened last is known.
    clock: u64,
}

/// The changes that other members have to know when a connection ends.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Departure {
    /// The user does not type any more.
    pub(crate) stopped_typing: bool,
    /// The tile that the connection had open.
    pub(crate) stopped_editing: Option<Editing>,
    /// When `user_left` is due, if this was the last connection.
    pub(crate) leaves_at: Option<Instant>,
}

/// The changes that other members have to know of a new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// The user was not on the canvas.
    First,
    /// The user was on the canvas, with an older display name.
    Renamed,
    /// The user was on the canvas: nothing changed.
    Another,
}

impl Presence {
    /// Adds a connection of this node.
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

    /// Takes over a user's names. True if the user is there under older ones.
    pub(crate) fn rename(&mut self, identity: &Identity) -> bool {
        let user = self.users.get_mut(&identity.user_id);
        user.is_some_and(|user| user.rename(identity))
    }

    /// Adds another node's connection, unless it is known. Typing and the open tile
    /// are not applied.
    pub(crate) fn arrive(&mut self, node: NodeId, entry: &PresenceEntry) -> Arrival {
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
            if let Some(state) = user.connections.get_mut(connection) {
                state.node = Some(node);
            }
        }
        arrival
    }

    /// Applies typing and the open tile of another node's connection, without a
    /// result, where there are no members to notify.
    pub(crate) fn note(&mut self, entry: &PresenceEntry, typing_until: Instant) {
        let (user, connection) = (entry.user_id, entry.connection);
        self.typing(user, connection, entry.typing.then_some(typing_until));
        self.editing(user, connection, entry.editing);
    }

    /// Removes a connection.
    pub(crate) fn leave(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        now: Instant,
    ) -> Departure {
        let Some(user) = self.users.get_mut(&user) else {
            return Departure::default();
        };
        let was_typing = user.is_typing();
        let Some(state) = user.connections.remove(connection) else {
            return Departure::default();
        };
        if user.connections.is_empty() {
            user.leaves_at = Some(now + LEAVE);
            user.left_here = state.node.is_none();
        }
        Departure {
            stopped_typing: was_typing && !user.is_typing(),
            stopped_editing: state.editing.map(|(_, tile)| tile),
            leaves_at: user.leaves_at,
        }
    }

    /// Removes a user whose last connection ended long enough ago. Returns the user's
    /// names, and whether that connection was one of this node.
    pub(crate) fn expire(&mut self, user: UserId, now: Instant) -> Option<(Identity, bool)> {
        let due = self.users.get(&user)?.leaves_at? <= now;
        if !due {
            return None;
        }
        let user = self.users.remove(&user)?;
        Some((user.identity, user.left_here))
    }

    /// Whether somebody left this node a moment ago, and may come back.
    pub(crate) fn has_recent_leavers(&self) -> bool {
        self.users
            .values()
            .any(|user| user.leaves_at.is_some() && user.left_here)
    }

    /// A user's names.
    pub(crate) fn identity(&self, user: UserId) -> Option<Identity> {
        self.users.get(&user).map(|user| user.identity.clone())
    }

    /// A connection, as other nodes need to know it.
    pub(crate) fn entry(&self, user: UserId, connection: ConnectionId) -> Option<PresenceEntry> {
        let user = self.users.get(&user)?;
        user.connections.get(connection)?;
        Some(user.entry(connection))
    }

    /// The connections of this node, of one user or of all, as other nodes need to
    /// know them.
    pub(crate) fn entries_here(&self, of: Option<UserId>) -> Vec<PresenceEntry> {
        let users = self
            .users
            .iter()
            .filter(|(id, _)| of.is_none_or(|of| of == **id));
        users
            .flat_map(|(_, user)| {
                let connections = user.connections.iter();
                let here = connections.filter(|(_, state)| state.node.is_none());
                here.map(|(id, _)| user.entry(id))
            })
            .collect()
    }

    /// The connections of another node.
    pub(crate) fn of(&self, node: NodeId) -> Vec<(UserId, ConnectionId)> {
        self.users
            .iter()
            .flat_map(|(id, user)| {
                let connections = user.connections.iter();
                let there = connections.filter(|(_, state)| state.node == Some(node));
                there.map(|(connection, _)| (*id, connection))
            })
            .collect()
    }

    /// Whether another node has this connection.
    pub(crate) fn is_elsewhere(&self, connection: ConnectionId) -> bool {
        let mut users = self.users.values();
        users.any(|user| {
            let state = user.connections.get(connection);
            state.is_some_and(|state| state.node.is_some())
        })
    }

    /// The other nodes that have connections on the canvas.
    pub(crate) fn remote_nodes(&self) -> HashSet<NodeId> {
        self.users
            .values()
            .flat_map(|user| user.connections.states().filter_map(|state| state.node))
            .collect()
    }

    /// Sets until when a connection types; `None` ends it. True if the
    /// members have to know.
    pub(crate) fn typing(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        until: Option<Instant>,
    ) -> bool {
        let Some(user) = self.users.get_mut(&user) else {
            return false;
        };
        let Some(state) = user.connections.get_mut(connection) else {
            return false;
        };
        state.typing_until = until;
        until.is_some() || !user.is_typing()
    }

    /// Ends a connection's typing if its time is over. Returns whether the
    /// members have to know; `None` if it is not over.
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
            .and_then(|state| state.typing_until)
            .is_some_and(|until| until <= now);
        due.then(|| self.typing(user, connection, None))
    }

    /// Sets the tile that a connection has open.
    pub(crate) fn editing(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        tile: Option<Editing>,
    ) {
        self.clock += 1;
        let clock = self.clock;
        if let Some(state) = self
            .users
            .get_mut(&user)
            .and_then(|user| user.connections.get_mut(connection))
        {
            state.editing = tile.map(|tile| (clock, tile));
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

    /// A user's status and status message.
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

    /// The same, borrowed, to be serialized without copying texts.
    pub(crate) fn views(&self) -> Vec<ActiveUserView<'_>> {
        self.users.values().map(|user| user.as_view()).collect()
    }

    /// The users who are on the canvas now, without those who left a moment ago.
    pub(crate) fn present(&self) -> HashSet<UserId> {
        let users = self.users.iter();
        users
            .filter(|(_, user)| !user.connections.is_empty())
            .map(|(id, _)| *id)
            .collect()
    }

    /// The number of users.
    pub(crate) fn count(&self) -> usize {
        self.users.len()
    }
}

#[cfg(test)]
mod tests;
