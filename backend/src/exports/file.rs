//! The file of an export, stored in chunks while it is made.

use crate::{
    db::{
        Pool,
        exports::{self as rows, Job, JobState},
    },
    past::filming::{FilmError, Output},
};
use std::{
    mem,
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

/// The size of each chunk but the last one.
const CHUNK_BYTES: usize = 256 * 1024;
/// Between two heartbeats.
const HEARTBEAT_INTERVAL: Duration = Duration::from_millis(500);

/// See the module.
pub(super) struct File {
    pool: Pool,
    job: Job,
    max_bytes: i64,
    stop: CancellationToken,
    /// What is not stored yet.
    rest: Vec<u8>,
    /// Chunks that are stored.
    chunks: i32,
    /// When the last heartbeat was stored.
    heartbeat_at: Instant,
}

impl File {
    /// An empty file. It ends with [`FilmError::Unwanted`] once `stop` is cancelled.
    pub(super) fn new(pool: Pool, job: Job, max_bytes: i64, stop: CancellationToken) -> Self {
        Self {
            pool,
            job,
            max_bytes,
            stop,
            rest: Vec::new(),
            chunks: 0,
            heartbeat_at: Instant::now(),
        }
    }

    /// Stores the last chunk.
    pub(super) async fn end(mut self) -> Result<(), FilmError> {
        let rest = mem::take(&mut self.rest);
        self.store(&rest).await
    }

    async fn store(&mut self, chunk: &[u8]) -> Result<(), FilmError> {
        let (job, number) = (&self.job, self.chunks);
        let stored = rows::add_chunk(&self.pool, job, number, chunk, self.max_bytes).await?;
        self.chunks += 1;
        check(stored)
    }
}

impl Output for File {
    async fn put(&mut self, piece: Vec<u8>, progress: f64) -> Result<(), FilmError> {
        if self.stop.is_cancelled() {
            return Err(FilmError::Unwanted);
        }
        self.rest.extend(piece);
        while self.rest.len() >= CHUNK_BYTES {
            let rest = self.rest.split_off(CHUNK_BYTES);
            let chunk = mem::replace(&mut self.rest, rest);
            self.store(&chunk).await?;
        }
        if self.heartbeat_at.elapsed() >= HEARTBEAT_INTERVAL {
            self.heartbeat_at = Instant::now();
            let state = rows::heartbeat(&self.pool, &self.job, progress).await?;
            check(state)?;
        }
        Ok(())
    }
}

/// An error for a job that does not go on.
fn check(state: JobState) -> Result<(), FilmError> {
    match state {
        JobState::Running => Ok(()),
        JobState::Lost => Err(FilmError::Unwanted),
        JobState::Full => Err(FilmError::Full),
    }
}
