//! How a connection joins the room and leaves it.

use super::{
    Room,
    command::{Command, Join, Joined},
    members::Member,
    sanctions::shown,
    throttle::{Change, ChangeKind},
    tile_locks::to_wire,
    timers::Timer,
};
use crate::{
    db,
    realtime::{
        cluster_message::PresenceField, frame::EncodedFrame, outbound::OutboundMessage,
        presence::Arrival, write::Identity,
    },
};
use bytes::Bytes;
use shared::{
    ids::{ConnectionId, UserId},
    limits,
    protocol::{CloseReason, Connected, ServerMessage, UserCount},
};
use std::{sync::atomic::Ordering, time::Instant};

impl Room {
    /// Queues a join. It is admitted at the end of the step, unless the client
    /// has seen newer events than this room, or told the time of an event that is not
    /// in memory: then the log is read first.
    pub(super) fn queue_join(&mut self, mut join: Join) {
        let head = self.delivery.head();
        if let (Some(told), Some(seq)) = (join.last_timestamp, join.last_seq)
            && join.epoch == Some(self.log.epoch)
            && (1..=head).contains(&seq)
        {
            match self.delivery.event_time(seq) {
                Some(time) => join.compare_time(Some(time), told),
                None if head - seq <= limits::RESUME_EVENTS => {
                    return self.joins.push_uncompared(join);
                }
                // Too far behind in any case.
                None => {}
            }
        }
        self.joins.push(join, head, self.log.epoch);
    }

    /// Has the times read from the log that joins have to be compared with. If the
    /// database is away the joins are dropped, which closes their connections.
    pub(super) fn compare_joins(&mut self) {
        let mut joins = self.joins.take_uncompared();
        if joins.is_empty() {
            return;
        }
        let (pool, canvas) = (self.services.pool.clone(), self.canvas_id);
        let log = self.services.log.clone();
        let commands = self.commands.clone();
        tokio::spawn(async move {
            let seqs: Vec<i64> = joins.iter().filter_map(|join| join.last_seq).collect();
            let times = match log.event_times(&pool, canvas, &seqs).await {
                Ok(times) => times,
                Err(error) => {
                    tracing::warn!(%canvas, %error, "the times of events could not be read");
                    return;
                }
            };
            for join in &mut joins {
                if let (Some(told), Some(seq)) = (join.last_timestamp, join.last_seq) {
                    join.compare_time(times.get(&seq).copied(), told);
                }
            }
            if let Some(commands) = commands.upgrade() {
                // Fails only if the room ended.
                let _ = commands.send(Command::Compared(joins)).await;
            }
        });
    }

    /// Admits the waiting connections. Each finds the others in its list of
    /// users, and the earlier members get a `user_joined` for each new user.
    pub(super) fn admit_waiting(&mut self) {
        let joins = self.joins.take_waiting();
        if joins.is_empty() {
            return;
        }
        for join in &joins {
            let arrival =
                self.presence
                    .join(&join.identity, &join.status_message, join.connection_id);
            self.send_arrival(join.connection_id, &join.identity, arrival);
        }
        let active_users = EncodedFrame::of(&self.presence.views()).json();
        for join in joins {
            self.admit(join, &active_users);
        }
    }

