//! Brings private messages to the connections of one user in the order of their conversation.
//! Messages arrive from several tasks and nodes, and so in any order; one that is missing is
//! read from the database, and those after it wait meanwhile.
//!
//! What was delivered last is known for conversations in which something came a moment ago. For
//! others, a message that has a very new one before it is taken for one that came too early.

use super::Conversations;
use crate::{
    db::direct_messages,
    realtime::{
        bus::Channel,
        cluster_message::{DirectSent, Message},
        outbound::OutboundMessage,
        registry::ConnectionHandle,
    },
};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use shared::{
    api::conversations::DirectMessage,
    ids::{ConnectionId, ConversationId, MessageId, UserId},
    protocol::{DirectMessageSent, ServerMessage},
};
use std::{
    collections::HashMap,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::time::sleep;

/// How long it is known what was delivered last. Longer than [`RECENT`].
const KEPT: Duration = Duration::from_mins(1);
/// Messages of different nodes arrive in another order within so long at most.
const RECENT: TimeDelta = TimeDelta::seconds(5);
/// Messages of one conversation that wait for those before them. Further ones are found in the
/// database when the next one arrives.
const MAX_WAITING: usize = 256;
/// Missing messages that are read, the newest ones. A client to which more are missing reads
/// them itself.
const MAX_MISSING: i64 = 200;
/// How often and after which pause missing messages are asked for again.
const TRIES: u32 = 4;
const RETRY_DELAY: Duration = Duration::from_millis(200);

type Key = (ConversationId, UserId);

/// What was delivered to the users of this node.
#[derive(Default)]
pub(super) struct Deliveries {
    trackers: Mutex<HashMap<Key, Arc<Mutex<SeqTracker>>>>,
    acks: Arc<Mutex<HashMap<MessageId, Weak<PendingAck>>>>,
}

/// The `ack` of a message of a connection. It is known before the message is committed: from
/// then on the message may be read from the database, and be shown before the task that stored
/// it comes to deliver it.
pub(super) struct PendingAck {
    message: MessageId,
    connection: ConnectionId,
    ack: OutboundMessage,
    is_sent: AtomicBool,
    all: Arc<Mutex<HashMap<MessageId, Weak<Self>>>>,
}

impl PendingAck {
    fn send(&self, connection: &ConnectionHandle) {
        if !self.is_sent.swap(true, Ordering::Relaxed) {
            connection.outbox.push(self.ack.clone());
        }
    }
}

impl Drop for PendingAck {
    fn drop(&mut self) {
        self.all.lock().remove(&self.message);
    }
}

impl Deliveries {
    fn of(&self, key: Key) -> Arc<Mutex<SeqTracker>> {
        self.trackers.lock().entry(key).or_default().clone()
    }

    /// Has this connection get `ack` in place of a message that is about to be committed,
    /// once, as long as what is returned lives.
    pub(super) fn expect_ack(
        &self,
        message: MessageId,
        connection: ConnectionId,
        ack: OutboundMessage,
    ) -> Arc<PendingAck> {
        let pending = Arc::new(PendingAck {
            message,
            connection,
            ack,
            is_sent: AtomicBool::new(false),
            all: self.acks.clone(),
        });
        self.acks.lock().insert(message, Arc::downgrade(&pending));
        pending
    }

    fn expected(&self, message: MessageId) -> Option<Arc<PendingAck>> {
        self.acks.lock().get(&message).and_then(Weak::upgrade)
    }

    /// A message that was read from the database.
    pub(super) fn found(&self, user: UserId, message: DirectMessage) -> Item {
        let sent = DirectSent::new(&message, None, false);
        let ack = (message.sender_id == user)
            .then(|| self.expected(message.message_id))
            .flatten();
        let frame = frame(message);
        Item {
            is_found: true,
            ack,
            ..Item::own(user, &sent, &frame)
        }
    }

    pub(super) fn evict_idle(&self) {
        let mut trackers = self.trackers.lock();
        trackers.retain(|_, tracker| {
            Arc::strong_count(tracker) > 1 || tracker.lock().used.elapsed() < KEPT
        });
        if trackers.capacity() > 4 * trackers.len() {
            trackers.shrink_to_fit();
        }
    }
}

/// A message on its way to the connections of one user.
pub(super) struct Item {
    user: UserId,
    sent: DirectSent,
    message: OutboundMessage,
    /// What the connection that sent it gets in place of the message.
    ack: Option<Arc<PendingAck>>,
    /// Whether it was read from the database. Connections that were opened after it was stored
    /// read it there themselves.
    is_found: bool,
}

impl Item {
    /// A message that this node stored or, with `sent.is_again`, removed.
    fn own(user: UserId, sent: &DirectSent, message: &OutboundMessage) -> Self {
        Self {
            user,
            sent: *sent,
            message: message.clone(),
            ack: None,
            is_found: false,
        }
    }

    /// A message of another node.
    pub(super) fn relayed(user: UserId, sent: &DirectSent, line: &Bytes) -> Self {
        Self::own(user, sent, &OutboundMessage::relayed_reply(line))
    }
}

fn frame(message: DirectMessage) -> OutboundMessage {
    let message = DirectMessageSent { message };
    OutboundMessage::reply(&ServerMessage::DirectMessage(message))
}

/// What a user was shown of a conversation.
struct SeqTracker {
    /// The `seq` of the newest message; `None` if nothing came lately.
    delivered: Option<i64>,
    /// What came while missing messages are being read.
    waiting: Option<Vec<Item>>,
    used: Instant,
}

impl Default for SeqTracker {
    fn default() -> Self {
        Self {
            delivered: None,
            waiting: None,
            used: Instant::now(),
        }
    }
}

/// The messages that have to come first: those after `after`, up to `until`, and not stored
/// before `since`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Missing {
    after: i64,
    until: i64,
    since: Option<DateTime<Utc>>,
}

