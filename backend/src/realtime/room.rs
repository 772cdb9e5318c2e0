//! One open canvas: a task that owns its members, its presence, its newest
//! events and its write queue. It knows nothing of sockets: what it says goes
//! into outboxes, and it never waits for anybody but the database.

mod ephemeral;
mod timers;

use super::{
    frame::Frame,
    hub::{Done, Identity, Operation, Write, WriteError},
    outbox::Outbox,
    presence::Presence,
    ring::{Event, Ring},
    writer::{self, Applied, BATCH, Committed, Request},
};
use crate::db::{self, locks::Held};
use bytes::Bytes;
use chrono::Utc;
use shared::{
    canvas::{Coord, Grid, Role, TileOp},
    ids::{CanvasId, ConnectionId, Epoch, UserId},
    limits,
    presence::ActiveUser,
    protocol::{
        Ack, CanvasDeleted, ClientMessage, CloseReason, Connected, ErrorCode, ErrorMessage,
        Heartbeat, Request as ClientRequest, Resume, ServerMessage, UserCount,
    },
};
use sqlx::PgPool;
use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use timers::{Timer, Timers};
use tokio::{
    sync::{Notify, mpsc, oneshot},
    task::JoinHandle,
};

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
    /// A connection asks for something.
    Ask(ConnectionId, ClientRequest),
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
    Socket(ConnectionId, &'static str),
    Http(oneshot::Sender<Result<Done, WriteError>>),
    /// The room asked for it itself.
    Nobody,
}

/// A transaction that ended, and what had to be read to be able to tell of it.
struct Finished {
    requests: Vec<Request>,
    answers: Vec<Answer>,
    committed: Committed,
    missed: Vec<Event>,
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
            Command::Ask(connection, request) => self.ask(connection, request),
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

    fn ask(&mut self, connection: ConnectionId, request: ClientRequest) {
        let Some(member) = self.members.get(&connection) else {
            return;
        };
        let kind = request.message.kind();
        let op_id = request.op_id;
        let tile = |x, y, op| Operation::Tile {
            at: Coord { x, y },
            expected: None,
            op,
        };
        let operation = match request.message {
            ClientMessage::CanvasChat { text, canvas_id } => {
                if canvas_id.is_some_and(|id| id != self.canvas_id) {
                    let message = "this connection is on another canvas";
                    let error = Frame::error(ErrorCode::CanvasMismatch, message, op_id);
                    return member.outbox.push(error);
                }
                Operation::Chat(text)
            }
            ClientMessage::TileCreate {
                x,
                y,
                title,
                pixels,
            } => tile(x, y, TileOp::Create { title, pixels }),
            ClientMessage::TilePaint { x, y, pixels } => tile(x, y, TileOp::Paint { dots: pixels }),
            ClientMessage::TileUpdate {
                x,
                y,
                title,
                pixels,
            } => tile(
                x,
                y,
                TileOp::Update {
                    title,
                    pixels,
                    base_version: None,
                },
            ),
            ClientMessage::TileLike { x, y, liked } => tile(x, y, TileOp::Like { liked }),
            ClientMessage::TileDelete { x, y } => tile(x, y, TileOp::Delete),
            ClientMessage::TileLock { x, y } => Operation::Lock { at: Coord { x, y } },
            ClientMessage::TileUnlock { x, y } => Operation::Unlock { at: Coord { x, y } },
            ClientMessage::UserPresence(change) => {
                return self.presence_change(connection, change, op_id);
            }
            ClientMessage::TileMention {
                tile_x,
                tile_y,
                highlight_type,
                message,
                duration,
            } => {
                let at = Coord {
                    x: tile_x,
                    y: tile_y,
                };
                return self.mention(connection, at, highlight_type, message, duration, op_id);
            }
            // The connection itself answers these.
            ClientMessage::Hello { .. }
            | ClientMessage::RequestUpdate { .. }
            | ClientMessage::Ping { .. }
            | ClientMessage::Heartbeat { .. }
            | ClientMessage::AuthRefresh { .. } => return,
        };
        let write = Write {
            identity: member.identity.clone(),
            role: member.role,
            op_id,
            operation,
        };
        let request = Request {
            write,
            connection: Some(connection),
        };
        self.enqueue(request, Answer::Socket(connection, kind));
    }

    fn enqueue(&mut self, request: Request, answer: Answer) {
        if self.queue.len() >= QUEUE {
            return self.answer(&request, answer, Err(WriteError::Busy));
        }
        self.queue.push_back((request, answer));
    }

    /// Starts the next transaction, or a look at the log if that is ahead.
    fn start_write(&mut self) {
        if self.in_flight.is_some() || (self.queue.is_empty() && self.known_head <= self.head) {
            return;
        }
        let count = self.queue.len().min(BATCH);
        let (requests, answers): (Vec<Request>, Vec<Answer>) = self.queue.drain(..count).unzip();
        let (pool, canvas, head) = (self.pool.clone(), self.canvas_id, self.head);
        let known_head = self.known_head;
        self.in_flight = Some(tokio::spawn(async move {
            let started = Instant::now();
            let committed = if requests.is_empty() {
                Committed::default()
            } else {
                writer::commit(&pool, canvas, &requests).await
            };
            metrics::histogram!("stellar_commit_seconds").record(started.elapsed());
            let missed = missed(
                &pool,
                canvas,
                head,
                committed.base.max(known_head),
                &committed,
            )
            .await;
            Finished {
                requests,
                answers,
                committed,
                missed,
            }
        }));
    }

