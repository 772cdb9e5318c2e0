//! What a rewrite does: its rule, and the change that it makes in one cell.

use serde::{Deserialize, Serialize};
use shared::{
    canvas::{EditPolicy, Role},
    ids::{RewriteId, TileId, UserId},
    pixels::{PixelEdit, Pixels, TRANSPARENT},
};
use std::collections::{HashMap, HashSet};

/// What a rewrite takes back or puts back, in every cell that it concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Rule {
    /// Takes back what these users wrote in the window, its ends included.
    Revert {
        users: HashSet<UserId>,
        from_seq: i64,
        to_seq: i64,
    },
    /// Makes the cell what it was after this event.
    Restore { at_seq: i64 },
    /// Takes back what this rewrite did.
    Undo { of: RewriteId },
}

/// The rules of the rewrites that are named in the replayed events. An event of an unknown
/// rewrite counts as a write by whoever asked for it.
pub(crate) type Rules = HashMap<RewriteId, Rule>;

/// A tile as it is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TileView {
    pub(crate) id: TileId,
    pub(crate) creator: UserId,
    pub(crate) title: String,
    pub(crate) pixels: Pixels,
    /// The version of its last event.
    pub(crate) version: i64,
}

/// What a rewrite changes in a cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) before: Option<TileView>,
    pub(crate) after: Option<TileView>,
    /// Pixels of which a write is taken back or put back, with their colour afterwards. It
    /// may be the colour before: then only the author is another one.
    pub(crate) edits: Vec<PixelEdit>,
    /// Pixels where something that was to be taken back lies under what somebody else
    /// wrote.
    pub(crate) skipped: usize,
}

impl Change {
    /// Whether there is a tile before and after, and it is the same.
    pub(crate) fn is_same_tile(&self) -> bool {
        let id = |tile: &Option<TileView>| tile.as_ref().map(|tile| tile.id);
        self.before.is_some() && id(&self.before) == id(&self.after)
    }

    /// The title afterwards, if the same tile has another one.
    pub(crate) fn title(&self) -> Option<&str> {
        let (before, after) = (self.before.as_ref()?, self.after.as_ref()?);
        (before.id == after.id && before.title != after.title).then_some(&after.title)
    }

    /// Whether a policy, or the lock that `holder` has, keeps a user from changing it. It
    /// keeps nothing from moderators.
    pub(crate) fn is_kept_from(
        &self,
        policy: EditPolicy,
        user: UserId,
        role: Role,
        holder: Option<UserId>,
    ) -> bool {
        if role >= Role::Moderator {
            return false;
        }
        let is_locked = policy == EditPolicy::Exclusive && holder.is_some_and(|h| h != user);
        let creator = self.before.as_ref().map(|tile| tile.creator);
        let is_others = creator.is_some_and(|creator| creator != user);
        let is_closed = policy == EditPolicy::Own || !self.is_same_tile();
        is_locked || (is_others && is_closed)
    }

    /// Whether it makes no event.
    pub(crate) fn is_nothing(&self) -> bool {
        match (&self.before, &self.after) {
            (None, None) => true,
            _ => self.is_same_tile() && self.edits.is_empty() && self.title().is_none(),
        }
    }

    /// A bit for each pixel that looks different afterwards, row by row, the first pixel in the
    /// highest bit.
    pub(crate) fn marks(&self) -> Vec<u8> {
        let bytes = |tile: &'_ Option<TileView>| {
            tile.as_ref()
                .map_or_else(Vec::new, |tile| tile.pixels.as_bytes().to_vec())
        };
        let (before, after) = (bytes(&self.before), bytes(&self.after));
        let count = before.len().max(after.len());
        let color = |bytes: &[u8], pixel: usize| bytes.get(pixel).copied().unwrap_or(TRANSPARENT);
        let mut marks = vec![0; count.div_ceil(8)];
        for pixel in (0..count).filter(|at| color(&before, *at) != color(&after, *at)) {
            marks[pixel / 8] |= 0x80 >> (pixel % 8);
        }
        marks
    }

    /// How many pixels get another colour: all of a tile that goes, the painted ones of a
    /// tile that comes.
    pub(crate) fn pixels(&self) -> usize {
        let (before, after) = (self.before.as_ref(), self.after.as_ref());
        let bytes = |tile: Option<&TileView>| {
            tile.map_or_else(Vec::new, |tile| tile.pixels.as_bytes().to_vec())
        };
        let (before, after) = (bytes(before), bytes(after));
        if self.is_same_tile() {
            return before.iter().zip(&after).filter(|(a, b)| a != b).count();
        }
        before.len() + after.iter().filter(|c| **c != TRANSPARENT).count()
    }
}
