//! The only writer of the store. Components say what they want here, and the
//! server's messages arrive here.
//!
//! Get it with `expect_context::<Session>()`; it is `Copy`. In short:
//! - say something: `session.say(&text)` (the row appears at once);
//! - anything else on the wire: `session.dispatch(ClientMessage::…)`;
//! - a like: `session.like(at, true)`; a title: `session.retitle(at, "…")`;
//! - typing in the chat: `session.typing(true)` on every key (it is throttled
//!   here), `session.typing(false)` when sent or emptied;
//! - status: `session.set_status(Status::Away, None)`;
//! - fly: `session.fly_to(CameraCommand::Tile(at))`; point at a tile for all:
//!   `session.mention(at, "")`; highlight for oneself: `session.highlight(at)`;
//! - open a tile to draw: `session.open_tile(at)`, leave: `session.leave_tile()`;
//! - `session.undo()`, `session.redo()`;
//! - toasts: `session.notify(NoticeKind::Done(text))`, `session.dismiss(id)`.

pub mod activity;
pub mod chat;
pub mod pending_storage;
pub mod people;
pub mod queue;
mod receive;
mod runtime;
pub mod seq_tracker;
mod state;

use self::{runtime::SessionRuntime, state::SessionState};
use crate::{
    api,
    browser::now_ms,
    store::{Account, CameraCommand, Highlight, MayNot, Notice, NoticeKind, Older, Store},
};
use leptos::{prelude::*, task::spawn_local};
use shared::{
    canvas::Coord,
    ids::OpId,
    limits,
    pixels::PixelEdit,
    presence::Status,
    protocol::{ClientMessage, PresenceChange},
    text::{ChatText, TextError},
};
use std::rc::Rc;

/// Milliseconds between two messages that say that the user writes.
const TYPING_MS: i64 = 2_000;
/// Milliseconds between two positions of the pointer.
const CURSOR_MS: i64 = 50;

/// A handle to the session of the open canvas.
#[derive(Clone, Copy)]
pub struct Session {
    store: Store,
    inner: StoredValue<Rc<SessionRuntime>, LocalStorage>,
}

impl Session {
    /// Opens a canvas: connects, and keeps the store up to date until the
    /// owner that this is called under is disposed of.
    pub fn open(store: Store) -> Self {
        let account = expect_context::<Account>();
        let inner = SessionRuntime::new(store, account);
        inner.fetch();
        let watched = Rc::downgrade(&inner);
        Effect::new(move || {
            let sign_in = account.sign_in.get();
            runtime::with(&watched, |inner| inner.signed(sign_in));
        });
        Self {
            store,
            inner: StoredValue::new_local(inner),
        }
    }

    fn state<T>(self, act: impl FnOnce(&mut SessionState) -> T) -> Option<T> {
        self.inner
            .try_with_value(|inner| act(&mut inner.state.borrow_mut()))
    }

    fn inner(self, act: impl FnOnce(&Rc<SessionRuntime>)) {
        self.inner.try_with_value(|inner| act(inner));
    }

    /// Sends a request. A durable one (chat, tiles) is applied to the store at
    /// once, queued, and kept until the server has stored or refused it;
    /// anything else is sent if there is a connection, and forgotten otherwise.
    /// Gives the id of a durable one; none if it was not taken (the queue is
    /// full, or it cannot be meant for this canvas).
    pub fn dispatch(self, message: ClientMessage) -> Option<OpId> {
        if !message.is_durable() {
            self.inner(|inner| inner.send(message));
            return None;
        }
        let id = self.state(|state| state.take(message)).flatten();
        self.inner(SessionRuntime::flush);
        id
    }

    /// Says something in the chat.
    ///
    /// # Errors
    /// [`TextError`] where the text cannot be sent.
    pub fn say(self, text: &str) -> Result<(), TextError> {
        let text = ChatText::parse(text)?;
        self.state(|state| state.typed_at = 0);
        self.dispatch(ClientMessage::CanvasChat {
            text,
            canvas_id: None,
        });
        Ok(())
    }

