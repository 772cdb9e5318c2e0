//! Drawing: the open tile, strokes, undo and redo, and what is sent while the
//! user types, points or chooses a status.

use super::SessionState;
use crate::{
    model::{camera::CameraCommand, tile_store},
    session::effect::Effect,
    store::backend::{Backend, Var},
    tools::undo::History,
};
use shared::{
    canvas::Coord,
    limits,
    pixels::PixelEdit,
    presence::Status,
    protocol::{ClientMessage, PresenceChange},
};

/// Milliseconds between two messages that say that the user types.
const TYPING_INTERVAL_MS: i64 = 2_000;
/// Milliseconds between two positions of the pointer.
const CURSOR_INTERVAL_MS: i64 = 50;

impl<B: Backend> SessionState<B> {
    /// Opens a tile or an empty cell for drawing. Returns the camera move that
    /// shows it; none, and a toast, where this user may not draw.
    pub fn open_tile(&mut self, at: Coord) -> Option<CameraCommand> {
        if self.store.editing.get() == Some(at) {
            return None;
        }
        if let Some(why) = self.store.draw_refusal(at) {
            self.notify_may_not(why);
            return None;
        }
        self.leave_tile();
        self.store.editing.set(Some(at));
        self.store.selected.set(Some(at));
        self.update_undoable(at);
        self.announce_editing(at, true);
        Some(CameraCommand::FitTile(at))
    }

    /// Leaves the open tile, if there is one.
    pub fn leave_tile(&mut self) {
        if let Some(at) = self.store.editing.get() {
            self.store.editing.set(None);
            self.store.pen.set(None);
            self.announce_editing(at, false);
        }
    }

    /// A new stroke begins in a tile.
    pub fn begin_stroke(&mut self, at: Coord) {
        self.history.entry(at).or_default().begin(None);
    }

    /// Paints a part of a stroke; it is sent soon, together with what follows.
    /// False if it was not taken.
    pub fn paint(&mut self, at: Coord, edits: &[PixelEdit], now: i64) -> bool {
        if edits.is_empty() {
            return true;
        }
        let taken = self.paint_stroke(at, edits, now);
        self.effects.push(Effect::FlushSoon);
        taken
    }

    fn paint_stroke(&mut self, at: Coord, edits: &[PixelEdit], now: i64) -> bool {
        let (before, edits) = self.store.tiles.peek(|tiles| {
            tile_store::changes(tiles.shown(at).map(|tile| &tile.state.pixels), edits)
        });
        if edits.is_empty() {
            return true;
        }
        let taken = self.paint_pixels(at, &edits, now);
        if taken > 0 {
            let history = self.history.entry(at).or_default();
            history.add(&before[..taken], &edits[..taken]);
            self.update_undoable(at);
        }
        taken == edits.len()
    }

    /// Takes back the stroke that began last; it cannot be redone.
    pub fn cancel_stroke(&mut self, at: Coord, now: i64) {
        let edits = self.with_history(at, |history, color| history.cancel(color));
        self.paint_pixels(at, &edits, now);
        self.update_undoable(at);
        self.effects.push(Effect::FlushSoon);
    }

    /// Paints into several tiles; undo takes all of it back in one step. Tiles
    /// where this user may not draw stay as they are. False if there was no
    /// room for all of it.
    pub fn paint_all(&mut self, mut parts: Vec<(Coord, Vec<PixelEdit>)>, now: i64) -> bool {
        parts.retain(|(at, _)| self.store.draw_refusal(*at).is_none());
        self.last_group += 1;
        let mut is_all = true;
        for (at, edits) in &parts {
            let group = Some(self.last_group);
            self.history.entry(*at).or_default().begin(group);
            is_all &= self.paint_stroke(*at, edits, now);
            self.history.entry(*at).or_default().begin(None);
        }
        self.effects.push(Effect::Flush);
        is_all
    }

    /// Takes back the last stroke in the open tile, where nobody painted over
    /// it, with the other strokes of its group.
    pub fn undo(&mut self, now: i64) {
        self.undo_or_redo(true, now);
    }

