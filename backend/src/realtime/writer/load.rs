//! Reads, under the canvas's lock, everything that the decisions about a batch depend
//! on.

use super::{
    BatchContext, Request, comments,
    plan::{Loaded, LoadedRewrite},
};
use crate::{
    cell_history::Step,
    cell_number::cell_number,
    db::{
        self, Reads,
        log::{LockedCanvas, PriorOps},
    },
    past::{
        log::ArchivedOps,
        tiles::{self, KnownCell},
    },
    realtime::write::{Operation, RewriteBatch},
};
use shared::{
    api::UpdateCanvas,
    canvas::{Coord, Grid, Guests, TileOp},
    ids::{CanvasId, MessageId, OpId, UserId},
};
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};

/// What the requests of a batch need to have read.
#[derive(Default)]
struct Needs<'a> {
    /// The index of each request with an `op_id`, and its operation.
    ops: Vec<(usize, (UserId, OpId))>,
    /// Operations that strokes of the batch take back.
    undone: Vec<(UserId, OpId)>,
    /// The cells on the canvas that are concerned.
    cells: HashSet<Coord>,
    /// Likes that are set or removed.
    likes: Vec<(Coord, UserId)>,
    /// The cells in which a tile begins if there is none, once for each request.
    starts: Vec<Coord>,
    has_delete: bool,
    /// Changes of the canvas's settings, in order.
    settings: Vec<(UserId, &'a UpdateCanvas)>,
    /// Messages to remove, by id.
    messages: Vec<MessageId>,
    /// Messages that are answered or edited, for which no rank is needed.
    unranked: Vec<MessageId>,
    /// Messages to remove, by `seq`.
    purged: Vec<i64>,
    /// Whose messages they are.
    purged_senders: Vec<UserId>,
    /// Who removes messages.
    removers: Vec<UserId>,
    rewrites: Vec<&'a RewriteBatch>,
    /// The usernames that may be mentioned.
    mentions: HashSet<String>,
}

impl<'a> Needs<'a> {
    fn of(requests: &'a [Request], grid: &Grid) -> Self {
        let mut needs = Self::default();
        for (index, request) in requests.iter().enumerate() {
            let write = &request.write;
            let user = write.identity.user_id;
            needs.mentions.extend(write.operation.mentions());
            if let Some(op_id) = write.op_id {
                needs.ops.push((index, (user, op_id)));
            }
            match &write.operation {
                Operation::Tile {
                    at, op, undo_of, ..
                } => {
                    needs.undone.extend(undo_of.map(|op| (user, op)));
                    if grid.contains(*at) {
                        needs.cells.insert(*at);
                    }
                    match op {
                        TileOp::Create { .. } | TileOp::Paint { .. } => needs.starts.push(*at),
                        TileOp::Like { .. } => needs.likes.push((*at, user)),
                        TileOp::Delete => needs.has_delete = true,
                        TileOp::Update { .. } => {}
                    }
                }
                Operation::Chat { reply_to, .. } => needs.unranked.extend(reply_to),
                Operation::EditMessage { id, .. } => needs.unranked.push(*id),
                Operation::RemoveMessage(id) => {
                    needs.messages.push(*id);
                    needs.removers.push(user);
                }
                Operation::PurgeMessages { sender, seqs, .. } => {
                    needs.purged.extend(seqs);
                    needs.purged_senders.push(*sender);
                    needs.removers.push(user);
                }
                Operation::Rewrite(batch) => {
                    needs.cells.extend(batch.cells.iter().map(|cell| cell.at));
                    needs.rewrites.push(batch);
                    // It may make room for later starts as well.
                    needs.has_delete = true;
                }
                Operation::Settings(change) => needs.settings.push((user, change)),
                // `comments::load` looks at them.
                Operation::Comment(_) | Operation::Lock { .. } | Operation::Unlock { .. } => {}
            }
        }
        needs
    }
}

