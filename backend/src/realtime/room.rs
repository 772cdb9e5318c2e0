//! One open canvas: a task that owns its members, its presence, its newest
//! events and its write queue. It knows nothing of sockets: what it says goes
//! into outboxes, and it never waits for anybody but the database.

mod ask;
mod ephemeral;
mod timers;
mod writing;

use super::{
    frame::Frame,
    outbox::Outbox,
    presence::Presence,
    ring::{Event, Ring},
    write::{Done, Identity, Write, WriteError},
    writer::Request,
};
use crate::db::{self, locks::Held};
use chrono::Utc;
use shared::{
    canvas::{Coord, Grid, Role},
    ids::{CanvasId, ConnectionId, Epoch, UserId},
    limits,
    presence::ActiveUser,
    protocol::{
        CanvasDeleted, CloseReason, Connected, Heartbeat, Request as ClientRequest, Resume,
        ServerMessage, UserCount,
    },
};
use sqlx::PgPool;
use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use timers::{Timer, Timers};
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, mpsc, oneshot},
    task::JoinHandle,
};
use writing::Finished;

/// Requests that may wait for the next transaction.
const QUEUE: usize = 4096;
/// Commands taken in before the next transaction starts.
const INTAKE: usize = 512;
/// Events read from the log at once.
pub(crate) const PAGE: i64 = 300;

/// What a room is asked.
pub(crate) enum Command {
    /// A connection comes.
    Join(Box<Join>),
    /// A connection is gone.
    Leave(ConnectionId),
    /// A connection asks for something; the place is given back with the answer.
    Ask(ConnectionId, ClientRequest, Option<OwnedSemaphorePermit>),
    /// An HTTP client asks for something durable.
    Write(Write, oneshot::Sender<Result<Done, WriteError>>),
    /// Who is there?
    ActiveUsers(oneshot::Sender<Vec<ActiveUser>>),
    /// A user's role changed; none ends their connections.
    Role(UserId, Option<Role>),
    /// The log has this head.
    Head(i64),
    /// The canvas is gone.
    Deleted,
}

/// A connection that comes.
pub(crate) struct Join {
    pub(crate) connection_id: ConnectionId,
    pub(crate) identity: Identity,
    pub(crate) status_message: String,
    pub(crate) role: Role,
    pub(crate) last_seq: Option<i64>,
    pub(crate) epoch: Option<Epoch>,
    pub(crate) heartbeat: Heartbeat,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) reply: oneshot::Sender<Joined>,
}

/// A connection that came. What the room says from now on waits in the outbox.
pub(crate) struct Joined {
    pub(crate) connected: Frame,
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
    pub(crate) commands: mpsc::Receiver<Command>,
    /// Woken when somebody who held the room open no longer does.
    pub(crate) released: Arc<Notify>,
    /// Users on the canvas, for others to read.
    pub(crate) count: Arc<AtomicUsize>,
}

/// See the module.
pub(crate) struct Room {
    canvas_id: CanvasId,
    grid: Grid,
    epoch: Epoch,
    pool: PgPool,
    count: Arc<AtomicUsize>,
    /// The newest event that the members have heard of.
    head: i64,
    /// The head that the log is known to have.
    known_head: i64,
    ring: Ring,
    members: HashMap<ConnectionId, Member>,
    presence: Presence,
    locks: HashMap<Coord, (Held, Instant)>,
    timers: Timers,
    queue: VecDeque<(Request, Answer)>,
    in_flight: Option<JoinHandle<Finished>>,
    deleted: bool,
}

/// Runs a room until nobody needs it. `close` is asked when nobody seems to,
/// and says whether that is so.
pub(crate) async fn run(setup: Setup, close: impl Fn() -> bool) {
    let Setup {
        canvas_id,
        pool,
        mut commands,
        released,
        count,
    } = setup;
    let mut room = match Room::load(canvas_id, pool, count).await {
        Ok(Some(room)) => room,
        Ok(None) => return,
        Err(error) => {
            tracing::warn!(%canvas_id, %error, "a canvas could not be opened");
            return;
        }
    };
    loop {
        let timer = room.timers.next();
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
        for _ in 0..INTAKE {
            let Ok(command) = commands.try_recv() else {
                break;
            };
            room.command(command);
        }
        room.start_write();
        if room.is_idle() && close() {
            return;
        }
    }
}

