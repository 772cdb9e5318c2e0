//! Encodes a film as an animated PNG (PNG, third edition, section 11.3.7) with the palette's
//! own colours. A frame holds the rectangle that changed, with transparent pixels where
//! nothing did, unless pixels became transparent: then it replaces the rectangle.

use super::{Canvas, PIXEL, Palette, Stage, png_encoder, too_large};
use png::{BlendOp, DisposeOp, Filter, Writer};
use std::io::{self, Write};

/// See the module.
pub(super) struct Apng<W: Write> {
    writer: Writer<W>,
    canvas: Canvas,
    /// What a viewer shows.
    shown: Vec<u8>,
    is_first: bool,
}

impl<W: Write> Apng<W> {
    /// Exactly `frames` frames must follow.
    pub(super) fn new(
        stage: &Stage,
        palette: &Palette,
        scale: usize,
        frames: usize,
        out: W,
    ) -> io::Result<Self> {
        let mut encoder = png_encoder(stage, palette, scale, out)?;
        let frames = u32::try_from(frames).map_err(|_| too_large())?;
        encoder.set_animated(frames, 0)?;
        encoder.set_dispose_op(DisposeOp::None)?;
        encoder.set_filter(Filter::NoFilter);
        encoder.validate_sequence(true);
        let canvas = Canvas::new(stage, palette, scale);
        Ok(Self {
            writer: encoder.write_header()?,
            shown: canvas.empty(),
            canvas,
            is_first: true,
        })
    }

    /// Adds the stage as it is as a frame, shown for `delay` hundredths of a second.
    pub(super) fn frame(&mut self, stage: &mut Stage, delay: u16) -> io::Result<()> {
        let before = self.shown.clone();
        let difference = stage.take_difference(&mut self.shown);
        // The first frame is the picture that viewers show who know no animations.
        let rect = if self.is_first {
            self.canvas.all()
        } else {
            difference.changed.unwrap_or(PIXEL)
        };
        self.is_first = false;
        let (blend, kept) = match difference.cleared {
            Some(_) => (BlendOp::Source, None),
            None => (BlendOp::Over, Some(&*before)),
        };
        let pixels = self.canvas.draw(rect, &self.shown, kept);
        let scaled =
            |pixels: usize| u32::try_from(pixels * self.canvas.scale).map_err(|_| too_large());
        // The dimension must fit at the position, and the other way round.
        self.writer.reset_frame_position()?;
        self.writer
            .set_frame_dimension(scaled(rect.width)?, scaled(rect.height)?)?;
        self.writer
            .set_frame_position(scaled(rect.left)?, scaled(rect.top)?)?;
        self.writer.set_blend_op(blend)?;
        self.writer.set_frame_delay(delay, 100)?;
        self.writer.write_image_data(&pixels)?;
        Ok(())
    }

    /// Writes the end, and flushes what is written to.
    pub(super) fn finish(self) -> io::Result<()> {
        Ok(self.writer.finish()?)
    }
}