    /// Tells of what is durable now.
    fn finish(&mut self, finished: Finished) {
        let Finished {
            requests,
            answers,
            committed,
            missed,
        } = finished;
        self.deliver(missed.into_iter().map(|event| (event, None)));
        let mut own: Vec<Option<(ConnectionId, bool, Frame)>> = Vec::new();
        own.resize_with(committed.events.len(), || None);
        let mut rest = Vec::new();
        for ((request, answer), result) in requests.into_iter().zip(answers).zip(committed.results)
        {
            let event = result.as_ref().ok().and_then(|applied| applied.event);
            match (event.and_then(|event| own.get_mut(event)), answer) {
                (Some(own), Answer::Socket(connection, kind)) => {
                    if let Ok(applied) = result {
                        let replaces = matches!(request.write.operation, Operation::Tile { .. });
                        let ack = ack(&request, kind, applied.done);
                        *own = Some((connection, replaces, ack));
                    }
                }
                (_, answer) => rest.push((request, answer, result)),
            }
        }
        self.deliver(committed.events.into_iter().zip(own));
        // Whatever is still ahead is heard of with the next look at the heads.
        self.known_head = self.head;
        self.lock_changes(committed.locks);
        for (request, answer, result) in rest {
            self.answer(
                &request,
                answer,
                result.map(|applied: Applied| applied.done),
            );
        }
    }

    /// Passes on events, each if it is the next. The connection that asked for
    /// one gets its answer behind it, or in its place.
    fn deliver(
        &mut self,
        events: impl Iterator<Item = (Event, Option<(ConnectionId, bool, Frame)>)>,
    ) {
        let mut batch = Vec::new();
        let mut actors = HashSet::new();
        for (event, own) in events {
            if let Some((connection, ..)) = &own {
                actors.insert(*connection);
            }
            let frame = (event.seq == self.head + 1).then(|| {
                self.head = event.seq;
                Frame::event(event.seq, event.body.clone())
            });
            if frame.is_some() {
                self.ring.push(event);
            }
            batch.push((frame, own));
        }
        if batch.is_empty() {
            return;
        }
        metrics::counter!("stellar_deliveries_total")
            .increment((batch.len() * self.members.len()) as u64);
        for (id, member) in &self.members {
            if actors.contains(id) {
                let frames = batch.iter().flat_map(|(frame, own)| match own {
                    Some((connection, replaces, ack)) if connection == id => {
                        let event = frame.clone().filter(|_| !replaces);
                        [event, Some(ack.clone())]
                    }
                    _ => [frame.clone(), None],
                });
                member.outbox.extend(frames.flatten());
            } else {
                let frames = batch.iter().filter_map(|(frame, _)| frame.clone());
                member.outbox.extend(frames);
            }
        }
    }

    fn answer(&self, request: &Request, answer: Answer, result: Result<Done, WriteError>) {
        match answer {
            Answer::Nobody => {}
            Answer::Http(reply) => {
                // Nobody waits for the answer any more: nothing to tell.
                let _ = reply.send(result);
            }
            Answer::Socket(connection, kind) => {
                let Some(member) = self.members.get(&connection) else {
                    return;
                };
                member.outbox.push(match result {
                    Ok(done) => ack(request, kind, done),
                    Err(error) => refusal(request, &error),
                });
            }
        }
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

/// Reads what was committed elsewhere before this node's newest transaction,
/// or was committed here although the answer never arrived. Tries until it
/// succeeds: without it nothing later may be told.
async fn missed(
    pool: &PgPool,
    canvas: CanvasId,
    head: i64,
    until: i64,
    committed: &Committed,
) -> Vec<Event> {
    let until = if committed.events.is_empty() {
        until
    } else {
        committed.base
    };
    let mut events = Vec::new();
    let mut after = head;
    while after < until {
        match db::log::after(pool, canvas, after, until, PAGE).await {
            Ok(rows) if rows.is_empty() => break,
            Ok(rows) => events.extend(rows.into_iter().map(|(seq, body)| {
                after = seq;
                Event {
                    seq,
                    body: Bytes::from(body),
                }
            })),
            Err(error) => {
                tracing::warn!(%canvas, %error, "the log could not be read; trying again");
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
        }
    }
    events
}

fn ack(request: &Request, kind: &str, done: Done) -> Frame {
    Frame::reply(&ServerMessage::Ack(Ack {
        op_id: request.write.op_id,
        seq: done.seq,
        request: kind.to_owned(),
        version: done.version,
        tile_id: done.tile_id,
        like_count: done.like_count,
    }))
}

fn refusal(request: &Request, error: &WriteError) -> Frame {
    let (code, retry_after_ms) = match error {
        WriteError::Refused(refusal) => (refusal.code(), None),
        WriteError::Busy => (ErrorCode::RateLimited, Some(1000)),
        WriteError::Unavailable | WriteError::CanvasNotFound => {
            (ErrorCode::Unavailable, Some(1000))
        }
        WriteError::Internal => (ErrorCode::Internal, None),
    };
    Frame::reply(&ServerMessage::Error(ErrorMessage {
        code,
        message: error.to_string(),
        op_id: request.write.op_id,
        retry_after_ms,
    }))
}
