//! What the decisions about comments need to have read under the canvas's lock.

use super::Request;
use crate::{
    db::{
        self, Reads,
        comments::{self, CellComments},
    },
    past::log::Log,
    realtime::write::{CommentOp, Operation},
};
use shared::{
    api::comments::Comment,
    canvas::{Coord, Grid},
    ids::{CanvasId, CommentId, UserId},
    protocol::{CommentCreated, DurableEvent},
};
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct LoadedComments {
    /// Those that are answered, changed or removed.
    pub(super) comments: HashMap<CommentId, Comment>,
    /// The events of those that are changed or removed, which say their words.
    pub(super) created: HashMap<CommentId, CommentCreated>,
    /// The cells of all of them, and those of new comments.
    pub(super) cells: HashMap<Coord, CellComments>,
    /// Ids for new comments.
    pub(super) new_ids: Vec<CommentId>,
    /// Those who remove comments, and those whose comments they are.
    pub(super) ranked: HashSet<UserId>,
}

/// Reads what the requests need; nothing if none is about a comment.
pub(super) async fn load(
    connection: &mut PgConnection,
    log: &Log,
    canvas: CanvasId,
    grid: &Grid,
    requests: &[Request],
) -> db::Result<LoadedComments> {
    let mut loaded = LoadedComments::default();
    let mut wanted = HashSet::new();
    let mut changed = HashSet::new();
    let mut removed = HashSet::new();
    let mut new = 0;
    for request in requests {
        let Operation::Comment(op) = &request.write.operation else {
            continue;
        };
        match op {
            CommentOp::Create { at, parent, .. } => {
                if grid.contains(*at) {
                    loaded.cells.insert(*at, CellComments::default());
                }
                wanted.extend(parent);
                new += 1;
            }
            CommentOp::Update { id, .. } => {
                changed.insert(*id);
            }
            CommentOp::Remove(id) => {
                changed.insert(*id);
                removed.insert(*id);
                loaded.ranked.insert(request.write.identity.user_id);
            }
        }
    }
    wanted.extend(&changed);
    if !wanted.is_empty() {
        let ids: Vec<CommentId> = wanted.into_iter().collect();
        for comment in comments::load(connection, canvas, &ids).await? {
            if removed.contains(&comment.id) {
                loaded.ranked.insert(comment.author.user_id);
            }
            loaded.cells.insert(cell(&comment), CellComments::default());
            loaded.comments.insert(comment.id, comment);
        }
    }
    let changed = loaded.comments.values().filter(|c| changed.contains(&c.id));
    let seqs: Vec<i64> = changed.map(|comment| comment.seq).collect();
    if !seqs.is_empty() {
        let reads = &mut Reads::Connection(&mut *connection);
        for body in log.stored(reads, canvas, &seqs).await?.values() {
            if let Ok(DurableEvent::CommentCreated(event)) = serde_json::from_str(body) {
                loaded.created.insert(event.comment.id, event);
            }
        }
    }
    if !loaded.cells.is_empty() {
        let cells: Vec<Coord> = loaded.cells.keys().copied().collect();
        let found = comments::of_cells(connection, canvas, &cells).await?;
        loaded.cells.extend(found);
    }
    if new > 0 {
        loaded.new_ids = comments::new_ids(connection, new).await?;
    }
    Ok(loaded)
}

/// The cell of a comment.
pub(super) fn cell(comment: &Comment) -> Coord {
    Coord {
        x: comment.x,
        y: comment.y,
    }
}
