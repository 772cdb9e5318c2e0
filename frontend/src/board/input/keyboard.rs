//! Keys on the canvas page, turned into deeds.

use super::InputController;
use crate::{
    board::keys::{self, Command, Press},
    model::{camera::CameraCommand, tools::Tool},
};
use leptos::prelude::*;
use shared::canvas::{Coord, Grid};
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

/// CSS pixels that one key press pans.
const PAN: f64 = 96.0;

impl InputController {
    pub(super) fn key(&self, event: &KeyboardEvent, is_down: bool) {
        if is_busy(event) {
            return;
        }
        if event.code() == "Space" && self.is_over(event) {
            let with_pen = self.store.pen.get_untracked().is_some() || self.draws_by_keys();
            if is_down && with_pen {
                if !event.repeat() {
                    self.press_pen();
                }
            } else if !with_pen {
                self.gestures.borrow_mut().space = is_down;
                self.show_cursor();
            }
            event.prevent_default();
            return;
        }
        if !is_down {
            return;
        }
        let (code, key) = (event.code(), event.key());
        let press = Press {
            code: &code,
            key: &key,
            ctrl: event.ctrl_key() || event.meta_key(),
            shift: event.shift_key(),
            alt: event.alt_key(),
        };
        let Some(command) = keys::command(press) else {
            return;
        };
        // Enter on a button is that button's.
        if command == Command::Enter && !self.is_over(event) {
            return;
        }
        if self.run(command, self.has_focus()) {
            event.prevent_default();
        }
    }

    /// Whether the keys' pen is meant though it was not moved yet: a tile is
    /// open, and no pointer is over the board.
    fn draws_by_keys(&self) -> bool {
        self.has_focus()
            && self.store.editing.get_untracked().is_some()
            && self.store.pointer.get_untracked().is_none()
    }

    fn has_focus(&self) -> bool {
        self.root
            .owner_document()
            .and_then(|document| document.active_element())
            .is_some_and(|active| active == self.root)
    }

    /// Whether a key is meant for the board and not for a button.
    fn is_over(&self, event: &KeyboardEvent) -> bool {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok());
        target.is_none_or(|target| {
            target == self.root
                || target
                    .closest("button, a, [role=tab], [role=button]")
                    .ok()
                    .flatten()
                    .is_none()
        })
    }

    fn run(&self, command: Command, focused: bool) -> bool {
        let Some(grid) = self.grid() else {
            return false;
        };
        let editing = self.store.editing.get_untracked();
        let selected = self.store.selected.get_untracked();
        match command {
            Command::Step(dx, dy) => match (editing, selected) {
                (Some(_), _) if focused => self.move_pen(dx, dy, &grid),
                (None, Some(at)) if focused => self.step(at, dx, dy, &grid),
                _ => self.pan(dx, dy, &grid),
            },
            Command::Pan(dx, dy) => self.pan(dx, dy, &grid),
            Command::Zoom(factor) => self.renderer.fly(CameraCommand::Zoom(factor)),
            Command::Fit => self
                .renderer
                .fly(editing.map_or(CameraCommand::Fit, CameraCommand::Fill)),
            Command::Take(tool) => self.store.tools.update(|tools| tools.tool = tool),
            Command::Color(color) => {
                if usize::from(color) < grid.palette {
                    self.store.tools.update(|tools| {
                        tools.primary = color;
                        if matches!(tools.tool, Tool::Eraser | Tool::Picker) {
                            tools.tool = Tool::Pencil;
                        }
                    });
                }
            }
            Command::Swap => self
                .store
                .tools
                .update(|tools| std::mem::swap(&mut tools.primary, &mut tools.secondary)),
            Command::Mirror => self
                .store
                .tools
                .update(|tools| tools.mirror = !tools.mirror),
            Command::Undo => self.session.undo(),
            Command::Redo => self.session.redo(),
            Command::Enter => match (editing, selected) {
                (Some(_), _) => self.press_pen(),
                (None, Some(at)) => self.session.open_tile(at),
                (None, None) => return false,
            },
            Command::Escape => {
                // First out of a shape that is not done, then out of the tile.
                if let Some((at, _)) = self.renderer.stroke.take() {
                    self.session.cancel_stroke(at);
                    self.renderer.refresh();
                } else if editing.is_some() {
                    self.session.leave_tile();
                } else if selected.is_some() {
                    self.session.select(None);
                } else {
                    return false;
                }
            }
        }
        true
    }

    fn pan(&self, dx: i32, dy: i32, grid: &Grid) {
        self.steer(|viewport| {
            viewport.pan(-f64::from(dx) * PAN, -f64::from(dy) * PAN, grid);
        });
    }

    /// Moves the selection; the view follows if it would leave it.
    fn step(&self, at: Coord, dx: i32, dy: i32, grid: &Grid) {
        let next = Coord {
            x: (at.x + dx).clamp(0, grid.width - 1),
            y: (at.y + dy).clamp(0, grid.height - 1),
        };
        self.session.select(Some(next));
        let viewport = self.store.viewport.get_untracked();
        let (x, y, side) = viewport.tile_rect(grid, next);
        if x < 0.0 || y < 0.0 || x + side > viewport.width || y + side > viewport.height {
            self.renderer.fly(CameraCommand::Tile(next));
        }
    }

    fn move_pen(&self, dx: i32, dy: i32, grid: &Grid) {
        let last = grid.tile_size - 1;
        let next = match self.store.pen.get_untracked() {
            Some((x, y)) => ((x + dx).clamp(0, last), (y + dy).clamp(0, last)),
            None => middle(grid),
        };
        self.store.pointer.set(None);
        self.store.pen.set(Some(next));
        self.draw([next].into_iter());
    }

    /// Puts the tool down and lifts it where the keys have led it; for a
    /// shape the first press puts it down and the second lifts it.
    fn press_pen(&self) {
        self.alt.set(false);
        self.shift.set(false);
        let (Some(at), Some(grid)) = (self.store.editing.get_untracked(), self.grid()) else {
            return;
        };
        let pen = self.store.pen.get_untracked().unwrap_or(middle(&grid));
        self.store.pen.set(Some(pen));
        if self.picks() {
            self.pick(at, pen, false);
            return;
        }
        if self.renderer.stroke.borrow().is_some() {
            self.lift();
            return;
        }
        self.put_down(at, pen, false);
        let shape = self
            .store
            .tools
            .with_untracked(|tools| tools.tool.is_shape());
        if !shape {
            self.lift();
        }
    }
}

/// The pixel in the middle of a tile, where the keys' pen begins.
fn middle(grid: &Grid) -> (i32, i32) {
    let last = grid.tile_size - 1;
    (last / 2, last / 2)
}

/// Whether a key belongs to a field or a dialog.
fn is_busy(event: &KeyboardEvent) -> bool {
    let Some(target) = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
    else {
        return event.default_prevented();
    };
    event.default_prevented()
        || target
            .closest("input, textarea, select, dialog, [contenteditable], [role=menu]")
            .ok()
            .flatten()
            .is_some()
}
