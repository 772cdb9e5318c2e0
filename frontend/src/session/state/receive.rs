//! Messages of the server: applies each to the store and returns what the
//! caller has to do next. This module has the dispatch, errors and ephemeral
//! messages; `durable` has what is numbered by `seq`, `snapshot` the start of a
//! connection.

mod durable;
mod snapshot;

pub(super) use snapshot::grid_of;

use super::SessionState;
use crate::{
    model::{
        notice::{MayNot, NoticeKind},
        people::{Cursor, Highlight},
    },
    store::backend::{Backend, Var},
};
use shared::{
    canvas::Coord,
    ids::UserId,
    protocol::{DurableEvent, ErrorCode, ErrorMessage, Lock, ServerMessage, TileMentioned},
};

/// Milliseconds until a postponed request is sent again, if the server does not
/// say.
const RETRY_MS: u64 = 1_000;
/// Milliseconds after which a user who sent no new typing message is not shown
/// as typing.
const TYPING_LIFETIME_MS: i64 = 6_000;

/// What the caller has to do after a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FollowUp {
    /// Send the requests that may be sent now.
    Flush,
    /// Fetch the snapshot; durable messages are buffered until it arrives.
    Snapshot,
    /// A message is missing: reconnect and resume.
    Reconnect,
    /// The connection is somebody else's: nothing is sent on it.
    Identify,
    /// An operation was forbidden: fetch the role of this user.
    Role,
}

