//! Undo and redo of this tab's strokes in one tile. Pure.
//!
//! A stroke is undone pixel by pixel, and only where the pixel still has the
//! colour that the stroke gave it: pixels that somebody else painted since are
//! left alone. A stroke is sent as several operations, which are undone one by
//! one, the last one first: each names the operation that it takes back, so that
//! the server gives the pixels back to whoever painted them before.

use shared::{ids::OpId, pixels::PixelEdit};
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

/// The tile whose strokes are undone.
pub trait UndoTarget {
    /// The current colour of a pixel.
    fn color(&self, index: u16) -> u8;
    /// Paints. `undo_of` is the operation that this takes back, or the earlier
    /// undo that it takes back. Returns the new operation's id; none if it was
    /// not taken.
    fn paint(&mut self, edits: &[PixelEdit], undo_of: Option<OpId>) -> Option<OpId>;
}

/// A part of a stroke: what one operation painted.
#[derive(Debug)]
struct StrokeOp {
    id: OpId,
    /// The operation that took it back last.
    undone_by: Option<OpId>,
    changes: BTreeMap<u16, Change>,
}

#[derive(Debug, Default)]
struct Stroke {
    /// In the order in which they were painted.
    ops: Vec<StrokeOp>,
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

    /// Adds what the operation `id` paints to the current stroke. `before` are
    /// the same pixels with the colours that they had.
    pub fn add(&mut self, id: OpId, before: &[PixelEdit], edits: &[PixelEdit]) {
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
        if stroke.ops.last().is_none_or(|op| op.id != id) {
            stroke.ops.push(StrokeOp {
                id,
                undone_by: None,
                changes: BTreeMap::new(),
            });
        }
        let Some(op) = stroke.ops.last_mut() else {
            return;
        };
        for &PixelEdit(index, color) in before {
            op.changes.entry(index).or_insert(Change {
                before: color,
                after: color,
            });
        }
        for &PixelEdit(index, color) in edits {
            if let Some(change) = op.changes.get_mut(&index) {
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
            let newest_first = self.undo_stack.iter_mut().rev();
            for op in newest_first.flat_map(|stroke| stroke.ops.iter_mut().rev()) {
                if !covered {
                    op.changes.remove(&index);
                } else if let Some(change) = op.changes.get_mut(&index) {
                    change.before = color;
                    covered = false;
                }
            }
            if !pending(index) {
                for op in self.redo_stack.iter_mut().flat_map(|s| &mut s.ops) {
                    op.changes.remove(&index);
                }
            }
        }
    }

    /// Removes an operation that the server refused.
    pub fn remove_refused(&mut self, id: OpId) {
        for stroke in self.undo_stack.iter_mut().chain(&mut self.redo_stack) {
            stroke.ops.retain(|op| op.id != id);
        }
    }

    /// Cancels the stroke in progress; it cannot be redone.
    pub fn cancel(&mut self, target: &mut dyn UndoTarget) {
        if !std::mem::take(&mut self.is_open) {
            return;
        }
        self.redo_stack = std::mem::take(&mut self.discarded_redo);
        if let Some(mut stroke) = self.undo_stack.pop() {
            stroke.undo(target);
        }
    }

    /// Undoes the last stroke that has something left to undo. Returns its group
    /// if it has one.
    pub fn undo(&mut self, target: &mut dyn UndoTarget) -> Option<Group> {
        self.is_open = false;
        move_last(&mut self.undo_stack, &mut self.redo_stack, |stroke| {
            stroke.undo(target)
        })
    }

    /// Redoes the stroke that was undone last. Returns its group if it has one.
    pub fn redo(&mut self, target: &mut dyn UndoTarget) -> Option<Group> {
        self.is_open = false;
        move_last(&mut self.redo_stack, &mut self.undo_stack, |stroke| {
            stroke.redo(target)
        })
    }

    /// As [`History::undo`], for the stroke of a group at any position in the
    /// history.
    pub fn undo_group(&mut self, group: Group, target: &mut dyn UndoTarget) {
        let (from, to) = (&mut self.undo_stack, &mut self.redo_stack);
        move_group(from, to, group, |stroke| stroke.undo(target));
    }

    /// As [`History::redo`], for the stroke of a group at any position in the
    /// history.
    pub fn redo_group(&mut self, group: Group, target: &mut dyn UndoTarget) {
        let (from, to) = (&mut self.redo_stack, &mut self.undo_stack);
        move_group(from, to, group, |stroke| stroke.redo(target));
    }

    /// Whether there is something to undo, and something to redo.
    pub fn available(&self) -> (bool, bool) {
        let any = |strokes: &[Stroke]| {
            let mut ops = strokes.iter().flat_map(|stroke| &stroke.ops);
            ops.any(|op| !op.changes.is_empty())
        };
        (any(&self.undo_stack), any(&self.redo_stack))
    }
}

impl Stroke {
    /// Returns whether there was something to paint.
    fn undo(&mut self, target: &mut dyn UndoTarget) -> bool {
        let mut painted = false;
        for op in self.ops.iter_mut().rev() {
            let edits = op.edits(|index, change| {
                (target.color(index) == change.after).then_some(change.before)
            });
            if !edits.is_empty() {
                painted = true;
                op.undone_by = target.paint(&edits, Some(op.id));
            }
        }
        painted
    }

