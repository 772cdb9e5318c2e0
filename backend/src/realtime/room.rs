//! One open canvas: a task that owns its members, its presence, its newest
//! events and its write queue. It knows nothing of sockets: what it says goes
//! into outboxes, and it never waits for anybody but the database.

mod access;
mod backfill;
mod ephemeral;
mod fanout;
mod locks;
mod remote;
mod requests;
mod timers;
mod writing;

use super::{
    bus::{Bus, Channel},
    cluster_message::{Message, PresenceField},
    failure_detector::FailureDetector,
    frame::{EncodedFrame, OutboundMessage},
    metrics::MessageRates,
    node_id::NodeId,
    outbox::Outbox,
    presence::{Arrival, Presence},
    presence_store::{self, PresenceSnapshot},
    ring::{Event, Ring},
    sequencer::Sequencer,
    write::{Done, Identity, Write, WriteError},
    writer::Request,
};
use crate::{
    clock::Clock,
    db::{self, ConnectionCache, locks::TileLock},
};
use bytes::Bytes;
use fanout::FanoutBuffer;
use remote::RemotePresence;
use shared::{
    canvas::{Coord, Grid, Role},
    ids::{CanvasId, ConnectionId, Epoch, UserId},
    limits,
    presence::ActiveUser,
    protocol::{
        ClientRequest, CloseReason, Connected, Heartbeat, Resume, ServerMessage, UserCount,
    },
};
use sqlx::PgPool;
use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Instant,
};
use timers::{Timer, Timers};
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, mpsc, oneshot},
    task::JoinHandle,
};
use writing::Finished;

/// Requests that may wait for the next transaction.
const MAX_QUEUED: usize = 4096;
/// No number of changes: who may do what is to be looked at.
const UNKNOWN_ACL: i64 = -1;
/// Commands taken in at once.
const COMMANDS_PER_STEP: usize = 512;
/// Turns of the others between a transaction and the next: in one of them the
/// sockets with something to read are found, in the other they are read.
const YIELDS_BEFORE_WRITE: usize = 2;
/// Events read from the log at once.
pub(crate) const PAGE: i64 = 300;

/// What a room is asked. Small, since a queue keeps room for 32 of them, twice.
pub(crate) enum Command {
    /// A connection comes.
    Join(Box<Join>),
    /// A connection is gone.
    Leave(ConnectionId),
    /// A connection asks for something; the place is given back with the answer.
    Ask(
        ConnectionId,
        Box<ClientRequest>,
        Option<OwnedSemaphorePermit>,
    ),
    /// An HTTP client asks for something durable.
    Write(Box<Write>, oneshot::Sender<Result<Done, WriteError>>),
    /// Who is there?
    ActiveUsers(oneshot::Sender<Vec<ActiveUser>>),
    /// A user's role changed; none ends their connections.
    Role(UserId, Option<Role>),
    /// The head of the log and the access version, as the database has them.
    Head(i64, i64),
    /// Another node told something.
    BusMessage(NodeId, Box<Message>, Vec<Bytes>),
    /// What was told may be lost.
    CatchUp,
    /// Who is there elsewhere, as it was read.
    PresenceSnapshot(Option<Box<PresenceSnapshot>>),
    /// Each node's last change, as it is kept.
    PresenceVersions(HashMap<NodeId, u64>),
    /// Leases as they were read.
    Leases(Vec<TileLock>),
    /// A node is gone.
    NodeGone(NodeId),
    /// The members' roles as they were read, if they could be.
    Roles(Option<Vec<(UserId, Option<Role>)>>),
    /// The canvas is gone.
    Deleted,
}

/// A connection that comes.
pub(crate) struct Join {
    pub(crate) connection_id: ConnectionId,
    pub(crate) identity: Identity,
    pub(crate) status_message: String,
    pub(crate) role: Role,
    /// The canvas's access version when the role was read.
    pub(crate) acl_version: i64,
    pub(crate) last_seq: Option<i64>,
    pub(crate) epoch: Option<Epoch>,
    pub(crate) heartbeat: Heartbeat,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) reply: oneshot::Sender<Joined>,
}

/// A connection that came. What the room says from now on waits in the outbox.
pub(crate) struct Joined {
    /// In pieces, one of which the others have too who come at the same time.
    pub(crate) connected: [OutboundMessage; 3],
    pub(crate) head: i64,
    pub(crate) replay: Replay,
}

