//! Undo and redo of one's own strokes in one tile. Pure.
//!
//! A stroke is taken back pixel by pixel, and only where the pixel is still
//! as the stroke left it: what somebody else painted over is theirs.

use shared::pixels::PixelEdit;
use std::collections::BTreeMap;

/// Strokes kept for one tile.
const STROKES: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change {
    before: u8,
    after: u8,
}

/// Strokes of several tiles that are taken back together.
pub type Group = u32;

#[derive(Debug, Default)]
struct Stroke {
    changes: BTreeMap<u16, Change>,
    group: Option<Group>,
}

/// The strokes of one tile, made in this tab.
#[derive(Debug, Default)]
pub struct History {
    done: Vec<Stroke>,
    undone: Vec<Stroke>,
    /// The last of `done` may still grow.
    open: bool,
    group: Option<Group>,
    /// What could be drawn again before the open stroke began.
    given_up: Vec<Stroke>,
}

impl History {
    /// A new stroke begins; the next [`History::add`] starts it.
    pub fn begin(&mut self, group: Option<Group>) {
        self.open = false;
        self.group = group;
    }

    /// Pixels were painted as part of the current stroke; `before` is what
    /// each of them was.
    pub fn add(&mut self, before: &[PixelEdit], edits: &[PixelEdit]) {
        if !self.open {
            self.open = true;
            self.done.push(Stroke {
                group: self.group,
                ..Stroke::default()
            });
            self.given_up = std::mem::take(&mut self.undone);
            if self.done.len() > STROKES {
                self.done.remove(0);
            }
        }
        let Some(stroke) = self.done.last_mut() else {
            return;
        };
        for &PixelEdit(index, color) in before {
            stroke.changes.entry(index).or_insert(Change {
                before: color,
                after: color,
            });
        }
        for &PixelEdit(index, color) in edits {
            if let Some(change) = stroke.changes.get_mut(&index) {
                change.after = color;
            }
        }
    }

    /// Somebody else painted these pixels: they are not ours any more. Where
    /// a stroke of ours is on its way (`pending`) it comes out on top, and
    /// what they painted is what lies under it.
    pub fn lose(&mut self, edits: &[PixelEdit], pending: impl Fn(u16) -> bool) {
        for &PixelEdit(index, color) in edits {
            let mut covered = pending(index);
            for stroke in self.done.iter_mut().rev() {
                if !covered {
                    stroke.changes.remove(&index);
                } else if let Some(change) = stroke.changes.get_mut(&index) {
                    change.before = color;
                    covered = false;
                }
            }
            if !pending(index) {
                for stroke in &mut self.undone {
                    stroke.changes.remove(&index);
                }
            }
        }
    }

    /// Pixels of a stroke were refused: there is nothing of them to take back.
    pub fn forget(&mut self, edits: &[PixelEdit]) {
        for &PixelEdit(index, color) in edits {
            let mut strokes = self.done.iter_mut().rev();
            let refused = strokes.find(|stroke| {
                let change = stroke.changes.get(&index);
                change.is_some_and(|change| change.after == color)
            });
            if let Some(stroke) = refused {
                stroke.changes.remove(&index);
            }
        }
    }

    /// The current stroke was not meant: what to paint to take it back. It
    /// cannot be drawn again.
    pub fn cancel(&mut self, now: impl Fn(u16) -> u8) -> Vec<PixelEdit> {
        if !std::mem::take(&mut self.open) {
            return Vec::new();
        }
        self.undone = std::mem::take(&mut self.given_up);
        let stroke = self.done.pop();
        stroke.map_or_else(Vec::new, |stroke| stroke.back(now))
    }

    /// What to paint to take back the last stroke, and what it belongs to.
    pub fn undo(&mut self, now: impl Fn(u16) -> u8) -> (Vec<PixelEdit>, Option<Group>) {
        self.open = false;
        step(&mut self.done, &mut self.undone, |stroke| stroke.back(&now))
    }

    /// What to paint to draw it once more, and what it belongs to.
    pub fn redo(&mut self, now: impl Fn(u16) -> u8) -> (Vec<PixelEdit>, Option<Group>) {
        self.open = false;
        step(&mut self.undone, &mut self.done, |stroke| {
            stroke.forth(&now)
        })
    }

