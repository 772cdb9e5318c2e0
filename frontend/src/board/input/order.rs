//! What is chosen on the board for keeping order: an area, by a drag; and the
//! pixel whose painter is asked for, by a click or the arrow keys.

use super::InputController;
use crate::model::{
    camera::floor,
    painters::PainterOverlay,
    rewrite::{AreaChoice, area_between, nearest_cell},
};
use leptos::prelude::*;
use shared::canvas::{Coord, Grid};

impl InputController {
    /// Whether a drag draws an area instead of moving the view.
    pub(super) fn draws_area(&self) -> bool {
        self.store.area.with_untracked(|area| area.is_drawing)
    }

    /// Begins an area at a position in CSS pixels.
    pub(super) fn start_area(&self, x: f64, y: f64, grid: &Grid) {
        let start = self.nearest_cell(x, y, grid);
        let before = self.store.area.get_untracked();
        self.area_start.set(Some((start, before)));
        self.extend_area(x, y, grid);
    }

    /// Moves the other corner of the area.
    pub(super) fn extend_area(&self, x: f64, y: f64, grid: &Grid) {
        let Some((start, _)) = self.area_start.get() else {
            return;
        };
        let choice = AreaChoice {
            is_drawing: true,
            area: Some(area_between(start, self.nearest_cell(x, y, grid))),
        };
        if self.store.area.get_untracked() != choice {
            self.store.area.set(choice);
        }
    }

    /// Takes back the area that is being drawn: a second finger came.
    pub(super) fn cancel_area(&self) {
        if let Some((_, before)) = self.area_start.take() {
            self.store.area.set(before);
        }
    }

    fn nearest_cell(&self, x: f64, y: f64, grid: &Grid) -> Coord {
        let viewport = self.store.viewport.get_untracked();
        let (x, y) = viewport.to_board(x, y);
        nearest_cell(grid, floor(x), floor(y))
    }

    /// While it is shown who painted a tile, a click chooses the pixel, or
    /// another tile. False for every other click.
    pub(super) fn asks_for_painter(&self, x: f64, y: f64) -> bool {
        let Some(overlay) = self.store.painters.get_untracked() else {
            return false;
        };
        let tile = self.cell(x, y).filter(|at| {
            let tiles = &self.store.tiles;
            tiles.peek(|tiles| tiles.shown(*at).is_some())
        });
        let Some(at) = tile else {
            self.store.painters.set(None);
            return true;
        };
        let chosen = if at == overlay.at {
            overlay
        } else {
            self.session.select(Some(at));
            PainterOverlay::new(at)
        };
        self.store.painters.set(Some(PainterOverlay {
            pixel: self.pixel_in_tile(at, x, y),
            ..chosen
        }));
        true
    }

    /// While it is shown who painted a tile, the arrow keys choose the pixel.
    /// False if it is not shown.
    pub(super) fn step_painter_pixel(&self, dx: i32, dy: i32, grid: &Grid) -> bool {
        let Some(overlay) = self.store.painters.get_untracked() else {
            return false;
        };
        let last = grid.tile_size - 1;
        let (x, y) = overlay.pixel.unwrap_or((last / 2, last / 2));
        self.store.pointer.set(None);
        self.store.painters.set(Some(PainterOverlay {
            pixel: Some(((x + dx).clamp(0, last), (y + dy).clamp(0, last))),
            ..overlay
        }));
        true
    }
}
