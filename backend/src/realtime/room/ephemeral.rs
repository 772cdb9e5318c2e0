//! What a room passes on without storing it: presence, typing, cursors and
//! mentions.

use super::{
    Room,
    throttle::{Change, ChangeKind, Changes, Offer},
    timers::Timer,
};
use crate::realtime::{
    cluster_message::EphemeralKind, outbound::OutboundMessage, presence::TYPING, write::Identity,
};
use shared::{
    api::sanctions::Activity,
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
        let user = member.identity.user_id;
        match change {
            PresenceChange::Typing { is_typing } => {
                let until = is_typing.then(|| Instant::now() + TYPING);
                if let Some(until) = until {
                    self.timers.at(until, Timer::Typing(user, connection));
                }
                let is_news = self.presence.typing(user, connection, until);
                let change = is_news.then_some(Change::Typing(is_typing));
                self.pass_on(user, connection, ChangeKind::Typing, change, true);
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
                let change = Some(Change::Editing(tile, is_editing));
                self.pass_on(user, connection, ChangeKind::Editing, change, true);
            }
            PresenceChange::Status {
                status,
                status_message,
            } => {
                let message = status_message.as_deref();
                self.presence.status(user, status, message);
                let change = Some(Change::Status);
                self.pass_on(user, connection, ChangeKind::Status, change, true);
            }
            PresenceChange::Cursor { x, y } => self.on_cursor(user, connection, x, y),
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
        if self.refuses(connection, Activity::Speaking, op_id)
            || self.refuses_by_order(connection, Activity::Speaking, op_id)
        {
            return;
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
        let change = is_news.then_some(Change::Typing(false));
        let is_here = self.members.contains(connection);
        self.pass_on(user, connection, ChangeKind::Typing, change, is_here);
    }

    /// Passes on a change of a user's presence, now or later. `change` is what the
    /// other members are told, if anything. With `publishes` the other nodes are told
    /// the state of `connection`, which is one of this node.
    pub(super) fn pass_on(
        &mut self,
        user: UserId,
        connection: ConnectionId,
        kind: ChangeKind,
        change: Option<Change>,
        publishes: bool,
    ) {
        let to_publish = publishes && self.services.bus.is_shared();
        if change.is_none() && !to_publish {
            return;
        }
        let changes = Changes {
            newest: change.map(|change| (connection, change)),
            to_publish: to_publish.then_some(connection).into_iter().collect(),
        };
        match self.throttle.offer(user, kind, changes, Instant::now()) {
            Offer::Send(changes) => self.send_changes(user, kind, changes),
            Offer::HeldUntil(time) => self.timers.at(time, Timer::Change(user, kind)),
            Offer::Held => {}
        }
    }

    /// Sends the changes that were held back.
    pub(super) fn release_change(&mut self, user: UserId, kind: ChangeKind, now: Instant) {
        if let Some(changes) = self.throttle.release(user, kind, now) {
            self.send_changes(user, kind, changes);
        }
    }

    fn send_changes(&mut self, user: UserId, kind: ChangeKind, changes: Changes) {
        let Some(identity) = self.presence.identity(user) else {
            return;
        };
        if let Some((by, change)) = changes.newest {
            match change {
                Change::Typing(is_typing) => self.send_typing(by, &identity, is_typing),
                Change::Editing(tile, is_editing) => {
                    self.send_presence(by, &identity, Some((tile, is_editing)));
                }
                Change::Status => self.send_presence(by, &identity, None),
            }
        }
        for connection in changes.to_publish {
            self.publish_presence(user, connection, kind.field());
        }
    }

    /// Sends a cursor position, now or later.
    fn on_cursor(&mut self, user: UserId, connection: ConnectionId, x: f64, y: f64) {
        let now = Instant::now();
        match self.throttle.offer_cursor(user, connection, (x, y), now) {
            Offer::Send((by, x, y)) => self.send_cursor(user, by, x, y),
            Offer::HeldUntil(time) => self.timers.at(time, Timer::Cursor(user)),
            Offer::Held => {}
        }
    }

    /// Sends the position that was held back.
    pub(super) fn release_cursor(&mut self, user: UserId, now: Instant) {
        if let Some((by, x, y)) = self.throttle.release_cursor(user, now) {
            self.send_cursor(user, by, x, y);
        }
    }

    fn send_cursor(&mut self, user_id: UserId, by: ConnectionId, x: f64, y: f64) {
        let Some(identity) = self.presence.identity(user_id) else {
            return;
        };
        let cursor = ServerMessage::UserCursor(UserCursor { user_id, x, y });
        self.broadcast_ephemeral(by, &identity, EphemeralKind::Cursor, &cursor);
    }

    /// Sends `user_typing` to the other members.
    fn send_typing(&mut self, connection: ConnectionId, identity: &Identity, is_typing: bool) {
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
    fn send_presence(
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

    /// Tells all members of this node, the user's own too, another name of a user.
    pub(super) fn broadcast_display_name(&mut self, identity: &Identity) {
        if let Some(update) = self.presence_update(identity, None) {
            let update = ServerMessage::UserPresenceUpdate(PresenceUpdate {
                display_name: Some(identity.display_name.to_string()),
                ..update
            });
            let update = OutboundMessage::ephemeral(identity.user_id, "presence", &update);
            self.delivery.broadcast(update);
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
