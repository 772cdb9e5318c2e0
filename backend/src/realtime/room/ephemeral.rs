//! What a room passes on without storing it: presence, typing, cursors,
//! mentions and locks.

use super::{Answer, Member, Room, timers::Timer};
use crate::{
    db::{self, locks::Held},
    realtime::{
        frame::Frame,
        presence::TYPING,
        write::{Identity, Operation, Write},
        writer::{LockChange, Request},
    },
};
use chrono::Utc;
use shared::{
    canvas::{Coord, Role},
    ids::{ConnectionId, OpId, UserId},
    limits,
    presence::Editing,
    protocol::{
        ErrorCode, Lock, PresenceChange, PresenceUpdate, ServerMessage, TileMentioned,
        TileUnlocked, UserCursor, UserTyping,
    },
};
use std::time::{Duration, Instant};

/// Time between two cursor positions of one connection.
const CURSOR_GAP: Duration = Duration::from_millis(1000 / limits::CURSORS_PER_SECOND);

/// The last position that came too soon, and when the next may go out.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    next_at: Option<Instant>,
    held_back: Option<(f64, f64)>,
}

impl Room {
    pub(super) fn presence_change(
        &mut self,
        connection: ConnectionId,
        change: PresenceChange,
        op_id: Option<OpId>,
    ) {
        let Some(member) = self.members.get(&connection) else {
            return;
        };
        let identity = member.identity.clone();
        match change {
            PresenceChange::Typing { is_typing } => {
                let until = is_typing.then(|| Instant::now() + TYPING);
                if let Some(until) = until {
                    let timer = Timer::Typing(identity.user_id, connection);
                    self.timers.at(until, timer);
                }
                if self.presence.typing(identity.user_id, connection, until) {
                    self.tell_typing(connection, &identity, is_typing);
                }
            }
            PresenceChange::EditingTile {
                tile_x,
                tile_y,
                is_editing,
            } => {
                let at = Coord {
                    x: tile_x,
                    y: tile_y,
                };
                if !self.grid.contains(at) {
                    return self.outside(connection, op_id);
                }
                let tile = Editing { tile_x, tile_y };
                let editing = is_editing.then_some(tile);
                self.presence.editing(identity.user_id, connection, editing);
                self.tell_presence(connection, &identity, Some((tile, is_editing)));
            }
            PresenceChange::Status {
                status,
                status_message,
            } => {
                let message = status_message.as_deref();
                self.presence.status(identity.user_id, status, message);
                self.tell_presence(connection, &identity, None);
            }
            PresenceChange::Cursor { x, y } => self.cursor(connection, x, y),
        }
    }

    pub(super) fn mention(
        &mut self,
        connection: ConnectionId,
        at: Coord,
        highlight_type: String,
        message: String,
        duration: i64,
        op_id: Option<OpId>,
    ) {
        if !self.grid.contains(at) {
            return self.outside(connection, op_id);
        }
        let Some(member) = self.members.get(&connection) else {
            return;
        };
        let identity = member.identity.clone();
        let mention = ServerMessage::TileMention(TileMentioned {
            user_id: identity.user_id,
            username: identity.username.clone(),
            tile_x: at.x,
            tile_y: at.y,
            highlight_type,
            message,
            duration,
            timestamp: Utc::now().into(),
        });
        self.tell_others(connection, &identity, "mention", &mention);
    }

    pub(super) fn leave(&mut self, connection: ConnectionId) {
        let Some(member) = self.members.remove(&connection) else {
            return;
        };
        let Member { identity, .. } = member;
        let now = Instant::now();
        let left = self.presence.leave(identity.user_id, connection, now);
        if left.stopped_typing {
            self.tell_typing(connection, &identity, false);
        }
        if let Some(tile) = left.stopped_editing {
            self.tell_presence(connection, &identity, Some((tile, false)));
        }
        if let Some(due) = left.leaves_at {
            self.timers.at(due, Timer::Leave(identity.user_id));
        }
        self.free_locks(connection);
    }

    /// Does what has become due.
    pub(super) fn tick(&mut self, now: Instant) {
        while let Some(timer) = self.timers.due(now) {
            match timer {
                Timer::Typing(user, connection) => {
                    if self.presence.stop_typing(user, connection, now)
                        && let Some(member) = self.members.get(&connection)
                    {
                        let identity = member.identity.clone();
                        self.tell_typing(connection, &identity, false);
                    }
                }
                Timer::Leave(user) => {
                    if let Some(identity) = self.presence.expire(user, now) {
                        self.count_users();
                        self.note_last_seen(user);
                        let left = ServerMessage::UserLeft(self.user_count(&identity));
                        self.tell_all(&identity, "user", &left);
                    }
                }
                Timer::Cursor(connection) => {
                    let held_back = self
                        .members
                        .get_mut(&connection)
                        .and_then(|member| member.cursor.held_back.take());
                    if let Some((x, y)) = held_back {
                        self.cursor(connection, x, y);
                    }
                }
                Timer::Lock(at) => {
                    if self.locks.get(&at).is_some_and(|(_, ends)| *ends <= now)
                        && let Some((lease, _)) = self.locks.remove(&at)
                    {
                        self.tell_unlocked(&lease);
                    }
                }
            }
        }
    }

    fn note_last_seen(&self, user: UserId) {
        let pool = self.pool.clone();
        tokio::spawn(async move {
            if let Err(error) = db::users::seen(&pool, user).await {
                tracing::debug!(%error, "when a user was here last could not be kept");
            }
        });
    }