    /// As [`History::undo`], for the stroke of a group, wherever it is.
    pub fn undo_group(&mut self, group: Group, now: impl Fn(u16) -> u8) -> Vec<PixelEdit> {
        pull(&mut self.done, &mut self.undone, group, |stroke| {
            stroke.back(now)
        })
    }

    /// As [`History::redo`], for the stroke of a group, wherever it is.
    pub fn redo_group(&mut self, group: Group, now: impl Fn(u16) -> u8) -> Vec<PixelEdit> {
        pull(&mut self.undone, &mut self.done, group, |stroke| {
            stroke.forth(now)
        })
    }

    /// Whether there is something to undo and to redo.
    pub fn available(&self) -> (bool, bool) {
        let any = |strokes: &[Stroke]| strokes.iter().any(|stroke| !stroke.changes.is_empty());
        (any(&self.done), any(&self.undone))
    }
}

impl Stroke {
    fn back(&self, now: impl Fn(u16) -> u8) -> Vec<PixelEdit> {
        self.edits(|index, change| (now(index) == change.after).then_some(change.before))
    }

    fn forth(&self, now: impl Fn(u16) -> u8) -> Vec<PixelEdit> {
        self.edits(|index, change| (now(index) == change.before).then_some(change.after))
    }

    fn edits(&self, color: impl Fn(u16, &Change) -> Option<u8>) -> Vec<PixelEdit> {
        let real = self.changes.iter().filter(|(_, c)| c.before != c.after);
        real.filter_map(|(&index, change)| Some(PixelEdit(index, color(index, change)?)))
            .collect()
    }
}

/// Moves strokes from one side to the other until one has something to paint.
fn step(
    from: &mut Vec<Stroke>,
    to: &mut Vec<Stroke>,
    paint: impl Fn(&Stroke) -> Vec<PixelEdit>,
) -> (Vec<PixelEdit>, Option<Group>) {
    while let Some(stroke) = from.pop() {
        let edits = paint(&stroke);
        let group = stroke.group;
        if !edits.is_empty() || group.is_some() {
            to.push(stroke);
            return (edits, group);
        }
    }
    (Vec::new(), None)
}