    /// Sends a refused message once more.
    pub fn retry_chat(self, row: OpId) {
        let text = self.discard(row);
        if let Some(Ok(text)) = text.as_deref().map(ChatText::parse) {
            self.dispatch(ClientMessage::CanvasChat {
                text,
                canvas_id: None,
            });
        }
    }

    /// Forgets a refused message.
    pub fn discard_chat(self, row: OpId) {
        self.discard(row);
    }

    fn discard(self, row: OpId) -> Option<String> {
        let mut text = None;
        self.store
            .chat
            .update(|rows| text = chat::discard(rows, row));
        text
    }

    /// Fetches messages older than the first row, see [`Store::older`].
    pub fn load_older_chat(self) {
        let store = self.store;
        let oldest = store
            .chat
            .with_untracked(|rows| rows.iter().find_map(|row| row.seq));
        if store.older.get_untracked() != Older::Maybe {
            return;
        }
        let Some(oldest) = oldest else { return };
        store.older.set(Older::Loading);
        spawn_local(async move {
            let older = match api::messages(store.canvas_id, oldest).await {
                Ok(page) => {
                    let more = page.next_cursor.is_some();
                    store
                        .chat
                        .try_update(|rows| chat::prepend(rows, page.items));
                    if more { Older::Maybe } else { Older::None }
                }
                Err(_) => Older::Maybe,
            };
            store.older.try_set(older);
        });
    }

    /// Fetches what happened before the last row of the activity list.
    pub fn load_older_activity(self) {
        self.inner(SessionRuntime::remember_more);
    }

    /// Says that the user writes in the chat, or stopped. Call it for every
    /// key; what goes out is at most one message in two seconds.
    pub fn typing(self, is_typing: bool) {
        let due = self.state(|state| {
            let now = now_ms();
            let due = if is_typing {
                now - state.typed_at >= TYPING_MS
            } else {
                state.typed_at != 0
            };
            if due {
                state.typed_at = if is_typing { now } else { 0 };
            }
            due
        });
        if due == Some(true) {
            self.dispatch(ClientMessage::UserPresence(PresenceChange::Typing {
                is_typing,
            }));
        }
    }

    /// Sets the user's status; a message of none leaves it as it is.
    pub fn set_status(self, status: Status, status_message: Option<String>) {
        let me = self.store.me.get_untracked();
        self.store.people.update(|all| {
            let mine = me.and_then(|me| all.iter_mut().find(|user| user.user_id == me.user_id));
            if let Some(user) = mine {
                user.status = status;
                if let Some(message) = &status_message {
                    user.status_message.clone_from(message);
                }
            }
        });
        self.dispatch(ClientMessage::UserPresence(PresenceChange::Status {
            status,
            status_message,
        }));
    }

    /// Says where the pointer is, in board pixels; throttled here.
    pub fn point(self, x: f64, y: f64) {
        let due = self.state(|state| {
            let now = now_ms();
            let due = now - state.pointed_at >= CURSOR_MS;
            if due {
                state.pointed_at = now;
            }
            due
        });
        if due == Some(true) {
            self.dispatch(ClientMessage::UserPresence(PresenceChange::Cursor { x, y }));
        }
    }

    /// Likes a tile, or no longer.
    pub fn like(self, at: Coord, liked: bool) {
        self.dispatch(ClientMessage::TileLike {
            x: at.x,
            y: at.y,
            liked,
        });
    }

    /// Gives a tile a title (0–80 characters).
    pub fn retitle(self, at: Coord, title: &str) {
        self.dispatch(ClientMessage::TileUpdate {
            x: at.x,
            y: at.y,
            title: Some(title.to_owned()),
            pixels: None,
        });
    }

    /// Empties a cell.
    pub fn delete_tile(self, at: Coord) {
        self.dispatch(ClientMessage::TileDelete { x: at.x, y: at.y });
    }

