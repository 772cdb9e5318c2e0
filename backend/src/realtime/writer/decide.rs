//! The decisions about a batch: from what was read under the canvas's lock to what
//! is written, delivered and answered. Pure.

mod comments;
mod locks;
mod messages;
mod notifications;
mod pace;
mod rewrites;
mod settings;
mod tiles;

pub(crate) use settings::permits as settings_permit;

use super::{
    Applied, Request,
    comments::LoadedComments,
    plan::{Loaded, LoadedRewrite, Plan, done},
};
use crate::{
    db::{
        access::Standing,
        locks::TileLock,
        log::{NewEvent, Repeats},
        order::OrderSettings,
        sanctions::{Sanctions, forbidding},
        visits::Visit,
        words::Rewordings,
    },
    realtime::{
        order,
        write::{Done, Operation, WriteError},
    },
    words,
};
use chrono::{DateTime, Utc};
use shared::{
    api::Canvas,
    canvas::{Coord, Grid, Rank, Refusal, Role},
    ids::{CanvasId, OpId, RewriteId, TileId, UserId},
    protocol::{ChatEvent, DurableEvent},
};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

/// Decides the requests of a batch in order, each on the state that those before it
/// leave.
pub(super) fn decide(canvas: CanvasId, requests: &[Request], loaded: Loaded) -> Plan {
    let mut planner = Planner {
        canvas,
        grid: loaded.canvas.grid,
        now: loaded.canvas.now,
        seq: loaded.canvas.last_seq,
        tile_count: loaded.canvas.tile_count,
        new_ids: loaded.new_ids,
        settings: loaded.settings,
        order: loaded.canvas.order,
        visits: loaded.visits,
        roles: loaded.roles,
        standings: loaded.standings,
        sanctions: loaded.sanctions,
        liked: loaded.likes,
        results: loaded.undoable,
        locks: loaded.locks,
        messages: loaded.messages,
        comments: loaded.comments,
        rewrites: loaded.rewrites,
        mentioned: loaded.mentioned,
        present: loaded.present,
        plan: Plan {
            base: loaded.canvas.last_seq,
            epoch: loaded.canvas.epoch,
            instance: loaded.canvas.instance,
            policy: loaded.canvas.policy,
            results: Vec::with_capacity(requests.len()),
            lock_changes: Vec::new(),
            cells: loaded.cells,
            touched: BTreeMap::new(),
            likes: BTreeMap::new(),
            events: Vec::with_capacity(requests.len()),
            deleted: Vec::new(),
            changed_and_deleted: Vec::new(),
            revived: Vec::new(),
            progress: Vec::new(),
            no_ops: Vec::new(),
            rewordings: Rewordings::default(),
            removals: Vec::new(),
            comments: BTreeMap::new(),
            commented_cells: BTreeMap::new(),
            log_lines: Vec::new(),
            paced: BTreeMap::new(),
            notifications: Vec::new(),
            tile_delta: 0,
        },
    };
    let mut in_batch: HashSet<(UserId, OpId)> = HashSet::new();
    for (position, request) in requests.iter().enumerate() {
        let key = request
            .write
            .op_id
            .map(|op| (request.write.identity.user_id, op));
        let known = loaded
            .prior_results
            .get(&position)
            .or_else(|| planner.results.get(in_batch.get(&key?)?))
            .copied();
        let result = if let Some(done) = known {
            let done = Done {
                is_repeat: true,
                ..done
            };
            Ok(Applied { done, event: None })
        } else {
            let result = planner.request(request);
            if let (Ok(applied), Some(key)) = (&result, key) {
                in_batch.insert(key);
                planner.results.insert(key, applied.done);
                if applied.event.is_none() {
                    planner.plan.no_ops.push(key);
                }
            }
            result
        };
        planner.plan.results.push(result);
    }
    planner.plan.reword_notifications();
    planner.plan
}

/// The state of the canvas after the requests decided so far.
struct Planner {
    canvas: CanvasId,
    grid: Grid,
    /// The time of the database, for all events of the batch.
    now: DateTime<Utc>,
    /// The `seq` of the last event.
    seq: i64,
    tile_count: i64,
    new_ids: Vec<TileId>,
    settings: VecDeque<Result<Option<Canvas>, WriteError>>,
    /// What the canvas asks of its users.
    order: OrderSettings,
    /// The visits of users whose pace may be limited.
    visits: HashMap<UserId, Visit>,
    roles: HashMap<UserId, Option<Role>>,
    standings: HashMap<UserId, Standing>,
    sanctions: HashMap<UserId, Sanctions>,
    liked: HashSet<(TileId, UserId)>,
    /// The results of operations that a stroke may take back.
    results: HashMap<(UserId, OpId), Done>,
    locks: HashMap<Coord, TileLock>,
    /// The messages that may be answered, edited or removed, by their `seq`.
    messages: HashMap<i64, ChatEvent>,
    comments: LoadedComments,
    rewrites: HashMap<RewriteId, LoadedRewrite>,
    /// The users who are mentioned, by their names in lower case.
    mentioned: HashMap<String, UserId>,
    /// Who is on the canvas.
    present: HashSet<UserId>,
    plan: Plan,
}