    fn admit(&mut self, join: Join, active_users: &Bytes) {
        if self.is_deleted {
            join.outbox.close(CloseReason::CanvasDeleted);
        }
        let (resume, replay) = self
            .delivery
            .resume(join.last_seq, join.epoch, self.log.epoch);
        let head = self.delivery.head();
        let connected = Connected {
            connection_id: join.connection_id,
            canvas_id: self.canvas_id,
            user_id: join.identity.user_id,
            username: join.identity.username.to_string(),
            display_name: join.identity.display_name.to_string(),
            role: join.role,
            epoch: self.log.epoch,
            seq: head,
            resume,
            active_users: Vec::new(),
            locks: self.locks.iter().map(to_wire).collect(),
            sanctions: shown(join.sanctions.as_ref(), join.role),
            newcomer_until: self.newcomer_until(&join.standing),
            server_time: self.services.clock.now().into(),
            heartbeat: join.heartbeat,
            blocked: join.blocked,
        };
        let connected = ServerMessage::Connected(Box::new(connected));
        let joined = Joined {
            connected: OutboundMessage::with_shared_list(&connected, "active_users", active_users),
            head,
            replay,
        };
        let user = join.identity.user_id;
        let member = Member {
            identity: join.identity,
            role: join.role,
            acl_version: join.acl_version,
            sanctions: join.sanctions,
            standing: join.standing,
            outbox: join.outbox,
            joined_at: self.delivery.position(),
        };
        let sanctions = member.sanctions.iter().flat_map(|all| all.iter());
        let expires_at = sanctions.filter_map(|sanction| sanction.expires_at).min();
        self.members.insert(join.connection_id, member);
        self.schedule_expiry(user, expires_at);
        self.publish_presence(user, join.connection_id, PresenceField::All);
        if join.reply.send(joined).is_err() {
            // The connection ended while it waited.
            self.leave(join.connection_id);
        }
    }

    /// Sends what the members have to know of a connection that joined, here or on another
    /// node.
    pub(super) fn send_arrival(
        &mut self,
        connection: ConnectionId,
        identity: &Identity,
        arrival: Arrival,
    ) {
        match arrival {
            Arrival::First => {
                self.store_user_count();
                let joined = ServerMessage::UserJoined(self.with_user_count(identity));
                self.send_ephemeral(connection, identity, "user", &joined);
            }
            Arrival::Renamed => {
                self.send_display_name(connection, identity);
                self.rewrite_presence(identity.user_id);
            }
            Arrival::Another => {}
        }
    }

    /// Removes a member whose connection ended.
    pub(super) fn leave(&mut self, connection: ConnectionId) {
        let Some(member) = self.members.remove(connection) else {
            return;
        };
        let user = member.identity.user_id;
        self.depart(user, connection);
        self.publish_departure(user, connection);
        self.release_locks(connection);
    }

    /// Removes a connection, of this or of another node, from the presence.
    pub(super) fn depart(&mut self, user: UserId, connection: ConnectionId) {
        let departure = self.presence.leave(user, connection, Instant::now());
        if departure.stopped_typing {
            let change = Change::Typing(false);
            self.pass_on(user, connection, ChangeKind::Typing, Some(change), false);
        }
        if let Some(tile) = departure.stopped_editing {
            let change = Change::Editing(tile, false);
            self.pass_on(user, connection, ChangeKind::Editing, Some(change), false);
        }
        if let Some(due) = departure.leaves_at {
            self.timers.at(due, Timer::Leave(user));
        }
    }

    /// Sends `user_left` for a user who has had no connection for long enough.
    /// True if the user's last connection was one of this node.
    pub(super) fn expire_user(&mut self, user: UserId, now: Instant) -> bool {
        let Some((identity, was_here)) = self.presence.expire(user, now) else {
            return false;
        };
        self.throttle.remove(user);
        self.store_user_count();
        let left = ServerMessage::UserLeft(self.with_user_count(&identity));
        self.delivery
            .broadcast(OutboundMessage::ephemeral(user, "user", &left));
        was_here
    }

    /// Writes when these users were on a canvas last, with one statement: when a
    /// network fails they are many.
    pub(super) fn store_last_seen(&self, users: Vec<UserId>) {
        let pool = self.services.pool.clone();
        tokio::spawn(async move {
            if let Err(error) = db::users::seen(&pool, &users).await {
                tracing::debug!(%error, "when users were here last could not be kept");
            }
        });
    }

    /// Lets the hub read how many users are on the canvas.
    pub(super) fn store_user_count(&self) {
        self.user_count
            .store(self.presence.count(), Ordering::Relaxed);
    }

    fn with_user_count(&self, identity: &Identity) -> UserCount {
        UserCount {
            user_id: identity.user_id,
            username: identity.username.to_string(),
            display_name: identity.display_name.to_string(),
            active_users: self.presence.count(),
            timestamp: self.services.clock.now().into(),
        }
    }
}
