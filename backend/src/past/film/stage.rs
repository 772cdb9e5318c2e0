//! The pixels of an area, and which of them changed since they were last encoded.

use super::{Palette, Rect};
use shared::{canvas::Coord, pixels::PixelEdit};

/// A change of one tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change<'a> {
    /// It has these pixels, row by row.
    Whole(&'a [u8]),
    /// Some of its pixels were painted.
    Painted(&'a [PixelEdit]),
    /// There is no tile any more.
    Cleared,
}

/// See the module. A pixel is the index of its colour; one without a colour has the
/// palette's transparent index.
#[derive(Debug)]
pub(crate) struct Stage {
    first: Coord,
    columns: usize,
    rows: usize,
    tile_size: usize,
    transparent: u8,
    pixels: Vec<u8>,
    /// The cells that changed.
    changed: Vec<usize>,
    /// Whether a cell is in `changed`.
    is_changed: Vec<bool>,
}

/// What differs between two pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Difference {
    /// Around all pixels that differ.
    pub(super) changed: Option<Rect>,
    /// Around those that became transparent.
    pub(super) cleared: Option<Rect>,
}

impl Stage {
    /// An empty stage of the cells from `first` to `last`, both included, with tiles of
    /// `tile_size` pixels a side.
    pub(crate) fn new(first: Coord, last: Coord, tile_size: i32, palette: &Palette) -> Self {
        let cells = |from: i32, to: i32| usize::try_from(to - from + 1).unwrap_or_default();
        let (columns, rows) = (cells(first.x, last.x), cells(first.y, last.y));
        let tile_size = usize::try_from(tile_size).unwrap_or_default();
        let transparent = palette.transparent();
        Self {
            first,
            columns,
            rows,
            tile_size,
            transparent,
            pixels: vec![transparent; columns * rows * tile_size * tile_size],
            changed: Vec::new(),
            is_changed: vec![false; columns * rows],
        }
    }

    /// In pixels of the board.
    pub(super) fn width(&self) -> usize {
        self.columns * self.tile_size
    }

    /// In pixels of the board.
    pub(super) fn height(&self) -> usize {
        self.rows * self.tile_size
    }

    /// All pixels, row by row.
    pub(super) fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Applies a change of a tile. What is outside of the area is ignored.
    pub(crate) fn apply(&mut self, at: Coord, change: &Change<'_>) {
        let Some((column, row)) = self.offset(at) else {
            return;
        };
        let (side, width, transparent) = (self.tile_size, self.width(), self.transparent);
        let origin = row * side * width + column * side;
        let lines = (0..side).map(|line| origin + line * width);
        match change {
            Change::Cleared => {
                for start in lines {
                    self.pixels[start..start + side].fill(transparent);
                }
            }
            Change::Whole(tile) => {
                for (start, colours) in lines.zip(tile.chunks(side)) {
                    let pixels = self.pixels[start..start + side].iter_mut();
                    for (pixel, &colour) in pixels.zip(colours) {
                        *pixel = colour.min(transparent);
                    }
                }
            }
            Change::Painted(edits) => {
                for &PixelEdit(index, colour) in *edits {
                    let index = usize::from(index);
                    if index < side * side {
                        let at = origin + index / side * width + index % side;
                        self.pixels[at] = colour.min(transparent);
                    }
                }
            }
        }
        let cell = row * self.columns + column;
        if !self.is_changed[cell] {
            self.is_changed[cell] = true;
            self.changed.push(cell);
        }
    }

    /// How it differs from what it was when this was last called, which is `before`. Makes
    /// `before` equal to it.
    pub(super) fn take_difference(&mut self, before: &mut [u8]) -> Difference {
        let mut found = Difference::default();
        let (side, width) = (self.tile_size, self.width());
        for cell in self.changed.drain(..) {
            self.is_changed[cell] = false;
            let (left, top) = (cell % self.columns * side, cell / self.columns * side);
            for y in top..top + side {
                let line = y * width + left..y * width + left + side;
                let (old, new) = (&mut before[line.clone()], &self.pixels[line]);
                if old == new {
                    continue;
                }
                let differs = |x: &usize| old[*x] != new[*x];
                let goes = |x: &usize| differs(x) && new[*x] == self.transparent;
                let changed = span(side, differs, left, y);
                let cleared = span(side, goes, left, y);
                found.changed = Rect::join(found.changed, changed);
                found.cleared = Rect::join(found.cleared, cleared);
                old.copy_from_slice(new);
            }
        }
        found
    }

    fn offset(&self, at: Coord) -> Option<(usize, usize)> {
        let column = usize::try_from(at.x - self.first.x).ok()?;
        let row = usize::try_from(at.y - self.first.y).ok()?;
        (column < self.columns && row < self.rows).then_some((column, row))
    }
}

/// The part of a row of `side` pixels, at `left` and `y`, from the first that is meant to the
/// last.
fn span(side: usize, is_meant: impl Fn(&usize) -> bool, left: usize, y: usize) -> Option<Rect> {
    let first = (0..side).find(&is_meant)?;
    let last = (0..side).rev().find(&is_meant)?;
    Some(Rect {
        left: left + first,
        top: y,
        width: last - first + 1,
        height: 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage() -> Stage {
        let palette = Palette::new(&["#000000".to_owned(), "#ffffff".to_owned()]);
        Stage::new(Coord { x: 2, y: 1 }, Coord { x: 3, y: 1 }, 8, &palette)
    }

    #[test]
    fn only_what_is_in_the_area_is_applied() {
        let mut stage = stage();
        for at in [
            Coord { x: 1, y: 1 },
            Coord { x: 4, y: 1 },
            Coord { x: 2, y: 0 },
        ] {
            stage.apply(at, &Change::Whole(&[1; 64]));
        }
        assert!(stage.pixels().iter().all(|pixel| *pixel == 2));
    }

    #[test]
    fn the_difference_is_around_what_changed() {
        let mut stage = stage();
        let mut before = stage.pixels().to_vec();
        let edits = [PixelEdit(8 + 3, 1), PixelEdit(16 + 5, 0), PixelEdit(64, 1)];
        stage.apply(Coord { x: 3, y: 1 }, &Change::Painted(&edits));
        let changed = Rect {
            left: 11,
            top: 1,
            width: 3,
            height: 2,
        };
        let difference = stage.take_difference(&mut before);
        assert_eq!(difference.changed, Some(changed));
        assert_eq!(difference.cleared, None);
        assert_eq!(before, stage.pixels());
        stage.apply(
            Coord { x: 3, y: 1 },
            &Change::Painted(&[PixelEdit(8 + 3, 255)]),
        );
        let cleared = Rect {
            left: 11,
            top: 1,
            width: 1,
            height: 1,
        };
        let difference = stage.take_difference(&mut before);
        assert_eq!(difference.cleared, Some(cleared));
        stage.apply(Coord { x: 3, y: 1 }, &Change::Painted(&[]));
        assert_eq!(stage.take_difference(&mut before), Difference::default());
    }
}
