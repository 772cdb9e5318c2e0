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

/// A palette prepared for finding the nearest colour.
pub struct Matcher {
    labs: Vec<Lab>,
    /// The linear sRGB value of each byte.
    linear: [f32; 256],
}

impl Matcher {
    /// Prepares a palette; the returned indices refer to it.
    pub fn new(palette: &[[u8; 3]]) -> Self {
        let mut linear = [0.0; 256];
        for (byte, light) in (0u8..=255).zip(&mut linear) {
            let value = f32::from(byte) / 255.0;
            *light = if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            };
        }
        let mut matcher = Self {
            labs: Vec::new(),
            linear,
        };
        matcher.labs = palette.iter().map(|&rgb| matcher.lab(rgb)).collect();
        matcher
    }

    /// The palette indices of an image, given as rows of RGBA with `width`
    /// pixels each; [`TRANSPARENT`] for pixels that are not opaque enough.
    pub fn indices(&self, rgba: &[u8], width: usize, dither: bool) -> Vec<u8> {
        // Errors diffused to this row and to the next one, with one extra pixel
        // at both ends.
        let mut errors = vec![[0.0; 3]; width + 2];
        let mut next = errors.clone();
        let mut indices = Vec::with_capacity(rgba.len() / 4);
        let mut last = None;
        for row in rgba.chunks_exact(width.max(1) * 4) {
            for (x, pixel) in row.chunks_exact(4).enumerate() {
                let &[r, g, b, alpha] = pixel else { continue };
                if alpha < MIN_OPAQUE_ALPHA {
                    indices.push(TRANSPARENT);
                    continue;
                }
                if !dither {
                    // Equal neighbours are common in drawings.
                    let index = match last {
                        Some((rgb, index)) if rgb == [r, g, b] => index,
                        _ => self.nearest(self.lab([r, g, b])).0,
                    };
                    last = Some(([r, g, b], index));
                    indices.push(index);
                    continue;
                }
                let target = add(self.lab([r, g, b]), errors[x + 1], 1.0);
                let (index, color) = self.nearest(target);
                indices.push(index);
                let error = add(target, color, -1.0);
                let diffuse =
                    |to: &mut Lab, factor: f32| *to = add(*to, error, factor * DIFFUSED_SHARE);
                diffuse(&mut errors[x + 2], 7.0 / 16.0);
                diffuse(&mut next[x], 3.0 / 16.0);
                diffuse(&mut next[x + 1], 5.0 / 16.0);
                diffuse(&mut next[x + 2], 1.0 / 16.0);
            }
            std::mem::swap(&mut errors, &mut next);
            next.fill([0.0; 3]);
        }
        indices
    }

    /// The index and the Oklab value of the nearest palette colour.
    fn nearest(&self, target: Lab) -> (u8, Lab) {
        let mut best = (TRANSPARENT, target);
        let mut best_distance = f32::INFINITY;
        for (&lab, index) in self.labs.iter().zip(0u8..) {
            let [l, a, b] = add(target, lab, -1.0);
            let distance = l * l + a * a + b * b;
            if distance < best_distance {
                best_distance = distance;
                best = (index, lab);
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

    #[test]
    fn palette_colours_stay_unchanged() {
        let rgba = solid(&PALETTE);
        for dither in [false, true] {
            assert_eq!(
                Matcher::new(&PALETTE).indices(&rgba, 2, dither),
                [0, 1, 2, 3]
            );
        }
    }

    #[test]
    fn other_colours_become_the_most_similar_one() {
        let rgba = solid(&[[30, 30, 30], [230, 60, 90], [90, 190, 240], [240, 240, 200]]);
        assert_eq!(
            Matcher::new(&PALETTE).indices(&rgba, 4, false),
            [0, 2, 3, 1]
        );
    }

    #[test]
    fn translucent_pixels_become_transparent() {
        let rgba = [255, 255, 255, 127, 255, 255, 255, 128];
        assert_eq!(
            Matcher::new(&PALETTE).indices(&rgba, 2, true),
            [TRANSPARENT, 1]
        );
    }

    #[test]
    fn dithering_mixes_palette_colours() {
        let grey = solid(&[[120, 120, 120]; 256]);
        let count = |dither| {
            let indices = Matcher::new(&PALETTE[..2]).indices(&grey, 16, dither);
            indices.iter().copied().map(u32::from).sum::<u32>()
        };
        assert!(count(false) == 0 || count(false) == 256);
        assert!((64..192).contains(&count(true)), "{}", count(true));
    }
}