    /// Opens a tile (or an empty cell) for drawing: the view flies there and
    /// others see it. Does nothing but tell why where this user may not draw.
    pub fn open_tile(self, at: Coord) {
        if self.store.editing.get_untracked() == Some(at) {
            return;
        }
        if let Some(why) = self.may_not(at) {
            self.state(|state| state.tell_may_not(why));
            return;
        }
        self.leave_tile();
        self.store.editing.set(Some(at));
        self.store.selected.set(Some(at));
        self.state(|state| state.tell_undo(at));
        self.inner(|inner| inner.say_editing(at, true));
        self.fly_to(CameraCommand::Fill(at));
    }

    /// Leaves the open tile.
    pub fn leave_tile(self) {
        if let Some(at) = self.store.editing.get_untracked() {
            self.store.editing.set(None);
            self.store.pen.set(None);
            self.inner(|inner| inner.say_editing(at, false));
        }
    }

    /// A new stroke begins in a tile.
    pub fn begin_stroke(self, at: Coord) {
        self.state(|state| state.history.entry(at).or_default().begin(None));
    }

    /// The stroke that began last was not meant: takes it back.
    pub fn cancel_stroke(self, at: Coord) {
        self.state(|state| state.cancel(at));
        self.inner(SessionRuntime::flush_soon);
    }

    /// Paints into several tiles at once; undo takes all of it back in one
    /// step. Tiles where this user may not draw stay as they are.
    pub fn paint_all(self, mut parts: Vec<(Coord, Vec<PixelEdit>)>) {
        parts.retain(|(at, _)| self.may_not(*at).is_none());
        self.state(|state| state.paint_all(&parts));
        self.inner(SessionRuntime::flush);
    }

    /// Why this user may not draw in a cell, as far as this client can tell.
    pub fn may_not(self, at: Coord) -> Option<MayNot> {
        self.state(|state| state.may_not(at)).flatten()
    }

    /// Paints edits of a stroke; they are shown at once and sent soon, together
    /// with what follows. False if they were not taken.
    pub fn paint(self, at: Coord, edits: &[PixelEdit]) -> bool {
        if edits.is_empty() {
            return true;
        }
        let taken = self.state(|state| state.paint(at, edits));
        self.inner(SessionRuntime::flush_soon);
        taken == Some(true)
    }

    /// Takes back this user's last stroke in the open tile, where nobody
    /// painted over it.
    pub fn undo(self) {
        self.step(true);
    }

    /// Draws what was taken back last once more.
    pub fn redo(self) {
        self.step(false);
    }

    fn step(self, back: bool) {
        if let Some(at) = self.store.editing.get_untracked() {
            self.state(|state| state.step(at, back));
            self.inner(SessionRuntime::flush);
        }
    }

    /// Selects a cell (none: selects none).
    pub fn select(self, at: Option<Coord>) {
        self.store.selected.set(at);
    }

    /// Moves the view.
    pub fn fly_to(self, flight: CameraCommand) {
        self.store.camera_command.set(Some(flight));
    }

    /// Points at a tile for everybody: it pulses on their boards, and here.
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

    /// Lets a tile pulse on this board alone.
    pub fn highlight(self, at: Coord) {
        let now = now_ms();
        self.store.highlights.update(|highlights| {
            highlights.retain(|highlight| highlight.at != at);
            highlights.push(Highlight {
                by: None,
                at,
                message: String::new(),
                started_at: now,
                ends_at: now + limits::DEFAULT_MENTION_DURATION_MS,
            });
        });
    }

    /// The place in the canvas's order up to which everything is shown.
    pub fn head(self) -> i64 {
        self.state(|state| state.seq.resume_point())
            .flatten()
            .map_or(0, |(_, seq)| seq)
    }

    /// Does not wait for the next attempt to connect.
    pub fn reconnect_now(self) {
        self.inner(|inner| inner.socket.reconnect());
    }

    /// Shows a toast.
    pub fn notify(self, kind: NoticeKind) {
        self.state(|state| state.notify(kind));
    }

    /// Takes a toast away.
    pub fn dismiss(self, id: u64) {
        self.store
            .notices
            .update(|notices: &mut Vec<Notice>| notices.retain(|notice| notice.id != id));
    }
}
