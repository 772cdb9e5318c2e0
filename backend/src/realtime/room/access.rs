//! Changes, made on any node, to who may be on the canvas and in which role.

use super::{Room, command::Command};
use crate::{
    db::{self, Pool, access::Roles},
    realtime::outbound::OutboundMessage,
};
use shared::{
    canvas::Role,
    ids::{CanvasId, UserId},
    protocol::{CanvasDeleted, CloseReason, ServerMessage},
};

/// Reads the users' roles, and the sanctions of those who have any.
async fn read(pool: &Pool, canvas: CanvasId, users: &[UserId]) -> db::Result<Option<Roles>> {
    let Some(mut roles) = db::access::roles(pool, canvas, users).await? else {
        return Ok(None);
    };
    roles.sanctions = db::sanctions::in_force(pool, canvas, &roles.sanctioned).await?;
    Ok(Some(roles))
}

impl Room {
    /// Has the members' roles read if the canvas's access version changed.
    pub(super) fn check_roles(&mut self, acl_version: i64) {
        if self.members.observe_acl(acl_version) {
            self.read_roles();
        }
    }

    /// Has the members' roles read, one read at a time: whatever is said about a role
    /// elsewhere, the database's answer counts.
    pub(super) fn read_roles(&mut self) {
        let Some(users) = self.members.begin_reading_roles() else {
            return;
        };
        let (pool, canvas) = (self.services.pool.clone(), self.canvas_id);
        let commands = self.commands.clone();
        tokio::spawn(async move {
            let roles = read(&pool, canvas, &users).await;
            let Some(commands) = commands.upgrade() else {
                return;
            };
            let roles = roles
                .inspect_err(|error| tracing::debug!(%error, "roles could not be read"))
                .ok()
                .flatten()
                .map(Box::new);
            // Fails only if the room ended, which then has no members.
            let _ = commands.send(Command::Roles(roles)).await;
        });
    }

    /// Takes the roles that [`Room::read_roles`] had read.
    pub(super) fn on_roles(&mut self, roles: Option<Box<Roles>>) {
        let read_again = self.members.end_reading_roles();
        match roles {
            Some(roles) => {
                self.order = roles.order;
                let changed = self.members.set_roles(&roles);
                self.send_sanctions(changed);
            }
            // The next poll tries again.
            None => self.members.invalidate_acl(),
        }
        if read_again {
            self.read_roles();
        }
    }

    /// Sends a message to the members who are moderators or above.
    pub(super) fn send_to_moderators(&mut self, message: &OutboundMessage) {
        for (connection, member) in self.members.iter() {
            if member.role >= Role::Moderator {
                self.delivery.send_to(*connection, message.clone());
            }
        }
    }

    /// Sends `canvas_deleted` and closes every connection; only the first call
    /// does something.
    pub(super) fn delete(&mut self) {
        if std::mem::replace(&mut self.is_deleted, true) {
            return;
        }
        let deleted = OutboundMessage::reply(&ServerMessage::CanvasDeleted(CanvasDeleted {
            canvas_id: self.canvas_id,
            timestamp: self.services.clock.now().into(),
        }));
        self.delivery.broadcast(deleted);
        self.delivery.flush_now(&self.members);
        self.members.close_all(CloseReason::CanvasDeleted);
    }
}