    /// Paints again what was undone last.
    pub fn redo(&mut self, now: i64) {
        self.undo_or_redo(false, now);
    }

    fn undo_or_redo(&mut self, undo: bool, now: i64) {
        let Some(at) = self.store.editing.get() else {
            return;
        };
        let (edits, group) = self.with_history(at, |history, color| {
            if undo {
                history.undo(color)
            } else {
                history.redo(color)
            }
        });
        self.paint_pixels(at, &edits, now);
        if let Some(group) = group {
            let others: Vec<Coord> = self.history.keys().copied().collect();
            for at in others {
                let edits = self.with_history(at, |history, color| {
                    if undo {
                        history.undo_group(group, color)
                    } else {
                        history.redo_group(group, color)
                    }
                });
                self.paint_pixels(at, &edits, now);
            }
        }
        self.update_undoable(at);
        self.effects.push(Effect::Flush);
    }

    fn with_history<T>(
        &mut self,
        at: Coord,
        act: impl FnOnce(&mut History, &dyn Fn(u16) -> u8) -> T,
    ) -> T {
        let history = self.history.entry(at).or_default();
        self.store.tiles.peek(|tiles| {
            let pixels = tiles.shown(at).map(|tile| &tile.state.pixels);
            act(history, &|index| tile_store::color(pixels, index))
        })
    }

    /// Paints without remembering it for undo. Returns how many of the edits
    /// were taken, from the first one on.
    fn paint_pixels(&mut self, at: Coord, edits: &[PixelEdit], now: i64) -> usize {
        let most = *limits::PAINT_PIXELS.end();
        let taken = edits.chunks(most).take_while(|chunk| {
            let message = ClientMessage::TilePaint {
                x: at.x,
                y: at.y,
                pixels: chunk.to_vec(),
                undo_of: None,
            };
            self.enqueue(message, now).is_some()
        });
        taken.map(<[PixelEdit]>::len).sum()
    }

    /// Shows whether there is something to undo, if the tile is the open one.
    pub(super) fn update_undoable(&self, at: Coord) {
        if self.store.editing.get() != Some(at) {
            return;
        }
        let available = self.history.get(&at).map(History::available);
        self.store
            .undoable
            .set_if_changed(available.unwrap_or_default());
    }

    /// The user typed a key in the chat, or stopped. Sent at most every
    /// [`TYPING_INTERVAL_MS`].
    pub fn typing(&mut self, is_typing: bool, now: i64) {
        let due = match self.typing_sent_at {
            Some(sent_at) => !is_typing || now - sent_at >= TYPING_INTERVAL_MS,
            None => is_typing,
        };
        if due {
            self.typing_sent_at = is_typing.then_some(now);
            self.send(ClientMessage::UserPresence(PresenceChange::Typing {
                is_typing,
            }));
        }
    }

    /// A chat message was sent: the server itself tells the others that the
    /// user types no more.
    pub fn typing_done(&mut self) {
        self.typing_sent_at = None;
    }

    /// The pointer is at this board position. Sent at most every
    /// [`CURSOR_INTERVAL_MS`]; false if it is too soon.
    pub fn point(&mut self, x: f64, y: f64, now: i64) -> bool {
        let is_due = |sent_at| now - sent_at >= CURSOR_INTERVAL_MS;
        if !self.cursor_sent_at.is_none_or(is_due) {
            return false;
        }
        self.cursor_sent_at = Some(now);
        self.send(ClientMessage::UserPresence(PresenceChange::Cursor { x, y }));
        true
    }

    /// Sets the user's status; without a message the old one stays. Every later
    /// connection is told it too, since the server forgets it with the last one.
    pub fn set_status(&mut self, status: Status, status_message: Option<String>) {
        if let Some(me) = self.store.me.get() {
            self.store
                .people
                .set_status(me.user_id, status, status_message.as_deref());
        }
        let change = PresenceChange::Status {
            status,
            status_message,
        };
        self.status = Some(change.clone());
        self.send(ClientMessage::UserPresence(change));
    }
}
