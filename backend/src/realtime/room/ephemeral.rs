//! What a room passes on without storing it: presence, typing, cursors and
//! mentions.

use super::{Room, timers::Timer};
use crate::{
    db,
    realtime::{
        cluster_message::{EphemeralKind, PresenceField},
        frame::OutboundMessage,
        presence::TYPING,
        write::Identity,
    },
};
use shared::{
    canvas::Coord,
    ids::{ConnectionId, OpId, UserId},
    limits,
    presence::Editing,
    protocol::{
        ErrorCode, PresenceChange, PresenceUpdate, ServerMessage, TileMentioned, UserCursor,
        UserTyping,
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
                self.share(identity.user_id, connection, PresenceField::Typing);
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
                self.share(identity.user_id, connection, PresenceField::Editing);
            }
            PresenceChange::Status {
                status,
                status_message,
            } => {
                let message = status_message.as_deref();
                self.presence.status(identity.user_id, status, message);
                self.tell_presence(connection, &identity, None);
                self.share(identity.user_id, connection, PresenceField::Status);
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
            username: identity.username.to_string(),
            tile_x: at.x,
            tile_y: at.y,
            highlight_type,
            message,
            duration,
            timestamp: self.clock.now().into(),
        });
        self.say(connection, &identity, EphemeralKind::Mention, &mention);
    }

    pub(super) fn leave(&mut self, connection: ConnectionId) {
        let Some(member) = self.members.remove(&connection) else {
            return;
        };
        let user = member.identity.user_id;
        self.depart(user, connection);
        self.share_gone(user, connection);
        self.free_locks(connection);
    }

    /// A connection is gone, here or elsewhere.
    pub(super) fn depart(&mut self, user: UserId, connection: ConnectionId) {
        let Some(identity) = self.presence.identity(user) else {
            return;
        };
        let now = Instant::now();
        let left = self.presence.leave(user, connection, now);
        if left.stopped_typing {
            self.tell_typing(connection, &identity, false);
        }
        if let Some(tile) = left.stopped_editing {
            self.tell_presence(connection, &identity, Some((tile, false)));
        }
        if let Some(due) = left.leaves_at {
            self.timers.at(due, Timer::Leave(user));
        }
    }

    /// Does what has become due.
    pub(super) fn tick(&mut self, now: Instant) {
        let mut left_here = Vec::new();
        while let Some(timer) = self.timers.due(now) {
            match timer {
                Timer::Typing(user, connection) => {
                    let Some(is_news) = self.presence.stop_typing(user, connection, now) else {
                        continue;
                    };
                    if let Some(identity) = self.presence.identity(user).filter(|_| is_news) {
                        self.tell_typing(connection, &identity, false);
                    }
                    if self.members.contains_key(&connection) {
                        self.share(user, connection, PresenceField::Typing);
                    }
                }
                Timer::Leave(user) => {
                    if let Some((identity, was_here)) = self.presence.expire(user, now) {
                        self.count_users();
                        if was_here {
                            left_here.push(user);
                        }
                        let left = ServerMessage::UserLeft(self.user_count(&identity));
                        let left = OutboundMessage::ephemeral(user, "user", &left);
                        self.fanout.to_all(left);
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
                Timer::Gap => self.sequencer.on_timer(now),
                Timer::Lock(at) => self.lock_due(at, now),
            }
        }
        if !left_here.is_empty() {
            self.note_last_seen(left_here);
        }
    }

    /// At once for all of them: when a line breaks they are many.
    fn note_last_seen(&self, users: Vec<UserId>) {
        let pool = self.pool.clone();
        tokio::spawn(async move {
            if let Err(error) = db::users::seen(&pool, &users).await {
                tracing::debug!(%error, "when users were here last could not be kept");
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
        self.say(connection, &identity, EphemeralKind::Cursor, &cursor);
    }

    pub(super) fn tell_typing(
        &mut self,
        connection: ConnectionId,
        identity: &Identity,
        is_typing: bool,
    ) {
        let typing = ServerMessage::UserTyping(UserTyping {
            user_id: identity.user_id,
            username: identity.username.to_string(),
            is_typing,
        });
        self.tell_others(connection, identity, "typing", &typing);
    }

    /// `change` is the tile that was opened (true) or left; without one the
    /// tile that the user draws in is told.
    pub(super) fn tell_presence(
        &mut self,
        connection: ConnectionId,
        identity: &Identity,
        change: Option<(Editing, bool)>,
    ) {
        if let Some(update) = self.presence_update(identity, change) {
            let update = ServerMessage::UserPresenceUpdate(update);
            self.tell_others(connection, identity, "presence", &update);
        }
    }

    /// Tells a user's new name to show.
    pub(super) fn tell_renamed(&mut self, connection: ConnectionId, identity: &Identity) {
        if let Some(update) = self.presence_update(identity, None) {
            let update = ServerMessage::UserPresenceUpdate(PresenceUpdate {
                display_name: Some(identity.display_name.to_string()),
                ..update
            });
            self.tell_others(connection, identity, "presence", &update);
        }
    }

    fn presence_update(
        &self,
        identity: &Identity,
        change: Option<(Editing, bool)>,
    ) -> Option<PresenceUpdate> {
        let user = self.presence.get(identity.user_id)?;
        let shown = change.or(user.editing.map(|tile| (tile, true)));
        Some(PresenceUpdate {
            user_id: identity.user_id,
            username: identity.username.to_string(),
            display_name: None,
            canvas_id: self.canvas_id,
            status: user.status,
            status_message: user.status_message,
            tile_x: shown.map(|(tile, _)| tile.tile_x),
            tile_y: shown.map(|(tile, _)| tile.tile_y),
            is_editing: shown.is_some_and(|(_, editing)| editing),
            timestamp: self.clock.now().into(),
        })
    }

    fn outside(&mut self, connection: ConnectionId, op_id: Option<OpId>) {
        let message = "the cell is outside the canvas";
        let error = OutboundMessage::error(ErrorCode::OutOfBounds, message, op_id);
        self.fanout.to_one(connection, error);
    }

    pub(super) fn tell_others(
        &mut self,
        connection: ConnectionId,
        from: &Identity,
        kind: &'static str,
        message: &ServerMessage,
    ) {
        let frame = OutboundMessage::ephemeral(from.user_id, kind, message);
        self.fanout.to_others(connection, frame);
    }
}
