//! Key events on the canvas page: finds the command (`keys`) and executes it.

use super::InputController;
use crate::{
    board::keys::{self, KeyCommand, KeyPress},
    browser,
    model::{
        camera::CameraCommand,
        player::TimeCommand,
        tools::{Ink, Tool},
    },
};
use leptos::prelude::*;
use shared::canvas::{Coord, Grid};
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

/// CSS pixels per key press when panning.
const PAN_STEP_PX: f64 = 96.0;

impl InputController {
    /// Handles `keydown` and `keyup` of the window.
    pub(super) fn key(&self, event: &KeyboardEvent, is_down: bool) {
        // Wherever the focus went while the space bar was held.
        if !is_down && event.code() == "Space" {
            self.set_space(false);
        }
        if belongs_to_field(event) || browser::is_composing(event) {
            return;
        }
        if event.code() == "Space" && self.is_for_board(event) {
            let held = event.ctrl_key() || event.meta_key() || event.alt_key();
            let draws = self.store.pen.get_untracked().is_some() || self.draws_by_keys();
            if is_down && draws {
                if !event.repeat() {
                    self.toggle_pen();
                }
            } else if is_down && !held {
                self.set_space(true);
            }
            event.prevent_default();
            return;
        }
        if !is_down {
            return;
        }
        let (code, key) = (event.code(), event.key());
        let key_press = KeyPress {
            code: &code,
            key: &key,
            ctrl: event.ctrl_key() || event.meta_key(),
            shift: event.shift_key(),
            alt: event.alt_key() || event.get_modifier_state("AltGraph"),
        };
        if self.execute_time(key_press, event) {
            event.prevent_default();
            return;
        }
        let Some(command) = keys::command(key_press) else {
            return;
        };
        // Enter on a focused button activates that button.
        if command == KeyCommand::Enter && !self.is_for_board(event) {
            return;
        }
        if self.execute(command, self.has_focus()) {
            event.prevent_default();
        }
    }

    /// Executes a command of the time bar, while it is open and no tile is.
    /// Returns false if the key is none.
    fn execute_time(&self, press: KeyPress<'_>, event: &KeyboardEvent) -> bool {
        let is_open = self.store.past.is_open.get_untracked();
        if !is_open || self.store.editing.get_untracked().is_some() {
            return false;
        }
        let Some(command) = keys::time_command(press) else {
            return false;
        };
        let is_arrow = matches!(command, TimeCommand::Step { .. });
        if is_arrow && (self.has_focus() || !self.is_for_board(event)) {
            return false;
        }
        self.time.execute(command);
        true
    }

    /// While the space bar is held, every drag pans.
    fn set_space(&self, held: bool) {
        let mut gestures = self.gestures.borrow_mut();
        if gestures.space != held {
            gestures.space = held;
            drop(gestures);
            self.show_cursor();
        }
    }

    /// Whether the space bar draws although the keyboard pen was not moved yet:
    /// the board has the focus, a tile is open, and no pointer is over the
    /// board.
    fn draws_by_keys(&self) -> bool {
        self.has_focus()
            && self.store.editing.get_untracked().is_some()
            && self.store.pointer.get_untracked().is_none()
    }

    /// Whether the board element has the focus.
    fn has_focus(&self) -> bool {
        self.root
            .owner_document()
            .and_then(|document| document.active_element())
            .is_some_and(|active| active == self.root)
    }

