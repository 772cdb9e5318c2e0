//! The snapshot of a canvas as it was.

use super::append;
use crate::{
    bulk_reads::BulkPermit,
    db::{Reads, tiles},
    http::{bulk, error::ApiError},
    past::{
        area::Area,
        tiles::{self as past, PastTile},
    },
    state::AppState,
};
use axum::response::Response;
use bytes::Bytes;
use serde::Serialize;
use shared::{
    api::{Canvas, ChatMessage, Tile},
    ids::{CanvasId, Epoch, UserId},
    limits,
};
use std::{collections::VecDeque, mem};

/// The fields of a snapshot up to the tiles. Nobody is on a canvas of the past.
#[derive(Serialize)]
struct Head<'a> {
    epoch: Epoch,
    seq: i64,
    canvas: &'a Canvas,
    active_count: usize,
    active_users: [(); 0],
}

/// What is still to be sent of a snapshot of the past.
struct RemainingPastSnapshot {
    state: AppState,
    id: CanvasId,
    viewer: Option<UserId>,
    area: Area,
    seq: i64,
    /// What comes before the tiles; empty once it was sent.
    head: Vec<u8>,
    /// The last cell that was read; none once all were.
    reading: Option<past::PageCursor>,
    has_tiles: bool,
    messages: VecDeque<ChatMessage>,
    has_messages: bool,
}

/// The canvas as it was after the event `seq`, as `viewer` sees it. What happened does not change,
/// so it is read in pieces, without a transaction.
///
/// # Errors
/// Those of the database.
pub(super) async fn stream(
    state: &AppState,
    permit: BulkPermit,
    viewer: Option<UserId>,
    canvas: &Canvas,
    area: Option<Area>,
    seq: i64,
) -> Result<Response, ApiError> {
    let head = bulk::open_object(&Head {
        epoch: canvas.epoch,
        seq,
        canvas,
        active_count: 0,
        active_users: [],
    })?;
    let remaining = RemainingPastSnapshot {
        state: state.clone(),
        id: canvas.id,
        viewer,
        area: area.unwrap_or(past::board(canvas.width, canvas.height)),
        seq,
        head,
        reading: Some(past::PageCursor::START),
        has_tiles: false,
        messages: VecDeque::new(),
        has_messages: false,
    };
    bulk::pieces(permit, remaining, |remaining| Box::pin(remaining.piece())).await
}

impl RemainingPastSnapshot {
    /// The next piece, and what is left.
    async fn piece(mut self) -> Result<(Bytes, Option<Self>), ApiError> {
        let reads = &self.state.pools.reads;
        let mut json = mem::take(&mut self.head);
        if !json.is_empty() {
            json.extend_from_slice(br#","tiles":["#);
        }
        while let Some(after) = self.reading.take() {
            let page = past::page(reads, self.id, self.area, after, self.seq).await?;
            let tiles = self.with_today(page.tiles).await?;
            append(&mut json, &tiles, &mut self.has_tiles)?;
            self.reading = page.next;
            if self.reading.is_some() {
                if json.len() > bulk::PIECE_BYTES {
                    return Ok((json.into(), Some(self)));
                }
                continue;
            }
            let newest = limits::SNAPSHOT_MESSAGES;
            let before = self.seq.saturating_add(1);
            let log = &self.state.log;
            let mut messages = log
                .messages_before(&mut Reads::Pool(reads), self.id, before, newest)
                .await?;
            messages.reverse();
            self.messages = messages.into();
            json.extend_from_slice(br#"],"messages":["#);
        }
        while let Some(message) = self.messages.pop_front() {
            append(&mut json, &[message], &mut self.has_messages)?;
            if json.len() > bulk::PIECE_BYTES {
                return Ok((json.into(), Some(self)));
            }
        }
        json.extend_from_slice(b"]}");
        Ok((json.into(), None))
    }

    /// The tiles with what is shown of them as it is today.
    async fn with_today(&self, tiles: Vec<PastTile>) -> Result<Vec<Tile>, ApiError> {
        let keys = tiles.iter().map(|tile| (tile.id, tile.creator, tile.at));
        let keys: Vec<_> = keys.collect();
        let reads = &self.state.pools.reads;
        let today = tiles::today(reads, self.id, self.viewer, &keys).await?;
        let tiles = tiles.into_iter().zip(today).map(|(tile, today)| Tile {
            id: tile.id,
            canvas_id: self.id,
            x: tile.at.x,
            y: tile.at.y,
            creator_id: tile.creator,
            creator_username: today.creator_username,
            title: tile.title,
            pixels: tile.pixels,
            version: tile.version,
            like_count: tile.like_count,
            liked_by_me: today.liked_by_me,
            open_comments: today.open_comments,
            created_at: tile.created_at,
            updated_at: tile.updated_at,
        });
        Ok(tiles.collect())
    }
}
