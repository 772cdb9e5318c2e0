//! The session of the open canvas: the only writer of the [`CanvasStore`].
//! Components ask for changes here, and the server's messages arrive here.
//!
//! [`Session`] is a `Copy` handle, `expect_context::<Session>()`. Behind it,
//! [`state`] decides (pure, tested on the host), [`runtime`] owns the socket,
//! timers and HTTP requests, and carries out what `state` asks for.
//!
//! [`CanvasStore`]: crate::store::CanvasStore

pub mod activity;
pub mod chat;
mod comments;
pub mod effect;
mod http_errors;
mod living_pages;
#[cfg(test)]
mod local_storage;
pub mod pending_storage;
pub mod queue;
pub mod runtime;
pub mod seq_tracker;
pub mod state;
#[cfg(test)]
pub(crate) mod tests;

use self::{runtime::SessionRuntime, state::SessionState};
use crate::{
    api, browser,
    inbox::Inbox,
    model::{
        camera::CameraCommand,
        chat::OlderPages,
        notice::{MayNot, NoticeKind},
        people::Highlight,
    },
    store::{Account, Store, backend::Signals},
};
use leptos::prelude::*;
use shared::{
    api::Auth,
    canvas::Coord,
    ids::{MessageId, OpId, UserId},
    limits,
    pixels::PixelEdit,
    presence::Status,
    protocol::{ClientMessage, ErrorCode},
    text::{ChatText, TextError},
};
use std::rc::Rc;

/// Why a chat message was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SayError {
    /// The text cannot be sent.
    Text(TextError),
    /// It is not known yet who the user is, or nobody is signed in.
    NoUser,
    /// Too much waits already; a toast says so.
    QueueFull,
    /// The canvas takes one message in a time, and that is not over.
    Slow,
}

/// A handle to the session of the open canvas.
#[derive(Clone, Copy)]
pub struct Session {
    store: Store,
    runtime: StoredValue<Rc<SessionRuntime>, LocalStorage>,
}

impl Session {
    /// Opens a canvas: connects, and keeps the store up to date until the
    /// owner that this is called under is disposed of.
    pub fn open(store: Store) -> Self {
        let account = expect_context::<Account>();
        let inbox = expect_context::<Inbox>();
        let runtime = SessionRuntime::new(store, account, inbox);
        runtime.carry();
        runtime.input(|state, _| state.fetch_snapshot());
        let watched = Rc::downgrade(&runtime);
        Effect::new(move || {
            let sign_in = account.sign_in.get();
            runtime::with(&watched, |runtime| {
                runtime.input(|state, now| state.signed(sign_in, now));
            });
        });
        Self {
            store,
            runtime: StoredValue::new_local(runtime),
        }
    }

    /// None after the canvas was left.
    fn input<T>(self, input: impl FnOnce(&mut SessionState<Signals>, i64) -> T) -> Option<T> {
        let runtime = self.runtime.try_get_value()?;
        Some(runtime.input(input))
    }

    /// Sends a message. A durable one (chat, tiles) is applied to the store at
    /// once, queued, and kept until the server has stored or refused it; an
    /// ephemeral one is sent if there is a connection. Returns the id of a
    /// durable one; none, and a toast, if it was not taken (the queue is full,
    /// or it is not allowed).
    pub fn dispatch(self, message: ClientMessage) -> Option<OpId> {
        self.input(|state, now| state.dispatch(message, now))
            .flatten()
    }

    /// Sends a chat message, perhaps as an answer to another one; its row appears at
    /// once.
    ///
    /// # Errors
    /// [`SayError`]: it was not taken, so that the text field has to keep it.
    pub fn say(self, text: &str, reply_to: Option<MessageId>) -> Result<(), SayError> {
        let text = ChatText::parse(text).map_err(SayError::Text)?;
        self.send_words(ClientMessage::CanvasChat {
            text,
            canvas_id: None,
            reply_to,
        })
    }

    /// Replaces the words of one's own chat message; its row shows the new ones at
    /// once.
    ///
    /// # Errors
    /// [`SayError`]: they were not taken, so that the text field has to keep them.
    pub fn edit_message(self, message_id: MessageId, text: &str) -> Result<(), SayError> {
        let text = ChatText::parse(text).map_err(SayError::Text)?;
        self.send_words(ClientMessage::ChatEdit { message_id, text })
    }

