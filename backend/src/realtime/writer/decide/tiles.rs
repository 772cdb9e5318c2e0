//! Decisions about tile operations, and the events that they make.

use super::{Planner, nothing};
use crate::realtime::{
    write::{Done, WriteError},
    writer::{Applied, Request, plan::LogLine},
};
use serde_json::json;
use shared::{
    api::moderation::ModerationAction,
    canvas::{self, Actor, Coord, EditPolicy, Refusal, Role, TileChange, TileOp, TileState},
    ids::{OpId, TileId, UserId},
    protocol::{DurableEvent, TileCreated, TileDeleted, TileLiked, TileUpdated},
};

impl Planner {
    /// Applies an operation to the tile at `at`; with `expected` only if the cell
    /// still has that tile.
    pub(super) fn tile(
        &mut self,
        request: &Request,
        at: Coord,
        expected: Option<TileId>,
        op: &TileOp,
        undo_of: Option<OpId>,
    ) -> Result<Applied, WriteError> {
        canvas::check(&self.grid, at, op)?;
        let user_id = request.write.identity.user_id;
        let mut cell = self.plan.cells.get(&at).cloned();
        let before = cell.as_ref().map(|tile| tile.id);
        if expected.is_some() && before != expected {
            return Err(Refusal::TileNotFound.into());
        }
        let actor = Actor {
            user_id,
            role: self.role(request).unwrap_or(Role::Viewer),
            likes: before.is_some_and(|tile| self.liked.contains(&(tile, user_id))),
            locked_by_other: self.locks.get(&at).is_some_and(|l| l.user_id != user_id),
        };
        self.check_newcomer(request, cell.as_ref(), op)?;
        canvas::permit(self.plan.policy, cell.as_ref(), op, &actor)?;
        let new_id = self.new_ids.last().copied().unwrap_or(TileId(0));
        let state_before = cell.clone();
        let change = canvas::apply(&self.grid, &mut cell, op, &actor, new_id)?;
        if change == TileChange::Created && new_id == TileId(0) {
            return Err(WriteError::Internal);
        }
        self.count_pixels(request, state_before.as_ref(), cell.as_ref())?;
        let draws = matches!(
            op,
            TileOp::Create { .. } | TileOp::Paint { .. } | TileOp::Update { .. }
        );
        if let (true, EditPolicy::Exclusive, Some(connection)) =
            (draws, self.plan.policy, request.connection)
        {
            self.grant_lock(request, at, connection, false);
        }
        let Some(tile) = cell.as_ref().or(state_before.as_ref()).cloned() else {
            // A transparent stroke on an empty cell.
            return Ok(nothing());
        };
        let undo_of = undo_of.and_then(|op| self.undone_seq((user_id, op), tile.id));
        if change == TileChange::Deleted && tile.creator_id != user_id {
            self.log_deletion(at, &tile, user_id);
        }
        self.record_change(at, cell, &change, user_id);
        if undo_of.is_none() {
            self.notify_of_tile(request, at, &tile, &change);
        }
        match self.tile_event(at, &tile, change, user_id, undo_of) {
            Some(event) => self.append(request, &event),
            None => Ok(Applied {
                done: Done {
                    tile_id: Some(tile.id),
                    version: Some(tile.version),
                    like_count: Some(tile.like_count),
                    ..Done::default()
                },
                event: None,
            }),
        }
    }

    /// The `seq` of the stroke or update that an operation made in this tile; none if it
    /// made anything else.
    fn undone_seq(&self, operation: (UserId, OpId), tile: TileId) -> Option<i64> {
        let done = self.results.get(&operation)?;
        let drew = done.tile_id == Some(tile) && done.version.is_some();
        done.seq.filter(|_| drew)
    }

    /// Adds a line to the moderation log: somebody deletes another user's tile.
    fn log_deletion(&mut self, at: Coord, tile: &TileState, actor: UserId) {
        self.plan.log_lines.push(LogLine {
            action: ModerationAction::TileDeleted,
            actor,
            target: Some(tile.creator_id),
            reason: String::new(),
            detail: json!({
                "tile_id": tile.id,
                "x": at.x,
                "y": at.y,
                "title": tile.title,
                "seq": self.seq + 1,
            }),
        });
    }

    /// Adds a change, and the cell as it is after it, to the plan.
    fn record_change(
        &mut self,
        at: Coord,
        cell: Option<TileState>,
        change: &TileChange,
        user: UserId,
    ) {
        match change {
            TileChange::Nothing => return,
            TileChange::Created => {
                self.new_ids.pop();
                self.add_to_count(1);
                self.plan.touched.insert(at, true);
            }
            TileChange::Updated { .. } => {
                self.plan.touched.insert(at, true);
            }
            TileChange::Liked(liked) => {
                self.plan.touched.entry(at).or_insert(false);
                if let Some(tile) = &cell {
                    self.plan.likes.insert((tile.id, user), *liked);
                    if *liked {
                        self.liked.insert((tile.id, user));
                    } else {
                        self.liked.remove(&(tile.id, user));
                    }
                }
            }
            TileChange::Deleted => {
                self.add_to_count(-1);
                if let (Some(_), Some(tile)) =
                    (self.plan.touched.remove(&at), self.plan.cells.get(&at))
                {
                    self.plan.changed_and_deleted.push((at, tile.clone()));
                }
            }
        }
        match cell {
            Some(tile) => {
                self.plan.cells.insert(at, tile);
            }
            None => {
                if let Some(tile) = self.plan.cells.remove(&at) {
                    self.plan.deleted.push(tile.id);
                }
            }
        }
    }

    pub(super) fn add_to_count(&mut self, more: i64) {
        self.tile_count += more;
        self.plan.tile_delta += more;
    }

    fn tile_event(
        &self,
        at: Coord,
        tile: &TileState,
        change: TileChange,
        actor: UserId,
        undo_of: Option<i64>,
    ) -> Option<DurableEvent> {
        let (seq, canvas_id, timestamp) = (self.seq + 1, self.canvas, self.now.into());
        let (tile_id, creator_id) = (tile.id, tile.creator_id);
        let (version, like_count) = (tile.version, tile.like_count);
        let Coord { x, y } = at;
        Some(match change {
            TileChange::Nothing => return None,
            TileChange::Created => DurableEvent::TileCreated(TileCreated {
                seq,
                tile_id,
                canvas_id,
                creator_id,
                x,
                y,
                title: tile.title.clone(),
                pixels: tile.pixels.clone(),
                version,
                like_count,
                timestamp,
                cause: None,
            }),
            TileChange::Updated {
                title,
                delta,
                pixels,
            } => DurableEvent::TileUpdated(TileUpdated {
                seq,
                tile_id,
                canvas_id,
                creator_id,
                updater_id: actor,
                x,
                y,
                version,
                like_count,
                timestamp,
                title,
                delta,
                pixels,
                undo_of,
                cause: None,
            }),
            TileChange::Liked(liked) => DurableEvent::TileLiked(TileLiked {
                seq,
                tile_id,
                canvas_id,
                creator_id,
                liker_id: actor,
                liked,
                x,
                y,
                like_count,
                timestamp,
            }),
            TileChange::Deleted => DurableEvent::TileDeleted(TileDeleted {
                seq,
                tile_id,
                canvas_id,
                creator_id,
                deleter_id: actor,
                x,
                y,
                timestamp,
                cause: None,
            }),
        })
    }
}
