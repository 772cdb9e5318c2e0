//! Drawing: the open tile, strokes, undo and redo, and what is sent while the
//! user types, points or chooses a status.

use super::SessionState;
use crate::{
    model::{camera::CameraCommand, tile_store},
    session::effect::Effect,
    store::backend::{Backend, Var},
    tools::undo::{History, UndoTarget},
};
use shared::{
    canvas::Coord,
    ids::OpId,
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
        let most = *limits::PAINT_PIXELS.end();
        let mut is_all = true;
        for (before, edits) in before.chunks(most).zip(edits.chunks(most)) {
            let Some(id) = self.paint_pixels(at, edits, None, now) else {
                is_all = false;
                break;
            };
            self.history.entry(at).or_default().add(id, before, edits);
        }
        self.update_undoable(at);
        is_all
    }

    /// Takes back the stroke that began last; it cannot be redone.
    pub fn cancel_stroke(&mut self, at: Coord, now: i64) {
        self.with_history(at, now, History::cancel);
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
        let group = self.with_history(at, now, |history, tile| {
            if undo {
                history.undo(tile)
            } else {
                history.redo(tile)
            }
        });
        if let Some(group) = group {
            let others: Vec<Coord> = self.history.keys().copied().collect();
            for at in others {
                self.with_history(at, now, |history, tile| {
                    if undo {
                        history.undo_group(group, tile);
                    } else {
                        history.redo_group(group, tile);
                    }
                });
            }
        }
        self.update_undoable(at);
        self.effects.push(Effect::Flush);
    }

    /// Calls `act` with the undo history of a tile, and the tile that it paints.
    fn with_history<T>(
        &mut self,
        at: Coord,
        now: i64,
        act: impl FnOnce(&mut History, &mut dyn UndoTarget) -> T,
    ) -> T {
        // Painting does not use the history, so it can be away meanwhile.
        let mut history = self.history.remove(&at).unwrap_or_default();
        let mut tile = PaintedTile {
            state: self,
            at,
            now,
        };
        let result = act(&mut history, &mut tile);
        self.history.insert(at, history);
        result
    }

    /// Paints at most [`limits::PAINT_PIXELS`] without remembering it for undo.
    /// Returns the operation's id; none if it was not taken.
    fn paint_pixels(
        &mut self,
        at: Coord,
        edits: &[PixelEdit],
        undo_of: Option<OpId>,
        now: i64,
    ) -> Option<OpId> {
        let message = ClientMessage::TilePaint {
            x: at.x,
            y: at.y,
            pixels: edits.to_vec(),
            undo_of,
        };
        self.enqueue(message, now)
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

/// A tile, as undo and redo paint it.
struct PaintedTile<'a, B: Backend> {
    state: &'a mut SessionState<B>,
    at: Coord,
    now: i64,
}

impl<B: Backend> UndoTarget for PaintedTile<'_, B> {
    fn color(&self, index: u16) -> u8 {
        self.state.store.tiles.peek(|tiles| {
            let pixels = tiles.shown(self.at).map(|tile| &tile.state.pixels);
            tile_store::color(pixels, index)
        })
    }

    fn paint(&mut self, edits: &[PixelEdit], undo_of: Option<OpId>) -> Option<OpId> {
        self.state.paint_pixels(self.at, edits, undo_of, self.now)
    }
}
