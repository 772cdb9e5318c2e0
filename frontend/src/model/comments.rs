//! The comments on the tiles of the open canvas: those that the server has, as
//! far as they were read, how many threads are open on each cell, and this
//! tab's requests that are not stored yet. `pending` has these requests,
//! `threads` what is shown of all. Pure.
//!
//! The numbers of open threads come with the tiles of a snapshot; the comments
//! of a cell are read when they are shown. Events change both. An event has the
//! whole comment, so what it changes is known where the comment was known
//! before; otherwise it follows from which of its times is that of the event.

mod pending;
mod threads;

pub use pending::{CommentChange, PendingComment};
use shared::{
    api::{Tile, comments::Comment},
    canvas::Coord,
    ids::CommentId,
    pixels::Pixels,
    time::Timestamp,
};
use std::collections::{BTreeMap, HashMap, HashSet};
pub use threads::{CommentKey, CommentRow, Thread};

/// Cells whose comments are kept at most.
const MAX_CELLS: usize = 8;
/// First comments, of cells that are not kept, whose state is remembered at most.
const MAX_KNOWN: usize = 10_000;
/// Pictures of tiles that are kept at most.
const MAX_PICTURES: usize = 100;

/// The comments of a canvas; see the description of the module.
#[derive(Debug, Default)]
pub struct Comments {
    /// Stored open threads of each cell; no entry for none.
    open: HashMap<Coord, i64>,
    /// The cells that were read, the newest last.
    cells: Vec<CommentedCell>,
    /// Whether first comments seen in events count as open.
    known: HashMap<CommentId, bool>,
    /// This tab's requests, oldest first.
    pending: Vec<PendingComment>,
    /// The pictures that comments speak of, as far as this tab saw them, the
    /// newest last.
    pictures: Vec<(CommentId, Option<Pixels>)>,
}

#[derive(Debug)]
struct CommentedCell {
    at: Coord,
    load: CommentsLoad,
    comments: BTreeMap<CommentId, Comment>,
    /// Comments that events changed since reading began.
    touched: HashSet<CommentId>,
}

/// How far the comments of a cell are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommentsLoad {
    /// They are being read.
    Loading,
    /// All of them are there.
    Ready,
    /// They could not be read.
    Failed,
}

/// Comments that somebody wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommentGoal {
    /// The cell.
    pub at: Coord,
    /// This comment, or all of the cell.
    pub comment: Option<CommentId>,
    /// Whether they want to write one.
    pub writes: bool,
}

/// Whether a comment counts as an open thread.
fn is_open(comment: &Comment) -> bool {
    comment.parent_id.is_none() && !comment.resolved && !comment.removed
}

fn cell_of(comment: &Comment) -> Coord {
    Coord {
        x: comment.x,
        y: comment.y,
    }
}

impl Comments {
    /// Takes the numbers of a snapshot's tiles. Comments that were read have to
    /// be read again.
    pub fn restart(&mut self, tiles: &[Tile]) {
        self.open = tiles
            .iter()
            .filter(|tile| tile.open_comments > 0)
            .map(|tile| {
                let at = Coord {
                    x: tile.x,
                    y: tile.y,
                };
                (at, tile.open_comments)
            })
            .collect();
        self.cells.clear();
        self.known.clear();
    }

    /// How far the comments of a cell are read; none if nobody asked for them.
    pub fn load_of(&self, at: Coord) -> Option<CommentsLoad> {
        self.cell(at).map(|cell| cell.load)
    }

    /// Begins to read the comments of a cell. False if they are there or being
    /// read.
    pub fn begin(&mut self, at: Coord) -> bool {
        let is_new = match self.load_of(at) {
            Some(CommentsLoad::Loading | CommentsLoad::Ready) => false,
            Some(CommentsLoad::Failed) | None => true,
        };
        if is_new {
            self.cells.retain(|cell| cell.at != at);
            if self.cells.len() >= MAX_CELLS {
                self.cells.remove(0);
            }
            self.cells.push(CommentedCell {
                at,
                load: CommentsLoad::Loading,
                comments: BTreeMap::new(),
                touched: HashSet::new(),
            });
        }
        is_new
    }

    /// A page of a cell's comments came; `is_last` if it is the last one. What
    /// events changed meanwhile stays as they say. False if nobody waits for it
    /// any more.
    pub fn add(&mut self, at: Coord, page: Vec<Comment>, is_last: bool) -> bool {
        let Some(cell) = self.cells.iter_mut().find(|cell| cell.at == at) else {
            return false;
        };
        for comment in page {
            if !cell.touched.contains(&comment.id) {
                cell.comments.insert(comment.id, comment);
            }
        }
        if is_last {
            cell.load = CommentsLoad::Ready;
            cell.touched.clear();
            let open = cell.comments.values().filter(|comment| is_open(comment));
            let open = open.fold(0, |count, _| count + 1);
            self.set_open(at, open);
        }
        true
    }

