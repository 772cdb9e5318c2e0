//! The connections of this node that are on the canvas, and their roles. Knows
//! nothing of other nodes.

use super::cursor::CursorThrottle;
use crate::realtime::{outbox::Outbox, write::Identity};
use shared::{
    canvas::Role,
    ids::{ConnectionId, UserId},
    protocol::CloseReason,
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// An access version that differs from every one in the database, so that the
/// roles are read again.
const UNKNOWN_ACL: i64 = -1;

/// One connection.
pub(super) struct Member {
    pub(super) identity: Identity,
    pub(super) role: Role,
    pub(super) outbox: Arc<Outbox>,
    pub(super) cursor: CursorThrottle,
    /// The position of the fan-out buffer at which it joined.
    pub(super) joined_at: u64,
}

/// See the module.
pub(super) struct Members {
    connections: HashMap<ConnectionId, Member>,
    /// The access version that the roles belong to, or [`UNKNOWN_ACL`].
    acl_version: i64,
}

impl Members {
    /// No members, on a canvas with this access version.
    pub(super) fn new(acl_version: i64) -> Self {
        Self {
            connections: HashMap::new(),
            acl_version,
        }
    }

    /// Adds a member whose role was read at `acl_version`.
    pub(super) fn insert(&mut self, id: ConnectionId, member: Member, acl_version: i64) {
        if acl_version != self.acl_version {
            // The next poll of the heads has the roles read.
            self.acl_version = UNKNOWN_ACL;
        }
        self.connections.insert(id, member);
    }

    pub(super) fn remove(&mut self, id: ConnectionId) -> Option<Member> {
        self.connections.remove(&id)
    }

    pub(super) fn get(&self, id: ConnectionId) -> Option<&Member> {
        self.connections.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Member> {
        self.connections.get_mut(&id)
    }

    pub(super) fn contains(&self, id: ConnectionId) -> bool {
        self.connections.contains_key(&id)
    }

    pub(super) fn len(&self) -> usize {
        self.connections.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&ConnectionId, &Member)> {
        self.connections.iter()
    }

    /// All members' outboxes.
    pub(super) fn outboxes(&self) -> Vec<Arc<Outbox>> {
        let members = self.connections.values();
        members.map(|member| member.outbox.clone()).collect()
    }

    /// Takes the access version of the database. Returns the users whose roles
    /// have to be read, since the version is another one than theirs.
    pub(super) fn observe_acl(&mut self, acl_version: i64) -> Option<Vec<UserId>> {
        if acl_version == self.acl_version || self.is_empty() {
            return None;
        }
        self.acl_version = acl_version;
        let members = self.connections.values();
        let users: HashSet<UserId> = members.map(|member| member.identity.user_id).collect();
        Some(users.into_iter().collect())
    }

    /// The roles could not be read: the next poll tries again.
    pub(super) fn forget_acl(&mut self) {
        self.acl_version = UNKNOWN_ACL;
    }

    /// Sets a user's role; `None` closes the user's connections.
    pub(super) fn set_role(&mut self, user: UserId, role: Option<Role>) {
        for member in self.connections.values_mut() {
            if member.identity.user_id == user {
                match role {
                    Some(role) => member.role = role,
                    None => member.outbox.close(CloseReason::Revoked),
                }
            }
        }
    }

    /// Closes every connection.
    pub(super) fn close_all(&self, reason: CloseReason) {
        for member in self.connections.values() {
            member.outbox.close(reason);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn member(user: i64) -> Member {
        Member {
            identity: Identity {
                user_id: UserId(user),
                username: "ann".into(),
                display_name: "Ann".into(),
                name_version: 0,
            },
            role: Role::Editor,
            outbox: Arc::default(),
            cursor: CursorThrottle::default(),
            joined_at: 0,
        }
    }

    #[test]
    fn roles_are_read_once_for_each_access_version() {
        let [first, second] = [1, 2].map(|n| ConnectionId(Uuid::from_u128(n)));
        let mut members = Members::new(3);
        assert_eq!(members.observe_acl(4), None);
        members.insert(first, member(7), 3);
        assert_eq!(members.observe_acl(3), None);
        assert_eq!(members.observe_acl(4), Some(vec![UserId(7)]));
        assert_eq!(members.observe_acl(4), None);
        members.forget_acl();
        assert_eq!(members.observe_acl(4), Some(vec![UserId(7)]));
        // A role that was read at another version is not trusted.
        members.insert(second, member(7), 3);
        assert_eq!(members.observe_acl(4), Some(vec![UserId(7)]));
    }

    #[test]
    fn a_role_counts_for_every_connection_of_the_user() {
        let [first, second] = [1, 2].map(|n| ConnectionId(Uuid::from_u128(n)));
        let mut members = Members::new(0);
        members.insert(first, member(7), 0);
        members.insert(second, member(8), 0);
        members.set_role(UserId(7), Some(Role::Viewer));
        assert_eq!(members.get(first).unwrap().role, Role::Viewer);
        assert_eq!(members.get(second).unwrap().role, Role::Editor);
        members.set_role(UserId(7), None);
        let closed = |id| {
            let drained = members.get(id).unwrap().outbox.try_drain();
            drained.and_then(|drained| drained.close)
        };
        assert_eq!(closed(first), Some(CloseReason::Revoked));
        assert_eq!(closed(second), None);
    }
}