/// The operations of a batch that may have been carried out before: its own, and those that its
/// strokes take back.
pub(super) fn operations(requests: &[Request]) -> Vec<(UserId, OpId)> {
    let mut operations = Vec::new();
    for request in requests {
        let user = request.write.identity.user_id;
        operations.extend(request.write.op_id.map(|op| (user, op)));
        if let Operation::Tile { undo_of, .. } = &request.write.operation {
            operations.extend(undo_of.map(|op| (user, op)));
        }
    }
    operations
}

/// Whether the batch may be carried out before its operations are looked up. If one of them was
/// carried out before, the append fails; what was written until then can be undone.
pub(super) fn may_skip_look_up(requests: &[Request]) -> bool {
    requests.iter().all(|request| {
        let operation = &request.write.operation;
        matches!(
            operation,
            Operation::Tile { undo_of: None, .. } | Operation::Chat { .. }
        )
    })
}

/// Reads what the batch needs. The settings are changed already, since the database
/// returns the canvas as it is then. `ops` says whether its operations are looked up.
#[expect(clippy::too_many_lines, reason = "it reads one thing after the other")]
pub(super) async fn load(
    connection: &mut PgConnection,
    canvas: CanvasId,
    requests: &[Request],
    mut locked: LockedCanvas,
    context: &BatchContext,
    archived: &ArchivedOps,
    ops: PriorOps,
) -> db::Result<Loaded> {
    locked.order.limits_newcomers &= context.rate_limits;
    let order = locked.order;
    let mut needs = Needs::of(requests, &locked.grid);
    let log = &context.log;
    let comments = comments::load(connection, log, canvas, &locked.grid, requests).await?;
    needs.cells.extend(comments.cells.keys());
    let acl_version = locked.acl_version;
    let mut loaded = Loaded::new(locked);
    let mut outdated: HashSet<UserId> = requests
        .iter()
        .filter(|request| {
            let write = &request.write;
            write.acl_version != acl_version
                // Who was a guest may have become registered.
                || (order.guests != Guests::Paint && write.standing.counts_as_guest())
        })
        // Needs no role.
        .filter(|request| !matches!(request.write.operation, Operation::Unlock { .. }))
        .map(|request| request.write.identity.user_id)
        .collect();
    if !needs.messages.is_empty() || !needs.purged.is_empty() {
        let (ids, seqs) = (&needs.messages, &needs.purged);
        let reads = &mut Reads::Connection(&mut *connection);
        let messages = log.logged_messages(reads, canvas, ids, seqs).await?;
        loaded.note_messages(messages);
        // The ranks decide who may remove them.
        let events = loaded.messages.values();
        outdated.extend(events.map(|event| event.message.sender_id));
        outdated.extend(&needs.purged_senders);
        outdated.extend(&needs.removers);
    }
    if !needs.unranked.is_empty() {
        let reads = &mut Reads::Connection(&mut *connection);
        let messages = log
            .logged_messages(reads, canvas, &needs.unranked, &[])
            .await?;
        loaded.note_messages(messages);
    }
    outdated.extend(&comments.ranked);
    loaded.comments = comments;
    if !outdated.is_empty() {
        let users: Vec<UserId> = outdated.into_iter().collect();
        let read = db::access::roles(&mut *connection, canvas, &users).await?;
        let read = read.unwrap_or_default();
        loaded.roles = read.roles;
        loaded.standings = read.standings;
        loaded.sanctions =
            db::sanctions::in_force(&mut *connection, canvas, &read.sanctioned).await?;
    }
    let visitors = loaded.paced_users(requests);
    if !visitors.is_empty() {
        let pairs: Vec<_> = visitors.iter().map(|user| (canvas, *user)).collect();
        let visits = db::visits::note(&mut *connection, &pairs).await?;
        let visits = visits.into_iter().map(|((_, user), visit)| (user, visit));
        loaded.visits = visits.collect();
    }
    let asked = needs.ops.iter().map(|(_, op)| op).chain(&needs.undone);
    let asked: Vec<(UserId, OpId)> = asked.copied().collect();
    if ops == PriorOps::LookedUp && !asked.is_empty() {
        let mut note = |position: usize, body: Option<&str>| {
            if let Some((request, _)) = needs.ops.get(position) {
                loaded.note_prior_result(*request, body);
            } else if let Some(undone) = asked.get(position) {
                loaded.note_undoable(*undone, body);
            }
        };
        for prior in db::log::prior_results(connection, canvas, &asked).await? {
            let position = usize::try_from(prior.place - 1).unwrap_or_default();
            note(position, prior.body.as_deref());
        }
        for (position, op) in asked.iter().enumerate() {
            if let Some(body) = archived.found.get(op) {
                note(position, Some(body));
            }
        }
    }
    loaded.mentioned = mentioned_users(connection, needs.mentions).await?;
    let cells: Vec<Coord> = needs.cells.into_iter().collect();
    let tiles = db::cells::load(connection, canvas, &cells).await?;
    loaded.cells = tiles.into_iter().collect();
    let likes: Vec<_> = needs
        .likes
        .iter()
        .filter_map(|(at, user)| Some((loaded.cells.get(at)?.id, *user)))
        .collect();
    loaded.note_likes(db::cells::likes(connection, &likes).await?);
    let starts = needs.starts.iter();
    let starts = starts.filter(|at| !loaded.cells.contains_key(at)).count();
    // A delete in the batch makes room for any later start in it.
    let new_ids = if needs.has_delete {
        requests.len()
    } else {
        starts
    };
    loaded.new_ids = db::cells::new_ids(connection, new_ids).await?;
    let head = loaded.canvas.last_seq;
    for batch in needs.rewrites {
        let rewrite = load_rewrite(connection, canvas, batch, head).await?;
        loaded.rewrites.insert(batch.rewrite, rewrite);
    }
    let mut changes_policy = false;
    for (user, change) in needs.settings {
        if let Err(refused) = loaded.permits_settings(user, change) {
            loaded.settings.push_back(Err(refused));
            continue;
        }
        let changed = db::canvases::update(connection, canvas, change).await?;
        changes_policy |= change.edit_policy.is_some() && changed.is_some();
        loaded.settings.push_back(Ok(changed));
    }
    if loaded.needs_locks() || changes_policy {
        loaded.note_locks(db::locks::held(connection, canvas).await?);
    }
    Ok(loaded)
}

