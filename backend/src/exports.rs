//! Makes exports: each node a few at a time, each on a thread of low priority, so that people
//! who draw do not notice. What is made is stored in chunks. A job ends at its next chunk
//! where its export was removed meanwhile. Knows no HTTP.

mod events;
mod file;

use crate::{
    db::{
        self, Pool, canvases,
        exports::{self as rows, Job},
        notifications::{self, NewNotification, NotificationTarget},
    },
    low_priority::{self, LowPriorityError},
    past::{
        area::Area,
        film::{Format, Palette},
        filming::{self, FilmError, FilmSpec, PastReader},
    },
    realtime::Hub,
};
use file::File;
use shared::api::{Canvas, exports::ExportKind, notifications::NotificationKind};
use std::{thread, time::Duration};
use tokio::{
    runtime::Handle,
    sync::Notify,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// Between two looks for exports that other nodes were asked for, or did not finish.
const INTERVAL: Duration = Duration::from_secs(2);
/// The pause after the database was away.
const RETRY_PAUSE: Duration = Duration::from_secs(2);

/// What exports are made with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Exporter {
    pub(crate) past: PastReader,
    /// For what is stored.
    pub(crate) writes: Pool,
    pub(crate) hub: Hub,
    /// Bytes of all files at most.
    pub(crate) max_bytes: i64,
}

/// What came of a job.
#[derive(Debug)]
enum Outcome {
    /// The file is complete.
    Made,
    /// It was removed, or cannot be made.
    Ended,
    /// Another attempt may succeed.
    Again,
}

/// How many exports a node makes at a time.
pub(crate) fn concurrency() -> usize {
    thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1))
}

/// Makes one export after the other, until `stop` is cancelled: the one that is being made
/// then is left to other nodes, or to this one once it starts again. `asked` is notified when
/// somebody asked for one.
pub(crate) async fn run(exporter: Exporter, asked: &Notify, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match next(&exporter.writes).await {
            Ok(Some(job)) => make(&exporter, &job, &stop).await,
            Ok(None) => {
                tokio::select! {
                    // Both outcomes mean that it is time to look.
                    _ = timeout(INTERVAL, asked.notified()) => {}
                    () = stop.cancelled() => {}
                }
            }
            Err(error) => {
                tracing::debug!(%error, "cannot look for exports");
                tokio::select! {
                    () = sleep(RETRY_PAUSE) => {}
                    () = stop.cancelled() => {}
                }
            }
        }
    }
}

/// Begins the next export.
async fn next(pool: &Pool) -> db::Result<Option<Job>> {
    rows::revive_orphans(pool).await?;
    rows::begin(pool).await
}

/// Makes an export, and stores what came of it.
async fn make(exporter: &Exporter, job: &Job, stop: &CancellationToken) {
    let outcome = on_own_thread(exporter.clone(), *job, stop.clone()).await;
    let stored = match outcome {
        Outcome::Made => finish(exporter, job).await,
        Outcome::Ended => rows::fail(&exporter.writes, job).await,
        Outcome::Again => rows::give_back(&exporter.writes, job).await,
    };
    let result = match (&stored, outcome) {
        (Err(_), _) | (_, Outcome::Again) => "interrupted",
        (Ok(()), Outcome::Made) => "done",
        (Ok(()), Outcome::Ended) => "failed",
    };
    metrics::counter!("stellar_exports_total", "result" => result).increment(1);
    if let Err(error) = stored {
        // Without heartbeats it is started again.
        tracing::warn!(export = %job.id, %error, "cannot store what came of an export");
    }
}

/// Runs the job on a thread of low priority.
async fn on_own_thread(exporter: Exporter, job: Job, stop: CancellationToken) -> Outcome {
    let runtime = Handle::current();
    let work = move || runtime.block_on(attempt(&exporter, &job, &stop));
    match low_priority::run("export", work).await {
        Ok(outcome) => outcome,
        Err(LowPriorityError::Panicked) => Outcome::Ended,
        Err(error @ LowPriorityError::Spawn(_)) => {
            tracing::warn!(%error, "an export is tried again");
            sleep(RETRY_PAUSE).await;
            Outcome::Again
        }
    }
}

async fn attempt(exporter: &Exporter, job: &Job, stop: &CancellationToken) -> Outcome {
    let Err(error) = write(exporter, job, stop).await else {
        return Outcome::Made;
    };
    match error {
        FilmError::Unwanted if stop.is_cancelled() => Outcome::Again,
        FilmError::Unwanted => Outcome::Ended,
        FilmError::Database(error) if error.is_unavailable() => {
            tracing::debug!(export = %job.id, %error, "an export is tried again");
            tokio::select! {
                () = sleep(RETRY_PAUSE) => {}
                () = stop.cancelled() => {}
            }
            Outcome::Again
        }
        error => {
            tracing::warn!(export = %job.id, %error, "an export failed");
            Outcome::Ended
        }
    }
}

/// Writes the file of a job.
async fn write(exporter: &Exporter, job: &Job, stop: &CancellationToken) -> Result<(), FilmError> {
    let spec = &job.spec;
    let mut file = File::new(
        exporter.writes.clone(),
        *job,
        exporter.max_bytes,
        stop.clone(),
    );
    // As the user who asked for it sees it now.
    let found = canvases::find(&exporter.past.pool, spec.canvas, Some(job.user)).await?;
    let Some(mut canvas) = found else {
        return Err(FilmError::Unwanted);
    };
    if spec.kind == ExportKind::Log {
        let counts = exporter.hub.active_counts(&[spec.canvas]).await;
        canvas.active_users = counts.first().copied().unwrap_or(0);
        let exported_at = exporter.hub.clock().now().into();
        events::write(exporter, spec, &canvas, exported_at, &mut file).await?;
        return file.end().await;
    }
    let film_spec = FilmSpec {
        canvas: spec.canvas,
        area: spec.area.unwrap_or_else(|| board(&canvas)),
        tile_size: canvas.tile_size,
        palette: Palette::new(&canvas.palette),
        from: spec.from,
        to: spec.to,
        seconds: spec.seconds,
        scale: usize::try_from(spec.scale).unwrap_or(1),
        actor: spec.actor,
    };
    let past = &exporter.past;
    match spec.kind {
        ExportKind::Gif => filming::film(past, &film_spec, Format::Gif, &mut file).await?,
        ExportKind::Apng => filming::film(past, &film_spec, Format::Apng, &mut file).await?,
        ExportKind::Png | ExportKind::Log => filming::picture(past, &film_spec, &mut file).await?,
    }
    file.end().await
}

/// All cells of a canvas.
pub(crate) fn board(canvas: &Canvas) -> Area {
    Area {
        x0: 0,
        y0: 0,
        x1: canvas.width - 1,
        y1: canvas.height - 1,
    }
}

/// Marks an export as done, and notifies the user who asked for it.
async fn finish(exporter: &Exporter, job: &Job) -> db::Result<()> {
    let mut transaction = exporter.writes.begin().await?;
    if !rows::finish(&mut transaction, job).await? {
        return Ok(());
    }
    let notification = NewNotification {
        user: job.user,
        kind: NotificationKind::ExportReady,
        canvas: Some(job.spec.canvas),
        by: None,
        target: NotificationTarget {
            subject: Some(job.id.0),
            ..NotificationTarget::default()
        },
        count: 1,
        text: db::name_of(job.spec.kind),
        is_read: false,
    };
    let outgoing = notifications::add(&mut transaction, &[notification]).await?;
    transaction.commit().await?;
    exporter.hub.notifier().notify(outgoing);
    Ok(())
}
