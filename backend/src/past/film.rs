//! Films of what happened in an area: a stage that the changes are applied to, a schedule that
//! says after which changes a frame is taken, and encoders for GIF and APNG. Pure: no
//! database, no clock, no threads.

mod apng;
mod gif;
mod schedule;
mod stage;

#[cfg(test)]
mod properties;

pub(crate) use schedule::Schedule;
pub(crate) use stage::{Change, Stage};

use apng::Apng;
use gif::Gif;
use png::{BitDepth, ColorType, Compression, Encoder};
use shared::canvas::Coord;
use std::{
    io::{self, Write},
    ops::Range,
};

/// The palette of a picture: the canvas's colours, then a transparent one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Palette {
    rgb: Vec<u8>,
}

impl Palette {
    /// Of colours like `#rrggbb`, at most 255.
    pub(crate) fn new(colours: &[String]) -> Self {
        let rgb = colours.iter().flat_map(|colour| {
            let value = u32::from_str_radix(colour.trim_start_matches('#'), 16);
            let [_, red, green, blue] = value.unwrap_or_default().to_be_bytes();
            [red, green, blue]
        });
        Self { rgb: rgb.collect() }
    }

    /// The index that stands for a transparent pixel: that after the last colour.
    pub(crate) fn transparent(&self) -> u8 {
        u8::try_from(self.rgb.len() / 3).unwrap_or(u8::MAX)
    }

    /// Three bytes for each colour, the transparent one included.
    fn rgb(&self) -> Vec<u8> {
        let mut rgb = self.rgb.clone();
        rgb.extend([0; 3]);
        rgb
    }

    /// The opacity of each colour.
    fn alpha(&self) -> Vec<u8> {
        let mut alpha = vec![255; self.rgb.len() / 3];
        alpha.push(0);
        alpha
    }
}

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rect {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
}

impl Rect {
    /// The smallest rectangle with both in it.
    fn union(self, other: Self) -> Self {
        let left = self.left.min(other.left);
        let top = self.top.min(other.top);
        let right = (self.left + self.width).max(other.left + other.width);
        let bottom = (self.top + self.height).max(other.top + other.height);
        Self {
            left,
            top,
            width: right - left,
            height: bottom - top,
        }
    }

    /// The same for rectangles that there may be.
    fn join(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) => Some(one.union(other)),
            (one, other) => one.or(other),
        }
    }
}

/// The pixel of a frame that changes nothing.
const PIXEL: Rect = Rect {
    left: 0,
    top: 0,
    width: 1,
    height: 1,
};

/// The size of a picture, and how its frames are drawn.
#[derive(Clone, Copy, Debug)]
struct Canvas {
    /// In pixels of the board.
    width: usize,
    height: usize,
    scale: usize,
    transparent: u8,
}

impl Canvas {
    fn new(stage: &Stage, palette: &Palette, scale: usize) -> Self {
        Self {
            width: stage.width(),
            height: stage.height(),
            scale,
            transparent: palette.transparent(),
        }
    }

    fn all(&self) -> Rect {
        Rect {
            left: 0,
            top: 0,
            width: self.width,
            height: self.height,
        }
    }

    fn empty(&self) -> Vec<u8> {
        vec![self.transparent; self.width * self.height]
    }

    /// The places of a rectangle's rows in a picture.
    fn lines(&self, rect: Rect) -> impl Iterator<Item = Range<usize>> + use<> {
        let width = self.width;
        (rect.top..rect.top + rect.height).map(move |y| {
            let start = y * width + rect.left;
            start..start + rect.width
        })
    }

    /// The scaled pixels of a rectangle. Those that are as in `kept` are transparent.
    fn draw(&self, rect: Rect, picture: &[u8], kept: Option<&[u8]>) -> Vec<u8> {
        let mut drawn = Vec::with_capacity(rect.width * rect.height * self.scale * self.scale);
        let mut row = Vec::with_capacity(rect.width);
        for line in self.lines(rect) {
            row.clear();
            row.extend_from_slice(&picture[line.clone()]);
            if let Some(kept) = kept {
                for (pixel, old) in row.iter_mut().zip(&kept[line]) {
                    if pixel == old {
                        *pixel = self.transparent;
                    }
                }
            }
            let begin = drawn.len();
            stretch(&row, self.scale, &mut drawn);
            let end = drawn.len();
            for _ in 1..self.scale {
                drawn.extend_from_within(begin..end);
            }
        }
        drawn
    }
}