impl SeqTracker {
    /// What is missing before a message can be shown.
    fn missing(&self, sent: &DirectSent, now: DateTime<Utc>) -> Option<Missing> {
        // A removed message is shown again, but not before it was shown.
        let until = if sent.is_again {
            sent.seq
        } else {
            sent.seq - 1
        };
        if let Some(after) = self.delivered {
            return (after < until).then_some(Missing {
                after,
                until,
                since: None,
            });
        }
        let at = sent.at();
        let is_recent = if sent.is_again {
            now - at < RECENT
        } else {
            sent.previous_at()
                .is_some_and(|previous| at - previous < RECENT)
        };
        is_recent.then_some(Missing {
            after: 0,
            until,
            since: Some(at - RECENT),
        })
    }

    /// Shows a message to the connections, unless they have it.
    fn show(&mut self, item: &Item, connections: &[Arc<ConnectionHandle>]) {
        let sent = &item.sent;
        let is_known = !sent.is_again && self.delivered.is_some_and(|last| sent.seq <= last);
        // Times of messages are whole milliseconds.
        let stored_by = sent.at() + TimeDelta::milliseconds(1);
        for connection in connections {
            let id = connection.connection_id;
            match &item.ack {
                Some(ack) if ack.connection == id => ack.send(connection),
                _ if is_known || (item.is_found && connection.connected_at > stored_by) => {}
                _ => connection.outbox.push(item.message.clone()),
            }
        }
        if !sent.is_again {
            self.delivered = self.delivered.max(Some(sent.seq));
        }
    }
}

impl Conversations {
    /// Delivers a message that this node stored, to both users on all nodes: `previous_at` is
    /// the time of the message before it. The connection that sent it gets `ack` in its place.
    pub(super) fn deliver_stored(
        &self,
        message: DirectMessage,
        other: UserId,
        previous_at: Option<DateTime<Utc>>,
        ack: Option<Arc<PendingAck>>,
    ) {
        let sender = message.sender_id;
        let sent = DirectSent::new(&message, previous_at, false);
        let frame = frame(message);
        self.deliver(Item {
            ack,
            ..Item::own(sender, &sent, &frame)
        });
        self.deliver(Item::own(other, &sent, &frame));
        self.publish(&sent, &frame, [sender, other]);
    }