    fn send_words(self, message: ClientMessage) -> Result<(), SayError> {
        if self.store.chat_held_until.get_untracked() > browser::uptime_ms() {
            return Err(SayError::Slow);
        }
        let taken = self.input(|state, now| {
            if !state.has_user() {
                return Err(SayError::NoUser);
            }
            let id = state.dispatch(message, now).ok_or(SayError::QueueFull)?;
            state.typing_done();
            Ok(id)
        });
        taken.unwrap_or(Err(SayError::NoUser)).map(drop)
    }

    /// Sends a refused chat message once more. Its row stays if it is not
    /// taken.
    pub fn retry_chat(self, row: OpId) {
        let refused = self
            .store
            .chat
            .with_untracked(|rows| chat::refused(rows, row));
        let is_taken = refused.is_some_and(|refused| {
            // What it was to answer may be the reason.
            let reply_to = refused
                .reply_to
                .filter(|_| refused.code != ErrorCode::MessageNotFound);
            self.say(&refused.text, reply_to).is_ok()
        });
        if is_taken {
            self.discard_chat(row);
        }
    }

    /// Removes a refused chat message.
    pub fn discard_chat(self, row: OpId) {
        self.store.chat.update(|rows| chat::discard(rows, row));
    }

    /// Sends refused new words of a message once more.
    pub fn retry_edit(self, op: OpId) {
        let refused = self
            .store
            .chat
            .with_untracked(|rows| chat::refused_edit(rows, op));
        if let Some((message_id, text)) = refused {
            // If it is not taken, the row stays as it is.
            let _ = self.edit_message(message_id, &text);
        }
    }

    /// Gives up refused new words of a message: the stored ones are shown.
    pub fn discard_edit(self, op: OpId) {
        self.store.chat.update(|rows| chat::edit_ended(rows, op));
    }

    /// Takes a chat message back: one's own, or as a moderator.
    pub fn remove_message(self, message_id: MessageId) {
        self.dispatch(ClientMessage::ChatRemove { message_id });
    }

    /// A sanction of this user is over, such as a warning that they confirmed.
    pub fn sanction_over(self, sanction_id: i64) {
        self.input(|state, _| state.sanction_over(sanction_id));
    }

    /// What a sanction kept from being sent, as JSON.
    pub fn draft_as_json(self) -> String {
        let runtime = self.runtime.try_get_value();
        runtime.map_or_else(String::new, |runtime| {
            runtime.read(SessionState::draft_as_json)
        })
    }

    /// Sends what a sanction kept from being sent.
    pub fn send_draft(self) {
        self.input(SessionState::send_draft);
    }

    /// Removes what a sanction kept from being sent.
    pub fn discard_draft(self) {
        self.input(|state, _| state.discard_draft());
    }

    /// Fetches messages older than the first row, see [`Store::older`].
    pub fn load_older_chat(self) {
        let store = self.store;
        let oldest = store
            .chat
            .with_untracked(|rows| rows.iter().find_map(|row| row.seq));
        let (Some(oldest), Some(runtime), OlderPages::Maybe) = (
            oldest,
            self.runtime.try_get_value(),
            store.older.get_untracked(),
        ) else {
            return;
        };
        store.older.set(OlderPages::Loading);
        runtime.fetch(
            api::messages(store.canvas_id, oldest),
            move |runtime, answer| {
                store.older.set(match answer {
                    Ok(page) => {
                        let more = page.next_cursor.is_some();
                        store.chat.update(|rows| chat::prepend(rows, page.items));
                        runtime.input(|state, _| state.show_waiting_chat());
                        if more {
                            OlderPages::Maybe
                        } else {
                            OlderPages::None
                        }
                    }
                    Err(_) => OlderPages::Maybe,
                });
            },
        );
    }

    /// Fetches what happened before the last row of the activity list.
    pub fn load_older_activity(self) {
        self.input(|state, _| state.fetch_older_activity());
    }

    /// Tells others that the user types in the chat, or stopped. To be called
    /// for every key; at most one message in two seconds is sent.
    pub fn typing(self, is_typing: bool) {
        self.input(|state, now| state.typing(is_typing, now));
    }

    /// Sets the user's status; without a message the old one stays.
    pub fn set_status(self, status: Status, status_message: Option<String>) {
        self.input(|state, _| state.set_status(status, status_message));
    }

    /// Tells others where the pointer is, in board pixels; at most one message
    /// in 50 milliseconds is sent. False if this one was not, and may be tried
    /// again.
    pub fn point(self, x: f64, y: f64) -> bool {
        self.input(|state, now| state.point(x, y, now)) != Some(false)
    }

    /// Likes a tile, or takes the like back.
    pub fn like(self, at: Coord, liked: bool) {
        self.dispatch(ClientMessage::TileLike {
            x: at.x,
            y: at.y,
            liked,
        });
    }