/// The events that a resuming client missed.
pub(crate) enum Replay {
    /// None, or the client fetches a snapshot.
    Nothing,
    /// Still in memory.
    Events(Vec<Event>),
    /// In the log, after this `seq` up to the head.
    Log(i64),
}

struct Member {
    identity: Identity,
    role: Role,
    outbox: Arc<Outbox>,
    cursor: ephemeral::Cursor,
    /// How much the room had said when they came.
    since: u64,
}

#[cfg(test)]
impl Member {
    fn for_tests(since: u64) -> Self {
        Self {
            identity: Identity {
                user_id: UserId(1),
                username: "ann".into(),
                display_name: "Ann".into(),
                name_version: 0,
            },
            role: Role::Editor,
            outbox: Arc::default(),
            cursor: ephemeral::Cursor::default(),
            since,
        }
    }
}

enum Answer {
    Socket(ConnectionId, &'static str, Option<OwnedSemaphorePermit>),
    Http(oneshot::Sender<Result<Done, WriteError>>),
    /// The room asked for it itself.
    Nobody,
}

/// What a room task needs from the one who starts it.
pub(crate) struct Setup {
    pub(crate) canvas_id: CanvasId,
    pub(crate) pool: PgPool,
    /// Connections for transactions.
    pub(crate) connection_cache: ConnectionCache,
    pub(crate) clock: Clock,
    pub(crate) bus: Bus,
    /// The other nodes.
    pub(crate) nodes: Arc<FailureDetector>,
    /// Gives out versions for what is told of who is here.
    pub(crate) versions: Arc<AtomicU64>,
    pub(crate) commands: mpsc::Receiver<Command>,
    /// The other end of `commands`.
    pub(crate) sender: mpsc::WeakSender<Command>,
    /// Woken when somebody who held the room open no longer does.
    pub(crate) released: Arc<Notify>,
    /// Users on the canvas, for others to read.
    pub(crate) count: Arc<AtomicUsize>,
    /// Where what is said is counted.
    pub(crate) message_rates: Arc<MessageRates>,
}

/// See the module.
pub(crate) struct Room {
    canvas_id: CanvasId,
    grid: Grid,
    epoch: Epoch,
    pool: PgPool,
    connection_cache: ConnectionCache,
    clock: Clock,
    bus: Bus,
    nodes: Arc<FailureDetector>,
    remote: RemotePresence,
    count: Arc<AtomicUsize>,
    sequencer: Sequencer,
    /// The access version that the members' roles belong to, or [`UNKNOWN_ACL`].
    acl_version: i64,
    ring: Ring,
    members: HashMap<ConnectionId, Member>,
    fanout: FanoutBuffer,
    message_rates: Arc<MessageRates>,
    presence: Presence,
    locks: HashMap<Coord, (TileLock, Instant)>,
    timers: Timers,
    queue: VecDeque<(Request, Answer)>,
    in_flight: Option<JoinHandle<Finished>>,
    /// Those who come in this turn. They are let in together: who is there is
    /// put into words once for all of them.
    joining: Vec<Join>,
    /// Those who know of newer events than the sequencer does: they heard of them
    /// on another node.
    joins_ahead: Vec<Join>,
    /// Read from the log, but not told yet.
    backfilled: Vec<Event>,
    deleted: bool,
}

/// Runs a room until nobody needs it. `close` is asked when nobody seems to,
/// and says whether that is so.
pub(crate) async fn run(setup: Setup, close: impl Fn() -> bool) {
    // What is told from here on waits among the commands; what was told before
    // is in the database, and in the snapshot.
    let canvas_id = setup.canvas_id;
    setup.bus.subscribed(Channel::Room(canvas_id)).await;
    let released = setup.released.clone();
    let (mut room, mut commands) = match Box::pin(Room::load(setup)).await {
        Ok(Some(loaded)) => loaded,
        Ok(None) => return,
        Err(error) => {
            tracing::warn!(%canvas_id, %error, "a canvas could not be opened");
            return;
        }
    };
    loop {
        let timer = room.timers.next();
        let was_writing = room.in_flight.is_some();
        let in_flight = room.in_flight.as_mut();
        tokio::select! {
            command = commands.recv() => match command {
                Some(command) => room.command(command),
                None => return,
            },
            finished = async { match in_flight {
                Some(task) => task.await,
                None => std::future::pending().await,
            } } => {
                room.in_flight = None;
                match finished {
                    Ok(finished) => room.finish(finished),
                    Err(error) => {
                        // The task panicked; its requests' answers went with it.
                        tracing::error!(%canvas_id, %error, "a write task failed");
                        room.close_all(CloseReason::Internal);
                    }
                }
            }
            () = tokio::time::sleep_until(timer.into()) => room.tick(Instant::now()),
            () = released.notified() => {}
        }
        room.take_in(&mut commands);
        room.flush().await;
        if was_writing && room.in_flight.is_none() {
            // Who has just heard something may have answered already: that goes
            // into the next transaction, not into the one after it.
            for _ in 0..YIELDS_BEFORE_WRITE {
                tokio::task::yield_now().await;
            }
            room.take_in(&mut commands);
        }
        room.start_write();
        room.flush().await;
        if room.is_idle() && close() {
            room.retire();
            return;
        }
    }
}

impl Room {
    async fn load(setup: Setup) -> sqlx::Result<Option<(Self, mpsc::Receiver<Command>)>> {
        let Setup {
            canvas_id,
            pool,
            connection_cache,
            clock,
            bus,
            nodes,
            versions,
            commands,
            sender,
            released: _,
            count,
            message_rates,
        } = setup;
        let Some(canvas) = db::log::room(&pool, canvas_id).await? else {
            return Ok(None);
        };
        let now = Instant::now();
        let mut timers = Timers::default();
        let mut locks = HashMap::new();
        for lease in db::locks::held(&pool, canvas_id).await? {
            let ends = now + locks::left(&lease, &clock);
            timers.at(ends, Timer::Lock(lease.at));
            locks.insert(lease.at, (lease, ends));
        }
        let snapshot = presence_store::read(&bus, &[canvas_id]).await;
        let snapshot = snapshot.and_then(|mut all| all.pop());
        let mut room = Self {
            canvas_id,
            grid: canvas.grid,
            epoch: canvas.epoch,
            pool,
            connection_cache,
            clock,
            bus,
            nodes,
            remote: RemotePresence::new(sender, versions),
            count,
            sequencer: Sequencer::new(canvas.last_seq),
            acl_version: canvas.acl_version,
            ring: Ring::default(),
            members: HashMap::new(),
            fanout: FanoutBuffer::default(),
            message_rates,
            presence: Presence::default(),
            locks,
            timers,
            queue: VecDeque::new(),
            in_flight: None,
            joining: Vec::new(),
            joins_ahead: Vec::new(),
            backfilled: Vec::new(),
            deleted: false,
        };
        if let Some(mut snapshot) = snapshot {
            snapshot.retain_nodes(|node| room.nodes.is_live(node));
            room.start_from(snapshot);
        }
        Ok(Some((room, commands)))
    }

