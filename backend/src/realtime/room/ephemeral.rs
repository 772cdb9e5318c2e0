//! What a room passes on without storing it: presence, typing, cursors and
//! mentions.

use super::{Room, cursor::CursorAction, timers::Timer};
use crate::realtime::{
    cluster_message::{EphemeralKind, PresenceField},
    outbound::OutboundMessage,
    presence::TYPING,
    write::Identity,
};
use shared::{
    canvas::Coord,
    ids::{ConnectionId, OpId, UserId},
    presence::Editing,
    protocol::{
        ErrorCode, PresenceChange, PresenceUpdate, ServerMessage, TileMentioned, UserCursor,
        UserTyping,
    },
};
use std::time::Instant;

/// A tile mention of a client.
pub(super) struct Mention {
    pub(super) at: Coord,
    pub(super) highlight_type: String,
    pub(super) message: String,
    /// In milliseconds.
    pub(super) duration: i64,
    pub(super) op_id: Option<OpId>,
}

impl Room {
    /// Handles a member's `user_presence`.
    pub(super) fn on_presence_change(
        &mut self,
        connection: ConnectionId,
        change: PresenceChange,
        op_id: Option<OpId>,
    ) {
        let Some(member) = self.members.get(connection) else {
            return;
        };
        let identity = member.identity.clone();
        let user = identity.user_id;
        match change {
            PresenceChange::Typing { is_typing } => {
                let until = is_typing.then(|| Instant::now() + TYPING);
                if let Some(until) = until {
                    self.timers.at(until, Timer::Typing(user, connection));
                }
                if self.presence.typing(user, connection, until) {
                    self.send_typing(connection, &identity, is_typing);
                }
                self.publish_presence(user, connection, PresenceField::Typing);
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
                    return self.refuse_out_of_bounds(connection, op_id);
                }
                let tile = Editing { tile_x, tile_y };
                let editing = is_editing.then_some(tile);
                self.presence.editing(user, connection, editing);
                self.send_presence(connection, &identity, Some((tile, is_editing)));
                self.publish_presence(user, connection, PresenceField::Editing);
            }
            PresenceChange::Status {
                status,
                status_message,
            } => {
                let message = status_message.as_deref();
                self.presence.status(user, status, message);
                self.send_presence(connection, &identity, None);
                self.publish_presence(user, connection, PresenceField::Status);
            }
            PresenceChange::Cursor { x, y } => self.on_cursor(connection, x, y),
        }
    }

    /// Handles a member's `tile_mention`.
    pub(super) fn on_mention(&mut self, connection: ConnectionId, mention: Mention) {
        let Mention {
            at,
            highlight_type,
            message,
            duration,
            op_id,
        } = mention;
        if !self.grid.contains(at) {
            return self.refuse_out_of_bounds(connection, op_id);
        }
        let Some(member) = self.members.get(connection) else {
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
            timestamp: self.services.clock.now().into(),
        });
        self.broadcast_ephemeral(connection, &identity, EphemeralKind::Mention, &mention);
    }

    /// Ends a connection's typing if it was not renewed.
    pub(super) fn end_typing(&mut self, user: UserId, connection: ConnectionId, now: Instant) {
        let Some(is_news) = self.presence.stop_typing(user, connection, now) else {
            return;
        };
        if let Some(identity) = self.presence.identity(user).filter(|_| is_news) {
            self.send_typing(connection, &identity, false);
        }
        if self.members.contains(connection) {
            self.publish_presence(user, connection, PresenceField::Typing);
        }
    }

    /// Sends a cursor position, now or later.
    fn on_cursor(&mut self, connection: ConnectionId, x: f64, y: f64) {
        let Some(member) = self.members.get_mut(connection) else {
            return;
        };
        match member.cursor.offer(x, y, Instant::now()) {
            CursorAction::Send => {}
            CursorAction::SendAt(time) => {
                return self.timers.at(time, Timer::Cursor(connection));
            }
            CursorAction::Replace => return,
        }
        let identity = member.identity.clone();
        let user_id = identity.user_id;
        let cursor = ServerMessage::UserCursor(UserCursor { user_id, x, y });
        self.broadcast_ephemeral(connection, &identity, EphemeralKind::Cursor, &cursor);
    }

    /// Sends the position that was held back.
    pub(super) fn release_cursor(&mut self, connection: ConnectionId) {
        let member = self.members.get_mut(connection);
        if let Some((x, y)) = member.and_then(|member| member.cursor.take_held_back()) {
            self.on_cursor(connection, x, y);
        }
    }

    /// Sends `user_typing` to the other members.
    pub(super) fn send_typing(
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
        self.send_ephemeral(connection, identity, "typing", &typing);
    }

    /// Sends `user_presence_update` to the other members. `change` is the tile
    /// that was opened (true) or left (false); without one, the message has the tile
    /// that the user has open.
    pub(super) fn send_presence(
        &mut self,
        connection: ConnectionId,
        identity: &Identity,
        change: Option<(Editing, bool)>,
    ) {
        if let Some(update) = self.presence_update(identity, change) {
            let update = ServerMessage::UserPresenceUpdate(update);
            self.send_ephemeral(connection, identity, "presence", &update);
        }
    }

    /// Sends a user's new display name to the other members.
    pub(super) fn send_display_name(&mut self, connection: ConnectionId, identity: &Identity) {
        if let Some(update) = self.presence_update(identity, None) {
            let update = ServerMessage::UserPresenceUpdate(PresenceUpdate {
                display_name: Some(identity.display_name.to_string()),
                ..update
            });
            self.send_ephemeral(connection, identity, "presence", &update);
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
            timestamp: self.services.clock.now().into(),
        })
    }

    fn refuse_out_of_bounds(&mut self, connection: ConnectionId, op_id: Option<OpId>) {
        let message = "the cell is outside the canvas";
        let error = OutboundMessage::error(ErrorCode::OutOfBounds, message, op_id);
        self.delivery.send_to(connection, error);
    }

    /// Sends an ephemeral message to the other members of this node. `kind` says
    /// which earlier message of the user it replaces in a full outbox.
    pub(super) fn send_ephemeral(
        &mut self,
        connection: ConnectionId,
        from: &Identity,
        kind: &'static str,
        message: &ServerMessage,
    ) {
        let message = OutboundMessage::ephemeral(from.user_id, kind, message);
        self.delivery.broadcast_except(connection, message);
    }
}
