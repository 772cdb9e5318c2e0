//! Extends the stored index from the log, in the background or before events are archived.

use super::chunk::{Chunk, MAX_EVENTS};
use crate::{
    cell_number::cell_number,
    db::{
        self, DbError, Lease, Pool, Reads,
        event_index::{self, Entry, NewChunk},
        history,
    },
    event_codec::StoredEvent,
    past::{Step, log::Log},
};
use metrics::{counter, gauge};
use serde::Deserialize;
use shared::{canvas::Coord, ids::CanvasId};
use std::{
    io,
    time::{Duration, Instant},
};

/// The index of a canvas is extended in the background once it lacks so many events.
const MIN_BEHIND: i64 = 1_000;
/// A step begins no other chunk after this time.
const STEP: Duration = Duration::from_millis(250);

/// Makes the index complete up to the event `until`, which must be in the log. Others who do
/// the same, on any node, take turns.
///
/// # Errors
/// Those of the database. What was stored before stays.
pub(crate) async fn cover(pool: &Pool, log: &Log, canvas: CanvasId, until: i64) -> db::Result<()> {
    while extend(pool, log, canvas, until, true).await? == Step::Done {}
    Ok(())
}

/// Extends the index that lacks the most events by some chunks, and tells the metrics how many
/// all of them lack.
///
/// # Errors
/// Those of the database.
pub(crate) async fn step(pool: &Pool, log: &Log) -> db::Result<Step> {
    let begun = Instant::now();
    let backlog = event_index::largest_backlog(pool, MIN_BEHIND).await?;
    let missing = backlog.map_or(0, |backlog| backlog.missing);
    let missing = u32::try_from(missing).unwrap_or(u32::MAX);
    gauge!("stellar_event_index_missing_events").set(missing);
    let Some(backlog) = backlog else {
        return Ok(Step::Idle);
    };
    let mut step = Step::Idle;
    while extend(pool, log, backlog.canvas, backlog.head, false).await? == Step::Done {
        step = Step::Done;
        if begun.elapsed() > STEP {
            break;
        }
    }
    Ok(step)
}

/// Adds one chunk, or completes the last one. Does nothing while somebody else does, unless it
/// waits.
async fn extend(
    pool: &Pool,
    log: &Log,
    canvas: CanvasId,
    until: i64,
    waits: bool,
) -> db::Result<Step> {
    let Some(mut lease) = event_index::begin(pool, canvas, waits).await? else {
        return Ok(Step::Idle);
    };
    let last = event_index::last(&mut lease, canvas).await?;
    let covered = last.as_ref().map_or(0, |last| last.last_seq);
    if covered >= until {
        lease.commit().await?;
        return Ok(Step::Idle);
    }
    let mut chunk = match last {
        Some(last) => Chunk::decode(&last.data).ok_or_else(unreadable)?,
        None => Chunk::new(1),
    };
    if chunk.len() >= MAX_EVENTS {
        chunk = Chunk::new(covered + 1);
    }
    let room = i64::try_from(MAX_EVENTS - chunk.len()).unwrap_or(i64::MAX);
    let to = until.min(covered.saturating_add(room));
    let mut entries = event_index::entries(&mut lease, canvas, covered, to, room).await?;
    if entries.first().is_none_or(|first| first.seq != covered + 1) {
        // The log has no gaps: where the index was deleted, the next events are in a piece.
        let archived = archived_entries(&mut lease, log, canvas, covered, to).await?;
        if !archived.is_empty() {
            entries = archived;
        }
    }
    if entries.is_empty() {
        lease.commit().await?;
        return Ok(Step::Idle);
    }
    for entry in &entries {
        chunk.push(entry);
    }
    let encoded = tokio::task::spawn_blocking(move || (chunk.encode(), chunk)).await;
    let (data, chunk) = encoded.map_err(|error| unexpected(io::Error::other(error)))?;
    let new = NewChunk {
        first_seq: chunk.first_seq,
        last_seq: chunk.end() - 1,
        min_millis: chunk.min_millis().unwrap_or_default(),
        tile_events: i32::try_from(chunk.tile_events()).unwrap_or(i32::MAX),
        data: data.map_err(unexpected)?,
    };
    event_index::save(&mut lease, canvas, &new).await?;
    lease.commit().await?;
    let added = u64::try_from(new.last_seq - covered).unwrap_or_default();
    counter!("stellar_event_index_events_total").increment(added);
    Ok(Step::Done)
}

/// The same as [`event_index::entries`] of archived events, as far as one piece has them.
async fn archived_entries(
    lease: &mut Lease,
    log: &Log,
    canvas: CanvasId,
    after: i64,
    until: i64,
) -> db::Result<Vec<Entry>> {
    let reads = &mut Reads::Lease(lease);
    let events = log.archived(reads, canvas, after..until).await?;
    let read = tokio::task::spawn_blocking(move || events.iter().map(entry).collect());
    let entries: Option<Vec<Entry>> = read
        .await
        .map_err(|error| unexpected(io::Error::other(error)))?;
    entries.ok_or_else(|| {
        let error = "an archived event has no type or no time";
        unexpected(io::Error::new(io::ErrorKind::InvalidData, error))
    })
}

/// What the index has of a stored event.
fn entry(event: &StoredEvent) -> Option<Entry> {
    #[derive(Deserialize)]
    struct Body {
        r#type: String,
        x: Option<i32>,
        y: Option<i32>,
        comment: Option<Coord>,
    }
    let body: Body = serde_json::from_str(&event.body).ok()?;
    let of_tile = body.x.zip(body.y).map(|(x, y)| Coord { x, y });
    Some(Entry {
        seq: event.seq,
        millis: history::event_time(event.body.as_bytes())?.millis(),
        actor: event.actor_id,
        cell: of_tile.or(body.comment).map(cell_number),
        kind: body.r#type,
    })
}

/// A chunk that this version cannot read.
pub(super) fn unreadable() -> DbError {
    unexpected(io::Error::new(
        io::ErrorKind::InvalidData,
        "a chunk of the event index cannot be read",
    ))
}

fn unexpected(error: io::Error) -> DbError {
    sqlx::Error::Decode(error.into()).into()
}
