//! The server's messages, made part of the store.

use super::{SessionState, timestamp};
use crate::{
    model::{
        chat::Older,
        connection::{ConnectionStatus, LoadState},
        notice::{MayNot, NoticeKind},
        palette,
        people::{Cursor, Highlight, Me, is_nameless},
        tile_store::{RemoteEdits, TileStore},
    },
    session::{activity, chat, seq_tracker::SeqPosition},
    store::backend::{Backend, Var},
};
use shared::{
    api::{Canvas, Snapshot, Tile},
    canvas::{Coord, Grid},
    ids::UserId,
    limits,
    pixels::{PixelEdit, TRANSPARENT},
    protocol::{
        Ack, Connected, DurableEvent, ErrorCode, ErrorMessage, Resume, ServerMessage, TileMentioned,
    },
};
use std::collections::{HashMap, VecDeque};

/// Milliseconds until a postponed request is sent again where the server does
/// not say.
const RETRY_MS: u64 = 1_000;
/// Milliseconds after which somebody counts as typing no more, unless heard of.
const TYPING_LIFETIME_MS: i64 = 6_000;

/// What has to be done after a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Send what may be sent now.
    Flush,
    /// Fetch the snapshot; messages are held back until it is there.
    Snapshot,
    /// A message is missing: connect anew and resume.
    Reconnect,
    /// Something was forbidden: fetch what this user may do.
    Role,
}

impl<B: Backend> SessionState<B> {
    /// Applies a message, or holds it back until the snapshot is there.
    pub(super) fn receive(&mut self, message: ServerMessage, now: i64) -> Next {
        let message = match message {
            ServerMessage::Connected(hello) => return self.connected(*hello),
            durable @ (ServerMessage::CanvasChatMessage(_)
            | ServerMessage::TileCreated(_)
            | ServerMessage::TileUpdated(_)
            | ServerMessage::TileLiked(_)
            | ServerMessage::TileDeleted(_)
            | ServerMessage::CanvasUpdated(_)
            | ServerMessage::Ack(_)) => match self.seq.hold_back(durable) {
                Ok(true) => return Next::Flush,
                Ok(false) => {
                    self.seq.hold();
                    return Next::Snapshot;
                }
                Err(message) => message,
            },
            other => other,
        };
        match message {
            // The connection to a deleted canvas is closed with the same reason.
            ServerMessage::Connected(_)
            | ServerMessage::Pong { .. }
            | ServerMessage::CanvasDeleted(_) => {}
            ServerMessage::CanvasChatMessage(event) => {
                return self.durable(DurableEvent::CanvasChatMessage(event), now);
            }
            ServerMessage::TileCreated(event) => {
                return self.durable(DurableEvent::TileCreated(event), now);
            }
            ServerMessage::TileUpdated(event) => {
                return self.durable(DurableEvent::TileUpdated(event), now);
            }
            ServerMessage::TileLiked(event) => {
                return self.durable(DurableEvent::TileLiked(event), now);
            }
            ServerMessage::TileDeleted(event) => {
                return self.durable(DurableEvent::TileDeleted(event), now);
            }
            ServerMessage::CanvasUpdated(event) => {
                return self.durable(DurableEvent::CanvasUpdated(event), now);
            }
            ServerMessage::Ack(ack) => return self.ack(&ack, now),
            ServerMessage::Error(error) => return self.error(error, now),
            ServerMessage::UserJoined(event) => {
                self.met(event.user_id, &event.username, &event.display_name);
                self.store.people.joined(&event);
            }
            ServerMessage::UserLeft(event) => {
                self.store.people.left(event.user_id);
                self.store.cursors.update(|all| {
                    all.remove(&event.user_id);
                });
                if self.store.following.get() == Some(event.user_id) {
                    self.store.following.set(None);
                }
            }
            ServerMessage::UserTyping(event) => {
                self.typing_until
                    .insert(event.user_id, now + TYPING_LIFETIME_MS);
                self.store.people.typing(event.user_id, event.is_typing);
            }
            ServerMessage::UserPresenceUpdate(event) => {
                if let Some(name) = &event.display_name {
                    self.met(event.user_id, &event.username, name);
                }
                self.store.people.presence(&event);
            }
            ServerMessage::UserCursor(event) => {
                let cursor = Cursor {
                    x: event.x,
                    y: event.y,
                    moved_at: now,
                };
                self.store.cursors.update(|all| {
                    all.insert(event.user_id, cursor);
                });
            }
            ServerMessage::TileMention(event) => self.mentioned(event, now),
            ServerMessage::TileLocked(lock) => {
                let at = Coord {
                    x: lock.tile_x,
                    y: lock.tile_y,
                };
                let theirs = !self.is_me(lock.user_id);
                self.store.locks.update(|locks| {
                    locks.retain(|other| (other.tile_x, other.tile_y) != (at.x, at.y));
                    locks.push(lock);
                });
                if theirs && self.store.editing.get() == Some(at) {
                    self.lose_tile(at);
                }
            }
            ServerMessage::TileUnlocked(lock) => self.store.locks.update(|locks| {
                locks.retain(|other| (other.tile_x, other.tile_y) != (lock.tile_x, lock.tile_y));
            }),
            ServerMessage::Announcement(event) => {
                self.notify(NoticeKind::Announcement(event.message));
            }
        }
        Next::Flush
    }

