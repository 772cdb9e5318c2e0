//! Deciding what a batch does: each request on what those before it left, from
//! what was read under the lock to what is written and said. Pure.

use super::{
    Applied, Request,
    plan::{Loaded, Plan, done},
};
use crate::{
    db::{locks::TileLock, log::NewEvent},
    realtime::{
        cluster_message::LockChange,
        write::{Done, Operation, WriteError},
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use shared::{
    api::{Canvas, ChatMessage},
    canvas::{self, Actor, Coord, EditPolicy, Grid, Refusal, Role, TileChange, TileOp, TileState},
    ids::{CanvasId, ConnectionId, MessageId, OpId, TileId, UserId},
    limits,
    protocol::{
        CanvasUpdated, ChatEvent, DurableEvent, TileCreated, TileDeleted, TileLiked, TileUpdated,
    },
};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use uuid::Uuid;

/// Decides the batch, one request after the other, each on what those before
/// it left.
pub(super) fn decide(canvas: CanvasId, requests: &[Request], loaded: Loaded) -> Plan {
    let mut planner = Planner {
        canvas,
        grid: loaded.canvas.grid,
        now: loaded.canvas.now,
        seq: loaded.canvas.last_seq,
        tile_count: loaded.canvas.tile_count,
        new_ids: loaded.new_ids,
        settings: loaded.settings,
        liked: loaded.likes,
        locks: loaded.locks,
        plan: Plan {
            base: loaded.canvas.last_seq,
            policy: loaded.canvas.policy,
            results: Vec::with_capacity(requests.len()),
            lock_changes: Vec::new(),
            cells: loaded.cells,
            touched: BTreeMap::new(),
            likes: BTreeMap::new(),
            events: Vec::with_capacity(requests.len()),
            deleted: Vec::new(),
            no_ops: Vec::new(),
            tile_delta: 0,
        },
    };
    let mut in_batch: HashMap<(UserId, OpId), Done> = HashMap::new();
    for (place, request) in requests.iter().enumerate() {
        let key = request
            .write
            .op_id
            .map(|op| (request.write.identity.user_id, op));
        let known = loaded
            .prior_results
            .get(&place)
            .or_else(|| in_batch.get(&key?))
            .copied();
        let result = if let Some(done) = known {
            Ok(Applied { done, event: None })
        } else {
            let result = planner.request(request);
            if let (Ok(applied), Some(key)) = (&result, key) {
                in_batch.insert(key, applied.done);
                if applied.event.is_none() {
                    planner.plan.no_ops.push(key);
                }
            }
            result
        };
        planner.plan.results.push(result);
    }
    planner.plan
}

struct Planner {
    canvas: CanvasId,
    grid: Grid,
    now: DateTime<Utc>,
    seq: i64,
    tile_count: i64,
    new_ids: Vec<TileId>,
    settings: VecDeque<Canvas>,
    liked: HashSet<(TileId, UserId)>,
    locks: HashMap<Coord, TileLock>,
    plan: Plan,
}

impl Planner {
    fn request(&mut self, request: &Request) -> Result<Applied, WriteError> {
        let write = &request.write;
        let user_id = write.identity.user_id;
        match &write.operation {
            Operation::Chat(text) => {
                let message = ChatMessage {
                    message_id: MessageId(Uuid::now_v7()),
                    canvas_id: self.canvas,
                    seq: self.seq + 1,
                    sender_id: user_id,
                    sender_username: write.identity.username.to_string(),
                    sender_display_name: write.identity.display_name.to_string(),
                    message_text: text.as_str().to_owned(),
                    created_at: self.now.into(),
                };
                let op_id = write.op_id;
                let event = DurableEvent::CanvasChatMessage(ChatEvent { message, op_id });
                self.log(request, &event)
            }
            Operation::Tile { at, expected, op } => self.tile(request, *at, *expected, op),
            Operation::Settings(_) => {
                let mut canvas = self.settings.pop_front().ok_or(WriteError::Internal)?;
                canvas.last_seq = self.seq + 1;
                canvas.tile_count = self.tile_count;
                self.plan.policy = canvas.edit_policy;
                if self.plan.policy != EditPolicy::Exclusive {
                    let held = self.locks.drain().map(|(_, lease)| lease);
                    let released = held.map(LockChange::Released);
                    self.plan.lock_changes.extend(released);
                }
                let event = DurableEvent::CanvasUpdated(Box::new(CanvasUpdated {
                    seq: self.seq + 1,
                    canvas_id: self.canvas,
                    canvas,
                    timestamp: self.now.into(),
                }));
                self.log(request, &event)
            }
            Operation::Lock { at } => self.lock(request, *at),
            Operation::Unlock { at } => self.unlock(user_id, *at),
        }
    }

    fn tile(
        &mut self,
        request: &Request,
        at: Coord,
        expected: Option<TileId>,
        op: &TileOp,
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
            role: request.write.role,
            likes: before.is_some_and(|tile| self.liked.contains(&(tile, user_id))),
            locked_by_other: self.locks.get(&at).is_some_and(|l| l.user_id != user_id),
        };
        canvas::permit(self.plan.policy, cell.as_ref(), op, &actor)?;
        let new_id = self.new_ids.last().copied().unwrap_or(TileId(0));
        let state_before = cell.clone();
        let change = canvas::apply(&self.grid, &mut cell, op, &actor, new_id)?;
        if change == TileChange::Created && new_id == TileId(0) {
            return Err(WriteError::Internal);
        }
        let draws = matches!(
            op,
            TileOp::Create { .. } | TileOp::Paint { .. } | TileOp::Update { .. }
        );
        if let (true, EditPolicy::Exclusive, Some(connection)) =
            (draws, self.plan.policy, request.connection)
        {
            self.hold(request, at, connection, false);
        }
        let Some(tile) = cell.as_ref().or(state_before.as_ref()).cloned() else {
            return Err(WriteError::Internal);
        };
        self.keep(at, cell, &change, user_id);
        match self.tile_event(at, &tile, change, user_id) {
            Some(event) => self.log(request, &event),
            None => Ok(Applied {
                done: Done {
                    seq: None,
                    tile_id: Some(tile.id),
                    version: Some(tile.version),
                    like_count: Some(tile.like_count),
                },
                event: None,
            }),
        }
    }

    /// Notes what a change leaves behind.
    fn keep(&mut self, at: Coord, cell: Option<TileState>, change: &TileChange, user: UserId) {
        match change {
            TileChange::Nothing => return,
            TileChange::Created => {
                self.new_ids.pop();
                self.count(1);
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
                self.count(-1);
                self.plan.touched.remove(&at);
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

    fn count(&mut self, more: i64) {
        self.tile_count += more;
        self.plan.tile_delta += more;
    }

    fn tile_event(
        &self,
        at: Coord,
        tile: &TileState,
        change: TileChange,
        actor: UserId,
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
            }),
        })
    }

    /// Gives the event the next place in the log.
    fn log(&mut self, request: &Request, event: &DurableEvent) -> Result<Applied, WriteError> {
        let body = serde_json::to_string(event).map_err(|error| {
            tracing::error!(%error, "an event could not be written as JSON");
            WriteError::Internal
        })?;
        self.seq += 1;
        self.plan.events.push(NewEvent {
            seq: self.seq,
            kind: event.message_type(),
            actor_id: request.write.identity.user_id,
            op_id: request.write.op_id,
            body,
        });
        Ok(Applied {
            done: done(event),
            event: Some(self.plan.events.len() - 1),
        })
    }

    fn lock(&mut self, request: &Request, at: Coord) -> Result<Applied, WriteError> {
        self.may_lock(request, at)?;
        let connection = request.connection.ok_or(WriteError::Internal)?;
        self.hold(request, at, connection, true);
        Ok(nothing())
    }

    fn unlock(&mut self, user: UserId, at: Coord) -> Result<Applied, WriteError> {
        if !self.grid.contains(at) {
            return Err(Refusal::OutOfBounds.into());
        }
        if self.plan.policy != EditPolicy::Exclusive {
            return Err(Refusal::Forbidden.into());
        }
        match self.locks.get(&at) {
            Some(lease) if lease.user_id != user => Err(Refusal::TileLocked.into()),
            Some(_) => {
                if let Some(lease) = self.locks.remove(&at) {
                    self.plan.lock_changes.push(LockChange::Released(lease));
                }
                Ok(nothing())
            }
            None => Ok(nothing()),
        }
    }

    fn may_lock(&self, request: &Request, at: Coord) -> Result<(), Refusal> {
        if !self.grid.contains(at) {
            return Err(Refusal::OutOfBounds);
        }
        if self.plan.policy != EditPolicy::Exclusive || request.write.role < Role::Editor {
            return Err(Refusal::Forbidden);
        }
        let user = request.write.identity.user_id;
        match self.locks.get(&at) {
            Some(lease) if lease.user_id != user => Err(Refusal::TileLocked),
            _ => Ok(()),
        }
    }

    /// Takes or prolongs a lease. It stays with the tab that took it.
    fn hold(&mut self, request: &Request, at: Coord, connection: ConnectionId, asked: bool) {
        let length = TimeDelta::milliseconds(i64::try_from(limits::LOCK_MS).unwrap_or(i64::MAX));
        let earlier = self.locks.get(&at);
        let soon = self.now + length * 2 / 3;
        let lease = TileLock {
            at,
            user_id: request.write.identity.user_id,
            username: request.write.identity.username.to_string(),
            connection_id: earlier.map_or(connection, |lease| lease.connection_id),
            expires_at: self.now + length,
        };
        let announce = asked || earlier.is_none_or(|lease| lease.expires_at < soon);
        self.locks.insert(at, lease.clone());
        self.plan
            .lock_changes
            .push(LockChange::Held { lease, announce });
    }
}

fn nothing() -> Applied {
    Applied {
        done: Done::default(),
        event: None,
    }
}
