//! The connections without a canvas. They are in the registry as all others; here stands what
//! a room knows of its members: their sanctions, of which they are told.

use super::{Hub, Inner};
use crate::{
    db::sanctions::{self, Sanctions},
    realtime::{
        connection::AcceptedUser, outbox::Outbox, registry::ConnectionHandle,
        sanction_messages::SanctionMessages,
    },
};
use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use shared::{
    ids::{ConnectionId, UserId},
    protocol::CloseReason,
};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::{sync::Notify, time::timeout};

/// Time between two polls for changes that no message told of. The contract allows 5 s.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// The shortest wait, also where a sanction is just over: its end is by another clock.
const MIN_WAIT: Duration = Duration::from_millis(2);

/// See the module.
#[derive(Default)]
pub(super) struct UserConnections {
    open: Mutex<HashMap<ConnectionId, Listening>>,
    /// Notified when the sanctions of somebody may have changed.
    pub(super) check: Arc<Notify>,
}

struct Listening {
    user: UserId,
    is_admin: bool,
    /// The server's part of the access version when the sanctions were read.
    access_version: i64,
    /// Those on the whole server, in force when they were read.
    sanctions: Option<Sanctions>,
    outbox: Arc<Outbox>,
}

impl Listening {
    /// Replaces the sanctions, and sends the messages of the difference.
    fn update(&mut self, after: Option<Sanctions>, now: DateTime<Utc>) {
        let before = std::mem::replace(&mut self.sanctions, after);
        let changes = SanctionMessages::of(
            before.as_deref().unwrap_or_default(),
            self.sanctions.as_deref().unwrap_or_default(),
            self.is_admin,
            now,
        );
        for message in changes.messages {
            self.outbox.push(message);
        }
        if changes.is_banned {
            self.outbox.close(CloseReason::Banned);
        }
    }

    fn next_expiry(&self) -> Option<DateTime<Utc>> {
        let sanctions = self.sanctions.iter().flat_map(|all| all.iter());
        sanctions.filter_map(|sanction| sanction.expires_at).min()
    }
}

impl UserConnections {
    pub(super) fn remove(&self, connection: ConnectionId) {
        self.open.lock().remove(&connection);
    }

    /// The users whose sanctions were read under another access version.
    fn outdated(&self, access_version: i64) -> Vec<UserId> {
        let open = self.open.lock();
        let outdated = open
            .values()
            .filter(|it| it.access_version != access_version);
        let users: BTreeSet<UserId> = outdated.map(|it| it.user).collect();
        users.into_iter().collect()
    }

    /// Takes over the sanctions of these users, which were read under this access version.
    fn take(
        &self,
        users: &[UserId],
        read: &HashMap<UserId, Sanctions>,
        access_version: i64,
        now: DateTime<Utc>,
    ) {
        for listening in self.open.lock().values_mut() {
            if users.binary_search(&listening.user).is_ok() {
                listening.access_version = access_version;
                listening.update(read.get(&listening.user).cloned(), now);
            }
        }
    }

    /// Tells of the sanctions whose time is over.
    fn expire(&self, now: DateTime<Utc>) {
        for listening in self.open.lock().values_mut() {
            if listening.next_expiry().is_some_and(|end| end <= now) {
                let all = listening.sanctions.iter().flat_map(|all| all.iter());
                let left = all.filter(|it| it.is_in_force(now)).cloned().collect();
                listening.update(Some(left), now);
            }
        }
    }

    /// How long until something has to be looked at.
    fn wait(&self, now: DateTime<Utc>) -> Duration {
        let next = self
            .open
            .lock()
            .values()
            .filter_map(Listening::next_expiry)
            .min();
        let left = next.map(|end| (end - now).to_std().unwrap_or_default());
        left.unwrap_or(POLL_INTERVAL)
            .min(POLL_INTERVAL)
            .max(MIN_WAIT)
    }
}

impl Hub {
    /// Tells a registered connection without a canvas of its user's sanctions from now on,
    /// until it is unregistered. `sanctions` are those that it knows of.
    pub(in crate::realtime) fn listen(
        &self,
        connection: &ConnectionHandle,
        user: AcceptedUser,
        sanctions: Option<Sanctions>,
    ) {
        let listening = Listening {
            user: connection.identity.user_id,
            is_admin: user.is_admin,
            access_version: user.access_version,
            sanctions,
            outbox: connection.outbox.clone(),
        };
        let connections = &self.inner.user_connections;
        connections
            .open
            .lock()
            .insert(connection.connection_id, listening);
        // They may have changed since they were read.
        connections.check.notify_one();
    }
}

impl Inner {
    async fn check_user_connections(&self) {
        let connections = &self.user_connections;
        if connections.open.lock().is_empty() {
            return;
        }
        connections.expire(self.clock.now());
        let read = async {
            let version = sanctions::server_version(&self.pool).await?;
            let users = connections.outdated(version);
            let found = sanctions::in_force_on_server(&self.pool, &users).await?;
            Ok::<_, crate::db::DbError>((version, users, found))
        };
        match read.await {
            Ok((version, users, found)) => {
                connections.take(&users, &found, version, self.clock.now());
            }
            Err(error) => tracing::debug!(%error, "the sanctions could not be read"),
        }
    }
}

/// Tells the connections without a canvas of their users' sanctions: when `check` is notified,
/// when one is over, and every [`POLL_INTERVAL`]. Ends with the hub.
pub(super) async fn run(inner: Weak<Inner>, check: Arc<Notify>) {
    let mut wait = POLL_INTERVAL;
    loop {
        // Both outcomes mean that it is time to look.
        let _ = timeout(wait, check.notified()).await;
        let Some(inner) = inner.upgrade() else { return };
        inner.check_user_connections().await;
        wait = inner.user_connections.wait(inner.clock.now());
    }
}
