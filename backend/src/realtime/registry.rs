//! The open connections of this node, as the administration, announcements and
//! ended sessions see them. It knows neither rooms nor sockets.

use super::{
    cluster_message::{ClientFilter, ClusterStats},
    metrics::MessageRates,
    outbound::OutboundMessage,
    outbox::Outbox,
    write::Identity,
};
use crate::db::notifications::Unread;
use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use serde_json::{Map, Value};
use shared::{
    api::Client,
    ids::{CanvasId, ConnectionId, SessionId, UserId},
    protocol::CloseReason,
};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

/// How long an ended session is remembered. Longer than it takes from the check of
/// a connection's session to its registration here.
const REVOKED_TTL: Duration = Duration::from_mins(1);

/// See [`NotificationState::delivered`].
const MAX_DELIVERED: usize = 64;

/// What kind of client a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientType {
    /// A browser with a person in front of it.
    Browser,
    /// A bot or script.
    Agent,
}

impl ClientType {
    /// The name in messages and query strings.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Agent => "agent",
        }
    }
}

/// An open connection as other tasks than its own see it. All fields are set when
/// it opens, except those that can change by themselves.
pub(crate) struct ConnectionHandle {
    pub(crate) connection_id: ConnectionId,
    pub(crate) identity: Identity,
    /// Changes when the client sends a token of another session.
    pub(crate) session_id: Mutex<SessionId>,
    /// None for a connection without a canvas.
    pub(crate) canvas_id: Option<CanvasId>,
    pub(crate) client_type: ClientType,
    pub(crate) platform: String,
    /// Set by the client's `hello`. Boxed, since few clients send it.
    pub(crate) hello: Mutex<Option<Box<Hello>>>,
    pub(crate) connected_at: DateTime<Utc>,
    /// When the last message arrived, in milliseconds since 1970.
    pub(crate) last_seen: AtomicI64,
    pub(crate) outbox: Arc<Outbox>,
}

/// What a client says about itself in `hello`.
#[derive(Debug)]
pub(crate) struct Hello {
    name: Box<str>,
    /// A JSON object as text: a parsed one takes many times its size.
    device: Box<str>,
}

impl ConnectionHandle {
    /// Notes that a message arrived.
    pub(crate) fn touch(&self, now: DateTime<Utc>) {
        self.last_seen
            .store(now.timestamp_millis(), Ordering::Relaxed);
    }

    /// The connection ends with this session from now on.
    pub(crate) fn set_session(&self, session_id: SessionId) {
        *self.session_id.lock() = session_id;
    }

    pub(crate) fn set_hello(&self, name: &str, device: &Map<String, Value>) {
        // Never fails: the keys are strings.
        let device = serde_json::to_string(device).unwrap_or_default();
        *self.hello.lock() = Some(Box::new(Hello {
            name: name.into(),
            device: device.into(),
        }));
    }

    /// Whether the filter selects this connection.
    fn matches(&self, filter: &ClientFilter) -> bool {
        filter.canvas_id.is_none_or(|id| Some(id) == self.canvas_id)
            && filter.user_id.is_none_or(|id| id == self.identity.user_id)
            && filter
                .client_type
                .as_deref()
                .is_none_or(|client_type| client_type == self.client_type.name())
            && filter
                .platform
                .as_deref()
                .is_none_or(|platform| platform == self.platform)
    }

    /// As the administration's list shows it.
    fn view(&self, node: &str) -> Client {
        let (client_name, device) = match self.hello.lock().as_deref() {
            Some(hello) => (
                hello.name.to_string(),
                serde_json::from_str(&hello.device).unwrap_or_default(),
            ),
            None => (String::new(), Map::new()),
        };
        let last_seen = self.last_seen.load(Ordering::Relaxed);
        Client {
            connection_id: self.connection_id,
            user_id: self.identity.user_id,
            username: self.identity.username.to_string(),
            canvas_id: self.canvas_id,
            client_type: self.client_type.name().to_owned(),
            platform: self.platform.clone(),
            client_name,
            device,
            node: node.to_owned(),
            connected_at: self.connected_at.into(),
            last_seen_at: DateTime::from_timestamp_millis(last_seen)
                .unwrap_or(self.connected_at)
                .into(),
        }
    }
}

/// The connections of one user.
#[derive(Default)]
struct UserConnections {
    /// Mostly there is one, and always few.
    connections: Vec<Arc<ConnectionHandle>>,
    /// Boxed, since most users get no notification while they are connected.
    notification_state: Option<Box<NotificationState>>,
}

