//! The pixels of a tile: a square of palette indices.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// The index that shows what is behind the tile.
pub const TRANSPARENT: u8 = 255;

/// The colours of a canvas whose maker names none, as `#rrggbb`.
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
        /// What came.
        actual: usize,
    },
    /// An index past the tile's end.
    #[error("pixel index {index} is outside 0..{size}")]
    Index {
        /// The index.
        index: u16,
        /// `tile_size`².
        size: usize,
    },
    /// A colour that is neither in the palette nor [`TRANSPARENT`].
    #[error("colour {colour} is outside 0..{palette} and not 255")]
    Colour {
        /// The colour.
        colour: u8,
        /// Colours in the palette.
        palette: usize,
    },
}

/// Row by row, one byte a pixel: a palette index or [`TRANSPARENT`]. On the
/// wire base64 (RFC 4648 section 4).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, format = Byte))]
pub struct Pixels(Vec<u8>);

/// One painted pixel: its index in the tile and its new colour. On the wire
/// `[index, colour]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PixelEdit(pub u16, pub u8);

impl Pixels {
    /// A tile on which nothing was drawn yet.
    pub fn blank(tile_size: i32) -> Self {
        let side = usize::try_from(tile_size).unwrap_or_default();
        Self(vec![TRANSPARENT; side * side])
    }

    /// As they are stored; not checked against any canvas.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Row by row.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// See [`Pixels::as_bytes`].
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Reads base64.
    ///
    /// # Errors
    /// [`PixelError::Base64`].
    pub fn decode(text: &str) -> Result<Self, PixelError> {
        STANDARD
            .decode(text)
            .map(Self)
            .map_err(|_| PixelError::Base64)
    }

    /// As base64.
    pub fn encode(&self) -> String {
        STANDARD.encode(&self.0)
    }

    /// Whether these can be a tile's pixels.
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

    /// Paints `edits` in their order; those outside are passed over.
    pub fn paint(&mut self, edits: &[PixelEdit]) {
        for &PixelEdit(index, colour) in edits {
            if let Some(pixel) = self.0.get_mut(usize::from(index)) {
                *pixel = colour;
            }
        }
    }
}

/// Whether `edits` fit a tile of this size and palette.
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