impl<B: Backend> SessionState<B> {
    /// Applies a message, or buffers it until the snapshot arrives.
    #[expect(clippy::too_many_lines, reason = "one arm for each kind of message")]
    pub(super) fn receive(&mut self, message: ServerMessage, now: i64) -> FollowUp {
        let message = match message {
            ServerMessage::Connected(hello) => return self.connected(*hello, now),
            durable @ (ServerMessage::CanvasChatMessage(_)
            | ServerMessage::TileCreated(_)
            | ServerMessage::TileUpdated(_)
            | ServerMessage::TileLiked(_)
            | ServerMessage::TileDeleted(_)
            | ServerMessage::CanvasUpdated(_)
            | ServerMessage::ChatRemoved(_)
            | ServerMessage::ChatEdited(_)
            | ServerMessage::CommentCreated(_)
            | ServerMessage::CommentUpdated(_)
            | ServerMessage::Ack(_)) => match self.seq.buffer(durable) {
                Ok(true) => return FollowUp::Flush,
                Ok(false) => {
                    self.seq.start_buffering();
                    return FollowUp::Snapshot;
                }
                Err(message) => message,
            },
            other => other,
        };
        match message {
            // The server closes the connection to a deleted canvas with the
            // same reason.
            ServerMessage::Connected(_)
            | ServerMessage::Notification(_)
            | ServerMessage::NotificationsRead(_)
            | ServerMessage::Pong { .. }
            | ServerMessage::CanvasDeleted(_)
            | ServerMessage::DirectMessage(_)
            | ServerMessage::DirectMessageRead(_)
            | ServerMessage::DirectTyping(_) => {}
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
            ServerMessage::ChatRemoved(event) => {
                return self.durable(DurableEvent::ChatRemoved(event), now);
            }
            ServerMessage::ChatEdited(event) => {
                return self.durable(DurableEvent::ChatEdited(event), now);
            }
            ServerMessage::CommentCreated(event) => {
                return self.durable(DurableEvent::CommentCreated(event), now);
            }
            ServerMessage::CommentUpdated(event) => {
                return self.durable(DurableEvent::CommentUpdated(event), now);
            }
            ServerMessage::Sanction(event) => self.sanctioned(event.sanction),
            ServerMessage::SanctionLifted(event) => self.sanction_over(event.sanction_id),
            ServerMessage::CaseOpened(_) => {
                self.store.case_changes.update(|n| *n += 1);
                self.notify(NoticeKind::Reported);
            }
            ServerMessage::CaseUpdated(_) => self.store.case_changes.update(|n| *n += 1),
            ServerMessage::Ack(ack) => return self.ack(&ack, now),
            ServerMessage::Error(error) => return self.error(&error, now),
            ServerMessage::UserJoined(event) => {
                self.remember_names(event.user_id, &event.username, &event.display_name);
                self.store.people.joined(&event);
            }
            ServerMessage::UserLeft(event) => self.user_left(event.user_id),
            ServerMessage::UserTyping(event) if self.is_hidden(event.user_id) => {}
            ServerMessage::UserCursor(event) if self.is_hidden(event.user_id) => {}
            ServerMessage::TileMention(event) if self.is_hidden(event.user_id) => {}
            ServerMessage::UserTyping(event) => {
                self.typing_until
                    .insert(event.user_id, now + TYPING_LIFETIME_MS);
                self.store.people.typing(event.user_id, event.is_typing);
            }
            ServerMessage::UserPresenceUpdate(event) => {
                if let Some(name) = &event.display_name {
                    self.remember_names(event.user_id, &event.username, name);
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
            ServerMessage::TileMention(event) => self.show_mention(event, now),
            ServerMessage::TileLocked(lock) => self.tile_locked(lock),
            ServerMessage::TileUnlocked(lock) => self.store.locks.update(|locks| {
                locks.retain(|other| (other.tile_x, other.tile_y) != (lock.tile_x, lock.tile_y));
            }),
            ServerMessage::Announcement(event) => {
                self.notify(NoticeKind::Announcement(event.message));
            }
        }
        FollowUp::Flush
    }

    /// Somebody left.
    fn user_left(&self, user: UserId) {
        self.store.people.left(user);
        self.store.cursors.update(|all| {
            all.remove(&user);
        });
        if self.store.following.get() == Some(user) {
            self.store.following.set(None);
        }
    }

    /// Somebody took or renewed the lock of a tile.
    fn tile_locked(&mut self, lock: Lock) {
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
            self.close_locked_tile(at);
        }
    }

    /// The server refused a request, or could not do it now.
    fn error(&mut self, error: &ErrorMessage, now: i64) -> FollowUp {
        if error.code == ErrorCode::TooFarBehind {
            self.seq.reset();
            self.seq.start_buffering();
            return FollowUp::Snapshot;
        }
        let next = if error.code == ErrorCode::Forbidden {
            FollowUp::Role
        } else {
            FollowUp::Flush
        };
        let Some(id) = error.op_id else {
            if let (ErrorCode::TileLocked, Some(at)) = (error.code, self.store.editing.get()) {
                self.close_locked_tile(at);
            }
            return next;
        };
        let wait = error.retry_after_ms.unwrap_or(RETRY_MS);
        let until = now.saturating_add(i64::try_from(wait).unwrap_or(i64::MAX));
        match error.code {
            ErrorCode::Unavailable | ErrorCode::RateLimited => {
                self.queue.postpone(id, until);
                return next;
            }
            ErrorCode::SlowMode | ErrorCode::Newcomer if self.hold_words(id, until) => return next,
            ErrorCode::Sanctioned => self.refused_by(error.sanction.as_deref()),
            ErrorCode::LockedDown => {
                let until = Some(self.server_time(until));
                self.store.locked_out_until.set_if_changed(until);
            }
            _ => {}
        }
        self.refuse(id, error.code, now);
        next
    }

    /// Closes the open tile because somebody else locked it.
    fn close_locked_tile(&mut self, at: Coord) {
        self.store.editing.set(None);
        self.store.pen.set(None);
        self.notify(match self.store.draw_refusal(at) {
            Some(why @ MayNot::Locked(_)) => self.may_not_notice(why),
            // The lock's owner is not known yet.
            None | Some(_) => NoticeKind::Refused {
                code: ErrorCode::TileLocked,
                at: Some(at),
            },
        });
    }

    /// Somebody mentioned a tile: highlights it and shows a notice.
    fn show_mention(&mut self, event: TileMentioned, now: i64) {
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

    /// Stores the names of a user.
    pub(super) fn remember_names(&mut self, user: UserId, username: &str, display_name: &str) {
        self.usernames.insert(user, username.to_owned());
        self.store.names.set(user, display_name);
    }

    /// Stops showing users as typing who sent no new message in time.
    pub(super) fn expire_typing(&mut self, now: i64) {
        let mut expired = Vec::new();
        self.typing_until.retain(|user, until| {
            let over = *until <= now;
            if over {
                expired.push(*user);
            }
            !over
        });
        for user in expired {
            self.store.people.typing(user, false);
        }
    }
}