    /// Passes on at most [`limits::CURSORS_PER_SECOND`] positions, and always the last.
    fn cursor(&mut self, connection: ConnectionId, x: f64, y: f64) {
        let Some(member) = self.members.get_mut(&connection) else {
            return;
        };
        let now = Instant::now();
        if let Some(next_at) = member.cursor.next_at.filter(|next| *next > now) {
            if member.cursor.held_back.replace((x, y)).is_none() {
                self.timers.at(next_at, Timer::Cursor(connection));
            }
            return;
        }
        member.cursor.next_at = Some(now + CURSOR_GAP);
        member.cursor.held_back = None;
        let identity = member.identity.clone();
        let user_id = identity.user_id;
        let cursor = ServerMessage::UserCursor(UserCursor { user_id, x, y });
        self.tell_others(connection, &identity, "cursor", &cursor);
    }

    pub(super) fn lock_changes(&mut self, changes: Vec<LockChange>) {
        let ends = Instant::now() + Duration::from_millis(limits::LOCK_MS);
        for change in changes {
            match change {
                LockChange::Held { lease, announce } => {
                    let holder = lease.connection_id;
                    if announce {
                        let locked = ServerMessage::TileLocked(lock(&lease));
                        self.tell_about_lock(holder, &locked);
                    }
                    self.timers.at(ends, Timer::Lock(lease.at));
                    self.locks.insert(lease.at, (lease, ends));
                    if !self.members.contains_key(&holder) {
                        // It went away while the lock was on its way.
                        self.free_locks(holder);
                    }
                }
                LockChange::Released(lease) => {
                    self.locks.remove(&lease.at);
                    self.tell_unlocked(&lease);
                }
            }
        }
    }

    /// Frees what a connection that ended still held, in the same order as
    /// everything else that is written: others hear of it when they can paint.
    fn free_locks(&mut self, connection: ConnectionId) {
        let held: Vec<Held> = self
            .locks
            .values()
            .filter(|(lease, _)| lease.connection_id == connection)
            .map(|(lease, _)| lease.clone())
            .collect();
        for lease in held {
            let write = Write {
                identity: Identity {
                    user_id: lease.user_id,
                    username: lease.username,
                    display_name: String::new(),
                },
                role: Role::Editor,
                op_id: None,
                operation: Operation::Unlock { at: lease.at },
            };
            let request = Request {
                write,
                connection: None,
            };
            self.enqueue(request, Answer::Nobody);
        }
    }

    fn tell_unlocked(&self, lease: &Held) {
        let unlocked = ServerMessage::TileUnlocked(TileUnlocked {
            tile_x: lease.at.x,
            tile_y: lease.at.y,
            user_id: lease.user_id,
            username: lease.username.clone(),
        });
        self.tell_about_lock(lease.connection_id, &unlocked);
    }

    /// Locks of different tiles must not displace each other in a full queue.
    fn tell_about_lock(&self, holder: ConnectionId, message: &ServerMessage) {
        self.send_others(holder, &Frame::reply(message));
    }

    fn tell_typing(&self, connection: ConnectionId, identity: &Identity, is_typing: bool) {
        let typing = ServerMessage::UserTyping(UserTyping {
            user_id: identity.user_id,
            username: identity.username.clone(),
            is_typing,
        });
        self.tell_others(connection, identity, "typing", &typing);
    }

    /// `change` is the tile that was opened (true) or left; without one the
    /// tile that the user draws in is told.
    fn tell_presence(
        &self,
        connection: ConnectionId,
        identity: &Identity,
        change: Option<(Editing, bool)>,
    ) {
        let Some(user) = self.presence.get(identity.user_id) else {
            return;
        };
        let shown = change.or(user.editing.map(|tile| (tile, true)));
        let update = ServerMessage::UserPresenceUpdate(PresenceUpdate {
            user_id: identity.user_id,
            username: identity.username.clone(),
            canvas_id: self.canvas_id,
            status: user.status,
            status_message: user.status_message,
            tile_x: shown.map(|(tile, _)| tile.tile_x),
            tile_y: shown.map(|(tile, _)| tile.tile_y),
            is_editing: shown.is_some_and(|(_, editing)| editing),
            timestamp: Utc::now().into(),
        });
        self.tell_others(connection, identity, "presence", &update);
    }

    fn outside(&self, connection: ConnectionId, op_id: Option<OpId>) {
        if let Some(member) = self.members.get(&connection) {
            let message = "the cell is outside the canvas";
            let error = Frame::error(ErrorCode::OutOfBounds, message, op_id);
            member.outbox.push(error);
        }
    }

    pub(super) fn tell_others(
        &self,
        connection: ConnectionId,
        from: &Identity,
        kind: &'static str,
        message: &ServerMessage,
    ) {
        let frame = Frame::ephemeral(from.user_id, kind, message);
        self.send_others(connection, &frame);
    }

    fn tell_all(&self, from: &Identity, kind: &'static str, message: &ServerMessage) {
        let frame = Frame::ephemeral(from.user_id, kind, message);
        for member in self.members.values() {
            member.outbox.push(frame.clone());
        }
    }

    fn send_others(&self, connection: ConnectionId, frame: &Frame) {
        for (id, member) in &self.members {
            if *id != connection {
                member.outbox.push(frame.clone());
            }
        }
    }
}

/// A lease as clients see it.
pub(super) fn lock(lease: &Held) -> Lock {
    Lock {
        tile_x: lease.at.x,
        tile_y: lease.at.y,
        user_id: lease.user_id,
        username: lease.username.clone(),
        expires_at: lease.expires_at.into(),
    }
}
