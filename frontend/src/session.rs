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
//! - fly: `session.fly_to(Flight::Tile(at))`; point at a tile for all:
//!   `session.mention(at, "")`; highlight for oneself: `session.highlight(at)`;
//! - open a tile to draw: `session.open_tile(at)`, leave: `session.leave_tile()`;
//! - `session.undo()`, `session.redo()`;
//! - toasts: `session.notify(NoticeKind::Done(text))`, `session.dismiss(id)`.

pub mod book;

use crate::{
    browser::now_ms,
    store::{Flight, Notice, NoticeKind, Pulse, Store},
};
use leptos::prelude::*;
use shared::{
    canvas::Coord,
    ids::OpId,
    limits,
    presence::Status,
    protocol::{ClientMessage, PresenceChange},
    text::{ChatText, TextError},
};

/// A handle to the session of the open canvas.
#[derive(Clone, Copy)]
pub struct Session {
    store: Store,
}

impl Session {
    /// Opens a canvas: connects, and keeps the store up to date until the
    /// owner that this is called under is disposed of.
    pub fn open(store: Store) -> Self {
        Self { store }
    }

    /// Sends a request. A durable one (chat, tiles) is applied to the store at
    /// once, queued, and kept until the server has stored or refused it;
    /// anything else is sent if there is a connection, and forgotten otherwise.
    /// Gives the id of a durable one; none if it was not taken (the queue is
    /// full, or it cannot be meant for this canvas).
    pub fn dispatch(self, message: ClientMessage) -> Option<OpId> {
        let _ = message;
        None
    }

    /// Says something in the chat.
    ///
    /// # Errors
    /// [`TextError`] where the text cannot be sent.
    pub fn say(self, text: &str) -> Result<(), TextError> {
        let text = ChatText::parse(text)?;
        self.dispatch(ClientMessage::CanvasChat {
            text,
            canvas_id: None,
        });
        Ok(())
    }

    /// Sends a refused message once more.
    pub fn retry_chat(self, row: OpId) {
        let _ = row;
    }

    /// Forgets a refused message.
    pub fn discard_chat(self, row: OpId) {
        let _ = row;
    }

    /// Fetches messages older than the first row, see [`Store::older`].
    pub fn load_older_chat(self) {}

    /// Says that the user writes in the chat, or stopped. Call it for every
    /// key; what goes out is at most one message in two seconds.
    pub fn typing(self, is_typing: bool) {
        self.dispatch(ClientMessage::UserPresence(PresenceChange::Typing {
            is_typing,
        }));
    }

    /// Sets the user's status; a message of none leaves it as it is.
    pub fn set_status(self, status: Status, status_message: Option<String>) {
        self.dispatch(ClientMessage::UserPresence(PresenceChange::Status {
            status,
            status_message,
        }));
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
        self.store.editing.set(Some(at));
    }

    /// Leaves the open tile.
    pub fn leave_tile(self) {
        self.store.editing.set(None);
    }

    /// Takes back this user's last stroke in the open tile, where nobody
    /// painted over it.
    pub fn undo(self) {}

    /// Draws what was taken back last once more.
    pub fn redo(self) {}

    /// Selects a cell (none: selects none).
    pub fn select(self, at: Option<Coord>) {
        self.store.selected.set(at);
    }

    /// Moves the view.
    pub fn fly_to(self, flight: Flight) {
        self.store.flight.set(Some(flight));
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
        self.store.pulses.update(|pulses| {
            pulses.push(Pulse {
                by: None,
                at,
                message: String::new(),
                started_at: now,
                ends_at: now + limits::DEFAULT_MENTION_DURATION_MS,
            });
        });
    }

    /// Does not wait for the next attempt to connect.
    pub fn reconnect_now(self) {}

    /// Shows a toast.
    pub fn notify(self, kind: NoticeKind) {
        self.store.notices.update(|notices| {
            let id = notices.last().map_or(0, |last| last.id + 1);
            notices.push(Notice { id, kind });
        });
    }

    /// Takes a toast away.
    pub fn dismiss(self, id: u64) {
        self.store
            .notices
            .update(|notices| notices.retain(|notice| notice.id != id));
    }
}