    fn connected(&mut self, hello: Connected) -> Next {
        self.live = true;
        for user in &hello.active_users {
            self.met(user.user_id, &user.username, &user.display_name);
        }
        self.met(hello.user_id, &hello.username, &hello.display_name);
        self.store.people.replace(hello.active_users);
        self.store.locks.set(hello.locks);
        self.store.cursors.update(HashMap::clear);
        self.store.me.set_if_changed(Some(Me {
            user_id: hello.user_id,
            username: hello.username,
            display_name: hello.display_name,
            role: hello.role,
        }));
        self.store.connection.set(ConnectionStatus::Live);
        self.store.connection_problem.set(None);
        match hello.resume {
            Resume::Resumed => Next::Flush,
            Resume::Fresh | Resume::Resync => {
                self.seq.reset();
                self.seq.hold();
                Next::Snapshot
            }
        }
    }

    /// Starts from a snapshot, then applies what was held back. Returns what
    /// has to be done after that.
    pub(super) fn load(&mut self, snapshot: Snapshot, now: i64) -> Next {
        let ahead = self
            .seq
            .resume_point()
            .is_some_and(|(epoch, seq)| epoch == snapshot.epoch && seq > snapshot.seq);
        if ahead && !self.seq.is_holding() {
            return Next::Flush;
        }
        self.learn_names(&snapshot);
        // Lines after the snapshot need not join on to those before it.
        self.store.activity.update(VecDeque::clear);
        if !self.live {
            self.store.people.replace(snapshot.active_users);
        }
        let grid = grid_of(&snapshot.canvas);
        if self.store.canvas.with(Option::is_none) {
            let palette = palette::parse(&snapshot.canvas.palette);
            self.store.tools.update(|tools| tools.begin_with(&palette));
        }
        self.store.canvas.set(Some(snapshot.canvas));
        self.store
            .tiles
            .update(|tiles| tiles.load(grid, snapshot.tiles));
        let none_before = snapshot.messages.len() < count(limits::SNAPSHOT_MESSAGES);
        let mut dropped = false;
        self.store
            .chat
            .update(|rows| dropped = chat::restart(rows, snapshot.messages));
        if none_before {
            self.store.older.set(Older::None);
        } else if dropped || self.store.older.get() == Older::Loading {
            self.store.older.set(Older::Maybe);
        }
        self.predict_me();
        self.rebase_all(now);
        self.store.load.set(LoadState::Ready);
        let held = self.seq.restart(snapshot.epoch, snapshot.seq);
        let mut next = Next::Flush;
        for message in held {
            next = self.receive(message, now);
            if next != Next::Flush {
                break;
            }
        }
        next
    }

    fn learn_names(&mut self, snapshot: &Snapshot) {
        for tile in &snapshot.tiles {
            self.usernames
                .entry(tile.creator_id)
                .or_insert_with(|| tile.creator_username.clone());
        }
        for user in &snapshot.active_users {
            self.met(user.user_id, &user.username, &user.display_name);
        }
        for message in &snapshot.messages {
            self.store
                .names
                .set(message.sender_id, &message.sender_display_name);
        }
        let named = |tile: &&Tile| !is_nameless(&tile.creator_username);
        for tile in snapshot.tiles.iter().filter(named) {
            self.store
                .names
                .set_if_unknown(tile.creator_id, &tile.creator_username);
        }
    }

