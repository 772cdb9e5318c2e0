//! What fingers, pens and mice mean: draw, pan, pinch or click. Pure; times
//! do not matter, only what happens in which order.

/// CSS pixels that a press may wander and still be a click.
const SLACK: f64 = 4.0;
/// Pixels painted by a finger before a second one came that are taken back.
const SLIP: u32 = 6;

/// What touches the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointerKind {
    /// A mouse, or something like it.
    Mouse,
    /// A pen. From then on fingers do not draw, and while it is down they do
    /// nothing at all: a palm rests beside it.
    Pen,
    /// A finger.
    Touch,
}

/// A pointer at a place, in CSS pixels of the view.
#[derive(Clone, Copy, Debug)]
pub struct Pointer {
    /// Tells several apart.
    pub id: i32,
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
    /// What it is.
    pub kind: PointerKind,
    /// Which button went down, as browsers count: 0 left, 1 middle, 2 right.
    pub button: i16,
}

/// What follows from an event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GestureAction {
    /// Moves the view by CSS pixels.
    Pan {
        /// To the right.
        dx: f64,
        /// Downwards.
        dy: f64,
    },
    /// Zooms about a place, and moves.
    Pinch {
        /// The middle between the fingers.
        x: f64,
        /// See `x`.
        y: f64,
        /// How far the middle moved.
        dx: f64,
        /// See `dx`.
        dy: f64,
        /// By how much.
        factor: f64,
    },
    /// The tool goes down.
    Down {
        /// Where.
        x: f64,
        /// See `x`.
        y: f64,
        /// With the second colour.
        second: bool,
    },
    /// The tool moves.
    Draw {
        /// Where to.
        x: f64,
        /// See `x`.
        y: f64,
    },
    /// The tool goes up.
    Up,
    /// It was not meant as a stroke: take it back.
    Cancel,
    /// A click or a tap.
    Click {
        /// Where.
        x: f64,
        /// See `x`.
        y: f64,
    },
}