    /// Takes in what waits, up to a limit.
    fn take_in(&mut self, commands: &mut mpsc::Receiver<Command>) {
        for _ in 0..COMMANDS_PER_STEP {
            let Ok(command) = commands.try_recv() else {
                break;
            };
            self.command(command);
        }
        self.let_in();
    }

    fn command(&mut self, command: Command) {
        if !matches!(command, Command::Join(_)) {
            self.let_in();
        }
        match command {
            Command::Join(join) => self.come(*join),
            Command::Leave(connection) => self.leave(connection),
            Command::Ask(connection, request, place) => self.ask(connection, *request, place),
            Command::Write(write, reply) => {
                let request = Request {
                    write: *write,
                    connection: None,
                };
                self.enqueue(request, Answer::Http(reply));
            }
            Command::ActiveUsers(reply) => {
                // Nobody waits for the answer any more: nothing to tell.
                let _ = reply.send(self.presence.list());
            }
            Command::Role(user, role) => self.role_changed(user, role),
            Command::Head(head, acl_version) => {
                self.sequencer.observe_head(head);
                self.check_access(acl_version);
            }
            Command::BusMessage(node, message, lines) => self.receive(node, *message, lines),
            Command::CatchUp => self.catch_up(),
            Command::PresenceSnapshot(snapshot) => {
                self.snapshot_read(snapshot.map(|snapshot| *snapshot));
            }
            Command::PresenceVersions(versions) => self.versions_seen(versions),
            Command::Leases(leases) => self.leases_read(leases),
            Command::NodeGone(node) => self.node_gone(node),
            Command::Roles(roles) => self.roles_read(roles),
            Command::Deleted => self.delete(),
        }
    }

