//! Delivers what concerns a user to every connection of the user, on all nodes, whatever
//! canvas it is on: notifications, and messages of others to the user. Nothing is stored here:
//! what a node misses is in the database, where clients read it.

use super::{
    bus::{Bus, Channel},
    cluster_message::Message,
    outbound::OutboundMessage,
    registry::Registry,
};
use crate::db::{
    self, Pool,
    notifications::{Change, OutgoingNotification, Unread},
};
use bytes::Bytes;
use parking_lot::Mutex;
use shared::{
    api::notifications::{Notification, NotificationKind},
    ids::{ConnectionId, UserId},
    protocol::{NotificationsRead, Notified, ServerMessage},
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::time;

/// A notification that counts more acts than this is delivered once in [`INTERVAL`] while it grows.
const IMMEDIATE_ACTS: i64 = 10;
/// See [`IMMEDIATE_ACTS`].
const INTERVAL: Duration = Duration::from_secs(1);

/// See the module. Cheap to clone; clones share their state.
#[derive(Clone)]
pub(crate) struct Notifier {
    inner: Arc<Inner>,
}

struct Inner {
    pool: Pool,
    registry: Arc<Registry>,
    bus: Bus,
    /// Notifications that were delivered within [`INTERVAL`] and grow, and whether they grew since.
    growing: Mutex<HashMap<i64, bool>>,
}

impl Notifier {
    pub(crate) fn new(pool: Pool, registry: Arc<Registry>, bus: Bus) -> Self {
        Self {
            inner: Arc::new(Inner {
                pool,
                registry,
                bus,
                growing: Mutex::default(),
            }),
        }
    }

    /// Sends a message to every connection of a user, on all nodes, but to this one.
    pub(crate) fn send(&self, user: UserId, message: &ServerMessage, but: Option<ConnectionId>) {
        let message = OutboundMessage::reply(message);
        self.inner.registry.send_to_user(user, &message, but);
        let line = message.frame.json();
        let header = Message::ToUser { but };
        self.inner
            .bus
            .publish_with(Channel::User(user), &header, &[line]);
    }

    /// Delivers notifications whose transaction was committed.
    pub(crate) fn notify(&self, outgoing: Vec<OutgoingNotification>) {
        if !outgoing.is_empty() {
            metrics::counter!("stellar_notifications_total").increment(outgoing.len() as u64);
        }
        for next in outgoing {
            let notification = &next.notification;
            if is_frequent(notification) {
                let id = notification.id;
                let mut growing = self.inner.growing.lock();
                if let Some(has_grown) = growing.get_mut(&id) {
                    *has_grown = true;
                    continue;
                }
                growing.insert(id, false);
                drop(growing);
                tokio::spawn(self.clone().deliver_growth(next.user, id));
            }
            self.deliver(next);
        }
    }

    /// Delivers how many notifications of a user are unread, after some were read and the
    /// transaction was committed.
    pub(crate) fn notifications_read(&self, user: UserId, unread: Unread) {
        self.show(user, unread, None);
        self.inner
            .bus
            .publish(Channel::User(user), &Message::Notified(unread));
    }

    fn deliver(&self, outgoing: OutgoingNotification) {
        // Plain data always serializes.
        let line = serde_json::to_vec(&outgoing.notification).unwrap_or_default();
        self.show(outgoing.user, outgoing.unread, Some(outgoing.notification));
        let message = Message::Notified(outgoing.unread);
        self.inner
            .bus
            .publish_with(Channel::User(outgoing.user), &message, &[Bytes::from(line)]);
    }

    /// Delivers a notification that grows once in [`INTERVAL`], as it is then, until it grows no
    /// more or was read.
    async fn deliver_growth(self, user: UserId, id: i64) {
        loop {
            time::sleep(INTERVAL).await;
            let has_grown = {
                let mut growing = self.inner.growing.lock();
                let has_grown = growing.insert(id, false).unwrap_or(false);
                if !has_grown {
                    growing.remove(&id);
                }
                has_grown
            };
            if !has_grown {
                return;
            }
            match db::notifications::unread(&self.inner.pool, user, id).await {
                Ok(Some(outgoing)) => self.deliver(outgoing),
                Ok(None) => {}
                Err(error) => tracing::debug!(%error, "a notification could not be read"),
            }
        }
    }

    /// Shows the connections of this node a notification, or that some were read.
    fn show(&self, user: UserId, unread: Unread, notification: Option<Notification>) {
        self.inner.registry.notify_user(user, unread, |count| {
            OutboundMessage::reply(&match notification {
                Some(notification) => ServerMessage::Notification(Box::new(Notified {
                    notification,
                    unread_count: count,
                })),
                None => ServerMessage::NotificationsRead(NotificationsRead {
                    unread_count: count,
                }),
            })
        });
    }

    /// Delivers changes that were found in the database, unless they were delivered before.
    pub(super) fn catch_up(&self, mut changes: Vec<Change>) {
        let registry = &self.inner.registry;
        changes.retain(|change| !registry.was_notified(change.user, change.version));
        for change in changes {
            self.show(change.user, change.unread, change.notification);
        }
    }

    /// Takes a message of another node to this user's connections.
    pub(super) fn receive(&self, user: UserId, message: &Message, lines: &[Bytes]) {
        match message {
            Message::ToUser { but } => {
                for message in lines.iter().map(OutboundMessage::relayed_reply) {
                    self.inner.registry.send_to_user(user, &message, *but);
                }
            }
            Message::Notified(unread) => {
                if lines.is_empty() {
                    self.show(user, *unread, None);
                }
                for line in lines {
                    match serde_json::from_slice(line) {
                        Ok(notification) => self.show(user, *unread, Some(notification)),
                        Err(error) => tracing::debug!(%error, "a notification cannot be read"),
                    }
                }
            }
            _ => {}
        }
    }
}

/// Whether a notification may grow many times a second.
fn is_frequent(notification: &Notification) -> bool {
    notification.count > IMMEDIATE_ACTS
        && matches!(
            notification.kind,
            NotificationKind::TileLiked | NotificationKind::TilePainted
        )
}
