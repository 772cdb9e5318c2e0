//! What the canvas asks of its members. What is durable is decided in the transaction; here
//! only ephemeral requests are refused.

use super::{Room, members::Member, replies};
use crate::{db::access::Standing, realtime::order};
use shared::{
    api::sanctions::Activity,
    ids::{ConnectionId, OpId},
    time::Timestamp,
};

impl Room {
    /// Until when the user of a connection that joins is a newcomer whose acts are limited.
    pub(super) fn newcomer_until(&self, standing: &Standing) -> Option<Timestamp> {
        let until = standing.newcomer_until?;
        let is_limited = self.order.limits_newcomers && !standing.has_given_role;
        is_limited.then(|| until.into())
    }

    /// What is known of a member now.
    pub(super) fn standing(&self, member: &Member) -> Standing {
        let until = member.standing.newcomer_until;
        Standing {
            newcomer_until: until.filter(|until| *until > self.services.clock.now()),
            ..member.standing
        }
    }

    /// Whether the canvas's order forbids the member the activity; then they are told.
    pub(super) fn refuses_by_order(
        &mut self,
        connection: ConnectionId,
        activity: Activity,
        op_id: Option<OpId>,
    ) -> bool {
        let Some(member) = self.members.get(connection) else {
            return false;
        };
        let now = self.services.clock.now();
        let (standing, role) = (&member.standing, member.role);
        let Err(error) = order::check(&self.order, standing, role, activity, now) else {
            return false;
        };
        let refusal = replies::refusal(op_id, &error);
        self.delivery.send_to(connection, refusal);
        true
    }
}
