//! Encodes a board as a PNG, row by row, so that the uncompressed picture is never in
//! memory as a whole. Pure: no database, no clock, no threads.

mod cache;

pub(crate) use cache::{ImageCache, Picture, View};

use png::{BitDepth, ColorType, Compression, Encoder, EncodingError};
use shared::canvas::Coord;
use std::{collections::HashMap, io::Write};

/// The size of a board, or of an area of it, and of its picture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Board {
    /// The top left cell of the picture.
    pub(crate) first: Coord,
    /// Tiles in a row.
    pub(crate) columns: usize,
    /// Rows of tiles.
    pub(crate) rows: usize,
    /// Pixels along one side of a tile.
    pub(crate) tile_size: usize,
    /// Pixels of the picture for one pixel of the board, in both directions.
    pub(crate) scale: usize,
}

impl Board {
    /// The picture's width in pixels.
    pub(crate) fn width(&self) -> usize {
        self.columns * self.tile_size * self.scale
    }

    /// The picture's height in pixels.
    pub(crate) fn height(&self) -> usize {
        self.rows * self.tile_size * self.scale
    }
}

/// The board as an indexed PNG; cells without a tile are transparent.
///
/// # Errors
/// Those of the encoder; with an in-memory buffer it has none.
pub(crate) fn encode(
    board: &Board,
    palette: &[String],
    tiles: Vec<(Coord, Vec<u8>)>,
) -> Result<Vec<u8>, EncodingError> {
    let transparent = u8::try_from(palette.len()).unwrap_or(u8::MAX);
    let mut colours: Vec<u8> = palette.iter().flat_map(|colour| rgb(colour)).collect();
    colours.extend([0; 3]);
    let mut alpha = vec![255; palette.len()];
    alpha.push(0);

    let side = |pixels: usize| u32::try_from(pixels).unwrap_or(u32::MAX);
    let mut png = Vec::new();
    let mut encoder = Encoder::new(&mut png, side(board.width()), side(board.height()));
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_palette(colours);
    encoder.set_trns(alpha);
    encoder.set_compression(Compression::Fast);
    let mut writer = encoder.write_header()?;
    let mut rows = writer.stream_writer()?;
    let tiles: HashMap<Coord, Vec<u8>> = tiles.into_iter().collect();
    let mut row = vec![transparent; board.width()];
    for y in 0..board.rows * board.tile_size {
        paint_row(board, &tiles, y, transparent, &mut row);
        for _ in 0..board.scale {
            rows.write_all(&row)?;
        }
    }
    rows.finish()?;
    writer.finish()?;
    Ok(png)
}

/// Fills `row` with one row of the board's pixels, each `scale` wide.
fn paint_row(
    board: &Board,
    tiles: &HashMap<Coord, Vec<u8>>,
    y: usize,
    transparent: u8,
    row: &mut [u8],
) {
    let cell = |index: usize| i32::try_from(index).unwrap_or(i32::MAX);
    let first = y % board.tile_size * board.tile_size;
    for (column, pixels) in row.chunks_mut(board.tile_size * board.scale).enumerate() {
        let at = Coord {
            x: board.first.x + cell(column),
            y: board.first.y + cell(y / board.tile_size),
        };
        let drawn = tiles
            .get(&at)
            .and_then(|tile| tile.get(first..first + board.tile_size));
        let Some(drawn) = drawn else {
            pixels.fill(transparent);
            continue;
        };
        for (wide, &colour) in pixels.chunks_mut(board.scale).zip(drawn) {
            wide.fill(colour.min(transparent));
        }
    }
}

fn rgb(colour: &str) -> [u8; 3] {
    let value = u32::from_str_radix(colour.trim_start_matches('#'), 16).unwrap_or_default();
    let [_, red, green, blue] = value.to_be_bytes();
    [red, green, blue]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_shows_what_is_drawn_where() {
        let board = Board {
            first: Coord { x: 3, y: 5 },
            columns: 2,
            rows: 2,
            tile_size: 8,
            scale: 2,
        };
        let mut pixels = vec![255; 64];
        pixels[8 + 3] = 1;
        let palette = ["#102030".to_owned(), "#a0b0c0".to_owned()];
        let png = encode(&board, &palette, vec![(Coord { x: 4, y: 5 }, pixels)]).unwrap();

        let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut rgba = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut rgba).unwrap();
        assert_eq!((info.width, info.height), (32, 32));
        let painted: Vec<(usize, usize)> = (0..32 * 32)
            .filter(|index| rgba[index * 4 + 3] == 255)
            .map(|index| (index % 32, index / 32))
            .collect();
        let (left, top) = (2 * (8 + 3), 2);
        assert_eq!(
            painted,
            [
                (left, top),
                (left + 1, top),
                (left, top + 1),
                (left + 1, top + 1)
            ]
        );
        let index = (top * 32 + left) * 4;
        assert_eq!(rgba[index..index + 3], [0xa0, 0xb0, 0xc0]);
    }
}
