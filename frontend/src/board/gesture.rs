//! Recognizes gestures (stroke, pan, pinch, click) in the events of mouse, pen
//! and fingers. Pure; only the order of the events matters, not their times.
//! The end of a pointer may be missing: a pointer that another event shows to
//! be gone is taken as released.

use crate::model::tools::Ink;

/// How far a pressed pointer may move, in CSS pixels, and still make a click.
const CLICK_SLOP_PX: f64 = 4.0;
/// If a second finger touches after at most this many moves of the first, the
/// stroke of the first is cancelled: it was the beginning of a pinch.
const MAX_CANCELLED_MOVES: u32 = 6;

/// The kind of input device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointerKind {
    /// A mouse, or any device that is neither pen nor finger.
    Mouse,
    /// A pen. Once a pen was used, fingers do not draw any more; while it is
    /// down, fingers are ignored, since the palm rests on the screen.
    Pen,
    /// A finger.
    Touch,
}

/// A pointer event, in CSS pixels from the upper left corner of the board
/// element.
#[derive(Clone, Copy, Debug)]
pub struct Pointer {
    /// The browser's `pointerId`.
    pub id: i32,
    /// CSS pixels from the left.
    pub x: f64,
    /// CSS pixels from the top.
    pub y: f64,
    /// The kind of device.
    pub kind: PointerKind,
    /// The button that went down, as in the DOM: 0 left, 1 middle, 2 right,
    /// 5 the eraser of a pen.
    pub button: i16,
    /// Whether it is the first of its kind to be down, as in the DOM.
    pub is_primary: bool,
}

impl Pointer {
    /// What a press with this button draws with; none for other buttons.
    fn ink(&self) -> Option<Ink> {
        match self.button {
            0 => Some(Ink::Primary),
            2 => Some(Ink::Secondary),
            5 => Some(Ink::Eraser),
            _ => None,
        }
    }
}

/// What the board has to do after a pointer event. Positions and distances are
/// in CSS pixels of the board element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GestureAction {
    /// Pan the viewport.
    Pan {
        /// To the right.
        dx: f64,
        /// Downwards.
        dy: f64,
    },
    /// Pan the viewport, then zoom about a position.
    Pinch {
        /// Centre between the two fingers.
        x: f64,
        /// Centre between the two fingers.
        y: f64,
        /// Movement of the centre.
        dx: f64,
        /// Movement of the centre.
        dy: f64,
        /// Factor of the zoom.
        factor: f64,
    },
    /// Start a stroke.
    Down {
        /// Start of the stroke.
        x: f64,
        /// Start of the stroke.
        y: f64,
        /// What it is drawn with.
        ink: Ink,
    },
    /// Continue the stroke.
    Draw {
        /// New end of the stroke.
        x: f64,
        /// New end of the stroke.
        y: f64,
    },
    /// End the stroke.
    Up,
    /// Cancel the stroke and remove what it painted.
    Cancel,
    /// A click or a tap.
    Click {
        /// Position of the press.
        x: f64,
        /// Position of the press.
        y: f64,
    },
}

/// What the pointer hit when it went down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HitTarget {
    /// The board, while no tile is open for editing.
    Board,
    /// The board outside the open tile.
    AroundTile,
    /// A pixel on which the tool works.
    Drawable,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Mode {
    #[default]
    Idle,
    /// Pressed, and not yet moved farther than [`CLICK_SLOP_PX`]. `clicks` is
    /// false where the release must not count as a click.
    Press {
        id: i32,
        x: f64,
        y: f64,
        clicks: bool,
    },
    Pan {
        id: i32,
    },
    Stroke {
        id: i32,
        moves: u32,
        finger: bool,
    },
    Pinch,
}

/// The state of all pointers that are down on the board.
#[derive(Debug, Default)]
pub struct GestureRecognizer {
    pointers: Vec<Pointer>,
    mode: Mode,
    pen_seen: bool,
    /// Whether the space bar is held: then every drag pans.
    pub space: bool,
}

impl GestureRecognizer {
    /// Handles a `pointerdown` that hit `target`.
    pub fn pointer_down(&mut self, pointer: Pointer, target: HitTarget) -> Vec<GestureAction> {
        let mut actions = Vec::new();
        actions.extend(self.release_lost(pointer));
        let finger = pointer.kind == PointerKind::Touch;
        if pointer.kind == PointerKind::Pen {
            // A finger that is down already belongs to the hand that holds the
            // pen.
            self.pen_seen = true;
            self.pointers
                .retain(|other| other.kind != PointerKind::Touch);
            actions.extend(self.interrupt());
        }
        if finger
            && self
                .pointers
                .iter()
                .any(|other| other.kind == PointerKind::Pen)
        {
            return actions;
        }
        self.pointers.push(pointer);
        if self.pointers.len() > 1 {
            actions.extend(self.interrupt());
            self.mode = Mode::Pinch;
            return actions;
        }
        let Pointer { id, x, y, .. } = pointer;
        let pans = self.space || pointer.button == 1;
        let palm = finger && self.pen_seen;
        if let (HitTarget::Drawable, Some(ink), false, false) = (target, pointer.ink(), pans, palm)
        {
            self.mode = Mode::Stroke {
                id,
                moves: 0,
                finger,
            };
            actions.push(GestureAction::Down { x, y, ink });
            return actions;
        }
        let clicks = !(palm && target != HitTarget::Board);
        self.mode = match pointer.button {
            _ if pans => Mode::Pan { id },
            0 => Mode::Press { id, x, y, clicks },
            _ => Mode::Idle,
        };
        actions
    }