    /// The comments of a cell could not be read.
    pub fn failed(&mut self, at: Coord) {
        if let Some(cell) = self.cells.iter_mut().find(|cell| cell.at == at) {
            cell.load = CommentsLoad::Failed;
        }
    }

    /// A comment as the server has it, if its cell was read.
    pub fn get(&self, id: CommentId) -> Option<&Comment> {
        self.cells.iter().find_map(|cell| cell.comments.get(&id))
    }

    /// A comment was written. `picture` is what it speaks of, if this tab knows:
    /// none within for an empty cell.
    pub fn created(&mut self, comment: Comment, picture: Option<Option<Pixels>>) {
        let was_open = self.was_open(comment.id).unwrap_or(false);
        if let Some(picture) = picture {
            if self.pictures.len() >= MAX_PICTURES {
                self.pictures.remove(0);
            }
            self.pictures.push((comment.id, picture));
        }
        self.put(comment, was_open);
    }

    /// A comment was changed by an event of this time.
    pub fn updated(&mut self, comment: Comment, timestamp: Timestamp) {
        let was_open = self.was_open(comment.id).unwrap_or_else(|| {
            let is_first = comment.parent_id.is_none();
            if comment.removed {
                is_first && !comment.resolved
            } else if comment.edited_at == Some(timestamp) {
                // Only its text.
                is_open(&comment)
            } else {
                // It was resolved, or opened again.
                is_first && comment.resolved
            }
        });
        self.put(comment, was_open);
    }

    /// This tab changed a comment that was read.
    pub fn change(&mut self, id: CommentId, change: impl FnOnce(&mut Comment)) {
        if let Some(comment) = self.get(id) {
            let (mut comment, was_open) = (comment.clone(), is_open(comment));
            change(&mut comment);
            self.put(comment, was_open);
        }
    }

    /// Whether a comment counted as open, if that is known.
    fn was_open(&self, id: CommentId) -> Option<bool> {
        let read = self.get(id).map(is_open);
        read.or_else(|| self.known.get(&id).copied())
    }

    fn put(&mut self, comment: Comment, was_open: bool) {
        let (at, id, now_open) = (cell_of(&comment), comment.id, is_open(&comment));
        let change = i64::from(now_open) - i64::from(was_open);
        if change != 0 {
            let open = self.open.get(&at).copied().unwrap_or_default();
            self.set_open(at, open + change);
        }
        if let Some(cell) = self.cells.iter_mut().find(|cell| cell.at == at) {
            cell.touched.insert(id);
            cell.comments.insert(id, comment);
        } else if comment.parent_id.is_none() {
            if self.known.len() >= MAX_KNOWN {
                self.known.clear();
            }
            self.known.insert(id, now_open);
        }
    }

    fn set_open(&mut self, at: Coord, open: i64) {
        if open > 0 {
            self.open.insert(at, open);
        } else {
            self.open.remove(&at);
        }
    }

    /// The picture that a comment speaks of, if this tab saw it: none within for
    /// an empty cell.
    pub fn picture(&self, id: CommentId) -> Option<&Option<Pixels>> {
        let found = self.pictures.iter().find(|(of, _)| *of == id);
        found.map(|(_, picture)| picture)
    }

    /// How many threads of a cell are open, with this tab's pending requests.
    pub fn open_on(&self, at: Coord) -> i64 {
        let stored = self.open.get(&at).copied().unwrap_or_default();
        stored + self.pending_open().get(&at).copied().unwrap_or_default()
    }

    /// The cells with open threads, and how many they are, with this tab's
    /// pending requests.
    pub fn pins(&self) -> Vec<(Coord, i64)> {
        let mut changes = self.pending_open();
        let mut pins: Vec<(Coord, i64)> = Vec::with_capacity(self.open.len());
        for (at, open) in &self.open {
            pins.push((*at, open + changes.remove(at).unwrap_or_default()));
        }
        pins.extend(changes);
        pins.retain(|(_, open)| *open > 0);
        pins
    }

    fn cell(&self, at: Coord) -> Option<&CommentedCell> {
        self.cells.iter().find(|cell| cell.at == at)
    }
}

#[cfg(test)]
mod tests;
