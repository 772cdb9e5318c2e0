//! Undo and redo of this tab's strokes in one tile. Pure.
//!
//! A stroke is undone pixel by pixel, and only where the pixel still has the
//! colour that the stroke gave it: pixels that somebody else painted since are
//! left alone.

use shared::pixels::PixelEdit;
use std::collections::BTreeMap;

/// Most strokes kept per tile.
const MAX_STROKES: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change {
    before: u8,
    after: u8,
}

/// Id of strokes in several tiles that are undone together, such as an imported
/// image.
pub type Group = u32;

#[derive(Debug, Default)]
struct Stroke {
    changes: BTreeMap<u16, Change>,
    group: Option<Group>,
}

/// The undo history of one tile.
#[derive(Debug, Default)]
pub struct History {
    undo_stack: Vec<Stroke>,
    redo_stack: Vec<Stroke>,
    /// Whether the last stroke of `undo_stack` is still in progress.
    is_open: bool,
    group: Option<Group>,
    /// The redo stack from before the stroke in progress; restored if that is
    /// cancelled.
    discarded_redo: Vec<Stroke>,
}

impl History {
    /// Begins a stroke; the next call of [`History::add`] creates it.
    pub fn begin(&mut self, group: Option<Group>) {
        self.is_open = false;
        self.group = group;
    }