    /// Releases the pointers that cannot be down any more when `pointer` goes
    /// down. There is one mouse and one pen, and the first finger has none
    /// before it. A mouse is not used together with a finger or a pen, so these
    /// were lost. Returns how the stroke of a lost pointer ends.
    fn release_lost(&mut self, pointer: Pointer) -> Option<GestureAction> {
        let lost = |other: &Pointer| {
            other.id == pointer.id
                || match (other.kind, pointer.kind) {
                    (PointerKind::Touch, PointerKind::Touch) => pointer.is_primary,
                    (PointerKind::Mouse, _)
                    | (_, PointerKind::Mouse)
                    | (PointerKind::Pen, PointerKind::Pen) => true,
                    (PointerKind::Pen, PointerKind::Touch)
                    | (PointerKind::Touch, PointerKind::Pen) => false,
                }
        };
        let gone: Vec<i32> = self
            .pointers
            .iter()
            .filter(|other| lost(other))
            .map(|other| other.id)
            .collect();
        gone.into_iter()
            .filter_map(|id| self.pointer_up(id, true))
            .last()
    }

    /// Releases all pointers: the page is hidden, or another window has the
    /// focus. Returns how the stroke ends, if there is one.
    pub fn release_all(&mut self) -> Option<GestureAction> {
        self.space = false;
        let ids: Vec<i32> = self.pointers.iter().map(|pointer| pointer.id).collect();
        ids.into_iter()
            .filter_map(|id| self.pointer_up(id, true))
            .last()
    }

    /// Whether this pointer is down.
    pub fn is_down(&self, id: i32) -> bool {
        self.pointers.iter().any(|pointer| pointer.id == id)
    }

    /// Whether a finger is down.
    pub fn has_fingers(&self) -> bool {
        self.pointers
            .iter()
            .any(|pointer| pointer.kind == PointerKind::Touch)
    }

    /// Leaves the current mode because another pointer went down. Returns how
    /// the stroke ends, if there is one.
    fn interrupt(&mut self) -> Option<GestureAction> {
        match std::mem::take(&mut self.mode) {
            Mode::Stroke {
                moves,
                finger: true,
                ..
            } if moves <= MAX_CANCELLED_MOVES => Some(GestureAction::Cancel),
            Mode::Stroke { .. } => Some(GestureAction::Up),
            Mode::Idle | Mode::Press { .. } | Mode::Pan { .. } | Mode::Pinch => None,
        }
    }

    /// Handles a `pointermove`.
    pub fn pointer_moved(&mut self, id: i32, x: f64, y: f64) -> Option<GestureAction> {
        let index = self.pointers.iter().position(|other| other.id == id)?;
        let before = self.pointers[index];
        let (dx, dy) = (x - before.x, y - before.y);
        let action = match &mut self.mode {
            Mode::Pinch => self.pinch(index, x, y),
            Mode::Stroke { id: own, moves, .. } if *own == id => {
                *moves += 1;
                Some(GestureAction::Draw { x, y })
            }
            Mode::Pan { id: own } if *own == id => Some(GestureAction::Pan { dx, dy }),
            Mode::Press {
                id: own,
                x: px,
                y: py,
                ..
            } if *own == id => {
                let (px, py) = (*px, *py);
                if (x - px).hypot(y - py) <= CLICK_SLOP_PX {
                    return None;
                }
                self.mode = Mode::Pan { id };
                Some(GestureAction::Pan {
                    dx: x - px,
                    dy: y - py,
                })
            }
            Mode::Press { .. } | Mode::Stroke { .. } | Mode::Pan { .. } | Mode::Idle => None,
        };
        self.pointers[index].x = x;
        self.pointers[index].y = y;
        action
    }

    /// Handles a `pointerup`, or the loss of the pointer if `cancelled`. Does
    /// nothing for a pointer that is not down.
    pub fn pointer_up(&mut self, id: i32, cancelled: bool) -> Option<GestureAction> {
        if !self.is_down(id) {
            return None;
        }
        self.pointers.retain(|other| other.id != id);
        let action = match self.mode {
            Mode::Press {
                id: own,
                x,
                y,
                clicks: true,
            } if own == id && !cancelled => Some(GestureAction::Click { x, y }),
            Mode::Stroke { id: own, .. } if own == id => Some(GestureAction::Up),
            _ => None,
        };
        self.mode = match (self.mode, self.pointers.first()) {
            (Mode::Pinch, Some(last)) if self.pointers.len() == 1 => Mode::Pan { id: last.id },
            (mode, Some(_)) => mode,
            (_, None) => Mode::Idle,
        };
        action
    }

    /// Whether a drag pans the viewport (for the shape of the cursor).
    pub fn is_panning(&self) -> bool {
        self.space || matches!(self.mode, Mode::Pan { .. } | Mode::Pinch)
    }

    /// Whether a stroke is in progress.
    pub fn is_drawing(&self) -> bool {
        matches!(self.mode, Mode::Stroke { .. })
    }

    fn pinch(&self, index: usize, x: f64, y: f64) -> Option<GestureAction> {
        let before = self.pointers[index];
        let other = self
            .pointers
            .iter()
            .enumerate()
            .find_map(|(i, other)| (i != index).then_some(other))?;
        let old = (before.x - other.x).hypot(before.y - other.y).max(1.0);
        let new = (x - other.x).hypot(y - other.y).max(1.0);
        Some(GestureAction::Pinch {
            x: f64::midpoint(x, other.x),
            y: f64::midpoint(y, other.y),
            dx: (x - before.x) / 2.0,
            dy: (y - before.y) / 2.0,
            factor: new / old,
        })
    }
}

#[cfg(test)]
mod tests;
