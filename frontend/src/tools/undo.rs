//! Undo and redo of one's own strokes in one tile. Pure.
//!
//! A stroke is taken back pixel by pixel, and only where the pixel is still
//! as the stroke left it: what somebody else painted over is theirs.

use shared::pixels::Dot;
use std::collections::BTreeMap;

/// Strokes kept for one tile.
const STROKES: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change {
    before: u8,
    after: u8,
}

type Stroke = BTreeMap<u16, Change>;

/// The strokes of one tile, made in this tab.
#[derive(Debug, Default)]
pub struct History {
    done: Vec<Stroke>,
    undone: Vec<Stroke>,
    open: bool,
}

impl History {
    /// A new stroke begins; the next [`History::add`] starts it.
    pub fn begin(&mut self) {
        self.open = false;
    }

    /// Pixels were painted as part of the current stroke; `before` is what
    /// each of them was.
    pub fn add(&mut self, before: &[Dot], dots: &[Dot]) {
        if !self.open {
            self.open = true;
            self.done.push(Stroke::new());
            self.undone.clear();
            if self.done.len() > STROKES {
                self.done.remove(0);
            }
        }
        let Some(stroke) = self.done.last_mut() else {
            return;
        };
        for &Dot(index, color) in before {
            stroke.entry(index).or_insert(Change {
                before: color,
                after: color,
            });
        }
        for &Dot(index, color) in dots {
            if let Some(change) = stroke.get_mut(&index) {
                change.after = color;
            }
        }
    }

    /// Somebody else painted these pixels: they are not ours any more.
    pub fn lose(&mut self, indices: &[u16]) {
        for stroke in self.done.iter_mut().chain(&mut self.undone) {
            for index in indices {
                stroke.remove(index);
            }
        }
        self.done.retain(|stroke| !stroke.is_empty());
        self.undone.retain(|stroke| !stroke.is_empty());
        self.open = false;
    }

    /// Somebody else replaced the whole tile.
    pub fn lose_all(&mut self) {
        *self = Self::default();
    }

    /// What to paint to take back the last stroke.
    pub fn undo(&mut self, now: impl Fn(u16) -> u8) -> Vec<Dot> {
        self.open = false;
        step(&mut self.done, &mut self.undone, |index, change| {
            (now(index) == change.after && change.before != change.after)
                .then_some(Dot(index, change.before))
        })
    }

    /// What to paint to draw it once more.
    pub fn redo(&mut self, now: impl Fn(u16) -> u8) -> Vec<Dot> {
        self.open = false;
        step(&mut self.undone, &mut self.done, |index, change| {
            (now(index) == change.before && change.before != change.after)
                .then_some(Dot(index, change.after))
        })
    }

    /// Whether there is something to undo and to redo.
    pub fn available(&self) -> (bool, bool) {
        (!self.done.is_empty(), !self.undone.is_empty())
    }
}

/// Moves strokes from one side to the other until one has something to paint.
fn step(
    from: &mut Vec<Stroke>,
    to: &mut Vec<Stroke>,
    paint: impl Fn(u16, &Change) -> Option<Dot>,
) -> Vec<Dot> {
    while let Some(stroke) = from.pop() {
        let dots: Vec<Dot> = stroke
            .iter()
            .filter_map(|(&index, change)| paint(index, change))
            .collect();
        if !dots.is_empty() {
            to.push(stroke);
            return dots;
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::pixels::{Pixels, TRANSPARENT};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    struct Tile {
        pixels: Pixels,
        history: History,
    }

    impl Tile {
        fn new() -> Self {
            Self {
                pixels: Pixels::blank(8),
                history: History::default(),
            }
        }

        fn at(&self, index: u16) -> u8 {
            self.pixels.as_bytes()[usize::from(index)]
        }

        fn stroke(&mut self, dots: &[Dot]) {
            self.history.begin();
            for dot in dots {
                let before = [Dot(dot.0, self.at(dot.0))];
                self.history.add(&before, &[*dot]);
                self.pixels.paint(&[*dot]);
            }
        }

        fn foreign(&mut self, dot: Dot) {
            self.pixels.paint(&[dot]);
            self.history.lose(&[dot.0]);
        }

        fn undo(&mut self) {
            let pixels = self.pixels.clone();
            let dots = self
                .history
                .undo(|index| pixels.as_bytes()[usize::from(index)]);
            self.pixels.paint(&dots);
        }

        fn redo(&mut self) {
            let pixels = self.pixels.clone();
            let dots = self
                .history
                .redo(|index| pixels.as_bytes()[usize::from(index)]);
            self.pixels.paint(&dots);
        }
    }

    #[test]
    fn strokes_are_taken_back_and_drawn_again_in_turn() {
        let mut tile = Tile::new();
        tile.stroke(&[Dot(0, 1), Dot(1, 1), Dot(0, 1)]);
        tile.stroke(&[Dot(1, 2)]);
        tile.undo();
        assert_eq!((tile.at(0), tile.at(1)), (1, 1));
        tile.undo();
        assert_eq!((tile.at(0), tile.at(1)), (TRANSPARENT, TRANSPARENT));
        assert_eq!(tile.history.available(), (false, true));
        tile.redo();
        tile.redo();
        assert_eq!((tile.at(0), tile.at(1)), (1, 2));
    }

    #[test]
    fn what_somebody_painted_over_is_theirs_even_in_the_same_colour() {
        let mut tile = Tile::new();
        tile.stroke(&[Dot(0, 1), Dot(1, 1), Dot(2, 1)]);
        tile.foreign(Dot(1, 5));
        tile.foreign(Dot(2, 1));
        tile.undo();
        assert_eq!((tile.at(0), tile.at(1), tile.at(2)), (TRANSPARENT, 5, 1));
    }

    #[test]
    fn a_stroke_with_nothing_left_is_passed_over() {
        let mut tile = Tile::new();
        tile.stroke(&[Dot(0, 1)]);
        tile.stroke(&[Dot(1, 1)]);
        tile.foreign(Dot(1, 5));
        tile.undo();
        assert_eq!((tile.at(0), tile.at(1)), (TRANSPARENT, 5));
    }

    #[test]
    fn a_new_stroke_ends_redo() {
        let mut tile = Tile::new();
        tile.stroke(&[Dot(0, 1)]);
        tile.undo();
        tile.stroke(&[Dot(3, 1)]);
        assert_eq!(tile.history.available(), (true, false));
    }
}