/// The users with these names, by their names.
async fn mentioned_users(
    connection: &mut PgConnection,
    names: HashSet<String>,
) -> db::Result<HashMap<String, UserId>> {
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let names: Vec<String> = names.into_iter().collect();
    db::users::ids_by_name(connection, &names).await
}

/// What the rewrite changes in each cell as it is now. A cell in which it is done is left
/// out.
async fn load_rewrite(
    connection: &mut PgConnection,
    canvas: CanvasId,
    batch: &RewriteBatch,
    head: i64,
) -> db::Result<LoadedRewrite> {
    let mut loaded = LoadedRewrite::default();
    if !db::rewrites::lock_running(connection, batch.rewrite).await? {
        return Ok(loaded);
    }
    loaded.is_running = true;
    let mut since: HashMap<i32, Vec<Step>> = HashMap::new();
    if head > batch.head {
        let cells = batch.cells.iter().map(|cell| cell_number(cell.at));
        let mut known: Vec<KnownCell> = cells.map(|cell| (cell, batch.head)).collect();
        while !known.is_empty() {
            let next = tiles::steps_after(&mut *connection, canvas, &known, head, 1).await?;
            for (cell, step) in next.steps {
                since.entry(cell).or_default().push(step);
            }
            known = next.unfinished;
        }
    }
    for cell in &batch.cells {
        let change = match since.get(&cell_number(cell.at)) {
            None => cell.change.clone(),
            Some(steps) => {
                let mut history = cell.history.clone();
                for step in steps {
                    history.apply(step, &batch.rules);
                }
                if history.has_rewrite(batch.rewrite) {
                    continue;
                }
                history.preview(&batch.rule)
            }
        };
        loaded.changes.push((cell.at, change));
    }
    let coming = loaded.changes.iter();
    let coming = coming.filter(|(_, change)| !change.is_same_tile());
    let coming: Vec<_> = coming
        .filter_map(|(_, c)| Some(c.after.as_ref()?.id))
        .collect();
    loaded.likes = db::rewrites::deleted_likes(connection, &coming).await?;
    Ok(loaded)
}