/// What lies under a pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HitTarget {
    /// The board, while no tile is open.
    Board,
    /// The board around the open tile.
    AroundTile,
    /// Where the tool may be put down.
    Drawable,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Mode {
    #[default]
    Idle,
    /// Down, and not yet moved by more than a click may.
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

/// All pointers on the board.
#[derive(Debug, Default)]
pub struct Gestures {
    pointers: Vec<Pointer>,
    mode: Mode,
    pen_seen: bool,
    /// The space bar is down: everything pans.
    pub space: bool,
}

impl Gestures {
    /// A pointer went down, on this ground.
    pub fn down(&mut self, pointer: Pointer, target: HitTarget) -> Vec<GestureAction> {
        let mut actions = Vec::new();
        self.pointers.retain(|other| other.id != pointer.id);
        let finger = pointer.kind == PointerKind::Touch;
        if pointer.kind == PointerKind::Pen {
            // What touches already is the hand that holds the pen.
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
        if target == HitTarget::Drawable && !pans && !palm {
            self.mode = Mode::Stroke {
                id,
                moves: 0,
                finger,
            };
            let second = pointer.button == 2;
            actions.push(GestureAction::Down { x, y, second });
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

    /// Something else begins: what becomes of the stroke.
    fn interrupt(&mut self) -> Option<GestureAction> {
        match std::mem::take(&mut self.mode) {
            Mode::Stroke {
                moves,
                finger: true,
                ..
            } if moves <= SLIP => Some(GestureAction::Cancel),
            Mode::Stroke { .. } => Some(GestureAction::Up),
            Mode::Idle | Mode::Press { .. } | Mode::Pan { .. } | Mode::Pinch => None,
        }
    }

    /// A pointer moved.
    pub fn moved(&mut self, id: i32, x: f64, y: f64) -> Option<GestureAction> {
        let index = self.pointers.iter().position(|other| other.id == id)?;
        let before = self.pointers[index];
        let (dx, dy) = (x - before.x, y - before.y);
        let act = match &mut self.mode {
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
                if (x - px).hypot(y - py) <= SLACK {
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
        act
    }

    /// A pointer went up, or was taken away.
    pub fn up(&mut self, id: i32, taken: bool) -> Option<GestureAction> {
        self.pointers.retain(|other| other.id != id);
        let act = match self.mode {
            Mode::Press {
                id: own,
                x,
                y,
                clicks: true,
            } if own == id && !taken => Some(GestureAction::Click { x, y }),
            Mode::Stroke { id: own, .. } if own == id => Some(GestureAction::Up),
            _ => None,
        };
        self.mode = match (self.mode, self.pointers.first()) {
            (Mode::Pinch, Some(last)) => Mode::Pan { id: last.id },
            (mode, Some(_)) => mode,
            (_, None) => Mode::Idle,
        };
        act
    }

    /// Whether the view is being dragged.
    pub fn is_panning(&self) -> bool {
        self.space || matches!(self.mode, Mode::Pan { .. } | Mode::Pinch)
    }

    /// Whether a tool is down.
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
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn at(id: i32, x: f64, y: f64, kind: PointerKind) -> Pointer {
        Pointer {
            id,
            x,
            y,
            kind,
            button: 0,
        }
    }

    #[test]
    fn a_short_press_is_a_click_and_a_long_way_pans() {
        let mut gestures = Gestures::default();
        gestures.down(at(1, 10.0, 10.0, PointerKind::Mouse), HitTarget::Board);
        assert_eq!(gestures.moved(1, 12.0, 11.0), None);
        assert_eq!(
            gestures.up(1, false),
            Some(GestureAction::Click { x: 10.0, y: 10.0 })
        );
        gestures.down(at(1, 10.0, 10.0, PointerKind::Mouse), HitTarget::Board);
        assert_eq!(
            gestures.moved(1, 30.0, 10.0),
            Some(GestureAction::Pan { dx: 20.0, dy: 0.0 })
        );
        assert_eq!(gestures.up(1, false), None);
    }

    #[test]
    fn in_an_open_tile_it_draws_unless_space_or_the_middle_button_pans() {
        let mut gestures = Gestures::default();
        let mut right = at(1, 5.0, 5.0, PointerKind::Mouse);
        right.button = 2;
        assert_eq!(
            gestures.down(right, HitTarget::Drawable),
            [GestureAction::Down {
                x: 5.0,
                y: 5.0,
                second: true
            }]
        );
        assert_eq!(
            gestures.moved(1, 6.0, 5.0),
            Some(GestureAction::Draw { x: 6.0, y: 5.0 })
        );
        assert_eq!(gestures.up(1, false), Some(GestureAction::Up));
        gestures.space = true;
        assert_eq!(
            gestures.down(at(1, 5.0, 5.0, PointerKind::Mouse), HitTarget::Drawable),
            []
        );
        assert!(gestures.is_panning());
    }

    #[test]
    fn a_second_finger_pinches_and_takes_the_slip_back() {
        let mut gestures = Gestures::default();
        gestures.down(at(1, 0.0, 0.0, PointerKind::Touch), HitTarget::Drawable);
        gestures.moved(1, 1.0, 0.0);
        assert_eq!(
            gestures.down(at(2, 100.0, 0.0, PointerKind::Touch), HitTarget::Drawable),
            [GestureAction::Cancel]
        );
        let Some(GestureAction::Pinch { factor, dx, .. }) = gestures.moved(2, 199.0, 0.0) else {
            panic!("no pinch");
        };
        assert!((factor - 2.0).abs() < 1e-9 && (dx - 49.5).abs() < 1e-9);
        assert_eq!(gestures.up(2, false), None);
        assert!(gestures.is_panning());
        assert_eq!(gestures.up(1, false), None);
        assert!(!gestures.is_panning());
    }

    #[test]
    fn beside_a_pen_fingers_only_pan() {
        let mut gestures = Gestures::default();
        gestures.down(at(1, 0.0, 0.0, PointerKind::Pen), HitTarget::Drawable);
        assert!(gestures.is_drawing());
        gestures.up(1, false);
        assert_eq!(
            gestures.down(at(2, 0.0, 0.0, PointerKind::Touch), HitTarget::Drawable),
            []
        );
        assert!(!gestures.is_drawing());
        assert!(gestures.moved(2, 30.0, 0.0).is_some());
        gestures.up(2, false);
        // The ball of the thumb beside the open tile opens no other.
        gestures.down(at(3, 0.0, 0.0, PointerKind::Touch), HitTarget::AroundTile);
        assert_eq!(gestures.up(3, false), None);
    }

    #[test]
    fn a_palm_disturbs_no_stroke_of_the_pen() {
        let mut gestures = Gestures::default();
        // It came first, and slipped.
        gestures.down(at(1, 90.0, 90.0, PointerKind::Touch), HitTarget::Drawable);
        let actions = gestures.down(at(2, 10.0, 10.0, PointerKind::Pen), HitTarget::Drawable);
        assert!(matches!(
            actions[..],
            [GestureAction::Cancel, GestureAction::Down { .. }]
        ));
        assert_eq!(gestures.moved(1, 80.0, 90.0), None);
        assert_eq!(
            gestures.down(at(3, 70.0, 90.0, PointerKind::Touch), HitTarget::Drawable),
            []
        );
        assert_eq!(gestures.up(1, false), None);
        assert_eq!(
            gestures.moved(2, 20.0, 10.0),
            Some(GestureAction::Draw { x: 20.0, y: 10.0 })
        );
        assert_eq!(gestures.up(2, false), Some(GestureAction::Up));
        assert_eq!(gestures.up(3, false), None);
    }
}