    /// Adds edits to the current stroke. `before` are the same pixels with the
    /// colours that they had.
    pub fn add(&mut self, before: &[PixelEdit], edits: &[PixelEdit]) {
        if !self.is_open {
            self.is_open = true;
            self.undo_stack.push(Stroke {
                group: self.group,
                ..Stroke::default()
            });
            self.discarded_redo = std::mem::take(&mut self.redo_stack);
            if self.undo_stack.len() > MAX_STROKES {
                self.undo_stack.remove(0);
            }
        }
        let Some(stroke) = self.undo_stack.last_mut() else {
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

    /// Handles edits by somebody else: their pixels are removed from the
    /// history. Where this tab has a `pending` edit of the pixel, that will
    /// come out on top, so the colour under it is updated instead.
    pub fn overwritten(&mut self, edits: &[PixelEdit], pending: impl Fn(u16) -> bool) {
        for &PixelEdit(index, color) in edits {
            let mut covered = pending(index);
            for stroke in self.undo_stack.iter_mut().rev() {
                if !covered {
                    stroke.changes.remove(&index);
                } else if let Some(change) = stroke.changes.get_mut(&index) {
                    change.before = color;
                    covered = false;
                }
            }
            if !pending(index) {
                for stroke in &mut self.redo_stack {
                    stroke.changes.remove(&index);
                }
            }
        }
    }

    /// Removes the pixels of a stroke that the server refused.
    pub fn remove_refused(&mut self, edits: &[PixelEdit]) {
        for &PixelEdit(index, color) in edits {
            let mut strokes = self.undo_stack.iter_mut().rev();
            let stroke_with_pixel = strokes.find(|stroke| {
                let change = stroke.changes.get(&index);
                change.is_some_and(|change| change.after == color)
            });
            if let Some(stroke) = stroke_with_pixel {
                stroke.changes.remove(&index);
            }
        }
    }

    /// Cancels the stroke in progress. Returns the edits that remove it; it
    /// cannot be redone. `now` gives the current colour of a pixel.
    pub fn cancel(&mut self, now: impl Fn(u16) -> u8) -> Vec<PixelEdit> {
        if !std::mem::take(&mut self.is_open) {
            return Vec::new();
        }
        self.redo_stack = std::mem::take(&mut self.discarded_redo);
        let stroke = self.undo_stack.pop();
        stroke.map_or_else(Vec::new, |stroke| stroke.undo_edits(now))
    }

    /// Undoes the last stroke. Returns the edits to paint, and the stroke's
    /// group if it has one.
    pub fn undo(&mut self, now: impl Fn(u16) -> u8) -> (Vec<PixelEdit>, Option<Group>) {
        self.is_open = false;
        move_last(&mut self.undo_stack, &mut self.redo_stack, |stroke| {
            stroke.undo_edits(&now)
        })
    }

    /// Redoes the stroke that was undone last. Returns the edits to paint, and
    /// the stroke's group if it has one.
    pub fn redo(&mut self, now: impl Fn(u16) -> u8) -> (Vec<PixelEdit>, Option<Group>) {
        self.is_open = false;
        move_last(&mut self.redo_stack, &mut self.undo_stack, |stroke| {
            stroke.redo_edits(&now)
        })
    }

    /// As [`History::undo`], for the stroke of a group at any position in the
    /// history.
    pub fn undo_group(&mut self, group: Group, now: impl Fn(u16) -> u8) -> Vec<PixelEdit> {
        move_group(
            &mut self.undo_stack,
            &mut self.redo_stack,
            group,
            |stroke| stroke.undo_edits(now),
        )
    }

    /// As [`History::redo`], for the stroke of a group at any position in the
    /// history.
    pub fn redo_group(&mut self, group: Group, now: impl Fn(u16) -> u8) -> Vec<PixelEdit> {
        move_group(
            &mut self.redo_stack,
            &mut self.undo_stack,
            group,
            |stroke| stroke.redo_edits(now),
        )
    }

    /// Whether there is something to undo, and something to redo.
    pub fn available(&self) -> (bool, bool) {
        let any = |strokes: &[Stroke]| strokes.iter().any(|stroke| !stroke.changes.is_empty());
        (any(&self.undo_stack), any(&self.redo_stack))
    }
}

impl Stroke {
    fn undo_edits(&self, now: impl Fn(u16) -> u8) -> Vec<PixelEdit> {
        self.edits(|index, change| (now(index) == change.after).then_some(change.before))
    }

    fn redo_edits(&self, now: impl Fn(u16) -> u8) -> Vec<PixelEdit> {
        self.edits(|index, change| (now(index) == change.before).then_some(change.after))
    }

    fn edits(&self, color: impl Fn(u16, &Change) -> Option<u8>) -> Vec<PixelEdit> {
        let changed = self.changes.iter().filter(|(_, c)| c.before != c.after);
        changed
            .filter_map(|(&index, change)| Some(PixelEdit(index, color(index, change)?)))
            .collect()
    }
}

/// Moves strokes from one stack to the other until one has something to paint
/// or belongs to a group.
fn move_last(
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

/// Moves the stroke of a group from one stack to the other.
fn move_group(
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

        fn paint_as_other(&mut self, edit: PixelEdit) {
            self.pixels.paint(&[edit]);
            self.history.overwritten(&[edit], |_| false);
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
    fn strokes_are_undone_and_redone_in_order() {
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
    fn a_refused_stroke_cannot_be_undone() {
        let mut tile = Tile::new();
        tile.stroke(&[PixelEdit(0, 1)]);
        tile.stroke(&[PixelEdit(0, 2), PixelEdit(1, 2)]);
        tile.history
            .remove_refused(&[PixelEdit(0, 2), PixelEdit(1, 2)]);
        tile.pixels
            .paint(&[PixelEdit(0, 1), PixelEdit(1, TRANSPARENT)]);
        assert_eq!(tile.history.available(), (true, false));
        tile.undo();
        assert_eq!(tile.at(0), TRANSPARENT);
        assert_eq!(tile.history.available(), (false, true));
    }

    #[test]
    fn pixels_painted_by_others_are_not_undone_even_in_the_same_colour() {
        let mut tile = Tile::new();
        tile.stroke(&[PixelEdit(0, 1), PixelEdit(1, 1), PixelEdit(2, 1)]);
        tile.paint_as_other(PixelEdit(1, 5));
        tile.paint_as_other(PixelEdit(2, 1));
        tile.undo();
        assert_eq!((tile.at(0), tile.at(1), tile.at(2)), (TRANSPARENT, 5, 1));
    }

    #[test]
    fn a_stroke_without_remaining_pixels_is_skipped() {
        let mut tile = Tile::new();
        tile.stroke(&[PixelEdit(0, 1)]);
        tile.stroke(&[PixelEdit(1, 1)]);
        tile.paint_as_other(PixelEdit(1, 5));
        tile.undo();
        assert_eq!((tile.at(0), tile.at(1)), (TRANSPARENT, 5));
    }

    #[test]
    fn a_new_stroke_clears_the_redo_stack() {
        let mut tile = Tile::new();
        tile.stroke(&[PixelEdit(0, 1)]);
        tile.undo();
        tile.stroke(&[PixelEdit(3, 1)]);
        assert_eq!(tile.history.available(), (true, false));
    }

    #[test]
    fn a_stroke_stays_one_while_others_paint() {
        let mut tile = Tile::new();
        tile.stroke(&[PixelEdit(0, 1)]);
        tile.paint_as_other(PixelEdit(0, 5));
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
    fn undoing_a_pending_stroke_restores_the_colour_of_others() {
        let mut tile = Tile::new();
        tile.stroke(&[PixelEdit(0, 1)]);
        tile.stroke(&[PixelEdit(0, 2)]);
        tile.history
            .overwritten(&[PixelEdit(0, 7)], |index| index == 0);
        tile.undo();
        assert_eq!(tile.at(0), 7);
        tile.undo();
        assert_eq!(tile.at(0), 7);
    }

    #[test]
    fn a_cancelled_stroke_is_removed_and_redo_is_restored() {
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
    fn a_group_is_undone_below_later_strokes() {
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
