//! Reduces an image to the colours of a palette: each pixel gets the most
//! similar colour. Pure.
//!
//! Distances are computed in Oklab (Ottosson, "A perceptual color space for
//! image processing", 2020), where equal distances look equally large.
//! Dithering diffuses the error of each pixel to its neighbours (Floyd and
//! Steinberg, 1976).

use shared::pixels::TRANSPARENT;

/// Pixels with a lower alpha become transparent.
const MIN_OPAQUE_ALPHA: u8 = 128;
/// Share of an error that is diffused. With all of it, errors would spread over
/// large areas whose colour is far from the palette.
const DIFFUSED_SHARE: f32 = 0.8;

type Lab = [f32; 3];

/// Matrices of Oklab: linear sRGB to cone responses, and their cube roots to
/// lightness and the two opponent colours.
const CONES: [Lab; 3] = [
    [0.412_221_47, 0.536_332_54, 0.051_445_995],
    [0.211_903_5, 0.680_699_5, 0.107_396_96],
    [0.088_302_46, 0.281_718_85, 0.629_978_7],
];
const OPPONENTS: [Lab; 3] = [
    [0.210_454_26, 0.793_617_8, -0.004_072_047],
    [1.977_998_5, -2.428_592_2, 0.450_593_7],
    [0.025_904_037, 0.782_771_77, -0.808_675_77],
];

/// Bits of each channel in the table of colours that were matched already.
const COLOR_BITS: u32 = 6;
/// Bits of lightness and opponent colours in the table for dithering.
const LAB_BITS: u32 = 6;
/// The opponent colours of sRGB lie between the negative of this and this.
const MAX_OPPONENT: f32 = 0.4;
/// In a table: not computed yet.
const UNKNOWN: u8 = 255;
/// In a table: contains a colour of the palette, so each value is computed exactly.
const EXACT: u8 = 254;

/// Matches an image to a palette, some rows at a time. What was computed for a colour is used for
/// all similar colours, except for those of the palette itself.
pub struct Matcher {
    labs: Vec<Lab>,
    /// The linear sRGB value of each byte.
    linear: [f32; 256],
    width: usize,
    dither: bool,
    /// The index for each cell of colours, see [`UNKNOWN`] and [`EXACT`].
    table: Vec<u8>,
    /// Errors diffused to this row, with one extra pixel at both ends.
    errors: Vec<Lab>,
    /// The same for the next row.
    next: Vec<Lab>,
    indices: Vec<u8>,
}

impl Matcher {
    /// Prepares a palette, to which the resulting indices refer, for an image with `width` pixels
    /// in a row.
    pub fn new(palette: &[[u8; 3]], width: usize, dither: bool) -> Self {
        let mut linear = [0.0; 256];
        for (byte, light) in (0u8..=255).zip(&mut linear) {
            let value = f32::from(byte) / 255.0;
            *light = if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            };
        }
        let bits = if dither { LAB_BITS } else { COLOR_BITS };
        let mut matcher = Self {
            labs: Vec::new(),
            linear,
            width,
            dither,
            table: vec![UNKNOWN; 1 << (3 * bits)],
            errors: vec![[0.0; 3]; if dither { width + 2 } else { 0 }],
            next: Vec::new(),
            indices: Vec::new(),
        };
        matcher.next.clone_from(&matcher.errors);
        for &rgb in palette {
            let lab = matcher.lab(rgb);
            let cell = if dither {
                lab_cell(lab)
            } else {
                color_cell(rgb)
            };
            matcher.table[cell] = EXACT;
            matcher.labs.push(lab);
        }
        matcher
    }

    /// Matches the next rows, given as RGBA.
    pub fn push_rows(&mut self, rgba: &[u8]) {
        self.indices.reserve(rgba.len() / 4);
        for row in rgba.chunks_exact(self.width.max(1) * 4) {
            if self.dither {
                self.dither_row(row);
            } else {
                self.match_row(row);
            }
        }
    }

    /// The palette indices of all rows; [`TRANSPARENT`] for pixels that are not opaque enough.
    pub fn into_indices(self) -> Vec<u8> {
        self.indices
    }

    fn match_row(&mut self, row: &[u8]) {
        for pixel in row.chunks_exact(4) {
            let &[r, g, b, alpha] = pixel else { continue };
            let index = if alpha < MIN_OPAQUE_ALPHA {
                TRANSPARENT
            } else {
                let cell = color_cell([r, g, b]);
                match self.table[cell] {
                    EXACT => self.nearest(self.lab([r, g, b])),
                    UNKNOWN => {
                        // The colour in the middle stands for all of the cell.
                        let middle = |byte: u8| byte & 0xfc | 2;
                        let index = self.nearest(self.lab([middle(r), middle(g), middle(b)]));
                        self.table[cell] = index;
                        index
                    }
                    known => known,
                }
            };
            self.indices.push(index);
        }
    }

    fn dither_row(&mut self, row: &[u8]) {
        for (x, pixel) in row.chunks_exact(4).enumerate() {
            let &[r, g, b, alpha] = pixel else { continue };
            if alpha < MIN_OPAQUE_ALPHA {
                self.indices.push(TRANSPARENT);
                continue;
            }
            let target = add(self.lab([r, g, b]), self.errors[x + 1], 1.0);
            let cell = lab_cell(target);
            let index = match self.table[cell] {
                EXACT => self.nearest(target),
                UNKNOWN => {
                    let index = self.nearest(target);
                    self.table[cell] = index;
                    index
                }
                known => known,
            };
            self.indices.push(index);
            let Some(&color) = self.labs.get(usize::from(index)) else {
                continue;
            };
            let error = add(target, color, -1.0);
            let diffuse =
                |to: &mut Lab, factor: f32| *to = add(*to, error, factor * DIFFUSED_SHARE);
            diffuse(&mut self.errors[x + 2], 7.0 / 16.0);
            diffuse(&mut self.next[x], 3.0 / 16.0);
            diffuse(&mut self.next[x + 1], 5.0 / 16.0);
            diffuse(&mut self.next[x + 2], 1.0 / 16.0);
        }
        std::mem::swap(&mut self.errors, &mut self.next);
        self.next.fill([0.0; 3]);
    }

    /// The index of the nearest palette colour.
    fn nearest(&self, target: Lab) -> u8 {
        let mut best = TRANSPARENT;
        let mut best_distance = f32::INFINITY;
        for (&lab, index) in self.labs.iter().zip(0u8..) {
            let [l, a, b] = add(target, lab, -1.0);
            let distance = l * l + a * a + b * b;
            if distance < best_distance {
                best_distance = distance;
                best = index;
            }
        }
        best
    }

    /// Converts sRGB to Oklab.
    fn lab(&self, rgb: [u8; 3]) -> Lab {
        let light = rgb.map(|byte| self.linear[usize::from(byte)]);
        let cones = CONES.map(|row| dot(row, light).cbrt());
        OPPONENTS.map(|row| dot(row, cones))
    }
}

