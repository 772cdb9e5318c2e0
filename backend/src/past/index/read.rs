//! Reads the event index: stored chunks, of which those used last are cached, and the
//! events behind the last chunk.

use super::{
    build::unreadable,
    chunk::{Chunk, Filter, MAX_EVENTS},
};
use crate::db::{
    self, Pool,
    event_index::{self, ChunkSpan, Overview},
};
use moka::sync::Cache;
use shared::ids::{CanvasId, Epoch};
use std::{collections::VecDeque, ops::Range, sync::Arc};

/// The memory of all cached chunks: those of about four million events.
const MAX_BYTES: u64 = 64 << 20;
/// Chunks that one statement reads.
const AT_ONCE: usize = 16;

/// The index, with its cache. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct EventIndex {
    pool: Pool,
    cache: Cache<Key, Arc<Chunk>>,
}

/// A chunk of one history of a canvas. It never changes: a longer one has another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    canvas: CanvasId,
    epoch: Epoch,
    first_seq: i64,
    last_seq: i64,
}

impl EventIndex {
    /// Of the database that these connections are to.
    pub(crate) fn new(pool: Pool) -> Self {
        let weigh = |_: &Key, chunk: &Arc<Chunk>| u32::try_from(chunk.bytes()).unwrap_or(u32::MAX);
        Self {
            pool,
            cache: Cache::builder()
                .weigher(weigh)
                .max_capacity(MAX_BYTES)
                .build(),
        }
    }

    /// Begins to pass over the events after the start of the range up to its end, or to the
    /// head if that is before it. If only tile events are wanted, chunks without any are left
    /// out.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn scan(
        &self,
        canvas: CanvasId,
        range: Range<i64>,
        only_tiles: bool,
    ) -> db::Result<Scan<'_>> {
        let overview = event_index::overview(&self.pool, canvas).await?;
        let overview = overview.ok_or(sqlx::Error::RowNotFound)?;
        Ok(Scan {
            index: self,
            canvas,
            at: range.start.max(0),
            until: range.end.min(overview.head),
            only_tiles,
            overview,
            next: VecDeque::new(),
        })
    }

    /// The `seq` of the events in the range, its start left out and its end included, that the
    /// filter wants, in order, at most `limit`.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn find(
        &self,
        canvas: CanvasId,
        filter: &Filter,
        range: Range<i64>,
        limit: usize,
    ) -> db::Result<Vec<i64>> {
        let mut found = Vec::new();
        let mut scan = self.scan(canvas, range, filter.only_tiles).await?;
        while found.len() < limit
            && let Some((chunk, positions)) = scan.next().await?
        {
            if let Some(matcher) = chunk.matcher(filter) {
                let wanted = positions.filter(|position| matcher.matches(*position));
                found.extend(
                    wanted
                        .map(|position| chunk.seq(position))
                        .take(limit - found.len()),
                );
            }
        }
        Ok(found)
    }

    /// Divides the events of the range that the filter wants into at most `max_parts` parts of as
    /// many events each as the next (±1). Returns the `seq` of the last event of each part.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn cuts(
        &self,
        canvas: CanvasId,
        filter: &Filter,
        range: Range<i64>,
        max_parts: usize,
    ) -> db::Result<Vec<i64>> {
        let (mut count, mut last) = (0, range.start);
        let mut scan = self.scan(canvas, range.clone(), filter.only_tiles).await?;
        while let Some((chunk, positions)) = scan.next().await? {
            if let Some(matcher) = chunk.matcher(filter) {
                for position in positions.filter(|position| matcher.matches(*position)) {
                    count += 1;
                    last = chunk.seq(position);
                }
            }
        }
        let parts = count.min(max_parts);
        let (mut cuts, mut passed) = (Vec::with_capacity(parts), 0);
        let mut scan = self
            .scan(canvas, range.start..last, filter.only_tiles)
            .await?;
        while cuts.len() < parts
            && let Some((chunk, positions)) = scan.next().await?
        {
            if let Some(matcher) = chunk.matcher(filter) {
                for position in positions.filter(|position| matcher.matches(*position)) {
                    passed += 1;
                    if passed == part_end(count, parts, cuts.len()) {
                        cuts.push(chunk.seq(position));
                    }
                }
            }
        }
        Ok(cuts)
    }

    /// Reads these chunks, those that are not cached with one statement. Those that are not
    /// stored any more are left out.
    async fn load(
        &self,
        canvas: CanvasId,
        epoch: Epoch,
        chunks: &[ChunkSpan],
    ) -> db::Result<Vec<Arc<Chunk>>> {
        let key = |first_seq: i64, last_seq: i64| Key {
            canvas,
            epoch,
            first_seq,
            last_seq,
        };
        let mut loaded: Vec<Arc<Chunk>> = Vec::with_capacity(chunks.len());
        let mut wanted = Vec::new();
        for chunk in chunks {
            match self.cache.get(&key(chunk.first_seq, chunk.last_seq)) {
                Some(cached) => loaded.push(cached),
                None => wanted.push(chunk.first_seq),
            }
        }
        if wanted.is_empty() {
            return Ok(loaded);
        }
        let stored = event_index::chunks(&self.pool, canvas, &wanted).await?;
        let decoded = tokio::task::spawn_blocking(move || {
            let decode = |it: &event_index::StoredChunk| Chunk::decode(&it.data);
            stored.iter().map(decode).collect::<Option<Vec<Chunk>>>()
        });
        let decoded = decoded.await.ok().flatten().ok_or_else(unreadable)?;
        for chunk in decoded {
            let chunk = Arc::new(chunk);
            let key = key(chunk.first_seq, chunk.end() - 1);
            self.cache.insert(key, chunk.clone());
            loaded.push(chunk);
        }
        loaded.sort_unstable_by_key(|chunk| chunk.first_seq);
        Ok(loaded)
    }
}

