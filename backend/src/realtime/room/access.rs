//! Who may still be in the room, and what they may do: it can change while
//! they are there, by whatever node.

use super::{Command, Room, UNKNOWN_ACL};
use crate::{db, realtime::frame::OutboundMessage};
use shared::{
    canvas::Role,
    ids::UserId,
    protocol::{CanvasDeleted, CloseReason, ServerMessage},
};
use std::collections::HashSet;

impl Room {
    /// Has the members' roles read when they may have changed: another node
    /// may have changed them.
    pub(super) fn check_access(&mut self, acl_version: i64) {
        if acl_version == self.acl_version || self.members.is_empty() {
            return;
        }
        self.acl_version = acl_version;
        let users: HashSet<UserId> = self.members.values().map(|m| m.identity.user_id).collect();
        let users: Vec<UserId> = users.into_iter().collect();
        let (pool, canvas) = (self.pool.clone(), self.canvas_id);
        let commands = self.remote.commands.clone();
        tokio::spawn(async move {
            let roles = db::access::roles(&pool, canvas, &users).await;
            let Some(commands) = commands.upgrade() else {
                return;
            };
            let roles = roles
                .inspect_err(|error| tracing::debug!(%error, "roles could not be read"))
                .ok();
            // A room that closes meanwhile has no members.
            let _ = commands.send(Command::Roles(roles)).await;
        });
    }

    pub(super) fn roles_read(&mut self, roles: Option<Vec<(UserId, Option<Role>)>>) {
        if roles.is_none() {
            self.acl_version = UNKNOWN_ACL;
        }
        for (user, role) in roles.into_iter().flatten() {
            self.role_changed(user, role);
        }
    }

    pub(super) fn role_changed(&mut self, user: UserId, role: Option<Role>) {
        for member in self.members.values_mut() {
            if member.identity.user_id == user {
                match role {
                    Some(role) => member.role = role,
                    None => member.outbox.close(CloseReason::Revoked),
                }
            }
        }
    }

    pub(super) fn delete(&mut self) {
        if std::mem::replace(&mut self.deleted, true) {
            return;
        }
        let gone = OutboundMessage::reply(&ServerMessage::CanvasDeleted(CanvasDeleted {
            canvas_id: self.canvas_id,
            timestamp: self.clock.now().into(),
        }));
        self.fanout.to_all(gone);
        self.flush_now();
        self.close_all(CloseReason::CanvasDeleted);
    }
}
