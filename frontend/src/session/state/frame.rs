//! A board before the snapshot: after a reload without a network, what waits is
//! shown on a board of the right size, without what others drew.

use super::SessionState;
use crate::{
    model::{connection::LoadState, palette},
    session::state::receive::grid_of,
    store::backend::{Backend, Var},
};

impl<B: Backend> SessionState<B> {
    /// Keeps the canvas's settings while something waits and there is no
    /// connection.
    pub(super) fn keep_frame(&mut self) {
        let Some(storage) = &self.storage else { return };
        if self.frame_kept || self.live || self.queue.is_empty() {
            return;
        }
        self.frame_kept = self.store.canvas.with(|canvas| {
            canvas
                .as_ref()
                .is_some_and(|canvas| storage.put_frame(canvas))
        });
    }

    /// Nothing waits any more.
    pub(super) fn forget_frame(&mut self) {
        if let (true, Some(storage)) = (self.queue.is_empty(), &self.storage)
            && std::mem::take(&mut self.frame_kept)
        {
            storage.remove_frame();
        }
    }

    /// Shows the kept canvas, if the snapshot could not be fetched.
    pub(super) fn show_frame(&mut self, now: i64) {
        let is_needed = self.is_unreachable
            && self.store.load.get() == LoadState::Loading
            && self.store.canvas.with(Option::is_none);
        let Some(storage) = self.storage.as_ref().filter(|_| is_needed) else {
            return;
        };
        let Some(canvas) = storage.frame() else {
            return;
        };
        self.frame_kept = true;
        let palette = palette::parse(&canvas.palette);
        self.store
            .tools
            .update(|tools| tools.set_default_colors(&palette));
        let grid = grid_of(&canvas);
        self.store.canvas.set(Some(canvas));
        self.store.tiles.load(grid, Vec::new());
        self.predict_me();
        self.rebase_all(now);
    }
}
