//! What the server says, made part of the store.

use super::{
    activity, chat, people,
    seq_tracker::SeqPosition,
    state::{SessionState, now},
};
use crate::{
    browser::now_ms,
    model::tile_store::{self, RemoteEdits},
    store::{Connection, Cursor, Highlight, Load, MayNot, Me, NoticeKind, Older},
};
use leptos::prelude::*;
use shared::{
    api::{Canvas, Member, Snapshot, Tile},
    canvas::{Coord, Grid, Role},
    ids::UserId,
    limits,
    pixels::{PixelEdit, TRANSPARENT},
    protocol::{
        Ack, Connected, DurableEvent, ErrorCode, ErrorMessage, Resume, ServerMessage, TileMentioned,
    },
};

/// Milliseconds until a postponed request is asked again where the server
/// does not say.
const RETRY_MS: u64 = 1_000;
/// Milliseconds after which somebody who writes is not heard of any more.
const TYPING_MS: i64 = 6_000;

/// What the session has to do after a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing but sending what may be sent.
    Flush,
    /// Fetch the snapshot; messages are held until it is there.
    Snapshot,
    /// Something is missing: connect anew and resume.
    Reconnect,
    /// Something was forbidden: ask what this user may do.
    Role,
}

impl SessionState {
    /// A message came.
    pub(super) fn receive(&mut self, message: ServerMessage) -> Next {
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
            // A connection on a deleted canvas ends with the same reason.
            ServerMessage::Connected(_)
            | ServerMessage::Pong { .. }
            | ServerMessage::CanvasDeleted(_) => {}
            ServerMessage::CanvasChatMessage(event) => {
                return self.durable(DurableEvent::CanvasChatMessage(event));
            }
            ServerMessage::TileCreated(event) => {
                return self.durable(DurableEvent::TileCreated(event));
            }
            ServerMessage::TileUpdated(event) => {
                return self.durable(DurableEvent::TileUpdated(event));
            }
            ServerMessage::TileLiked(event) => return self.durable(DurableEvent::TileLiked(event)),
            ServerMessage::TileDeleted(event) => {
                return self.durable(DurableEvent::TileDeleted(event));
            }
            ServerMessage::CanvasUpdated(event) => {
                return self.durable(DurableEvent::CanvasUpdated(event));
            }
            ServerMessage::Ack(ack) => return self.ack(&ack),
            ServerMessage::Error(error) => return self.error(error),
            ServerMessage::UserJoined(event) => {
                self.met(event.user_id, &event.username, &event.display_name);
                self.store.people.update(|all| people::joined(all, &event));
            }
            ServerMessage::UserLeft(event) => {
                self.store
                    .people
                    .update(|all| people::left(all, event.user_id));
                self.store.cursors.update(|all| {
                    all.remove(&event.user_id);
                });
                if self.store.following.get_untracked() == Some(event.user_id) {
                    self.store.following.set(None);
                }
            }
            ServerMessage::UserTyping(event) => {
                self.typing_until
                    .insert(event.user_id, now_ms() + TYPING_MS);
                self.store
                    .people
                    .update(|all| people::typing(all, event.user_id, event.is_typing));
            }
            ServerMessage::UserPresenceUpdate(event) => {
                if let Some(name) = &event.display_name {
                    self.met(event.user_id, &event.username, name);
                }
                self.store.people.update(|all| people::updated(all, &event));
            }
            ServerMessage::UserCursor(event) => {
                let cursor = Cursor {
                    x: event.x,
                    y: event.y,
                    moved_at: now_ms(),
                };
                self.store.cursors.update(|all| {
                    all.insert(event.user_id, cursor);
                });
            }
            ServerMessage::TileMention(event) => self.mentioned(event),
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
                if theirs && self.store.editing.get_untracked() == Some(at) {
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
        let mut all = hello.active_users;
        people::sort(&mut all);
        self.store.people.set(all);
        self.store.locks.set(hello.locks);
        self.store.cursors.update(std::collections::HashMap::clear);
        let me = Some(Me {
            user_id: hello.user_id,
            username: hello.username,
            display_name: hello.display_name,
            role: hello.role,
        });
        if self.store.me.get_untracked() != me {
            self.store.me.set(me);
        }
        self.store.connection.set(Connection::Live);
        self.store.trouble.set(None);
        match hello.resume {
            Resume::Resumed => Next::Flush,
            Resume::Fresh | Resume::Resync => {
                self.seq.reset();
                self.seq.hold();
                Next::Snapshot
            }
        }
    }

    /// A snapshot came. Gives what must be done after what was held is
    /// applied too.
    pub(super) fn start(&mut self, snapshot: Snapshot) -> Next {
        let ahead = self
            .seq
            .resume_point()
            .is_some_and(|(epoch, seq)| epoch == snapshot.epoch && seq > snapshot.seq);
        if ahead && !self.seq.is_holding() {
            return Next::Flush;
        }
        for tile in &snapshot.tiles {
            self.usernames
                .entry(tile.creator_id)
                .or_insert_with(|| tile.creator_username.clone());
        }
        for user in &snapshot.active_users {
            self.met(user.user_id, &user.username, &user.display_name);
        }
        self.store.names.update(|names| {
            for message in &snapshot.messages {
                names.insert(message.sender_id, message.sender_display_name.clone());
            }
            let named = |tile: &&Tile| !crate::model::people::is_nameless(&tile.creator_username);
            for tile in snapshot.tiles.iter().filter(named) {
                names
                    .entry(tile.creator_id)
                    .or_insert_with(|| tile.creator_username.clone());
            }
        });
        // What follows need not join on to what there is.
        self.store
            .activity
            .update(std::collections::VecDeque::clear);
        if !self.live {
            let mut all = snapshot.active_users;
            people::sort(&mut all);
            self.store.people.set(all);
        }
        let grid = grid_of(&snapshot.canvas);
        if self.store.canvas.with_untracked(Option::is_none) {
            let palette = crate::model::palette::parse(&snapshot.canvas.palette);
            self.store.tools.update(|tools| tools.begin_with(&palette));
        }
        self.store.canvas.set(Some(snapshot.canvas));
        self.store
            .tiles
            .update(|tiles| tiles.load(grid, snapshot.tiles));
        let none_before = snapshot.messages.len() < page(limits::SNAPSHOT_MESSAGES);
        let mut dropped = false;
        self.store
            .chat
            .update(|rows| dropped = chat::restart(rows, snapshot.messages));
        if none_before {
            self.store.older.set(Older::None);
        } else if dropped || self.store.older.get_untracked() == Older::Loading {
            self.store.older.set(Older::Maybe);
        }
        self.predict_me();
        self.rebase_all();
        self.store.load.set(Load::Ready);
        let held = self.seq.restart(snapshot.epoch, snapshot.seq);
        let mut next = Next::Flush;
        for message in held {
            next = self.receive(message);
            if next != Next::Flush {
                break;
            }
        }
        next
    }

    fn durable(&mut self, event: DurableEvent) -> Next {
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
                self.store
                    .people
                    .update(|all| people::typing(all, sender, false));
                if let Some(id) = own {
                    self.end(id);
                }
            }
            DurableEvent::TileCreated(event) => {
                let creator = self
                    .usernames
                    .get(&event.creator_id)
                    .cloned()
                    .unwrap_or_default();
                let mine = self.is_me(event.creator_id);
                let drawn: Vec<PixelEdit> = (0..)
                    .zip(event.pixels.as_bytes())
                    .filter(|(_, color)| **color != TRANSPARENT)
                    .map(|(index, &color)| PixelEdit(index, color))
                    .collect();
                let at = self.change(|tiles| tiles.created(event, creator));
                if !mine {
                    self.lose(&RemoteEdits { at, edits: drawn });
                }
            }
            DurableEvent::TileUpdated(event) => {
                let mine = self.is_me(event.updater_id);
                let mut remote = None;
                self.change(|tiles| {
                    let painted = tiles.updated(event);
                    let at = painted.at;
                    remote = Some(painted);
                    at
                });
                if let Some(remote) = remote.filter(|_| !mine) {
                    self.lose(&remote);
                }
            }
            DurableEvent::TileLiked(event) => {
                let mine = self.is_me(event.liker_id);
                self.change(|tiles| tiles.liked(&event, mine));
            }
            DurableEvent::TileDeleted(event) => {
                let at = self.change(|tiles| tiles.deleted(&event));
                self.history.remove(&at);
                self.tell_undo(at);
            }
            DurableEvent::CanvasUpdated(event) => self.settings(event.canvas),
        }
        Next::Flush
    }

    /// Changes what is confirmed, and lays what is pending over it anew.
    fn change(&self, change: impl FnOnce(&mut tile_store::TileStore) -> Coord) -> Coord {
        let mut at = None;
        // Subscribers are told once, by `relay`.
        self.store
            .tiles
            .update_untracked(|tiles| at = Some(change(tiles)));
        let at = at.unwrap_or(Coord { x: 0, y: 0 });
        self.rebase(at);
        at
    }

    fn lose(&mut self, remote: &RemoteEdits) {
        if let Some(history) = self.history.get_mut(&remote.at) {
            let pending = self.queue.painted(remote.at);
            history.lose(&remote.edits, |index| pending.contains(&index));
            self.tell_undo(remote.at);
        }
    }

    fn settings(&mut self, mut canvas: Canvas) {
        let old = self.store.canvas.get_untracked();
        // The event is for everybody, so it says nothing of one's own role.
        canvas.role = old.as_ref().and_then(|old| old.role);
        self.store.canvas.set(Some(canvas));
    }

    fn ack(&mut self, ack: &Ack) -> Next {
        let op = ack.op_id.and_then(|id| self.queue.get(id)).cloned();
        if ack.request == "canvas_chat" {
            // The message itself comes too, and takes the pending row's place;
            // what is known already will not come again.
            if let Some(op) = op
                && ack
                    .seq
                    .is_none_or(|seq| self.seq.position(seq) == SeqPosition::Known)
            {
                self.end(op.id);
                self.store.chat.update(|rows| chat::settle(rows, op.id));
            }
            return Next::Flush;
        }
        let position = ack
            .seq
            .map_or(SeqPosition::Known, |seq| self.seq.position(seq));
        let op = match (position, op) {
            (SeqPosition::Known, None) => return Next::Flush,
            // Not ours to apply: let the event itself be sent.
            (SeqPosition::Gap, _) | (SeqPosition::Next, None) => return Next::Reconnect,
            (SeqPosition::Known | SeqPosition::Next, Some(op)) => op,
        };
        self.end(op.id);
        let Some((at, tile)) = op.message.tile_op() else {
            return Next::Flush;
        };
        if let (SeqPosition::Next, Some(seq), Some(painter)) = (position, ack.seq, self.painter()) {
            self.seq.advance(seq);
            let line = activity::of_own(ack, &tile, at, painter.user_id, now());
            if let Some(line) = line {
                self.store
                    .activity
                    .update(|lines| activity::add(lines, line));
            }
            self.store
                .tiles
                .update_untracked(|tiles| tiles.confirm(at, &tile, ack, &painter, now()));
        }
        self.rebase(at);
        Next::Flush
    }

    fn error(&mut self, error: ErrorMessage) -> Next {
        let next = if error.code == ErrorCode::Forbidden {
            Next::Role
        } else {
            Next::Flush
        };
        let Some(id) = error.op_id else {
            if let (ErrorCode::TileLocked, Some(at)) =
                (error.code, self.store.editing.get_untracked())
            {
                self.lose_tile(at);
            }
            return next;
        };
        if matches!(error.code, ErrorCode::Unavailable | ErrorCode::RateLimited) {
            let wait = error.retry_after_ms.unwrap_or(RETRY_MS);
            let until = now_ms().saturating_add(i64::try_from(wait).unwrap_or(i64::MAX));
            self.queue.postpone(id, until);
            return next;
        }
        self.refuse(id, error.code, error.message);
        next
    }

    /// What this user may do here now; they are told if it is not what it was.
    pub(super) fn role(&mut self, role: Role) {
        let is_new = self
            .store
            .me
            .with_untracked(|me| me.as_ref().is_some_and(|me| me.role != role));
        if is_new {
            self.store.me.update(|me| {
                if let Some(me) = me {
                    me.role = role;
                }
            });
            self.notify(NoticeKind::Role(role));
        }
    }

    /// Somebody else holds the lock of the open tile: it closes.
    fn lose_tile(&mut self, at: Coord) {
        self.store.editing.set(None);
        self.store.pen.set(None);
        self.notify(match self.may_not(at) {
            Some(why @ MayNot::Locked(_)) => self.may_not_notice(why),
            // Their lock is not known yet, only that there is one.
            None | Some(_) => NoticeKind::Refused {
                code: ErrorCode::TileLocked,
                message: String::new(),
                at: Some(at),
            },
        });
    }

    fn mentioned(&mut self, event: TileMentioned) {
        let at = Coord {
            x: event.tile_x,
            y: event.tile_y,
        };
        let started_at = now_ms();
        let name = self
            .store
            .names
            .with_untracked(|names| names.get(&event.user_id).cloned())
            .unwrap_or(event.username);
        self.store.highlights.update(|highlights| {
            highlights.retain(|highlight| highlight.at != at);
            highlights.push(Highlight {
                by: Some((event.user_id, name.clone())),
                at,
                message: event.message.clone(),
                started_at,
                ends_at: started_at + event.duration,
            });
        });
        self.notify(NoticeKind::Mentioned {
            username: name,
            at,
            message: event.message,
        });
    }

    fn is_me(&self, user: UserId) -> bool {
        self.user.as_ref().is_some_and(|me| me.id == user)
    }

    fn met(&mut self, user: UserId, username: &str, display_name: &str) {
        self.usernames.insert(user, username.to_owned());
        let known = self
            .store
            .names
            .with_untracked(|names| names.get(&user).is_some_and(|name| name == display_name));
        if !known {
            self.store.names.update(|names| {
                names.insert(user, display_name.to_owned());
            });
        }
    }

    /// Lines of activity from before this page was opened, and the names of
    /// those who spoke meanwhile.
    pub(super) fn remember(&mut self, events: &[DurableEvent]) {
        self.store.names.update(|names| {
            for event in events {
                if let DurableEvent::CanvasChatMessage(event) = event {
                    let message = &event.message;
                    names
                        .entry(message.sender_id)
                        .or_insert_with(|| message.sender_display_name.clone());
                }
            }
        });
        self.store.activity.update(|lines| {
            for line in events.iter().filter_map(activity::of_event) {
                activity::add(lines, line);
            }
        });
    }

    /// Whether somebody did something whose name is not known.
    pub(super) fn has_strangers(&self) -> bool {
        self.store.names.with_untracked(|names| {
            self.store
                .activity
                .with_untracked(|lines| lines.iter().any(|line| !names.contains_key(&line.actor)))
        })
    }

    /// The names of a canvas's members.
    pub(super) fn learn(&mut self, members: &[Member]) {
        for member in members {
            self.met(member.user_id, &member.username, &member.display_name);
        }
    }
}

/// The measures of a canvas.
fn grid_of(canvas: &Canvas) -> Grid {
    Grid {
        width: canvas.width,
        height: canvas.height,
        tile_size: canvas.tile_size,
        palette: canvas.palette.len(),
    }
}

fn page(rows: i64) -> usize {
    usize::try_from(rows).unwrap_or(usize::MAX)
}