impl Room {
    async fn load(
        canvas_id: CanvasId,
        pool: PgPool,
        count: Arc<AtomicUsize>,
    ) -> sqlx::Result<Option<Self>> {
        let Some(canvas) = db::log::room(&pool, canvas_id).await? else {
            return Ok(None);
        };
        let now = Instant::now();
        let mut timers = Timers::default();
        let mut locks = HashMap::new();
        for lease in db::locks::held(&pool, canvas_id).await? {
            let ends = now + Duration::from_millis(limits::LOCK_MS);
            timers.at(ends, Timer::Lock(lease.at));
            locks.insert(lease.at, (lease, ends));
        }
        Ok(Some(Self {
            canvas_id,
            grid: canvas.grid,
            epoch: canvas.epoch,
            pool,
            count,
            head: canvas.last_seq,
            known_head: canvas.last_seq,
            ring: Ring::default(),
            members: HashMap::new(),
            presence: Presence::default(),
            locks,
            timers,
            queue: VecDeque::new(),
            in_flight: None,
            deleted: false,
        }))
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Join(join) => self.join(*join),
            Command::Leave(connection) => self.leave(connection),
            Command::Ask(connection, request, place) => self.ask(connection, request, place),
            Command::Write(write, reply) => {
                let request = Request {
                    write,
                    connection: None,
                };
                self.enqueue(request, Answer::Http(reply));
            }
            Command::ActiveUsers(reply) => {
                // Nobody waits for the answer any more: nothing to tell.
                let _ = reply.send(self.presence.list());
            }
            Command::Role(user, role) => self.role_changed(user, role),
            Command::Head(head) => self.known_head = self.known_head.max(head),
            Command::Deleted => self.delete(),
        }
    }

    fn join(&mut self, join: Join) {
        if self.deleted {
            join.outbox.close(CloseReason::CanvasDeleted);
        }
        let new = self
            .presence
            .join(&join.identity, &join.status_message, join.connection_id);
        let (resume, replay) = self.resume(join.last_seq, join.epoch);
        let connected = Connected {
            connection_id: join.connection_id,
            canvas_id: self.canvas_id,
            user_id: join.identity.user_id,
            username: join.identity.username.clone(),
            display_name: join.identity.display_name.clone(),
            role: join.role,
            epoch: self.epoch,
            seq: self.head,
            resume,
            active_users: self.presence.list(),
            locks: self
                .locks
                .values()
                .map(|(lease, _)| ephemeral::lock(lease))
                .collect(),
            server_time: Utc::now().into(),
            heartbeat: join.heartbeat,
        };
        let joined = Joined {
            connected: Frame::reply(&ServerMessage::Connected(Box::new(connected))),
            head: self.head,
            replay,
        };
        self.members.insert(
            join.connection_id,
            Member {
                identity: join.identity.clone(),
                role: join.role,
                outbox: join.outbox,
                cursor: ephemeral::Cursor::default(),
            },
        );
        if join.reply.send(joined).is_err() {
            // It went away while it waited.
            self.leave(join.connection_id);
            return;
        }
        if new {
            self.count_users();
            let joined = ServerMessage::UserJoined(self.user_count(&join.identity));
            self.tell_others(join.connection_id, &join.identity, "user", &joined);
        }
    }

    fn resume(&self, last_seq: Option<i64>, epoch: Option<Epoch>) -> (Resume, Replay) {
        let Some(last_seq) = last_seq else {
            return (Resume::Fresh, Replay::Nothing);
        };
        let behind = self.head.saturating_sub(last_seq);
        if epoch != Some(self.epoch) || !(0..=limits::RESUME_EVENTS).contains(&behind) {
            return (Resume::Resync, Replay::Nothing);
        }
        let replay = match self.ring.since(last_seq, self.head) {
            Some(events) => Replay::Events(events),
            None => Replay::Log(last_seq),
        };
        (Resume::Resumed, replay)
    }

    fn role_changed(&mut self, user: UserId, role: Option<Role>) {
        for member in self.members.values_mut() {
            if member.identity.user_id == user {
                match role {
                    Some(role) => member.role = role,
                    None => member.outbox.close(CloseReason::Revoked),
                }
            }
        }
    }

    fn delete(&mut self) {
        self.deleted = true;
        let gone = Frame::reply(&ServerMessage::CanvasDeleted(CanvasDeleted {
            canvas_id: self.canvas_id,
            timestamp: Utc::now().into(),
        }));
        for member in self.members.values() {
            member.outbox.push(gone.clone());
        }
        self.close_all(CloseReason::CanvasDeleted);
    }

    fn close_all(&self, reason: CloseReason) {
        for member in self.members.values() {
            member.outbox.close(reason);
        }
    }

    fn user_count(&self, identity: &Identity) -> UserCount {
        UserCount {
            user_id: identity.user_id,
            username: identity.username.clone(),
            display_name: identity.display_name.clone(),
            active_users: self.presence.count(),
            timestamp: Utc::now().into(),
        }
    }

    fn count_users(&self) {
        self.count.store(self.presence.count(), Ordering::Relaxed);
    }

    fn is_idle(&self) -> bool {
        self.members.is_empty()
            && self.presence.count() == 0
            && self.queue.is_empty()
            && self.in_flight.is_none()
    }
}