/// Which of a user's notifications were delivered to the user's connections.
#[derive(Default)]
struct NotificationState {
    /// The newest count of unread notifications that there was.
    unread: Option<Unread>,
    /// The versions of the last notifications, at most [`MAX_DELIVERED`].
    delivered: VecDeque<i64>,
    /// Up to which version the user's notifications were polled, while Redis is away.
    polled: Option<i64>,
}

/// All open connections. Each map has a lock of its own, held for one operation.
#[derive(Default)]
pub(crate) struct Registry {
    connections: Mutex<HashMap<ConnectionId, Arc<ConnectionHandle>>>,
    /// The same connections by their users.
    users: Mutex<HashMap<UserId, UserConnections>>,
    /// Sessions that ended within the last [`REVOKED_TTL`], and when.
    revoked: Mutex<HashMap<SessionId, Instant>>,
    message_rates: Arc<MessageRates>,
}

impl Registry {
    /// Messages per second, counted by connections and rooms.
    pub(crate) fn message_rates(&self) -> &Arc<MessageRates> {
        &self.message_rates
    }

    /// The matching connections whose id is greater than `after`, in the order in
    /// which they were opened. `node` is this node's name.
    pub(crate) fn clients(
        &self,
        filter: &ClientFilter,
        after: Option<ConnectionId>,
        node: &str,
    ) -> Vec<Client> {
        let mut clients: Vec<Client> = self
            .connections
            .lock()
            .values()
            .filter(|connection| after.is_none_or(|after| connection.connection_id > after))
            .filter(|connection| connection.matches(filter))
            .map(|connection| connection.view(node))
            .collect();
        // UUIDs of version 7 are ordered by time.
        clients.sort_by_key(|client| client.connection_id);
        clients
    }

    /// A connection of this node, whose name is `node`.
    pub(crate) fn client(&self, id: ConnectionId, node: &str) -> Option<Client> {
        let connections = self.connections.lock();
        connections.get(&id).map(|connection| connection.view(node))
    }

    /// Closes a connection; false if this node has none with this id.
    pub(crate) fn kick(&self, connection_id: ConnectionId) -> bool {
        let connections = self.connections.lock();
        let connection = connections.get(&connection_id);
        if let Some(connection) = connection {
            connection.outbox.close(CloseReason::Kicked);
        }
        connection.is_some()
    }

    /// Sends a message to every matching connection.
    pub(crate) fn announce(&self, filter: &ClientFilter, message: &OutboundMessage) {
        for connection in self.connections.lock().values() {
            if connection.matches(filter) {
                connection.outbox.push(message.clone());
            }
        }
    }

    /// The connections of a user.
    pub(crate) fn of_user(&self, user: UserId) -> Vec<Arc<ConnectionHandle>> {
        let users = self.users.lock();
        users
            .get(&user)
            .map(|user| user.connections.clone())
            .unwrap_or_default()
    }

    /// Whether a connection is open.
    pub(crate) fn has(&self, connection: ConnectionId) -> bool {
        self.connections.lock().contains_key(&connection)
    }

    /// Sends a message to every connection of a user but this one.
    pub(crate) fn send_to_user(
        &self,
        user: UserId,
        message: &OutboundMessage,
        but: Option<ConnectionId>,
    ) {
        if let Some(user) = self.users.lock().get(&user) {
            let connections = user.connections.iter();
            for connection in connections.filter(|it| Some(it.connection_id) != but) {
                connection.outbox.push(message.clone());
            }
        }
    }

    /// Sends every connection of a user a message with the count of unread notifications: with
    /// the newest one that is known, so that the last message has it in any order of arrival.
    pub(crate) fn notify_user(
        &self,
        user: UserId,
        unread: Unread,
        message: impl FnOnce(i64) -> OutboundMessage,
    ) {
        let mut users = self.users.lock();
        let Some(user) = users.get_mut(&user) else {
            return;
        };
        let state = user.notification_state.get_or_insert_default();
        let known = state.unread.filter(|known| known.version > unread.version);
        let newest = known.unwrap_or(unread);
        state.unread = Some(newest);
        if state.delivered.len() == MAX_DELIVERED {
            state.delivered.pop_front();
        }
        state.delivered.push_back(unread.version);
        let message = message(newest.count);
        for connection in &user.connections {
            connection.outbox.push(message.clone());
        }
    }

    /// Whether the change with this version was delivered to the user's connections.
    pub(crate) fn was_notified(&self, user: UserId, version: i64) -> bool {
        let users = self.users.lock();
        let state = users
            .get(&user)
            .and_then(|user| user.notification_state.as_ref());
        state.is_some_and(|state| state.delivered.contains(&version))
    }