    /// Returns whether there was something to paint.
    fn redo(&mut self, target: &mut dyn UndoTarget) -> bool {
        let mut painted = false;
        for op in &mut self.ops {
            let edits = op.edits(|index, change| {
                (target.color(index) == change.before).then_some(change.after)
            });
            if edits.is_empty() {
                continue;
            }
            painted = true;
            let id = target.paint(&edits, op.undone_by);
            // Where the undo has an event of its own, its undo makes this
            // operation's pixels count again. Else these are new ones.
            if op.undone_by.is_none_or(|undo| undo == op.id) {
                op.id = id.unwrap_or(op.id);
            }
        }
        painted
    }
}

impl StrokeOp {
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
    mut paint: impl FnMut(&mut Stroke) -> bool,
) -> Option<Group> {
    while let Some(mut stroke) = from.pop() {
        let painted = paint(&mut stroke);
        let group = stroke.group;
        if painted || group.is_some() {
            to.push(stroke);
            return group;
        }
    }
    None
}

/// Moves the stroke of a group from one stack to the other.
fn move_group(
    from: &mut Vec<Stroke>,
    to: &mut Vec<Stroke>,
    group: Group,
    paint: impl FnOnce(&mut Stroke) -> bool,
) {
    if let Some(index) = from.iter().position(|stroke| stroke.group == Some(group)) {
        let mut stroke = from.remove(index);
        paint(&mut stroke);
        to.push(stroke);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::pixels::{Pixels, TRANSPARENT};
    use uuid::Uuid;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    struct Canvas {
        pixels: Pixels,
        /// What was painted with which `undo_of`; the ids count from 1.
        painted: Vec<(Vec<PixelEdit>, Option<OpId>)>,
        /// All operations get this id: they are merged while nothing is sent.
        merged: Option<OpId>,
    }

    fn op(n: usize) -> OpId {
        OpId::from(Uuid::from_u128(n as u128))
    }

    impl UndoTarget for Canvas {
        fn color(&self, index: u16) -> u8 {
            self.pixels.as_bytes()[usize::from(index)]
        }

        fn paint(&mut self, edits: &[PixelEdit], undo_of: Option<OpId>) -> Option<OpId> {
            self.pixels.paint(edits);
            self.painted.push((edits.to_vec(), undo_of));
            Some(self.merged.unwrap_or(op(self.painted.len())))
        }
    }

    struct Tile {
        canvas: Canvas,
        history: History,
    }

    impl Tile {
        fn new() -> Self {
            Self {
                canvas: Canvas {
                    pixels: Pixels::blank(8),
                    painted: Vec::new(),
                    merged: None,
                },
                history: History::default(),
            }
        }

        fn at(&self, index: u16) -> u8 {
            self.canvas.color(index)
        }

        /// One operation for each edit.
        fn stroke(&mut self, edits: &[PixelEdit]) {
            self.history.begin(None);
            for edit in edits {
                let before = [PixelEdit(edit.0, self.at(edit.0))];
                let id = self.canvas.paint(&[*edit], None).unwrap();
                self.history.add(id, &before, &[*edit]);
            }
        }

        fn paint_as_other(&mut self, edit: PixelEdit) {
            self.canvas.pixels.paint(&[edit]);
            self.history.overwritten(&[edit], |_| false);
        }

        fn undo(&mut self) {
            self.history.undo(&mut self.canvas);
        }

        fn redo(&mut self) {
            self.history.redo(&mut self.canvas);
        }

        /// The `undo_of` of what was painted from the `n`-th operation on.
        fn undo_of_since(&self, n: usize) -> Vec<Option<OpId>> {
            self.canvas.painted[n..].iter().map(|one| one.1).collect()
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
        tile.history.remove_refused(op(2));
        tile.history.remove_refused(op(3));
        let before = [PixelEdit(0, 1), PixelEdit(1, TRANSPARENT)];
        tile.canvas.pixels.paint(&before);
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
        for index in [1, 2] {
            let id = tile.canvas.paint(&[PixelEdit(index, 1)], None).unwrap();
            let before = [PixelEdit(index, TRANSPARENT)];
            tile.history.add(id, &before, &[PixelEdit(index, 1)]);
        }
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
        let painted = tile.canvas.painted.len();
        tile.history.cancel(&mut tile.canvas);
        let back = vec![PixelEdit(2, TRANSPARENT)];
        assert_eq!(tile.canvas.painted[painted..], [(back, Some(op(painted)))]);
        tile.history.cancel(&mut tile.canvas);
        assert_eq!(tile.canvas.painted.len(), painted + 1);
        tile.redo();
        assert_eq!((tile.at(0), tile.at(1)), (1, 1));
    }

    #[test]
    fn a_group_is_undone_below_later_strokes() {
        let Tile {
            mut history,
            mut canvas,
        } = Tile::new();
        history.begin(Some(7));
        history.add(
            op(1),
            &[PixelEdit(0, 255), PixelEdit(1, 255)],
            &[PixelEdit(0, 1), PixelEdit(1, 1)],
        );
        history.begin(None);
        history.add(op(2), &[PixelEdit(1, 1)], &[PixelEdit(1, 2)]);
        canvas.pixels.paint(&[PixelEdit(0, 1), PixelEdit(1, 2)]);
        history.undo_group(7, &mut canvas);
        history.undo_group(7, &mut canvas);
        history.redo_group(7, &mut canvas);
        let painted: Vec<_> = canvas.painted.into_iter().map(|one| one.0).collect();
        assert_eq!(painted, [[PixelEdit(0, 255)], [PixelEdit(0, 1)]]);
    }

    #[test]
    fn each_operation_is_undone_by_its_name_and_redone_by_the_name_of_its_undo() {
        let mut tile = Tile::new();
        // The same pixel twice in one stroke: operations 1 and 2.
        tile.stroke(&[PixelEdit(0, 1), PixelEdit(0, 2), PixelEdit(1, 2)]);
        tile.undo();
        assert_eq!(tile.undo_of_since(3), [3, 2, 1].map(|n| Some(op(n))));
        assert_eq!((tile.at(0), tile.at(1)), (TRANSPARENT, TRANSPARENT));
        // Undone by the operations 4 to 6.
        tile.redo();
        assert_eq!(tile.undo_of_since(6), [6, 5, 4].map(|n| Some(op(n))));
        assert_eq!((tile.at(0), tile.at(1)), (2, 2));
        // The writes are those of the first operations again.
        tile.undo();
        assert_eq!(tile.undo_of_since(9), [3, 2, 1].map(|n| Some(op(n))));
    }

    #[test]
    fn what_was_undone_before_it_was_sent_is_redone_as_a_new_stroke() {
        let mut tile = Tile::new();
        tile.stroke(&[PixelEdit(0, 1)]);
        tile.canvas.merged = Some(op(1));
        tile.undo();
        tile.canvas.merged = None;
        // Operation 1 is sent; it changed nothing.
        tile.redo();
        tile.undo();
        assert_eq!(tile.undo_of_since(2), [Some(op(1)), Some(op(3))]);
    }
}