/// What a film is made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Gif,
    Apng,
}

enum FilmEncoder<W: Write> {
    Gif(Gif<W>),
    Apng(Apng<W>),
}

/// A film that is being made. The caller loads the tiles as they are at its beginning, then
/// passes the changes in their order, then finishes it.
pub(crate) struct Film<W: Write> {
    stage: Stage,
    schedule: Schedule,
    encoder: FilmEncoder<W>,
    /// Frames that were taken.
    taken: usize,
}

impl<W: Write> Film<W> {
    /// A film of an empty stage. Each pixel of the board becomes a square of `scale` pixels.
    ///
    /// # Errors
    /// Those of writing, and `InvalidInput` for a GIF of more than 65,535 pixels a side.
    pub(crate) fn new(
        stage: Stage,
        palette: &Palette,
        format: Format,
        scale: usize,
        schedule: Schedule,
        out: W,
    ) -> io::Result<Self> {
        let encoder = match format {
            Format::Gif => FilmEncoder::Gif(Gif::new(&stage, palette, scale, out)?),
            Format::Apng => {
                let frames = schedule.frames();
                FilmEncoder::Apng(Apng::new(&stage, palette, scale, frames, out)?)
            }
        };
        Ok(Self {
            stage,
            schedule,
            encoder,
            taken: 0,
        })
    }

    /// A tile as it is at the beginning.
    pub(crate) fn load(&mut self, at: Coord, pixels: &[u8]) {
        self.stage.apply(at, &Change::Whole(pixels));
    }

    /// Takes the frames that are due before the event `seq`, and applies what it changed.
    ///
    /// # Errors
    /// Those of writing.
    pub(crate) fn apply(&mut self, seq: i64, at: Coord, change: &Change<'_>) -> io::Result<()> {
        while self.schedule.is_before(self.taken, seq) {
            self.take_frame()?;
        }
        self.stage.apply(at, change);
        Ok(())
    }

    /// Takes the last frame, writes the end, and flushes what is written to.
    ///
    /// # Errors
    /// Those of writing.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        while self.taken < self.schedule.frames() {
            self.take_frame()?;
        }
        match self.encoder {
            FilmEncoder::Gif(gif) => gif.finish(),
            FilmEncoder::Apng(apng) => apng.finish(),
        }
    }

    fn take_frame(&mut self) -> io::Result<()> {
        let delay = self.schedule.delay(self.taken);
        self.taken += 1;
        match &mut self.encoder {
            FilmEncoder::Gif(gif) => gif.frame(&mut self.stage, delay),
            FilmEncoder::Apng(apng) => apng.frame(&mut self.stage, delay),
        }
    }
}

/// Writes a stage as a PNG with the palette's own colours.
///
/// # Errors
/// Those of writing.
pub(crate) fn write_png(
    stage: &Stage,
    palette: &Palette,
    scale: usize,
    out: impl Write,
) -> io::Result<()> {
    let mut encoder = png_encoder(stage, palette, scale, out)?;
    // Filters do not help where neighbouring indices mean unrelated colours.
    encoder.set_filter(png::Filter::NoFilter);
    let mut writer = encoder.write_header()?;
    let mut rows = writer.stream_writer()?;
    let mut wide = Vec::new();
    for row in stage.pixels().chunks(stage.width()) {
        wide.clear();
        stretch(row, scale, &mut wide);
        for _ in 0..scale {
            rows.write_all(&wide)?;
        }
    }
    rows.finish()?;
    writer.finish()?;
    Ok(())
}

/// An encoder for pictures of the stage's size.
fn png_encoder<W: Write>(
    stage: &Stage,
    palette: &Palette,
    scale: usize,
    out: W,
) -> io::Result<Encoder<'static, W>> {
    let side = |pixels: usize| u32::try_from(pixels * scale).map_err(|_| too_large());
    let mut encoder = Encoder::new(out, side(stage.width())?, side(stage.height())?);
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_palette(palette.rgb());
    encoder.set_trns(palette.alpha());
    encoder.set_compression(Compression::Balanced);
    Ok(encoder)
}

/// Appends a row of pixels, each `scale` times.
fn stretch(row: &[u8], scale: usize, wide: &mut Vec<u8>) {
    if scale == 1 {
        wide.extend_from_slice(row);
    } else {
        wide.extend(
            row.iter()
                .flat_map(|&pixel| std::iter::repeat_n(pixel, scale)),
        );
    }
}

fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "the picture is too large")
}
