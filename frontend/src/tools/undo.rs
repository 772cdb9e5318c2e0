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
mod tests;