    /// Delivers a message once more, after it was removed.
    pub(super) fn deliver_removed(&self, message: DirectMessage, other: UserId) {
        let sender = message.sender_id;
        let sent = DirectSent::new(&message, None, true);
        let frame = frame(message);
        for user in [sender, other] {
            self.deliver(Item::own(user, &sent, &frame));
        }
        self.publish(&sent, &frame, [sender, other]);
    }

    fn publish(&self, sent: &DirectSent, frame: &OutboundMessage, users: [UserId; 2]) {
        let line = frame.frame.json();
        for user in users {
            let message = Message::Direct(*sent);
            let channel = Channel::User(user);
            self.inner
                .bus
                .publish_with(channel, &message, std::slice::from_ref(&line));
        }
    }

    /// Shows a message to the user's connections on this node, after those before it.
    pub(super) fn deliver(&self, item: Item) {
        let key = (item.sent.conversation, item.user);
        let connections = self.inner.registry.of_user(item.user);
        if connections.is_empty() {
            self.inner.deliveries.trackers.lock().remove(&key);
            return;
        }
        let tracker = self.inner.deliveries.of(key);
        let mut state = tracker.lock();
        state.used = Instant::now();
        if let Some(waiting) = &mut state.waiting {
            if waiting.len() < MAX_WAITING || item.ack.is_some() {
                waiting.push(item);
            }
            return;
        }
        if state.missing(&item.sent, self.inner.clock.now()).is_none() {
            state.show(&item, &connections);
            return;
        }
        state.waiting = Some(vec![item]);
        drop(state);
        tokio::spawn(self.clone().backfill(key, tracker));
    }

    /// Reads what is missing before the messages that wait, and shows all of it.
    async fn backfill(self, key: Key, tracker: Arc<Mutex<SeqTracker>>) {
        loop {
            let missing = {
                let mut state = tracker.lock();
                let state = &mut *state;
                let waiting = state.waiting.get_or_insert_default();
                waiting.sort_by_key(|item| (item.sent.seq, item.sent.is_again));
                let now = self.inner.clock.now();
                let connections = self.inner.registry.of_user(key.1);
                loop {
                    let Some(item) = state.waiting.as_ref().and_then(|all| all.first()) else {
                        state.waiting = None;
                        return;
                    };
                    if let Some(missing) = state.missing(&item.sent, now) {
                        break missing;
                    }
                    if let Some(waiting) = &mut state.waiting {
                        let item = waiting.remove(0);
                        state.show(&item, &connections);
                    }
                }
            };
            metrics::counter!("stellar_direct_backfills_total").increment(1);
            let found = self.read_missing(key.0, missing).await;
            let mut state = tracker.lock();
            let connections = self.inner.registry.of_user(key.1);
            for message in found {
                let item = self.inner.deliveries.found(key.1, message);
                state.show(&item, &connections);
            }
            // What was not found is not asked for again.
            state.delivered = state.delivered.max(Some(missing.until));
        }
    }

    /// The missing messages, oldest first; none if the database is away.
    async fn read_missing(
        &self,
        conversation: ConversationId,
        missing: Missing,
    ) -> Vec<DirectMessage> {
        let Missing {
            after,
            until,
            since,
        } = missing;
        for attempt in 1..=TRIES {
            let pool = &self.inner.pool;
            let read =
                direct_messages::before(pool, conversation, after, until + 1, MAX_MISSING).await;
            match read {
                Ok(mut found) => {
                    found.retain(|message| {
                        since.is_none_or(|since| DateTime::from(message.created_at) >= since)
                    });
                    found.reverse();
                    return found;
                }
                Err(error) => {
                    tracing::debug!(%error, "missing private messages could not be read");
                    sleep(RETRY_DELAY * attempt).await;
                }
            }
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests;