/// The cell of a colour in the table.
fn color_cell(rgb: [u8; 3]) -> usize {
    rgb.into_iter().fold(0, |cell, byte| {
        cell << COLOR_BITS | usize::from(byte >> (8 - COLOR_BITS))
    })
}

/// The cell of an Oklab value in the table for dithering.
fn lab_cell([lightness, a, b]: Lab) -> usize {
    let opponent = |value: f32| (value + MAX_OPPONENT) / (2.0 * MAX_OPPONENT);
    [lightness, opponent(a), opponent(b)]
        .into_iter()
        .fold(0, |cell, value| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the cast saturates"
            )]
            let step = (value * 64.0) as usize;
            cell << LAB_BITS | step.min((1 << LAB_BITS) - 1)
        })
}

fn dot(a: Lab, b: Lab) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn add(to: Lab, other: Lab, factor: f32) -> Lab {
    [
        to[0] + other[0] * factor,
        to[1] + other[1] * factor,
        to[2] + other[2] * factor,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const PALETTE: [[u8; 3]; 4] = [[0, 0, 0], [255, 255, 255], [255, 0, 77], [41, 173, 255]];

    fn solid(colors: &[[u8; 3]]) -> Vec<u8> {
        colors
            .iter()
            .flat_map(|&[r, g, b]| [r, g, b, 255])
            .collect()
    }

    fn matched(palette: &[[u8; 3]], rgba: &[u8], width: usize, dither: bool) -> Vec<u8> {
        let mut matcher = Matcher::new(palette, width, dither);
        matcher.push_rows(rgba);
        matcher.into_indices()
    }

    #[test]
    fn similar_palette_colours_stay_apart_and_rows_may_come_one_by_one() {
        let palette = [[10, 20, 30], [11, 20, 30], [10, 21, 30], [9, 20, 31]];
        let rgba = solid(&palette);
        for dither in [false, true] {
            let mut matcher = Matcher::new(&palette, 2, dither);
            for row in rgba.chunks(8) {
                matcher.push_rows(row);
            }
            assert_eq!(matcher.into_indices(), [0, 1, 2, 3]);
        }
    }

    #[test]
    fn an_empty_palette_has_no_colours() {
        let rgba = solid(&[[1, 2, 3]; 4]);
        for dither in [false, true] {
            assert_eq!(matched(&[], &rgba, 2, dither), [TRANSPARENT; 4]);
        }
    }

    #[test]
    fn palette_colours_stay_unchanged() {
        let rgba = solid(&PALETTE);
        for dither in [false, true] {
            assert_eq!(matched(&PALETTE, &rgba, 2, dither), [0, 1, 2, 3]);
        }
    }

    #[test]
    fn other_colours_become_the_most_similar_one() {
        let rgba = solid(&[[30, 30, 30], [230, 60, 90], [90, 190, 240], [240, 240, 200]]);
        assert_eq!(matched(&PALETTE, &rgba, 4, false), [0, 2, 3, 1]);
    }

    #[test]
    fn translucent_pixels_become_transparent() {
        let rgba = [255, 255, 255, 127, 255, 255, 255, 128];
        assert_eq!(matched(&PALETTE, &rgba, 2, true), [TRANSPARENT, 1]);
    }

    #[test]
    fn dithering_mixes_palette_colours() {
        let grey = solid(&[[120, 120, 120]; 256]);
        let count = |dither| {
            let indices = matched(&PALETTE[..2], &grey, 16, dither);
            indices.iter().copied().map(u32::from).sum::<u32>()
        };
        assert!(count(false) == 0 || count(false) == 256);
        assert!((64..192).contains(&count(true)), "{}", count(true));
    }
}
