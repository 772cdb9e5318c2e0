//! Drawing on the board: strokes of the active tool and the colour picker.
//! Called by the pointer events in `input` and by the keys in `keyboard`; what
//! a tool paints is decided in `tools`.

use super::InputController;
use crate::{
    model::{
        camera::floor,
        tile_store,
        tools::{Ink, Tool},
    },
    tools::{
        raster::Point,
        stroke::{ActiveStroke, StrokeOptions},
    },
};
use leptos::prelude::*;
use shared::{
    canvas::Coord,
    pixels::{PixelEdit, TRANSPARENT},
};

impl InputController {
    /// The open tile and its pixel at a position in CSS pixels. The pixel may
    /// lie outside the tile.
    pub(super) fn pixel_in_open_tile(&self, x: f64, y: f64) -> Option<(Coord, Point)> {
        let at = self.store.editing.get_untracked()?;
        Some((at, self.pixel_in_tile(at, x, y)?))
    }

    /// The pixel of the tile `at` at a position in CSS pixels. It may lie
    /// outside the tile.
    pub(super) fn pixel_in_tile(&self, at: Coord, x: f64, y: f64) -> Option<Point> {
        let side = self.grid()?.tile_size;
        let (bx, by) = self
            .store
            .viewport
            .with_untracked(|viewport| viewport.to_board(x, y));
        Some((floor(bx) - at.x * side, floor(by) - at.y * side))
    }

    /// Whether a press picks a colour instead of drawing: picker tool, or Alt.
    pub(super) fn is_picking(&self) -> bool {
        self.alt.get()
            || self
                .store
                .tools
                .with_untracked(|tools| tools.tool == Tool::Picker)
    }

    /// Starts a stroke. With Shift it continues in a straight line from the end
    /// of the last stroke in the same tile.
    pub(super) fn start_stroke(&self, at: Coord, pixel: Point, ink: Ink) {
        let Some(grid) = self.grid() else { return };
        let tools = self.store.tools.get_untracked();
        let from = self
            .last_end
            .get()
            .filter(|(tile, _)| self.shift.get() && *tile == at)
            .map(|(_, end)| end);
        let (stroke, edits) = self.store.tiles.peek(|tiles| {
            let pixels = tiles.shown(at).map(|tile| &tile.state.pixels);
            ActiveStroke::down(
                tools,
                StrokeOptions { ink, from },
                grid.tile_size,
                pixel,
                pixels,
            )
        });
        self.session.begin_stroke(at);
        self.session.paint(at, &edits);
        self.renderer.stroke.replace(Some((at, stroke)));
        self.renderer.refresh();
    }

    /// Moves the tool of the stroke in progress over `pixels`; without one does
    /// nothing.
    pub(super) fn continue_stroke(&self, pixels: impl Iterator<Item = Point>) {
        let mut stroke = self.renderer.stroke.borrow_mut();
        let Some((at, stroke)) = stroke.as_mut() else {
            return;
        };
        let shift = self.shift.get();
        let edits: Vec<PixelEdit> = pixels
            .flat_map(|pixel| stroke.moved(pixel, shift))
            .collect();
        self.session.paint(*at, &edits);
        self.renderer.refresh();
    }

    /// Ends the stroke in progress and paints its shape.
    pub(super) fn end_stroke(&self) {
        let Some((at, stroke)) = self.renderer.stroke.borrow_mut().take() else {
            return;
        };
        self.session.paint(at, &stroke.preview());
        self.last_end.set(Some((at, stroke.end())));
        self.renderer.refresh();
    }

    /// Picks the colour of a pixel. Switches from the picker or eraser to the
    /// pencil; a transparent pixel selects the eraser.
    pub(super) fn pick_color(&self, at: Coord, (x, y): Point, ink: Ink) {
        let Some(grid) = self.grid() else { return };
        let Ok(index) = u16::try_from(y * grid.tile_size + x) else {
            return;
        };
        let color = self
            .store
            .tiles
            .peek(|tiles| tile_store::color(tiles.shown(at).map(|tile| &tile.state.pixels), index));
        self.store.tools.update(|tools| {
            if color == TRANSPARENT {
                tools.tool = Tool::Eraser;
                return;
            }
            if ink == Ink::Secondary {
                tools.secondary = color;
            } else {
                tools.primary = color;
            }
            if matches!(tools.tool, Tool::Picker | Tool::Eraser) {
                tools.tool = Tool::Pencil;
            }
        });
    }
}
