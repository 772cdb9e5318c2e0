//! Strokes are taken back and done again, alone and below later ones.

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
