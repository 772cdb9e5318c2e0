//! The pixels of a tile: a square of palette indices.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::collections::HashSet;
use thiserror::Error;

/// The palette index of a transparent pixel.
pub const TRANSPARENT: u8 = 255;

/// The palette of a new canvas that is given none, as `#rrggbb`.
pub const DEFAULT_PALETTE: [&str; 32] = [
    "#000000", "#1d2b53", "#2b335f", "#3b4a8c", "#4f67c8", "#5b8def", "#7fc8f8", "#c9e7ff",
    "#ffffff", "#c2c3c7", "#83769c", "#5f574f", "#3a3042", "#7e2553", "#b5305f", "#ff004d",
    "#ff77a8", "#ffccaa", "#d58863", "#ab5236", "#7a3b2e", "#ff7a1a", "#ffa300", "#ffec27",
    "#fff7b0", "#b8f34a", "#00e436", "#12a150", "#008751", "#0b5345", "#29d3c2", "#a06cd5",
];

/// Why pixels were refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PixelError {
    /// Not base64.
    #[error("pixels is not base64")]
    Base64,
    /// Not `tile_size`² bytes.
    #[error("pixels must have {expected} bytes, not {actual}")]
    Size {
        /// `tile_size`².
        expected: usize,
        /// The number of bytes given.
        actual: usize,
    },
    /// A pixel index outside the tile.
    #[error("pixel index {index} is outside 0..{size}")]
    Index {
        /// The pixel index given.
        index: u16,
        /// `tile_size`².
        size: usize,
    },
    /// A colour that is neither in the palette nor [`TRANSPARENT`].
    #[error("colour {colour} is outside 0..{palette} and not 255")]
    Colour {
        /// The palette index given.
        colour: u8,
        /// Number of colours in the palette.
        palette: usize,
    },
}

/// All pixels of a tile, row by row from the top left, one byte each: a palette
/// index or [`TRANSPARENT`]. On the wire they are base64 (RFC 4648 section 4).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, format = Byte))]
pub struct Pixels(Vec<u8>);

/// One pixel to set: its index in the tile (`y * tile_size + x`) and its new
/// palette index. On the wire it is `[index, colour]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PixelEdit(pub u16, pub u8);

impl Pixels {
    /// A tile whose pixels are all transparent. `tile_size` is in pixels.
    pub fn blank(tile_size: i32) -> Self {
        Self(vec![TRANSPARENT; area(tile_size)])
    }

    /// Takes bytes without checking them; see [`Pixels::check`].
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// One byte per pixel, row by row.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Same as [`Pixels::as_bytes`], by value.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Reads base64. The result is not checked; see [`Pixels::check`].
    ///
    /// # Errors
    /// [`PixelError::Base64`].
    pub fn decode(text: &str) -> Result<Self, PixelError> {
        STANDARD
            .decode(text)
            .map(Self)
            .map_err(|_| PixelError::Base64)
    }

    /// Writes base64.
    pub fn encode(&self) -> String {
        STANDARD.encode(&self.0)
    }

    /// Checks that a tile of this size, with a palette of this many colours, can
    /// have these pixels.
    ///
    /// # Errors
    /// [`PixelError::Size`] or [`PixelError::Colour`].
    pub fn check(&self, tile_size: i32, palette: usize) -> Result<(), PixelError> {
        let expected = area(tile_size);
        if self.0.len() != expected {
            return Err(PixelError::Size {
                expected,
                actual: self.0.len(),
            });
        }
        self.0.iter().try_for_each(|&c| check_colour(c, palette))
    }

    /// Applies `edits` in their order. An edit outside the tile is ignored. False if
    /// every pixel has the colour that it had before.
    pub fn paint(&mut self, edits: &[PixelEdit]) -> bool {
        let mut replaced = Vec::new();
        for &PixelEdit(index, colour) in edits {
            if let Some(pixel) = self.0.get_mut(usize::from(index))
                && *pixel != colour
            {
                replaced.push((index, *pixel));
                *pixel = colour;
            }
        }
        // A pixel may have been set more than once: the first entry has its old colour.
        let mut seen = HashSet::new();
        replaced
            .iter()
            .filter(|(index, _)| seen.insert(*index))
            .any(|(index, before)| self.0.get(usize::from(*index)) != Some(before))
    }
}

/// Checks `edits` for a tile of this size, in pixels, and a palette of this
/// many colours.
///
/// # Errors
/// [`PixelError::Index`] or [`PixelError::Colour`].
pub fn check_edits(edits: &[PixelEdit], tile_size: i32, palette: usize) -> Result<(), PixelError> {
    let size = area(tile_size);
    edits.iter().try_for_each(|&PixelEdit(index, colour)| {
        if usize::from(index) >= size {
            return Err(PixelError::Index { index, size });
        }
        check_colour(colour, palette)
    })
}

/// The number of pixels of a tile.
fn area(tile_size: i32) -> usize {
    let side = usize::try_from(tile_size).unwrap_or_default();
    side * side
}

fn check_colour(colour: u8, palette: usize) -> Result<(), PixelError> {
    if colour == TRANSPARENT || usize::from(colour) < palette {
        Ok(())
    } else {
        Err(PixelError::Colour { colour, palette })
    }
}

impl Serialize for Pixels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.encode())
    }
}

impl<'de> Deserialize<'de> for Pixels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::decode(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_survive_the_wire() {
        let mut pixels = Pixels::blank(8);
        pixels.paint(&[PixelEdit(0, 3), PixelEdit(63, 7), PixelEdit(64, 1)]);
        let json = serde_json::to_string(&pixels).unwrap();
        let back: Pixels = serde_json::from_str(&json).unwrap();
        assert_eq!(back, pixels);
        assert_eq!(back.as_bytes()[63], 7);
        assert!(back.check(8, 8).is_ok());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(
            Pixels::blank(8).check(9, 2),
            Err(PixelError::Size {
                expected: 81,
                actual: 64
            })
        );
        assert_eq!(
            check_edits(&[PixelEdit(64, 0)], 8, 2),
            Err(PixelError::Index {
                index: 64,
                size: 64
            })
        );
        assert_eq!(
            check_edits(&[PixelEdit(0, 2)], 8, 2),
            Err(PixelError::Colour {
                colour: 2,
                palette: 2
            })
        );
        assert!(check_edits(&[PixelEdit(63, TRANSPARENT)], 8, 2).is_ok());
    }
}
