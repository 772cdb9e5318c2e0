//! The connections of this node that are on the canvas, and their roles. Knows
//! nothing of other nodes.

use crate::{
    db::{
        access::{Roles, Standing},
        sanctions::Sanctions,
    },
    realtime::{
        outbox::Outbox,
        write::{Identity, UNKNOWN_ACL},
    },
};
use chrono::{DateTime, Utc};
use shared::{
    canvas::Role,
    ids::{ConnectionId, UserId},
    protocol::CloseReason,
};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// One connection.
pub(super) struct Member {
    pub(super) identity: Identity,
    pub(super) role: Role,
    /// The canvas's access version when the role was read.
    pub(super) acl_version: i64,
    /// The user's sanctions, read together with the role; none if they had none.
    pub(super) sanctions: Option<Sanctions>,
    /// What else is known of the user, read together with the role.
    pub(super) standing: Standing,
    pub(super) outbox: Arc<Outbox>,
    /// The position of the fan-out buffer at which it joined.
    pub(super) joined_at: u64,
}

/// See the module.
pub(super) struct Members {
    connections: HashMap<ConnectionId, Member>,
    /// The access version that the roles belong to, or [`UNKNOWN_ACL`].
    acl_version: i64,
    /// Whether the roles are being read.
    is_reading: bool,
    /// Whether they have to be read once more after that.
    read_again: bool,
}

impl Members {
    /// No members, on a canvas with this access version.
    pub(super) fn new(acl_version: i64) -> Self {
        Self {
            connections: HashMap::new(),
            acl_version,
            is_reading: false,
            read_again: false,
        }
    }