    fn durable(&mut self, event: DurableEvent, now: i64) -> Next {
        match self.seq.advance(event.seq()) {
            SeqPosition::Known => return Next::Flush,
            SeqPosition::Gap => return Next::Reconnect,
            SeqPosition::Next => {}
        }
        if let Some(line) = activity::of_event(&event) {
            self.store
                .activity
                .update(|lines| activity::add(lines, line));
        }
        match event {
            DurableEvent::CanvasChatMessage(event) => {
                let message = &event.message;
                self.met(
                    message.sender_id,
                    &message.sender_username,
                    &message.sender_display_name,
                );
                let own = event.op_id;
                let sender = message.sender_id;
                self.store.chat.update(|rows| chat::stored(rows, event));
                self.store.people.typing(sender, false);
                if let Some(id) = own {
                    self.finish(id);
                }
            }
            DurableEvent::TileCreated(event) => {
                let creator = self.usernames.get(&event.creator_id).cloned();
                let mine = self.is_me(event.creator_id);
                let drawn: Vec<PixelEdit> = (0..)
                    .zip(event.pixels.as_bytes())
                    .filter(|(_, color)| **color != TRANSPARENT)
                    .map(|(index, &color)| PixelEdit(index, color))
                    .collect();
                let at = self.confirm(now, |tiles| {
                    tiles.created(event, creator.unwrap_or_default())
                });
                if !mine {
                    self.painted_over(&RemoteEdits { at, edits: drawn });
                }
            }
            DurableEvent::TileUpdated(event) => {
                let mine = self.is_me(event.updater_id);
                let mut remote = None;
                self.confirm(now, |tiles| {
                    let painted = tiles.updated(event);
                    let at = painted.at;
                    remote = Some(painted);
                    at
                });
                if let Some(remote) = remote.filter(|_| !mine) {
                    self.painted_over(&remote);
                }
            }
            DurableEvent::TileLiked(event) => {
                let mine = self.is_me(event.liker_id);
                self.confirm(now, |tiles| tiles.liked(&event, mine));
            }
            DurableEvent::TileDeleted(event) => {
                let at = self.confirm(now, |tiles| tiles.deleted(&event));
                self.history.remove(&at);
                self.update_undoable(at);
            }
            DurableEvent::CanvasUpdated(event) => self.settings(event.canvas),
        }
        Next::Flush
    }

    /// Changes what is confirmed, and rebases what is pending in that cell.
    fn confirm(&self, now: i64, change: impl FnOnce(&mut TileStore) -> Coord) -> Coord {
        let mut at = Coord { x: 0, y: 0 };
        // Subscribers are notified once, by `rebase`.
        self.store.tiles.update_quietly(|tiles| at = change(tiles));
        self.rebase(at, now);
        at
    }

    /// Somebody else painted pixels: undo leaves them alone.
    fn painted_over(&mut self, remote: &RemoteEdits) {
        if let Some(history) = self.history.get_mut(&remote.at) {
            let pending = self.queue.painted(remote.at);
            history.lose(&remote.edits, |index| pending.contains(&index));
            self.update_undoable(remote.at);
        }
    }

    fn settings(&mut self, mut canvas: Canvas) {
        // The event is the same for everybody, so it has no role in it.
        canvas.role = self
            .store
            .canvas
            .with(|old| old.as_ref().and_then(|old| old.role));
        self.store.canvas.set(Some(canvas));
    }