impl Planner {
    fn request(&mut self, request: &Request) -> Result<Applied, WriteError> {
        let write = &request.write;
        if let Operation::Settings(change) = &write.operation {
            return self.change_settings(request, change);
        }
        if let Some(sanctions) = self.sanctions(request)
            // Everybody may release what they hold.
            && !matches!(write.operation, Operation::Unlock { .. })
            && let Some(sanction) = forbidding(sanctions, write.operation.activity(), self.now)
        {
            return Err(WriteError::Sanctioned(sanction));
        }
        let role = self.role(request);
        match &write.operation {
            // Releasing what one holds needs no role.
            Operation::Unlock { at } => self.unlock(write.identity.user_id, *at),
            operation => {
                let role = role.ok_or(Refusal::Forbidden)?;
                let (standing, activity) = (self.standing(request), operation.activity());
                order::check(&self.order, &standing, role, activity, self.now)?;
                self.permitted(request, role)
            }
        }
    }

    /// Carries out what neither a sanction nor the canvas's order forbids.
    fn permitted(&mut self, request: &Request, role: Role) -> Result<Applied, WriteError> {
        let write = &request.write;
        match &write.operation {
            Operation::Chat { text, reply_to } => self.chat(request, role, text, *reply_to),
            Operation::EditMessage { id, text } => self.edit_message(request, role, *id, text),
            Operation::RemoveMessage(id) => self.remove_message(request, *id),
            Operation::Comment(op) => self.comment(request, role, op),
            Operation::PurgeMessages {
                sender,
                seqs,
                reason,
            } => self.purge_messages(request, *sender, seqs, reason),
            Operation::Tile {
                at,
                expected,
                op,
                undo_of,
            } => self.tile(request, *at, *expected, op, *undo_of),
            Operation::Rewrite(batch) => self.rewrite(request, batch),
            Operation::Lock { at } => self.lock(request, *at),
            Operation::Unlock { at } => self.unlock(write.identity.user_id, *at),
            Operation::Settings(change) => self.change_settings(request, change),
        }
    }

    /// The role of the user who asks: the one that was read under the canvas's lock, or
    /// the request's own where that is up to date.
    fn role(&self, request: &Request) -> Option<Role> {
        let user = request.write.identity.user_id;
        let read = self.roles.get(&user).copied();
        read.unwrap_or(Some(request.write.role))
    }

    /// What was read of the user who asks, or is known since the connection joined.
    fn standing(&self, request: &Request) -> Standing {
        let read = self.standings.get(&request.write.identity.user_id).copied();
        read.unwrap_or(request.write.standing)
    }

    /// The sanctions of the user who asks, from where the role is.
    fn sanctions<'a>(&'a self, request: &'a Request) -> Option<&'a Sanctions> {
        let user = request.write.identity.user_id;
        if self.roles.contains_key(&user) {
            self.sanctions.get(&user)
        } else {
            request.write.sanctions.as_ref()
        }
    }

    /// The rank of a user whose role was read.
    fn rank(&self, user: UserId) -> Rank {
        let is_admin = self.standings.get(&user).is_some_and(|it| it.is_admin);
        Rank::of(is_admin, self.roles.get(&user).copied().flatten())
    }

    /// Appends the event to the plan, with the next `seq`.
    fn append(&mut self, request: &Request, event: &DurableEvent) -> Result<Applied, WriteError> {
        self.append_repeating(request, event, None)
    }

    /// The same for an event that repeats the words of the event `words_of`.
    fn append_repeating(
        &mut self,
        request: &Request,
        event: &DurableEvent,
        words_of: Option<i64>,
    ) -> Result<Applied, WriteError> {
        let body = serde_json::to_string(event).map_err(|error| not_json(&error))?;
        let repeats = match words_of {
            Some(words_of) => Some(Repeats {
                words_of,
                stored: words::stored(event).map_err(|error| not_json(&error))?,
            }),
            None => None,
        };
        self.seq += 1;
        self.plan.events.push(NewEvent {
            seq: self.seq,
            kind: event.message_type(),
            actor_id: request.write.identity.user_id,
            op_id: request.write.op_id,
            cell: event.cell(),
            body,
            repeats,
        });
        Ok(Applied {
            done: done(event),
            event: Some(self.plan.events.len() - 1),
        })
    }
}

fn not_json(error: &serde_json::Error) -> WriteError {
    tracing::error!(%error, "an event could not be written as JSON");
    WriteError::Internal
}

/// The result of a request that makes no event.
fn nothing() -> Applied {
    Applied {
        done: Done::default(),
        event: None,
    }
}