    /// Whether a key is meant for the board and not for a focused button or
    /// link.
    fn is_for_board(&self, event: &KeyboardEvent) -> bool {
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

    /// Executes a command. Returns false if it had nothing to do, so that the
    /// browser's default action runs.
    fn execute(&self, command: KeyCommand, focused: bool) -> bool {
        let Some(grid) = self.grid() else {
            return false;
        };
        let editing = self.store.editing.get_untracked();
        let selected = self.store.selected.get_untracked();
        match command {
            KeyCommand::Step(dx, dy) => match (editing, selected) {
                _ if focused && self.step_painter_pixel(dx, dy, &grid) => {}
                (Some(_), _) if focused => self.move_pen(dx, dy, &grid),
                (None, Some(at)) if focused => self.step(at, dx, dy, &grid),
                _ => self.pan(dx, dy, &grid),
            },
            KeyCommand::Pan(dx, dy) => self.pan(dx, dy, &grid),
            KeyCommand::Zoom(factor) => self.renderer.fly_to(CameraCommand::Zoom(factor)),
            KeyCommand::Fit => self
                .renderer
                .fly_to(editing.map_or(CameraCommand::Fit, CameraCommand::FitTile)),
            KeyCommand::SelectTool(tool) => self.store.tools.update(|tools| tools.tool = tool),
            KeyCommand::SelectColor(color) => {
                if usize::from(color) < grid.palette {
                    self.store.tools.update(|tools| {
                        tools.primary = color;
                        if matches!(tools.tool, Tool::Eraser | Tool::Picker) {
                            tools.tool = Tool::Pencil;
                        }
                    });
                }
            }
            KeyCommand::SwapColors => self
                .store
                .tools
                .update(|tools| std::mem::swap(&mut tools.primary, &mut tools.secondary)),
            KeyCommand::ToggleMirror => self
                .store
                .tools
                .update(|tools| tools.mirror = !tools.mirror),
            KeyCommand::ToggleGhost if editing.is_none() => return false,
            KeyCommand::ToggleGhost => self.store.shows_ghost.update(|shows| *shows = !*shows),
            KeyCommand::Comment => match editing.or(selected) {
                Some(at) => self.show_comments(at, true),
                None => return false,
            },
            KeyCommand::ToggleTime => self.time.execute(TimeCommand::Toggle),
            KeyCommand::Undo => self.session.undo(),
            KeyCommand::Redo => self.session.redo(),
            KeyCommand::Enter => match (editing, selected) {
                (Some(_), _) => self.toggle_pen(),
                (None, Some(at)) => self.session.open_tile(at),
                (None, None) => return false,
            },
            KeyCommand::Escape => {
                // First cancels an unfinished shape, then closes what lies over
                // the board, then the tile.
                if self.area_start.get().is_some() {
                    self.cancel_area();
                } else if self.store.painters.with_untracked(Option::is_some) {
                    self.store.painters.set(None);
                } else if let Some((at, _)) = self.renderer.stroke.take() {
                    self.session.cancel_stroke(at);
                    self.renderer.refresh();
                } else if editing.is_some() {
                    self.session.leave_tile();
                } else if selected.is_some() {
                    self.session.select(None);
                } else if self.store.past.is_shown.get_untracked() {
                    self.time.execute(TimeCommand::Now);
                } else {
                    return false;
                }
            }
        }
        true
    }

    fn pan(&self, dx: i32, dy: i32, grid: &Grid) {
        self.update_viewport(|viewport| {
            viewport.pan(
                -f64::from(dx) * PAN_STEP_PX,
                -f64::from(dy) * PAN_STEP_PX,
                grid,
            );
        });
    }

    /// Moves the selection, and the viewport if the selected tile would leave
    /// it.
    fn step(&self, at: Coord, dx: i32, dy: i32, grid: &Grid) {
        let next = Coord {
            x: (at.x + dx).clamp(0, grid.width - 1),
            y: (at.y + dy).clamp(0, grid.height - 1),
        };
        self.session.select(Some(next));
        let viewport = self.store.viewport.get_untracked();
        let (x, y, side) = viewport.tile_rect(grid, next);
        if x < 0.0 || y < 0.0 || x + side > viewport.width || y + side > viewport.height {
            self.renderer.fly_to(CameraCommand::Tile(next));
        }
    }

    /// Moves the keyboard pen, and with it a stroke in progress.
    fn move_pen(&self, dx: i32, dy: i32, grid: &Grid) {
        let last = grid.tile_size - 1;
        let next = match self.store.pen.get_untracked() {
            Some((x, y)) => ((x + dx).clamp(0, last), (y + dy).clamp(0, last)),
            None => center_pixel(grid),
        };
        self.store.pointer.set(None);
        self.store.pen.set(Some(next));
        self.continue_stroke([next].into_iter());
    }

    /// Starts and ends a stroke at the pixel of the keyboard pen. For a shape,
    /// the first press starts it and the second ends it.
    fn toggle_pen(&self) {
        self.alt.set(false);
        self.shift.set(false);
        let (Some(at), Some(grid)) = (self.store.editing.get_untracked(), self.grid()) else {
            return;
        };
        let pen = self
            .store
            .pen
            .get_untracked()
            .unwrap_or(center_pixel(&grid));
        self.store.pen.set(Some(pen));
        if self.is_picking() {
            self.pick_color(at, pen, Ink::Primary);
            return;
        }
        if self.renderer.stroke.borrow().is_some() {
            self.end_stroke();
            return;
        }
        self.start_stroke(at, pen, Ink::Primary);
        let shape = self
            .store
            .tools
            .with_untracked(|tools| tools.tool.is_shape());
        if !shape {
            self.end_stroke();
        }
    }
}

/// The pixel in the middle of a tile, where the keyboard pen starts.
fn center_pixel(grid: &Grid) -> (i32, i32) {
    let last = grid.tile_size - 1;
    (last / 2, last / 2)
}

/// Whether a key belongs to a text field, menu or dialog, or was handled
/// already.
fn belongs_to_field(event: &KeyboardEvent) -> bool {
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