    /// One of one's own requests is stored.
    fn ack(&mut self, ack: &Ack, now: i64) -> Next {
        let op = ack.op_id.and_then(|id| self.queue.get(id)).cloned();
        if ack.request == "canvas_chat" {
            // The message itself comes too, and replaces the pending row; one
            // that is known already does not come again.
            if let Some(op) = op
                && ack
                    .seq
                    .is_none_or(|seq| self.seq.position(seq) == SeqPosition::Known)
            {
                self.finish(op.id);
                self.store.chat.update(|rows| chat::settle(rows, op.id));
            }
            return Next::Flush;
        }
        let position = ack
            .seq
            .map_or(SeqPosition::Known, |seq| self.seq.position(seq));
        let op = match (position, op) {
            (SeqPosition::Known, None) => return Next::Flush,
            // This tab cannot apply it: the event itself has to come.
            (SeqPosition::Gap, _) | (SeqPosition::Next, None) => return Next::Reconnect,
            (SeqPosition::Known | SeqPosition::Next, Some(op)) => op,
        };
        self.finish(op.id);
        let Some((at, tile)) = op.message.tile_op() else {
            return Next::Flush;
        };
        if let (SeqPosition::Next, Some(seq), Some(author)) = (position, ack.seq, self.author()) {
            self.seq.advance(seq);
            let stored_at = timestamp(now);
            let line = activity::of_own(ack, &tile, at, author.user_id, stored_at);
            if let Some(line) = line {
                self.store
                    .activity
                    .update(|lines| activity::add(lines, line));
            }
            self.store
                .tiles
                .update_quietly(|tiles| tiles.confirm(at, &tile, ack, &author, stored_at));
        }
        self.rebase(at, now);
        Next::Flush
    }

    fn error(&mut self, error: ErrorMessage, now: i64) -> Next {
        let next = if error.code == ErrorCode::Forbidden {
            Next::Role
        } else {
            Next::Flush
        };
        let Some(id) = error.op_id else {
            if let (ErrorCode::TileLocked, Some(at)) = (error.code, self.store.editing.get()) {
                self.lose_tile(at);
            }
            return next;
        };
        if matches!(error.code, ErrorCode::Unavailable | ErrorCode::RateLimited) {
            let wait = error.retry_after_ms.unwrap_or(RETRY_MS);
            let until = now.saturating_add(i64::try_from(wait).unwrap_or(i64::MAX));
            self.queue.postpone(id, until);
            return next;
        }
        self.refuse(id, error.code, error.message, now);
        next
    }

    /// Somebody else holds the lock of the open tile: it closes.
    fn lose_tile(&mut self, at: Coord) {
        self.store.editing.set(None);
        self.store.pen.set(None);
        self.notify(match self.store.draw_refusal(at) {
            Some(why @ MayNot::Locked(_)) => self.may_not_notice(why),
            // The lock itself is not known yet, only that there is one.
            None | Some(_) => NoticeKind::Refused {
                code: ErrorCode::TileLocked,
                message: String::new(),
                at: Some(at),
            },
        });
    }

    fn mentioned(&mut self, event: TileMentioned, now: i64) {
        let at = Coord {
            x: event.tile_x,
            y: event.tile_y,
        };
        let name = self.store.names.peek(event.user_id);
        let name = name.unwrap_or(event.username);
        self.highlight(Highlight {
            by: Some((event.user_id, name.clone())),
            at,
            message: event.message.clone(),
            started_at: now,
            ends_at: now + event.duration,
        });
        self.notify(NoticeKind::Mentioned {
            username: name,
            at,
            message: event.message,
        });
    }

    /// Highlights a tile, in place of an earlier highlight of the same tile.
    pub fn highlight(&mut self, highlight: Highlight) {
        self.store.highlights.update(|all| {
            all.retain(|other| other.at != highlight.at);
            all.push(highlight);
        });
    }

    /// Remembers the names of somebody.
    pub(super) fn met(&mut self, user: UserId, username: &str, display_name: &str) {
        self.usernames.insert(user, username.to_owned());
        self.store.names.set(user, display_name);
    }

    /// People who were not heard of for a while type no more.
    pub(super) fn expire_typing(&mut self, now: i64) {
        let mut quiet = Vec::new();
        self.typing_until.retain(|user, until| {
            let over = *until <= now;
            if over {
                quiet.push(*user);
            }
            !over
        });
        for user in quiet {
            self.store.people.typing(user, false);
        }
    }
}

/// The dimensions of a canvas.
fn grid_of(canvas: &Canvas) -> Grid {
    Grid {
        width: canvas.width,
        height: canvas.height,
        tile_size: canvas.tile_size,
        palette: canvas.palette.len(),
    }
}

fn count(rows: i64) -> usize {
    usize::try_from(rows).unwrap_or(usize::MAX)
}
