//! What members are told of their own sanctions. Whether something is forbidden is decided
//! in the transaction; here only ephemeral requests are refused.

use super::{Room, replies, timers::Timer};
use crate::{
    db::sanctions::{Sanctions, forbidding},
    realtime::{sanction_messages::SanctionMessages, write::WriteError},
};
use chrono::{DateTime, Utc};
use shared::{
    api::sanctions::{Activity, Sanction},
    canvas::Role,
    ids::{ConnectionId, OpId, UserId},
    protocol::CloseReason,
};
use std::time::{Duration, Instant};

/// How much later than its end a sanction is removed: a timer may fire a little early by
/// the database's clock.
const MARGIN: Duration = Duration::from_millis(2);
/// A timer of a sanction that lasts longer is set again.
const MAX_WAIT: Duration = Duration::from_hours(1);

/// A user's own sanctions as the user with this role sees them.
pub(super) fn shown(sanctions: Option<&Sanctions>, role: Role) -> Vec<Sanction> {
    let sanctions = sanctions.into_iter().flat_map(|all| all.iter());
    sanctions
        .map(|sanction| sanction.own(role >= Role::Moderator))
        .collect()
}

impl Room {
    /// Tells these members, whose sanctions changed, what is new and what is over, each
    /// compared with the sanctions of before. A ban closes the connection.
    pub(super) fn send_sanctions(&mut self, changed: Vec<(ConnectionId, Option<Sanctions>)>) {
        let now = self.services.clock.now();
        let mut banned = Vec::new();
        for (id, before) in changed {
            let Some(member) = self.members.get(id) else {
                continue;
            };
            let (user, role, outbox) =
                (member.identity.user_id, member.role, member.outbox.clone());
            let after = member.sanctions.clone();
            let after = after.as_deref().unwrap_or_default();
            let before = before.as_deref().unwrap_or_default();
            let moderates = role >= Role::Moderator;
            let changes = SanctionMessages::of(before, after, moderates, now);
            for message in changes.messages {
                self.delivery.send_to(id, message);
            }
            if changes.is_banned {
                banned.push(outbox);
            }
            self.schedule_expiry(user, after.iter().filter_map(|it| it.expires_at).min());
        }
        if !banned.is_empty() {
            self.delivery.flush_now(&self.members);
            for outbox in banned {
                outbox.close(CloseReason::Banned);
            }
        }
    }

    /// Has the user told when the first of their sanctions is over, at this time. There is
    /// one timer for each user, however often they join.
    pub(super) fn schedule_expiry(&mut self, user: UserId, expires_at: Option<DateTime<Utc>>) {
        let Some(expires_at) = expires_at else { return };
        let left = (expires_at - self.services.clock.now()).to_std();
        let due = Instant::now() + left.unwrap_or_default().min(MAX_WAIT) + MARGIN;
        let known = self.sanction_timers.get(&user);
        if known.is_none_or(|known| *known > due) {
            self.sanction_timers.insert(user, due);
            self.timers.at(due, Timer::Sanction(user));
        }
    }

    /// Tells a user about the sanctions whose time is over.
    pub(super) fn expire_sanctions(&mut self, user: UserId) {
        self.sanction_timers.remove(&user);
        let now = self.services.clock.now();
        let changed = self.members.expire_sanctions(user, now);
        self.send_sanctions(changed);
        let next = self.members.next_expiry(user);
        self.schedule_expiry(user, next);
    }

    /// Whether a sanction forbids the member the activity; then they are told.
    pub(super) fn refuses(
        &mut self,
        connection: ConnectionId,
        activity: Activity,
        op_id: Option<OpId>,
    ) -> bool {
        let member = self.members.get(connection);
        let Some(sanctions) = member.and_then(|member| member.sanctions.as_ref()) else {
            return false;
        };
        let now = self.services.clock.now();
        let Some(sanction) = forbidding(sanctions, activity, now) else {
            return false;
        };
        let refusal = replies::refusal(op_id, &WriteError::Sanctioned(sanction));
        self.delivery.send_to(connection, refusal);
        true
    }
}
