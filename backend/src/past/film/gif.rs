//! Encodes a film as a GIF (`GIF89a`) with the palette's own colours. A frame holds the
//! rectangle that changed, with transparent pixels where nothing did.
//!
//! A transparent pixel cannot erase. Where the next frame erases pixels, a frame therefore
//! covers them too and is disposed of by clearing its rectangle, and the next frame draws all
//! of that rectangle again. So a frame is written once the next one is known.

use super::{Canvas, PIXEL, Palette, Rect, Stage, too_large};
use ::gif::{DisposalMethod, Encoder, EncodingError, Frame, Repeat};
use std::{
    borrow::Cow,
    io::{self, Write},
    mem,
};

/// See the module.
pub(super) struct Gif<W: Write> {
    encoder: Encoder<W>,
    canvas: Canvas,
    /// What a viewer shows before the pending frame.
    before: Vec<u8>,
    /// The picture of the pending frame.
    picture: Vec<u8>,
    pending: Option<PendingFrame>,
    /// The memory of an earlier picture.
    spare: Vec<u8>,
}

/// A frame that is not written yet.
#[derive(Clone, Copy, Debug)]
struct PendingFrame {
    /// Around what differs from what a viewer shows before it.
    rect: Option<Rect>,
    delay: u16,
}

impl<W: Write> Gif<W> {
    pub(super) fn new(stage: &Stage, palette: &Palette, scale: usize, out: W) -> io::Result<Self> {
        let canvas = Canvas::new(stage, palette, scale);
        let (width, height) = (canvas.width * scale, canvas.height * scale);
        let mut encoder =
            Encoder::new(out, short(width)?, short(height)?, &palette.rgb()).map_err(from_gif)?;
        encoder.set_repeat(Repeat::Infinite).map_err(from_gif)?;
        Ok(Self {
            encoder,
            before: canvas.empty(),
            picture: canvas.empty(),
            pending: None,
            spare: canvas.empty(),
            canvas,
        })
    }

    /// Adds the stage as it is as a frame, shown for `delay` hundredths of a second.
    pub(super) fn frame(&mut self, stage: &mut Stage, delay: u16) -> io::Result<()> {
        let Some(pending) = self.pending else {
            stage.take_difference(&mut self.picture);
            // Some viewers expect the first frame to cover the whole picture.
            let rect = Some(self.canvas.all());
            self.pending = Some(PendingFrame { rect, delay });
            return Ok(());
        };
        let mut next = mem::take(&mut self.spare);
        next.clone_from(&self.picture);
        let difference = stage.take_difference(&mut next);
        let rect = match difference.cleared {
            None => {
                self.write(pending, pending.rect, DisposalMethod::Keep)?;
                difference.changed
            }
            Some(cleared) => {
                let covered = pending.rect.map_or(cleared, |rect| rect.union(cleared));
                self.write(pending, Some(covered), DisposalMethod::Background)?;
                for line in self.canvas.lines(covered) {
                    self.before[line].fill(self.canvas.transparent);
                }
                Rect::join(difference.changed, Some(covered))
            }
        };
        self.spare = mem::replace(&mut self.picture, next);
        self.pending = Some(PendingFrame { rect, delay });
        Ok(())
    }

    /// Writes the last frame, and flushes what is written to.
    pub(super) fn finish(mut self) -> io::Result<()> {
        if let Some(pending) = self.pending.take() {
            self.write(pending, pending.rect, DisposalMethod::Keep)?;
        }
        self.encoder.into_inner().map_err(from_gif)?.flush()
    }

    /// Writes the pending frame, as this rectangle.
    fn write(
        &mut self,
        pending: PendingFrame,
        rect: Option<Rect>,
        dispose: DisposalMethod,
    ) -> io::Result<()> {
        // A frame has at least one pixel.
        let rect = rect.unwrap_or(PIXEL);
        let pixels = self.canvas.draw(rect, &self.picture, Some(&self.before));
        for line in self.canvas.lines(rect) {
            self.before[line.clone()].copy_from_slice(&self.picture[line]);
        }
        let scale = self.canvas.scale;
        let frame = Frame {
            delay: pending.delay,
            dispose,
            transparent: Some(self.canvas.transparent),
            left: short(rect.left * scale)?,
            top: short(rect.top * scale)?,
            width: short(rect.width * scale)?,
            height: short(rect.height * scale)?,
            buffer: Cow::Owned(pixels),
            ..Frame::default()
        };
        self.encoder.write_frame(&frame).map_err(from_gif)
    }
}

/// A length in a GIF.
fn short(pixels: usize) -> io::Result<u16> {
    u16::try_from(pixels).map_err(|_| too_large())
}

fn from_gif(error: EncodingError) -> io::Error {
    match error {
        EncodingError::Io(error) => error,
        other => io::Error::other(other),
    }
}