/// Moves the stroke of a group from one side to the other.
fn pull(
    from: &mut Vec<Stroke>,
    to: &mut Vec<Stroke>,
    group: Group,
    paint: impl FnOnce(&Stroke) -> Vec<PixelEdit>,
) -> Vec<PixelEdit> {
    let Some(index) = from.iter().position(|stroke| stroke.group == Some(group)) else {
        return Vec::new();
    };
    let stroke = from.remove(index);
    let edits = paint(&stroke);
    to.push(stroke);
    edits
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

        fn stroke(&mut self, edits: &[PixelEdit]) {
            self.history.begin(None);
            for edit in edits {
                let before = [PixelEdit(edit.0, self.at(edit.0))];
                self.history.add(&before, &[*edit]);
                self.pixels.paint(&[*edit]);
            }
        }

        fn foreign(&mut self, edit: PixelEdit) {
            self.pixels.paint(&[edit]);
            self.history.lose(&[edit], |_| false);
        }

        fn undo(&mut self) {
            let pixels = self.pixels.clone();
            let (edits, _) = self
                .history
                .undo(|index| pixels.as_bytes()[usize::from(index)]);
            self.pixels.paint(&edits);
        }

        fn redo(&mut self) {
            let pixels = self.pixels.clone();
            let (edits, _) = self
                .history
                .redo(|index| pixels.as_bytes()[usize::from(index)]);
            self.pixels.paint(&edits);
        }
    }

    #[test]
    fn strokes_are_taken_back_and_drawn_again_in_turn() {
        let mut tile = Tile::new();
        tile.stroke(&[PixelEdit(0, 1), PixelEdit(1, 1), PixelEdit(0, 1)]);
        tile.stroke(&[PixelEdit(1, 2)]);
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
    fn there_is_nothing_of_a_refused_stroke_to_take_back() {
        let mut tile = Tile::new();
        tile.stroke(&[PixelEdit(0, 1)]);
        tile.stroke(&[PixelEdit(0, 2), PixelEdit(1, 2)]);
        tile.history.forget(&[PixelEdit(0, 2), PixelEdit(1, 2)]);
        tile.pixels
            .paint(&[PixelEdit(0, 1), PixelEdit(1, TRANSPARENT)]);
        assert_eq!(tile.history.available(), (true, false));
        tile.undo();
        assert_eq!(tile.at(0), TRANSPARENT);
        assert_eq!(tile.history.available(), (false, true));
    }

    #[test]
    fn what_somebody_painted_over_is_theirs_even_in_the_same_colour() {
        let mut tile = Tile::new();
        tile.stroke(&[PixelEdit(0, 1), PixelEdit(1, 1), PixelEdit(2, 1)]);
        tile.foreign(PixelEdit(1, 5));
        tile.foreign(PixelEdit(2, 1));
        tile.undo();
        assert_eq!((tile.at(0), tile.at(1), tile.at(2)), (TRANSPARENT, 5, 1));
    }

    #[test]
    fn a_stroke_with_nothing_left_is_passed_over() {
        let mut tile = Tile::new();
        tile.stroke(&[PixelEdit(0, 1)]);
        tile.stroke(&[PixelEdit(1, 1)]);
        tile.foreign(PixelEdit(1, 5));
        tile.undo();
        assert_eq!((tile.at(0), tile.at(1)), (TRANSPARENT, 5));
    }

    #[test]
    fn a_new_stroke_ends_redo() {
        let mut tile = Tile::new();
        tile.stroke(&[PixelEdit(0, 1)]);
        tile.undo();
        tile.stroke(&[PixelEdit(3, 1)]);
        assert_eq!(tile.history.available(), (true, false));
    }

    #[test]
    fn a_stroke_stays_one_while_somebody_else_paints_too() {
        let mut tile = Tile::new();
        tile.stroke(&[PixelEdit(0, 1)]);
        tile.foreign(PixelEdit(0, 5));
        tile.history
            .add(&[PixelEdit(1, TRANSPARENT)], &[PixelEdit(1, 1)]);
        tile.pixels.paint(&[PixelEdit(1, 1)]);
        tile.history
            .add(&[PixelEdit(2, TRANSPARENT)], &[PixelEdit(2, 1)]);
        tile.pixels.paint(&[PixelEdit(2, 1)]);
        tile.undo();
        assert_eq!((tile.at(0), tile.at(1), tile.at(2)), (5, 255, 255));
    }

    #[test]
    fn under_a_stroke_on_its_way_lies_what_somebody_painted_meanwhile() {
        let mut tile = Tile::new();
        tile.stroke(&[PixelEdit(0, 1)]);
        tile.stroke(&[PixelEdit(0, 2)]);
        tile.history.lose(&[PixelEdit(0, 7)], |index| index == 0);
        tile.undo();
        assert_eq!(tile.at(0), 7);
        tile.undo();
        assert_eq!(tile.at(0), 7);
    }

    #[test]
    fn a_stroke_that_was_not_meant_leaves_no_trace() {
        let mut tile = Tile::new();
        tile.stroke(&[PixelEdit(0, 1)]);
        tile.stroke(&[PixelEdit(1, 1)]);
        tile.undo();
        tile.stroke(&[PixelEdit(2, 1)]);
        let pixels = tile.pixels.clone();
        let now = |index: u16| pixels.as_bytes()[usize::from(index)];
        assert_eq!(tile.history.cancel(now), [PixelEdit(2, TRANSPARENT)]);
        assert_eq!(tile.history.cancel(now), []);
        tile.redo();
        assert_eq!((tile.at(0), tile.at(1)), (1, 1));
    }

    #[test]
    fn a_group_is_taken_back_from_under_later_strokes() {
        let mut history = History::default();
        history.begin(Some(7));
        history.add(
            &[PixelEdit(0, 255), PixelEdit(1, 255)],
            &[PixelEdit(0, 1), PixelEdit(1, 1)],
        );
        history.begin(None);
        history.add(&[PixelEdit(1, 1)], &[PixelEdit(1, 2)]);
        let now = |index| if index == 0 { 1 } else { 2 };
        assert_eq!(history.undo_group(7, now), [PixelEdit(0, 255)]);
        assert_eq!(history.undo_group(7, now), []);
        let now = |index| if index == 0 { 255 } else { 2 };
        assert_eq!(history.redo_group(7, now), [PixelEdit(0, 1)]);
    }
}
