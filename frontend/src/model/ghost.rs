//! The ghost of a tile: what was there yesterday, shown faintly while somebody
//! draws. Pure.

use shared::{
    canvas::Coord,
    pixels::{Pixels, TRANSPARENT},
};
use std::sync::Arc;

/// How long ago a ghost is from, in milliseconds.
pub const GHOST_AGE_MS: i64 = 24 * 60 * 60_000;

/// A ghost.
#[derive(Clone, Debug, PartialEq)]
pub struct Ghost {
    /// The tile.
    pub at: Coord,
    /// What was there.
    pub pixels: Arc<Pixels>,
}

/// Neighbours of one colour in a row of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Column of the first.
    pub x: i32,
    /// Row.
    pub y: i32,
    /// How many.
    pub length: i32,
    /// The palette index.
    pub color: u8,
}

impl Ghost {
    /// What was painted, as runs.
    pub fn runs(&self, side: i32) -> Vec<Run> {
        runs(side, |index| self.color(index))
    }

    /// What was painted and is painted over in another colour now, as runs. There
    /// the ghost is hidden.
    pub fn hidden(&self, now: Option<&Pixels>, side: i32) -> Vec<Run> {
        let now = now.map_or(&[][..], Pixels::as_bytes);
        runs(side, |index| {
            let color = now.get(index).copied().unwrap_or(TRANSPARENT);
            let is_hidden = color != TRANSPARENT && color != self.color(index);
            if is_hidden {
                self.color(index)
            } else {
                TRANSPARENT
            }
        })
    }

    fn color(&self, index: usize) -> u8 {
        let bytes = self.pixels.as_bytes();
        bytes.get(index).copied().unwrap_or(TRANSPARENT)
    }
}

/// Joins neighbours of one colour; leaves out what is transparent.
fn runs(side: i32, color: impl Fn(usize) -> u8) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut index = 0;
    for y in 0..side {
        for x in 0..side {
            let color = color(index);
            index += 1;
            if color == TRANSPARENT {
                continue;
            }
            match runs.last_mut() {
                Some(run) if (run.y, run.x + run.length, run.color) == (y, x, color) => {
                    run.length += 1;
                }
                Some(_) | None => runs.push(Run {
                    x,
                    y,
                    length: 1,
                    color,
                }),
            }
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const NONE: u8 = TRANSPARENT;

    fn ghost(bytes: &[u8]) -> Ghost {
        Ghost {
            at: Coord { x: 1, y: 2 },
            pixels: Arc::new(Pixels::from_bytes(bytes.to_vec())),
        }
    }

    fn run(x: i32, y: i32, length: i32, color: u8) -> Run {
        Run {
            x,
            y,
            length,
            color,
        }
    }

    #[test]
    fn what_was_painted_is_joined_in_rows() {
        let ghost = ghost(&[1, 1, 2, NONE, 2, 2, 2, 2, 2]);
        let expected = [
            run(0, 0, 2, 1),
            run(2, 0, 1, 2),
            run(1, 1, 2, 2),
            run(0, 2, 3, 2),
        ];
        assert_eq!(ghost.runs(3), expected);
    }

    #[test]
    fn a_ghost_is_hidden_where_another_colour_is() {
        let ghost = ghost(&[1, 1, NONE, 3]);
        let now = Pixels::from_bytes(vec![1, 2, 2, NONE]);
        assert_eq!(ghost.hidden(Some(&now), 2), [run(1, 0, 1, 1)]);
        assert_eq!(ghost.hidden(None, 2), []);
    }
}