    /// Adds a member.
    pub(super) fn insert(&mut self, id: ConnectionId, member: Member) {
        if member.acl_version != self.acl_version {
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

    /// Takes the access version of the database. True if the roles have to be read,
    /// since it is another one than theirs.
    pub(super) fn observe_acl(&self, acl_version: i64) -> bool {
        acl_version != self.acl_version && !self.is_empty()
    }

    /// The users whose roles have to be read now. `None` while they are being read:
    /// then they are read once more afterwards.
    pub(super) fn begin_reading_roles(&mut self) -> Option<Vec<UserId>> {
        if self.is_empty() {
            return None;
        }
        if std::mem::replace(&mut self.is_reading, true) {
            self.read_again = true;
            return None;
        }
        let members = self.connections.values();
        let users: HashSet<UserId> = members.map(|member| member.identity.user_id).collect();
        Some(users.into_iter().collect())
    }

    /// Ends what [`Members::begin_reading_roles`] began. True if the roles have to be
    /// read once more.
    pub(super) fn end_reading_roles(&mut self) -> bool {
        self.is_reading = false;
        std::mem::take(&mut self.read_again)
    }

    /// The roles are not known any more: the next poll has them read, and no request
    /// counts on them.
    pub(super) fn invalidate_acl(&mut self) {
        self.acl_version = UNKNOWN_ACL;
        for member in self.connections.values_mut() {
            member.acl_version = UNKNOWN_ACL;
        }
    }

    /// Sets the roles and sanctions that were read; a role of `None` closes the user's
    /// connections. A member whose role is newer keeps it. Returns the members whose
    /// sanctions are other ones, each with those of before.
    pub(super) fn set_roles(&mut self, read: &Roles) -> Vec<(ConnectionId, Option<Sanctions>)> {
        self.acl_version = read.acl_version;
        let mut changed = Vec::new();
        for (id, member) in &mut self.connections {
            let Some(role) = read.roles.get(&member.identity.user_id) else {
                // It joined while the roles were read.
                if member.acl_version != read.acl_version {
                    self.acl_version = UNKNOWN_ACL;
                }
                continue;
            };
            if member.acl_version > read.acl_version {
                self.acl_version = UNKNOWN_ACL;
                continue;
            }
            member.acl_version = read.acl_version;
            match role {
                Some(role) => member.role = *role,
                None => member.outbox.close(CloseReason::Revoked),
            }
            if let Some(standing) = read.standings.get(&member.identity.user_id) {
                member.standing = Standing {
                    newcomer_until: member.standing.newcomer_until,
                    ..*standing
                };
            }
            let sanctions = read.sanctions.get(&member.identity.user_id);
            if sanctions != member.sanctions.as_ref() {
                changed.push((*id, member.sanctions.take()));
                member.sanctions = sanctions.cloned();
            }
        }
        changed
    }

    /// Removes from the user's sanctions those that are over at `now`. Returns their
    /// connections, each with the sanctions of before.
    pub(super) fn expire_sanctions(
        &mut self,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Vec<(ConnectionId, Option<Sanctions>)> {
        let mut changed = Vec::new();
        for (id, member) in &mut self.connections {
            let Some(sanctions) = member.sanctions.as_ref() else {
                continue;
            };
            if member.identity.user_id != user || sanctions.iter().all(|it| it.is_in_force(now)) {
                continue;
            }
            let left = sanctions.iter().filter(|it| it.is_in_force(now)).cloned();
            let left: Sanctions = left.collect();
            let left = Some(left).filter(|left| !left.is_empty());
            changed.push((*id, std::mem::replace(&mut member.sanctions, left)));
        }
        changed
    }

    /// When the first of the user's sanctions ends.
    pub(super) fn next_expiry(&self, user: UserId) -> Option<DateTime<Utc>> {
        let members = self.connections.values();
        members
            .filter(|member| member.identity.user_id == user)
            .filter_map(|member| member.sanctions.as_ref())
            .flat_map(|sanctions| sanctions.iter())
            .filter_map(|sanction| sanction.expires_at)
            .min()
    }

    /// Takes over a user's names, unless those of a connection are newer.
    pub(super) fn rename(&mut self, identity: &Identity) {
        for member in self.connections.values_mut() {
            let known = &mut member.identity;
            if known.user_id == identity.user_id && known.name_version < identity.name_version {
                known.clone_from(identity);
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

    fn member(user: i64, acl_version: i64) -> Member {
        Member {
            identity: Identity {
                user_id: UserId(user),
                username: "ann".into(),
                display_name: "Ann".into(),
                name_version: 0,
            },
            role: Role::Editor,
            acl_version,
            sanctions: None,
            standing: Standing::default(),
            outbox: Arc::default(),
            joined_at: 0,
        }
    }

    fn roles(acl_version: i64, roles: &[(i64, Option<Role>)]) -> Roles {
        let roles = roles.iter().map(|(user, role)| (UserId(*user), *role));
        Roles {
            acl_version,
            roles: roles.collect(),
            ..Roles::default()
        }
    }

    #[test]
    fn roles_are_read_once_for_each_access_version() {
        let [first, second] = [1, 2].map(|n| ConnectionId(Uuid::from_u128(n)));
        let mut members = Members::new(3);
        assert!(!members.observe_acl(4));
        members.insert(first, member(7, 3));
        assert!(!members.observe_acl(3));
        assert!(members.observe_acl(4));
        assert_eq!(members.begin_reading_roles(), Some(vec![UserId(7)]));
        // Told once more meanwhile: read again afterwards, not at the same time.
        assert_eq!(members.begin_reading_roles(), None);
        assert!(members.end_reading_roles());
        assert_eq!(members.begin_reading_roles(), Some(vec![UserId(7)]));
        assert!(!members.end_reading_roles());
        members.set_roles(&roles(4, &[(7, Some(Role::Viewer))]));
        assert!(!members.observe_acl(4));
        members.invalidate_acl();
        assert!(members.observe_acl(4));
        members.set_roles(&roles(4, &[(7, Some(Role::Viewer))]));
        // A role that was read at another version is not trusted.
        members.insert(second, member(7, 3));
        assert!(members.observe_acl(4));
    }

    #[test]
    fn an_older_role_does_not_replace_a_newer_one() {
        let [first, second] = [1, 2].map(|n| ConnectionId(Uuid::from_u128(n)));
        let mut members = Members::new(5);
        members.insert(first, member(7, 5));
        members.insert(second, member(8, 4));
        members.set_roles(&roles(4, &[(7, None), (8, Some(Role::Viewer))]));
        assert_eq!(members.get(first).unwrap().role, Role::Editor);
        assert!(members.get(first).unwrap().outbox.try_drain().is_none());
        assert_eq!(members.get(second).unwrap().role, Role::Viewer);
        assert!(members.observe_acl(4) && members.observe_acl(5));
    }

    #[test]
    fn a_role_counts_for_every_connection_of_the_user() {
        let [first, second] = [1, 2].map(|n| ConnectionId(Uuid::from_u128(n)));
        let mut members = Members::new(0);
        members.insert(first, member(7, 0));
        members.insert(second, member(8, 0));
        let editor = Some(Role::Editor);
        members.set_roles(&roles(1, &[(7, Some(Role::Viewer)), (8, editor)]));
        assert_eq!(members.get(first).unwrap().role, Role::Viewer);
        assert_eq!(members.get(second).unwrap().role, Role::Editor);
        members.set_roles(&roles(2, &[(7, None), (8, editor)]));
        let closed = |id| {
            let drained = members.get(id).unwrap().outbox.try_drain();
            drained.and_then(|drained| drained.close)
        };
        assert_eq!(closed(first), Some(CloseReason::Revoked));
        assert_eq!(closed(second), None);
    }
}