    /// The users with connections, and up to which version the notifications of each were
    /// polled.
    pub(crate) fn polled_users(&self) -> Vec<(UserId, Option<i64>)> {
        let users = self.users.lock();
        let polled = |user: &UserConnections| user.notification_state.as_ref()?.polled;
        users.iter().map(|(id, user)| (*id, polled(user))).collect()
    }

    /// A user's notifications were polled up to this version.
    pub(crate) fn set_polled(&self, user: UserId, version: i64) {
        if let Some(user) = self.users.lock().get_mut(&user) {
            user.notification_state.get_or_insert_default().polled = Some(version);
        }
    }

    /// Notes that no user's notifications are polled any more.
    pub(crate) fn reset_polled(&self) {
        let mut users = self.users.lock();
        for state in users
            .values_mut()
            .filter_map(|user| user.notification_state.as_mut())
        {
            state.polled = None;
        }
    }

    /// This node's part of the cluster's statistics.
    pub(crate) fn stats(&self) -> ClusterStats {
        let connections = self.connections.lock();
        let (messages_in_per_s, messages_out_per_s) = self.message_rates.per_second();
        let mut stats = ClusterStats {
            connections: connections.len(),
            messages_in_per_s,
            messages_out_per_s,
            ..ClusterStats::default()
        };
        for connection in connections.values() {
            stats.users.insert(connection.identity.user_id);
            stats.canvases.extend(connection.canvas_id);
            let client_type = connection.client_type.name().to_owned();
            *stats.by_type.entry(client_type).or_default() += 1;
            let platform = connection.platform.clone();
            *stats.by_platform.entry(platform).or_default() += 1;
        }
        stats
    }

    /// The ids of all open connections.
    pub(crate) fn connection_ids(&self) -> Vec<ConnectionId> {
        self.connections.lock().keys().copied().collect()
    }

    /// The sessions of the open connections, each once.
    pub(crate) fn sessions(&self) -> Vec<SessionId> {
        let connections = self.connections.lock();
        let sessions: HashSet<SessionId> = connections
            .values()
            .map(|connection| *connection.session_id.lock())
            .collect();
        sessions.into_iter().collect()
    }

    /// Closes the connections of an ended session, also those that are being opened
    /// at this moment.
    pub(crate) fn end_session(&self, session_id: SessionId, reason: CloseReason) {
        self.end_sessions(&[session_id], reason);
    }

    /// The same for several sessions.
    pub(crate) fn end_sessions(&self, sessions: &[SessionId], reason: CloseReason) {
        let now = Instant::now();
        let mut revoked = self.revoked.lock();
        revoked.retain(|_, at| now.duration_since(*at) < REVOKED_TTL);
        revoked.extend(sessions.iter().map(|session| (*session, now)));
        drop(revoked);
        let ended: HashSet<&SessionId> = sessions.iter().collect();
        for connection in self.connections.lock().values() {
            if ended.contains(&*connection.session_id.lock()) {
                connection.outbox.close(reason);
            }
        }
    }

    /// Closes the connection if its session ended after it was checked and before
    /// the connection was registered here.
    pub(crate) fn check_session(&self, connection: &ConnectionHandle) {
        let session_id = *connection.session_id.lock();
        if self.revoked.lock().contains_key(&session_id) {
            connection.outbox.close(CloseReason::Revoked);
        }
    }

    /// Closes all connections; `reason` is called for each.
    pub(crate) fn close_all(&self, reason: impl Fn() -> CloseReason) {
        for connection in self.connections.lock().values() {
            connection.outbox.close(reason());
        }
    }

    pub(crate) fn insert(&self, connection: &Arc<ConnectionHandle>) {
        self.connections
            .lock()
            .insert(connection.connection_id, connection.clone());
        let mut users = self.users.lock();
        let user = users.entry(connection.identity.user_id).or_default();
        user.connections.reserve_exact(1);
        user.connections.push(connection.clone());
        drop(users);
        self.check_session(connection);
    }

    pub(crate) fn remove(&self, connection_id: ConnectionId) {
        let Some(connection) = self.connections.lock().remove(&connection_id) else {
            return;
        };
        let user_id = connection.identity.user_id;
        let mut users = self.users.lock();
        if let Some(user) = users.get_mut(&user_id) {
            let others = &mut user.connections;
            others.retain(|other| other.connection_id != connection_id);
            if others.is_empty() {
                users.remove(&user_id);
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.connections.lock().is_empty()
    }
}
