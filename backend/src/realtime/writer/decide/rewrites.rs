//! Decisions about the cells of a rewrite, and the events that they make.

use super::{Planner, nothing};
use crate::{
    cell_history::{Change, TileView},
    db::rewrites::Progress,
    realtime::{
        write::{RewriteBatch, WriteError},
        writer::{Applied, Request, plan::LoadedRewrite},
    },
};
use shared::{
    api::rewrites::Cause,
    canvas::{Coord, Refusal, Role, TileState},
    pixels::{PixelEdit, Pixels},
    protocol::{DurableEvent, TileCreated, TileDeleted, TileUpdated},
};

/// Bytes of the brackets and commas of an edit on the wire.
const EDIT_PUNCTUATION: usize = 4;

impl Planner {
    /// Changes the cells of a batch. They are as they are stored: a rewrite is decided
    /// before all other requests.
    pub(super) fn rewrite(
        &mut self,
        request: &Request,
        batch: &RewriteBatch,
    ) -> Result<Applied, WriteError> {
        let loaded = self.rewrites.remove(&batch.rewrite);
        let loaded = loaded.filter(|loaded| loaded.is_running);
        let LoadedRewrite { changes, likes, .. } = loaded.ok_or(WriteError::RewriteStopped)?;
        let role = self.role(request).unwrap_or(Role::Viewer);
        let needed = if batch.needs_moderator {
            Role::Moderator
        } else {
            Role::Editor
        };
        if role < needed {
            return Err(Refusal::Forbidden.into());
        }
        let cause = Cause {
            kind: batch.kind,
            rewrite_id: batch.rewrite,
            by: request.write.identity.user_id,
        };
        let mut progress = Progress {
            rewrite: batch.rewrite,
            tiles: 0,
            pixels: 0,
            skipped_pixels: 0,
            seqs: None,
        };
        let mut applied = nothing();
        for (at, change) in changes {
            progress.skipped_pixels += count(change.skipped);
            if change.is_nothing() {
                continue;
            }
            let holder = self.locks.get(&at).map(|lease| lease.user_id);
            if change.is_kept_from(self.plan.policy, cause.by, role, holder) {
                progress.skipped_pixels += count(change.pixels());
                continue;
            }
            let stored = self.plan.cells.get(&at).map(|tile| tile.id);
            if stored != change.before.as_ref().map(|tile| tile.id) {
                tracing::error!(?at, "a tile of the log is not the one that is stored");
                continue;
            }
            let before = self.seq;
            applied = if change.is_same_tile() {
                self.rewrite_tile(request, cause, at, &change)?
            } else {
                if change.before.is_some() {
                    applied = self.remove_tile(request, cause, at)?;
                }
                match &change.after {
                    Some(tile) => {
                        let like_count = likes.get(&tile.id).copied().unwrap_or_default();
                        self.bring_back(request, cause, at, tile, like_count)?
                    }
                    None => applied,
                }
            };
            let first = progress.seqs.map_or(before + 1, |(first, _)| first);
            progress.seqs = Some((first, self.seq));
            progress.tiles += 1;
            progress.pixels += count(change.pixels());
        }
        self.plan.progress.push(progress);
        Ok(applied)
    }

    fn rewrite_tile(
        &mut self,
        request: &Request,
        cause: Cause,
        at: Coord,
        change: &Change,
    ) -> Result<Applied, WriteError> {
        let tile = self.plan.cells.get_mut(&at);
        let tile = tile.ok_or(WriteError::Internal)?;
        tile.pixels.paint(&change.edits);
        tile.version += 1;
        let title = change.title().map(str::to_owned);
        if let Some(title) = &title {
            tile.title.clone_from(title);
        }
        let (delta, pixels) = shorter(&change.edits, &tile.pixels);
        let event = DurableEvent::TileUpdated(TileUpdated {
            seq: self.seq + 1,
            tile_id: tile.id,
            canvas_id: self.canvas,
            creator_id: tile.creator_id,
            updater_id: cause.by,
            x: at.x,
            y: at.y,
            version: tile.version,
            like_count: tile.like_count,
            timestamp: self.now.into(),
            title,
            delta,
            pixels,
            undo_of: None,
            cause: Some(cause),
        });
        self.plan.touched.insert(at, true);
        self.append(request, &event)
    }

    fn remove_tile(
        &mut self,
        request: &Request,
        cause: Cause,
        at: Coord,
    ) -> Result<Applied, WriteError> {
        let tile = self.plan.cells.remove(&at);
        let tile = tile.ok_or(WriteError::Internal)?;
        self.add_to_count(-1);
        self.plan.touched.remove(&at);
        self.plan.deleted.push(tile.id);
        let event = DurableEvent::TileDeleted(TileDeleted {
            seq: self.seq + 1,
            tile_id: tile.id,
            canvas_id: self.canvas,
            creator_id: tile.creator_id,
            deleter_id: cause.by,
            x: at.x,
            y: at.y,
            timestamp: self.now.into(),
            cause: Some(cause),
        });
        self.append(request, &event)
    }

    fn bring_back(
        &mut self,
        request: &Request,
        cause: Cause,
        at: Coord,
        view: &TileView,
        like_count: i64,
    ) -> Result<Applied, WriteError> {
        let tile = TileState {
            id: view.id,
            creator_id: view.creator,
            title: view.title.clone(),
            pixels: view.pixels.clone(),
            version: view.version + 1,
            like_count,
        };
        let event = DurableEvent::TileCreated(TileCreated {
            seq: self.seq + 1,
            tile_id: tile.id,
            canvas_id: self.canvas,
            creator_id: tile.creator_id,
            x: at.x,
            y: at.y,
            title: tile.title.clone(),
            pixels: tile.pixels.clone(),
            version: tile.version,
            like_count,
            timestamp: self.now.into(),
            cause: Some(cause),
        });
        self.add_to_count(1);
        self.plan.revived.push(tile.id);
        self.plan.touched.insert(at, true);
        self.plan.cells.insert(at, tile);
        self.append(request, &event)
    }
}

/// Single pixels, or all of them where that is shorter; neither where none changed.
fn shorter(edits: &[PixelEdit], pixels: &Pixels) -> (Option<Vec<PixelEdit>>, Option<Pixels>) {
    let digits = |number: u32| number.checked_ilog10().map_or(1, |log| log + 1);
    let length: u32 = edits
        .iter()
        .map(|PixelEdit(index, colour)| digits((*index).into()) + digits((*colour).into()))
        .sum();
    let length = usize::try_from(length).unwrap_or(usize::MAX) + edits.len() * EDIT_PUNCTUATION;
    if edits.is_empty() {
        (None, None)
    } else if length <= pixels.as_bytes().len().div_ceil(3) * 4 {
        (Some(edits.to_vec()), None)
    } else {
        (None, Some(pixels.clone()))
    }
}

fn count(pixels: usize) -> i64 {
    i64::try_from(pixels).unwrap_or(i64::MAX)
}
