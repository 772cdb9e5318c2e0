//! A finger that moves a row to the side. Pure; positions are in CSS pixels.
//!
//! Not by touch events: with `touch-action: pan-y` the browser scrolls by itself,
//! and leaves only what goes to the side.

/// How far the finger has to move before it counts as a movement to the side.
const SLOP: f64 = 12.0;
/// How far a row has to be moved for the swipe to do something.
pub const MIN_SHIFT: f64 = 56.0;
/// How far a row moves at most.
const MAX_SHIFT: f64 = 80.0;

/// A finger on a row.
#[derive(Clone, Copy, Debug)]
pub struct Swipe {
    /// Identifies the finger.
    pub pointer: i32,
    x: f64,
    y: f64,
    is_sideways: bool,
}

impl Swipe {
    /// A finger was put down.
    pub fn begin(pointer: i32, x: f64, y: f64) -> Self {
        Self {
            pointer,
            x,
            y,
            is_sideways: false,
        }
    }

    /// The finger moved: how far the row is moved, to the right or, below 0, to the
    /// left; none while it is not clear that it goes to the side.
    pub fn moved(&mut self, x: f64, y: f64) -> Option<f64> {
        let (dx, dy) = (x - self.x, y - self.y);
        self.is_sideways |= dx.abs() > SLOP && dx.abs() > 2.0 * dy.abs();
        self.is_sideways.then(|| dx.clamp(-MAX_SHIFT, MAX_SHIFT))
    }

    /// Whether the row was moved far enough when the finger was lifted.
    pub fn ended(mut self, x: f64, y: f64) -> bool {
        self.moved(x, y).is_some_and(|by| by.abs() >= MIN_SHIFT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_row_follows_the_finger_to_either_side() {
        let mut swipe = Swipe::begin(1, 100.0, 50.0);
        assert_eq!(swipe.moved(108.0, 50.0), None);
        assert_eq!(swipe.moved(130.0, 55.0), Some(30.0));
        assert_eq!(swipe.moved(40.0, 55.0), Some(-60.0));
        assert_eq!(swipe.moved(400.0, 55.0), Some(MAX_SHIFT));
        assert!(swipe.ended(40.0, 80.0));
        assert!(!swipe.ended(130.0, 50.0));
    }

    #[test]
    fn scrolling_moves_no_row() {
        let mut swipe = Swipe::begin(1, 100.0, 50.0);
        assert_eq!(swipe.moved(120.0, 90.0), None);
        assert!(!Swipe::begin(1, 100.0, 50.0).ended(160.0, 200.0));
    }
}