/// How many of `count` events are in the parts up to this one, if there are `parts` parts of as
/// many events each as the next.
pub(crate) fn part_end(count: usize, parts: usize, part: usize) -> usize {
    let all = count as u128 * (part as u128 + 1) / (parts as u128).max(1);
    usize::try_from(all).unwrap_or(count)
}

/// Passes over consecutive events.
#[derive(Debug)]
pub(crate) struct Scan<'a> {
    index: &'a EventIndex,
    canvas: CanvasId,
    /// The last event that was passed.
    at: i64,
    until: i64,
    only_tiles: bool,
    overview: Overview,
    /// Chunks that were read already.
    next: VecDeque<Arc<Chunk>>,
}

impl Scan<'_> {
    /// The next events: a chunk and their positions in it. None at the end.
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn next(&mut self) -> db::Result<Option<(Arc<Chunk>, Range<usize>)>> {
        if self.at >= self.until {
            return Ok(None);
        }
        if self.next.is_empty() {
            self.read().await?;
        }
        let Some(chunk) = self.next.pop_front() else {
            return Ok(None);
        };
        let positions = chunk.positions(&(self.at..self.until));
        self.at = (chunk.end() - 1).max(self.at);
        Ok(Some((chunk, positions)))
    }

    async fn read(&mut self) -> db::Result<()> {
        let stored = self.stored().await?;
        if !stored.is_empty() {
            self.next = stored.into();
            return Ok(());
        }
        if self.at >= self.until {
            return Ok(());
        }
        let mut hot = self.hot().await?;
        if hot.first_seq != self.at + 1 || hot.len() == 0 {
            // Events were archived meanwhile, and the index has them. What is in neither does
            // not exist.
            let overview = event_index::overview(&self.index.pool, self.canvas).await?;
            self.overview = overview.ok_or(sqlx::Error::RowNotFound)?;
            let stored = self.stored().await?;
            if !stored.is_empty() {
                self.next = stored.into();
                return Ok(());
            }
            hot = self.hot().await?;
        }
        if hot.len() > 0 {
            self.next.push_back(Arc::new(hot));
        }
        Ok(())
    }

    /// The next stored chunks.
    async fn stored(&mut self) -> db::Result<Vec<Arc<Chunk>>> {
        // Nothing else is awaited while all chunks are cached.
        tokio::task::yield_now().await;
        let chunks = &self.overview.chunks;
        let from = chunks.partition_point(|chunk| chunk.last_seq <= self.at);
        let mut next = chunks[from..].iter();
        if self.only_tiles {
            let skipped = next.as_slice().iter().take_while(|chunk| !chunk.has_tiles);
            let skipped = skipped.count();
            if let Some(last) = skipped.checked_sub(1).and_then(|last| next.nth(last)) {
                self.at = last.last_seq;
            }
        }
        let next: Vec<ChunkSpan> = next
            .take_while(|chunk| chunk.first_seq <= self.until)
            .take(AT_ONCE)
            .copied()
            .collect();
        self.index
            .load(self.canvas, self.overview.epoch, &next)
            .await
    }

    /// The next events of the log.
    async fn hot(&self) -> db::Result<Chunk> {
        let limit = i64::try_from(MAX_EVENTS).unwrap_or(i64::MAX);
        let (pool, canvas) = (&self.index.pool, self.canvas);
        let entries = event_index::entries(pool, canvas, self.at, self.until, limit).await?;
        let mut chunk = Chunk::new(entries.first().map_or(self.at + 1, |first| first.seq));
        for entry in &entries {
            chunk.push(entry);
        }
        Ok(chunk)
    }
}