    /// Gives a tile a title (0–80 characters). False, and a toast, if it was not
    /// taken.
    pub fn retitle(self, at: Coord, title: &str) -> bool {
        let message = ClientMessage::TileUpdate {
            x: at.x,
            y: at.y,
            title: Some(title.to_owned()),
            pixels: None,
        };
        self.dispatch(message).is_some()
    }

    /// Deletes the tile of a cell.
    pub fn delete_tile(self, at: Coord) {
        self.dispatch(ClientMessage::TileDelete { x: at.x, y: at.y });
    }

    /// Opens a tile or an empty cell for drawing: the camera flies there and
    /// others see it. Where this user may not draw, a toast says why.
    pub fn open_tile(self, at: Coord) {
        if let Some(command) = self.input(|state, _| state.open_tile(at)).flatten() {
            self.fly_to(command);
        }
    }

    /// Leaves the open tile.
    pub fn leave_tile(self) {
        self.input(|state, _| state.leave_tile());
    }

    /// A new stroke begins in a tile.
    pub fn begin_stroke(self, at: Coord) {
        self.input(|state, _| state.begin_stroke(at));
    }

    /// Takes back the stroke that began last.
    pub fn cancel_stroke(self, at: Coord) {
        self.input(|state, now| state.cancel_stroke(at, now));
    }

    /// Paints into several tiles at once; undo takes all of it back in one
    /// step. Tiles where this user may not draw stay as they are.
    /// False, and a toast, if there was no room for all of it.
    pub fn paint_all(self, parts: Vec<(Coord, Vec<PixelEdit>)>) -> bool {
        self.input(|state, now| state.paint_all(parts, now)) == Some(true)
    }

    /// Why this user may not draw in a cell, for handlers of events. See
    /// [`Store::may_not`] for views.
    pub fn may_not(self, at: Coord) -> Option<MayNot> {
        self.store.draw_refusal(at)
    }

    /// Paints edits of a stroke; they are shown at once and sent soon, together
    /// with what follows. False if they were not taken.
    pub fn paint(self, at: Coord, edits: &[PixelEdit]) -> bool {
        edits.is_empty() || self.input(|state, now| state.paint(at, edits, now)) == Some(true)
    }

    /// Takes back this user's last stroke in the open tile, where nobody
    /// painted over it.
    pub fn undo(self) {
        self.input(SessionState::undo);
    }

    /// Paints again what was undone last.
    pub fn redo(self) {
        self.input(SessionState::redo);
    }

    /// Selects a cell, or none.
    pub fn select(self, at: Option<Coord>) {
        self.store.selected.set(at);
    }

    /// Moves the camera.
    pub fn fly_to(self, command: CameraCommand) {
        self.store.camera_command.set(Some(command));
    }

    /// Points at a tile for everybody: it is highlighted on all boards.
    pub fn mention(self, at: Coord, message: &str) {
        self.dispatch(ClientMessage::TileMention {
            tile_x: at.x,
            tile_y: at.y,
            highlight_type: "mention".to_owned(),
            message: message.to_owned(),
            duration: limits::DEFAULT_MENTION_DURATION_MS,
        });
        self.highlight(at);
    }

    /// Highlights a tile on this board alone.
    pub fn highlight(self, at: Coord) {
        self.input(|state, now| {
            state.highlight(Highlight {
                by: None,
                at,
                message: String::new(),
                started_at: now,
                ends_at: now + limits::DEFAULT_MENTION_DURATION_MS,
            });
        });
    }

    /// Hides a person in this tab, or shows them again. The server keeps whom
    /// the user hides, and tells it to new connections.
    pub fn hide(self, user: UserId, hidden: bool) {
        self.input(|state, _| state.hide(user, hidden));
    }

    /// The session has a new token: the connection lives as long as it.
    pub fn token_renewed(self, auth: Auth) {
        self.input(|state, now| state.token_received(auth, now));
    }

    /// The last `seq` that is part of what is shown.
    pub fn head(self) -> i64 {
        self.runtime
            .try_get_value()
            .map_or(0, |runtime| runtime.read(SessionState::head))
    }

    /// Does not wait for the next attempt to connect.
    pub fn reconnect_now(self) {
        if let Some(runtime) = self.runtime.try_get_value() {
            runtime.reconnect_now();
        }
    }

    /// Shows a toast.
    pub fn notify(self, kind: NoticeKind) {
        self.input(|state, _| state.notify(kind));
    }

    /// Removes a toast.
    pub fn dismiss(self, id: u64) {
        self.store
            .notices
            .update(|notices| notices.retain(|notice| notice.id != id));
    }
}
