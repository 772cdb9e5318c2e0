//! Makes films and pictures of an area: reads what happened there, and passes it to the
//! encoder. Encoding takes much of a processor: callers do it on a thread of its own.

use super::{
    area::Area,
    film::{Change, Film, Format, Palette, Schedule, Stage, write_png},
    index::{EventIndex, Filter},
    log::Log,
    tiles::{self, CellStep, PastTile, Steps},
};
use crate::{
    cell_history::{Step, StepAction},
    db::{self, DbError, Pool},
};
use parking_lot::Mutex;
use shared::{
    canvas::Coord,
    ids::{CanvasId, UserId},
};
use std::{
    io::{self, Write},
    mem,
    sync::Arc,
};
use thiserror::Error;

/// What is encoded is passed on once it has about this many bytes.
const PIECE_BYTES: usize = 64 * 1024;

/// Where the past is read. Cheap to clone.
#[derive(Clone)]
pub(crate) struct PastReader {
    pub(crate) pool: Pool,
    pub(crate) index: EventIndex,
    pub(crate) log: Log,
}

/// What a film or a picture shows.
#[derive(Clone, Debug)]
pub(crate) struct FilmSpec {
    pub(crate) canvas: CanvasId,
    pub(crate) area: Area,
    /// In pixels of the board.
    pub(crate) tile_size: i32,
    pub(crate) palette: Palette,
    /// The events after this one.
    pub(crate) from: i64,
    /// The events up to this one.
    pub(crate) to: i64,
    /// The seconds up to the last frame.
    pub(crate) seconds: u32,
    /// Pixels for each pixel of the board, in both directions.
    pub(crate) scale: usize,
    /// If it is given, only what this user did is shown, on an empty area.
    pub(crate) actor: Option<UserId>,
}

/// Takes what is made, in pieces.
pub(crate) trait Output {
    /// Takes the next piece, which is empty where there is only progress to tell, from 0 to 1.
    ///
    /// # Errors
    /// Any of [`FilmError`], which ends the film.
    fn put(&mut self, piece: Vec<u8>, progress: f64)
    -> impl Future<Output = Result<(), FilmError>>;
}

/// Why a film is not complete.
#[derive(Debug, Error)]
pub(crate) enum FilmError {
    /// The client or the export is gone.
    #[error("nobody wants it any more")]
    Unwanted,
    /// There is no room for it.
    #[error("it is too large")]
    Full,
    /// It could not be encoded.
    #[error(transparent)]
    Encoding(#[from] io::Error),
    /// The past could not be read.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// Makes a film.
///
/// # Errors
/// [`FilmError`].
pub(crate) async fn film(
    past: &PastReader,
    spec: &FilmSpec,
    format: Format,
    output: &mut impl Output,
) -> Result<(), FilmError> {
    let filter = Filter {
        area: Some(spec.area),
        actor: spec.actor,
        only_tiles: true,
        ..Filter::default()
    };
    let parts = Schedule::max_parts(spec.seconds);
    let ends = past
        .index
        .cuts(spec.canvas, &filter, spec.from..spec.to, parts);
    let schedule = Schedule::new(ends.await?, spec.seconds);
    let encoded = SharedBuffer::default();
    let mut film = Film::new(
        spec.stage(),
        &spec.palette,
        format,
        spec.scale,
        schedule,
        encoded.clone(),
    )?;
    let (start, mut steps) = spec.steps(past).await?;
    if spec.actor.is_none() {
        for tile in &start {
            film.load(tile.at, tile.pixels.as_bytes());
        }
    }
    drop(start);
    loop {
        let next = steps.next().await?;
        let Some(last) = next.last() else { break };
        let progress = spec.progress(last.step.seq);
        for CellStep { at, step } in next.iter().filter(|next| spec.shows(&next.step)) {
            changes(step, |change| film.apply(step.seq, *at, change))?;
            if encoded.len() >= PIECE_BYTES {
                output.put(encoded.take(), spec.progress(step.seq)).await?;
            }
        }
        output.put(Vec::new(), progress).await?;
    }
    film.finish()?;
    output.put(encoded.take(), 1.0).await
}

/// Makes a PNG of what is there at the end.
///
/// # Errors
/// [`FilmError`].
pub(crate) async fn picture(
    past: &PastReader,
    spec: &FilmSpec,
    output: &mut impl Output,
) -> Result<(), FilmError> {
    let mut stage = spec.stage();
    if spec.actor.is_none() {
        let cells = tiles::cells(spec.area);
        for tile in tiles::state(&past.pool, spec.canvas, &cells, spec.to).await? {
            stage.apply(tile.at, &Change::Whole(tile.pixels.as_bytes()));
        }
    } else {
        let (_, mut steps) = spec.steps(past).await?;
        loop {
            let next = steps.next().await?;
            let Some(last) = next.last() else { break };
            let progress = spec.progress(last.step.seq);
            for CellStep { at, step } in next.iter().filter(|next| spec.shows(&next.step)) {
                changes(step, |change| {
                    stage.apply(*at, change);
                    Ok(())
                })?;
            }
            output.put(Vec::new(), progress).await?;
        }
    }
    let encoded = SharedBuffer::default();
    write_png(&stage, &spec.palette, spec.scale, encoded.clone())?;
    output.put(encoded.take(), 1.0).await
}

impl FilmSpec {
    fn stage(&self) -> Stage {
        let corner = |x, y| Coord { x, y };
        let first = corner(self.area.x0, self.area.y0);
        let last = corner(self.area.x1, self.area.y1);
        Stage::new(first, last, self.tile_size, &self.palette)
    }

    async fn steps(&self, past: &PastReader) -> db::Result<(Vec<PastTile>, Steps)> {
        let PastReader { pool, log, .. } = past;
        tiles::steps(pool, log, self.canvas, self.area, self.from, self.to).await
    }

    fn shows(&self, step: &Step) -> bool {
        self.actor.is_none_or(|actor| step.actor() == actor)
    }

    fn progress(&self, seq: i64) -> f64 {
        progress(self.from, self.to, seq)
    }
}

/// The part of the events after `from` up to `to` that is done after `seq`, from 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "it is shown as a bar")]
pub(crate) fn progress(from: i64, to: i64, seq: i64) -> f64 {
    let all = (to - from).max(1) as f64;
    ((seq - from) as f64 / all).clamp(0.0, 1.0)
}

/// What an event changes in a tile.
fn changes(step: &Step, mut change: impl FnMut(&Change<'_>) -> io::Result<()>) -> io::Result<()> {
    match &step.action {
        StepAction::Created { pixels, .. } => change(&Change::Whole(pixels.as_bytes())),
        StepAction::Updated { pixels, delta, .. } => {
            if let Some(pixels) = pixels {
                change(&Change::Whole(pixels.as_bytes()))?;
            }
            change(&Change::Painted(delta))
        }
        StepAction::Deleted { .. } => change(&Change::Cleared),
        StepAction::Liked { .. } => Ok(()),
    }
}

/// What an encoder has written. Clones share it.
#[derive(Clone, Debug, Default)]
struct SharedBuffer(Arc<Mutex<Vec<u8>>>);

impl SharedBuffer {
    fn len(&self) -> usize {
        self.0.lock().len()
    }

    fn take(&self) -> Vec<u8> {
        mem::take(&mut *self.0.lock())
    }
}

impl Write for SharedBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
