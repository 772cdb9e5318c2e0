//! One user of a room: names, status, and the state of each connection.

use super::PresenceEntry;
use crate::realtime::{node_id::NodeId, write::Identity};
use serde::Serialize;
use shared::{
    ids::{ConnectionId, UserId},
    presence::{ActiveUser, Editing, Status},
};
use std::time::Instant;

/// A user with at least one connection, or one who left a moment ago.
#[derive(Debug)]
pub(super) struct User {
    pub(super) identity: Identity,
    pub(super) status: Status,
    pub(super) status_message: String,
    pub(super) connections: Connections,
    /// When `user_left` is due; set while there is no connection.
    pub(super) leaves_at: Option<Instant>,
    /// Whether the last connection that ended was one of this node.
    pub(super) left_here: bool,
}

/// A user's connections. Mostly there is one, and always few, so that a list is
/// smaller and faster than a map.
#[derive(Debug, Default)]
pub(super) struct Connections(Vec<(ConnectionId, ConnectionState)>);

impl Connections {
    pub(super) fn get(&self, id: ConnectionId) -> Option<&ConnectionState> {
        let mut all = self.0.iter();
        all.find(|(known, _)| *known == id).map(|(_, state)| state)
    }

    pub(super) fn get_mut(&mut self, id: ConnectionId) -> Option<&mut ConnectionState> {
        let mut all = self.0.iter_mut();
        all.find(|(known, _)| *known == id).map(|(_, state)| state)
    }

    pub(super) fn insert(&mut self, id: ConnectionId) {
        self.remove(id);
        self.0.reserve_exact(1);
        self.0.push((id, ConnectionState::default()));
    }

    pub(super) fn remove(&mut self, id: ConnectionId) -> Option<ConnectionState> {
        let position = self.0.iter().position(|(known, _)| *known == id)?;
        Some(self.0.swap_remove(position).1)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The connections with their states.
    pub(super) fn iter(&self) -> impl Iterator<Item = (ConnectionId, &ConnectionState)> {
        self.0.iter().map(|(id, state)| (*id, state))
    }

    pub(super) fn states(&self) -> impl Iterator<Item = &ConnectionState> {
        self.0.iter().map(|(_, state)| state)
    }
}

/// What is known of a connection.
#[derive(Debug, Default)]
pub(super) struct ConnectionState {
    /// The node that has the connection; `None` is this one.
    pub(super) node: Option<NodeId>,
    pub(super) typing_until: Option<Instant>,
    /// The open tile, and a counter by which the tile opened last is known.
    pub(super) editing: Option<(u64, Editing)>,
}

/// An [`ActiveUser`] that borrows its texts, to be serialized.
#[derive(Debug, Serialize)]
pub(crate) struct ActiveUserView<'a> {
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

impl User {
    /// Takes over names that are newer than the known ones. True if they are.
    pub(super) fn rename(&mut self, identity: &Identity) -> bool {
        let is_newer = identity.name_version > self.identity.name_version;
        if is_newer {
            self.identity.clone_from(identity);
        }
        is_newer
    }

    /// A connection, as other nodes need to know it.
    pub(super) fn entry(&self, connection: ConnectionId) -> PresenceEntry {
        let state = self.connections.get(connection);
        PresenceEntry {
            connection,
            user_id: self.identity.user_id,
            username: self.identity.username.to_string(),
            display_name: self.identity.display_name.to_string(),
            name_version: self.identity.name_version,
            status: self.status,
            status_message: self.status_message.clone(),
            typing: state.is_some_and(|s| s.typing_until.is_some()),
            editing: state.and_then(|s| s.editing).map(|(_, tile)| tile),
        }
    }

    /// Whether any connection is typing.
    pub(super) fn is_typing(&self) -> bool {
        self.connections
            .states()
            .any(|state| state.typing_until.is_some())
    }

    /// The user as others see them.
    pub(super) fn view(&self) -> ActiveUser {
        let view = self.as_view();
        ActiveUser {
            user_id: view.user_id,
            username: view.username.to_owned(),
            display_name: view.display_name.to_owned(),
            is_active: view.is_active,
            status: view.status,
            status_message: view.status_message.to_owned(),
            is_typing: view.is_typing,
            editing: view.editing,
            connections: view.connections,
        }
    }

    /// The user as others see them, borrowed.
    pub(super) fn as_view(&self) -> ActiveUserView<'_> {
        ActiveUserView {
            user_id: self.identity.user_id,
            username: &self.identity.username,
            display_name: &self.identity.display_name,
            is_active: !self.connections.0.is_empty(),
            status: self.status,
            status_message: &self.status_message,
            is_typing: self.is_typing(),
            editing: self
                .connections
                .states()
                .filter_map(|state| state.editing)
                .max_by_key(|(clock, _)| *clock)
                .map(|(_, tile)| tile),
            connections: self.connections.0.len(),
        }
    }
}
