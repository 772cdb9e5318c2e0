//! Clicks on the pins and numbers that stand for open comments.

use super::InputController;
use crate::{
    board::{gesture::PointerKind, pins},
    model::{camera::CameraCommand, comments::CommentGoal},
};
use leptos::prelude::*;
use shared::canvas::Coord;

/// CSS pixels around a pin that count for a finger: with the pin, the size that
/// fingers hit.
const FINGER_MARGIN: f64 = 11.0;
/// The same for a mouse or a pen.
const MOUSE_MARGIN: f64 = 1.0;

impl InputController {
    /// A click on a pin shows the comments. False for every other click.
    pub(super) fn asks_for_comments(&self, x: f64, y: f64) -> bool {
        let margin = match self.pressed_with.get() {
            PointerKind::Touch => FINGER_MARGIN,
            PointerKind::Mouse | PointerKind::Pen => MOUSE_MARGIN,
        };
        let Some(pin) = pins::hit(&self.renderer.pins(), x, y, margin) else {
            return false;
        };
        self.renderer.fly_to(CameraCommand::Tile(pin.at));
        self.show_comments(pin.at, false);
        true
    }

    /// Shows the comments on a cell; `writes` to begin a new one.
    pub(super) fn show_comments(&self, at: Coord, writes: bool) {
        self.session.select(Some(at));
        self.store.comment_goal.set(Some(CommentGoal {
            at,
            comment: None,
            writes,
        }));
    }

    /// Whether the pointer is over a pin.
    pub(super) fn is_over_pin(&self) -> bool {
        self.hovered
            .get()
            .is_some_and(|(x, y)| pins::hit(&self.renderer.pins(), x, y, MOUSE_MARGIN).is_some())
    }
}