    /// Lets somebody in, at once unless they know of events that did not come
    /// here yet: then the log is looked at first.
    fn come(&mut self, join: Join) {
        let is_ahead = join.last_seq.is_some_and(|seq| seq > self.sequencer.head());
        if is_ahead && join.epoch == Some(self.epoch) {
            self.joins_ahead.push(join);
        } else {
            self.joining.push(join);
        }
    }

    /// Lets in those who came. Each finds the others among those who are there,
    /// and those who were there before hear of each.
    fn let_in(&mut self) {
        if self.joining.is_empty() {
            return;
        }
        let joining = std::mem::take(&mut self.joining);
        for join in &joining {
            let arrival =
                self.presence
                    .join(&join.identity, &join.status_message, join.connection_id);
            self.tell_arrival(join.connection_id, &join.identity, arrival);
        }
        let active_users = EncodedFrame::of(&self.presence.seen()).json();
        for join in joining {
            self.join(join, &active_users);
        }
    }

    fn join(&mut self, join: Join, active_users: &Bytes) {
        if self.deleted {
            join.outbox.close(CloseReason::CanvasDeleted);
        }
        if join.acl_version != self.acl_version {
            // The next look at the heads has the roles read.
            self.acl_version = UNKNOWN_ACL;
        }
        let (resume, replay) = self.resume(join.last_seq, join.epoch);
        let connected = Connected {
            connection_id: join.connection_id,
            canvas_id: self.canvas_id,
            user_id: join.identity.user_id,
            username: join.identity.username.to_string(),
            display_name: join.identity.display_name.to_string(),
            role: join.role,
            epoch: self.epoch,
            seq: self.sequencer.head(),
            resume,
            active_users: Vec::new(),
            locks: self
                .locks
                .values()
                .map(|(lease, _)| locks::lock(lease))
                .collect(),
            server_time: self.clock.now().into(),
            heartbeat: join.heartbeat,
        };
        let connected = ServerMessage::Connected(Box::new(connected));
        let joined = Joined {
            connected: OutboundMessage::around(&connected, "active_users", active_users),
            head: self.sequencer.head(),
            replay,
        };
        self.members.insert(
            join.connection_id,
            Member {
                identity: join.identity.clone(),
                role: join.role,
                outbox: join.outbox,
                cursor: ephemeral::Cursor::default(),
                since: self.fanout.count(),
            },
        );
        let user = join.identity.user_id;
        self.share(user, join.connection_id, PresenceField::All);
        if join.reply.send(joined).is_err() {
            // It went away while it waited.
            self.leave(join.connection_id);
        }
    }

    fn tell_arrival(&mut self, connection: ConnectionId, identity: &Identity, arrival: Arrival) {
        match arrival {
            Arrival::First => {
                self.count_users();
                let joined = ServerMessage::UserJoined(self.user_count(identity));
                self.tell_others(connection, identity, "user", &joined);
            }
            Arrival::Renamed => {
                self.tell_renamed(connection, identity);
                self.republish(identity.user_id);
            }
            Arrival::Another => {}
        }
    }

    fn resume(&self, last_seq: Option<i64>, epoch: Option<Epoch>) -> (Resume, Replay) {
        let Some(last_seq) = last_seq else {
            return (Resume::Fresh, Replay::Nothing);
        };
        let head = self.sequencer.head();
        let behind = head.saturating_sub(last_seq);
        if epoch != Some(self.epoch) || !(0..=limits::RESUME_EVENTS).contains(&behind) {
            return (Resume::Resync, Replay::Nothing);
        }
        let replay = match self.ring.since(last_seq, head) {
            Some(events) => Replay::Events(events),
            None => Replay::Log(last_seq),
        };
        (Resume::Resumed, replay)
    }

    fn close_all(&self, reason: CloseReason) {
        for member in self.members.values() {
            member.outbox.close(reason);
        }
    }

    fn user_count(&self, identity: &Identity) -> UserCount {
        UserCount {
            user_id: identity.user_id,
            username: identity.username.to_string(),
            display_name: identity.display_name.to_string(),
            active_users: self.presence.count(),
            timestamp: self.clock.now().into(),
        }
    }

    fn count_users(&self) {
        self.count.store(self.presence.count(), Ordering::Relaxed);
    }

    fn is_idle(&self) -> bool {
        self.members.is_empty()
            && !self.presence.has_recent_leavers()
            && self.queue.is_empty()
            && self.joining.is_empty()
            && self.joins_ahead.is_empty()
            && self.in_flight.is_none()
    }
}
