//! Who wrote what in one cell: replays the cell's tile events into stacks of writes, one
//! for each pixel, for the title and for the tile as such. It knows rewrites and undone
//! strokes, so it also computes what a rewrite changes. Pure.

mod slot;
mod step;

#[cfg(test)]
mod model;
#[cfg(test)]
mod properties;

pub(crate) use step::{Step, StepAction};

use serde::{Deserialize, Serialize};
use shared::{
    canvas::{EditPolicy, Role},
    ids::{RewriteId, TileId, UserId},
    pixels::{PixelEdit, Pixels, TRANSPARENT},
};
use slot::{NOTHING, Slot};
use std::collections::{BTreeMap, HashMap, HashSet};

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

#[derive(Clone, Copy, Debug)]
struct Tile {
    id: TileId,
    creator: UserId,
    version: i64,
}

#[derive(Clone, Copy, Debug)]
struct Event {
    seq: i64,
    /// Who wrote it; of a rewrite nobody's.
    user: UserId,
    /// The tile in which it happened, as an index.
    tile: u32,
    /// Whether it created the tile.
    is_start: bool,
}

/// What a rewrite did in the cell.
#[derive(Clone, Copy, Debug)]
struct Traces {
    first_event: u32,
    last_event: u32,
    /// Whether nothing was left of the tile before it: a tile stays when painters erase
    /// what was left of it.
    was_hollow: bool,
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct CellHistory {
    /// The pixels, row by row.
    pixels: Vec<Slot>,
    /// Its values are indices of `titles`.
    title: Slot,
    /// Whether there is a tile, and which: its values are indices of `tiles`.
    tile: Slot,
    events: Vec<Event>,
    titles: Vec<String>,
    /// All tiles that were ever in the cell.
    tiles: Vec<Tile>,
    /// The tile that is there, after each event that changed it.
    present: Vec<(u32, u32)>,
    rewrites: BTreeMap<RewriteId, Traces>,
}

impl CellHistory {
    /// An empty cell of a canvas with tiles of this many pixels in a row.
    pub(crate) fn new(tile_size: i32) -> Self {
        let side = usize::try_from(tile_size).unwrap_or_default();
        Self {
            pixels: vec![Slot::default(); side * side],
            title: Slot::default(),
            tile: Slot::default(),
            events: Vec::new(),
            titles: Vec::new(),
            tiles: Vec::new(),
            present: Vec::new(),
            rewrites: BTreeMap::new(),
        }
    }

    /// The cell after these events. They are all tile events of the cell, in the order of
    /// `seq`.
    pub(crate) fn replay<'a>(
        tile_size: i32,
        steps: impl IntoIterator<Item = &'a Step>,
        rules: &Rules,
    ) -> Self {
        let mut cell = Self::new(tile_size);
        for step in steps {
            cell.apply(step, rules);
        }
        cell
    }

    /// About how much memory it takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let pixels: usize = self.pixels.iter().map(Slot::bytes).sum();
        pixels + size_of::<Event>() * self.events.len()
    }

    /// Applies the next event.
    pub(crate) fn apply(&mut self, step: &Step, rules: &Rules) {
        self.apply_watched(step, rules, |_, _, _| {});
    }

    /// The same. `overpainted` is told of each pixel that the event's user changed and that
    /// was somebody else's until then: the pixel's index, whose it was, who changed it.
    pub(crate) fn apply_watched(
        &mut self,
        step: &Step,
        rules: &Rules,
        overpainted: impl FnMut(usize, UserId, UserId),
    ) {
        if let Some(cause) = step.cause
            && let Some(rule) = rules.get(&cause.rewrite_id)
        {
            self.rewrite(cause.rewrite_id, rule, step.seq);
            match &step.action {
                StepAction::Created {
                    tile,
                    creator,
                    version,
                    ..
                } => {
                    let tile = self.tile_index(*tile, *creator);
                    self.set_present(tile);
                    self.set_version(*version);
                }
                StepAction::Deleted { .. } => self.set_present(NOTHING),
                StepAction::Updated { version, .. } => self.set_version(*version),
            }
            return;
        }
        self.write(step, overpainted);
    }

    /// The tile as it is seen.
    pub(crate) fn tile(&self) -> Option<TileView> {
        let tile = self.tiles.get(at(self.present_tile()))?;
        Some(TileView {
            id: tile.id,
            creator: tile.creator,
            version: tile.version,
            title: self.title_text(),
            pixels: Pixels::from_bytes(self.pixels.iter().map(colour).collect()),
        })
    }

    /// Whose each pixel is, row by row: who changed its colour last, what was taken back
    /// left out. None for pixels that are nobody's.
    pub(crate) fn authors(&self) -> Vec<Option<UserId>> {
        if self.present_tile() == NOTHING {
            return vec![None; self.pixels.len()];
        }
        let pixels = self.pixels.iter();
        pixels.map(|pixel| author(&self.events, pixel)).collect()
    }

    /// Whether the rewrite has changed the cell.
    pub(crate) fn has_rewrite(&self, id: RewriteId) -> bool {
        self.rewrites.contains_key(&id)
    }

    /// What the rewrite would change now. Leaves the cell as it is after it.
    pub(crate) fn preview(&mut self, rule: &Rule) -> Change {
        let seq = self.events.last().map_or(0, |event| event.seq) + 1;
        // No rewrite has this id.
        let mut change = self.rewrite(RewriteId(0), rule, seq);
        change.skipped = self.count_skipped(rule);
        change
    }

    /// Applies a rule, unless the rewrite was here before: the second event of a rewrite
    /// that exchanges one tile for another adds nothing.
    fn rewrite(&mut self, id: RewriteId, rule: &Rule, seq: i64) -> Change {
        let event = self.push_event(seq, UserId(0), self.present_tile(), false);
        if let Some(traces) = self.rewrites.get_mut(&id) {
            traces.last_event = event;
            return Change::default();
        }
        let traces = Traces {
            first_event: event,
            last_event: event,
            was_hollow: self.tile_left() != self.present_tile(),
        };
        self.rewrites.insert(id, traces);
        let before = self.tile();
        let touched = self.apply_rule(rule, event);
        let present = match rule {
            Rule::Restore { at_seq } => self.present_at(*at_seq),
            Rule::Revert { .. } | Rule::Undo { .. } if touched.is_none() => self.present_tile(),
            Rule::Revert { .. } => self.tile_left(),
            Rule::Undo { of } => self.tile_before(*of).unwrap_or_else(|| self.tile_left()),
        };
        self.set_present(present);
        let edits = touched.unwrap_or_default().into_iter();
        Change {
            before,
            after: self.tile(),
            edits: edits.filter_map(|pixel| self.edit(pixel)).collect(),
            skipped: 0,
        }
    }

    /// The indices of the pixels that the rule touched; none if it touched nothing at all.
    fn apply_rule(&mut self, rule: &Rule, event: u32) -> Option<Vec<usize>> {
        let targets = self.targets(rule);
        let is_target = |event: u32| targets.get(at(event)) == Some(&true);
        let (limit, undone) = match rule {
            Rule::Restore { at_seq } => (self.first_event_after(*at_seq), None),
            Rule::Undo { of } => (0, self.rewrites.get(of).map(|t| t.first_event)),
            Rule::Revert { .. } => (0, None),
        };
        let apply = |slot: &mut Slot| match rule {
            Rule::Revert { .. } => slot.revert(event, is_target),
            Rule::Restore { .. } => slot.restore(event, limit),
            Rule::Undo { .. } => undone.is_some_and(|undone| slot.undo(event, undone)),
        };
        let mut touched = Vec::new();
        for (index, pixel) in self.pixels.iter_mut().enumerate() {
            if apply(pixel) {
                touched.push(index);
            }
        }
        let has_title = apply(&mut self.title);
        let has_tile = apply(&mut self.tile);
        (has_title || has_tile || !touched.is_empty()).then_some(touched)
    }

    /// For each event whether its writes are to be taken back.
    fn targets(&self, rule: &Rule) -> Vec<bool> {
        let Rule::Revert {
            users,
            from_seq,
            to_seq,
        } = rule
        else {
            return Vec::new();
        };
        let window = *from_seq..=*to_seq;
        self.events
            .iter()
            .map(|event| window.contains(&event.seq) && users.contains(&event.user))
            .collect()
    }

    /// See [`Change::skipped`]; called after the rule was applied.
    fn count_skipped(&self, rule: &Rule) -> usize {
        match rule {
            Rule::Revert { .. } => {
                let targets = self.targets(rule);
                let is_skipped = |pixel: &&Slot| self.is_target_buried(pixel, &targets);
                self.pixels.iter().filter(is_skipped).count()
            }
            Rule::Undo { of } => self.rewrites.get(of).map_or(0, |traces| {
                let undone = traces.first_event;
                let left = self.pixels.iter().filter(|p| p.has_effect_of(undone));
                left.count()
            }),
            Rule::Restore { .. } => 0,
        }
    }

    /// Whether a target lies under another user's write.
    fn is_target_buried(&self, pixel: &Slot, targets: &[bool]) -> bool {
        let mut above: Option<UserId> = None;
        let mut has_several_above = false;
        for event in pixel.live_events() {
            let Some(user) = self.events.get(at(event)).map(|event| event.user) else {
                continue;
            };
            let is_under_other = has_several_above || above.is_some_and(|other| other != user);
            if is_under_other && targets.get(at(event)) == Some(&true) {
                return true;
            }
            has_several_above |= above.is_some_and(|other| other != user);
            above = Some(user);
        }
        false
    }

    /// The tile that an undo of this rewrite leaves, where that is the one before the
    /// rewrite, whatever is left of it: the rewrite exchanged it for the one that is there,
    /// in which nobody painted since, or nothing was left of it before either.
    fn tile_before(&self, rewrite: RewriteId) -> Option<u32> {
        let traces = self.rewrites.get(&rewrite)?;
        let before = self.present_before(traces.first_event);
        let after = self.present_before(traces.last_event + 1);
        let mut newest = self.pixels.iter().filter_map(Slot::top);
        let is_used = after != NOTHING
            && newest.any(|write| {
                write.event > traces.last_event && to_colour(write.value) != TRANSPARENT
            });
        let is_back = before != after && !is_used;
        let is_same = before == after && traces.was_hollow;
        (after == self.present_tile() && (is_back || is_same)).then_some(before)
    }

    /// The tile that is there after a revert or an undo. The one that is there stays as long
    /// as its start, or a pixel that was painted in it, is left. Otherwise it is the one of
    /// which something is left.
    fn tile_left(&self) -> u32 {
        let start = self.tile.top();
        let started = start.filter(|write| write.value != NOTHING);
        let painted = self.pixels.iter().filter_map(Slot::top);
        let painted = painted.filter(|write| to_colour(write.value) != TRANSPARENT);
        let tile_of = |event: u32| self.events.get(at(event)).map_or(NOTHING, |e| e.tile);
        let mut left: Vec<(u32, u32)> = painted.map(|w| (w.event, tile_of(w.event))).collect();
        left.extend(started.map(|write| (write.event, write.value)));
        let present = self.present_tile();
        if present != NOTHING && left.iter().any(|(_, tile)| *tile == present) {
            return present;
        }
        left.into_iter().max().map_or(NOTHING, |(_, tile)| tile)
    }

    /// Applies an event that is no rewrite's.
    fn write(&mut self, step: &Step, mut overpainted: impl FnMut(usize, UserId, UserId)) {
        match &step.action {
            StepAction::Created {
                tile,
                creator,
                title,
                pixels,
                version,
            } => {
                let user = step.cause.map_or(*creator, |cause| cause.by);
                let tile = self.tile_index(*tile, *creator);
                let event = self.push_event(step.seq, user, tile, true);
                self.tile.push(event, tile);
                self.write_title(event, title);
                for (pixel, colour) in self.pixels.iter_mut().zip(pixels.as_bytes()) {
                    pixel.push(event, u32::from(*colour));
                }
                self.set_present(tile);
                self.set_version(*version);
            }
            StepAction::Updated {
                updater,
                title,
                delta,
                pixels,
                undo_of,
                version,
            } => {
                self.set_version(*version);
                let undone = undo_of.and_then(|seq| self.event_of(seq, *updater));
                let event = self.push_event(step.seq, *updater, self.present_tile(), false);
                let whole = pixels.iter().flat_map(|p| p.as_bytes().iter().copied());
                let mut colours: Vec<(usize, u8)> = whole.enumerate().collect();
                colours.extend(delta.iter().map(|edit| (usize::from(edit.0), edit.1)));
                // Of a pixel that is set several times the last colour counts.
                colours.reverse();
                colours.sort_by_key(|(index, _)| *index);
                colours.dedup_by_key(|(index, _)| *index);
                for (index, new) in colours {
                    let Some(pixel) = self.pixels.get_mut(index) else {
                        continue;
                    };
                    let is_undone = undone.is_some_and(|undone| {
                        pixel.value_after_undo(undone).map(to_colour) == Some(new)
                            && pixel.undo(event, undone)
                    });
                    if is_undone || colour(pixel) == new {
                        continue;
                    }
                    if let Some(of) = author(&self.events, pixel).filter(|of| of != updater) {
                        overpainted(index, of, *updater);
                    }
                    pixel.push(event, u32::from(new));
                }
                if let Some(title) = title {
                    self.update_title(event, undone, title);
                }
            }
            StepAction::Deleted { deleter } => {
                for (index, of) in self.authors().into_iter().enumerate() {
                    if let Some(of) = of.filter(|of| of != deleter) {
                        overpainted(index, of, *deleter);
                    }
                }
                let event = self.push_event(step.seq, *deleter, self.present_tile(), false);
                self.tile.push(event, NOTHING);
                self.title.push(event, NOTHING);
                for pixel in &mut self.pixels {
                    pixel.push(event, NOTHING);
                }
                self.set_present(NOTHING);
            }
        }
    }

    fn update_title(&mut self, event: u32, undone: Option<u32>, title: &str) {
        if title == self.title_text() {
            return;
        }
        let is_undone = undone.is_some_and(|undone| {
            let value = self.title.value_after_undo(undone);
            let text = value.map(|value| self.titles.get(at(value)).map_or("", String::as_str));
            text == Some(title) && self.title.undo(event, undone)
        });
        if !is_undone {
            self.write_title(event, title);
        }
    }

    fn write_title(&mut self, event: u32, title: &str) {
        self.title.push(event, number(self.titles.len()));
        self.titles.push(title.to_owned());
    }

    fn title_text(&self) -> String {
        let text = self.titles.get(at(self.title.value()));
        text.cloned().unwrap_or_default()
    }

    fn push_event(&mut self, seq: i64, user: UserId, tile: u32, is_start: bool) -> u32 {
        self.events.push(Event {
            seq,
            user,
            tile,
            is_start,
        });
        number(self.events.len() - 1)
    }

    /// The event with this `seq`, if it is this user's.
    fn event_of(&self, seq: i64, user: UserId) -> Option<u32> {
        let found = self.events.binary_search_by_key(&seq, |event| event.seq);
        let event = found.ok()?;
        (self.events.get(event)?.user == user).then(|| number(event))
    }

    fn first_event_after(&self, seq: i64) -> u32 {
        number(self.events.partition_point(|event| event.seq <= seq))
    }

    fn tile_index(&mut self, id: TileId, creator: UserId) -> u32 {
        let known = self.tiles.iter().position(|tile| tile.id == id);
        number(known.unwrap_or_else(|| {
            self.tiles.push(Tile {
                id,
                creator,
                version: 0,
            });
            self.tiles.len() - 1
        }))
    }

    /// The tile that is there, as an index.
    fn present_tile(&self) -> u32 {
        self.present.last().map_or(NOTHING, |(_, tile)| *tile)
    }

    /// The tile that was there after an event. Two events that exchange it for another one
    /// count as one.
    fn present_at(&self, seq: i64) -> u32 {
        let limit = self.first_event_after(seq);
        let mut traces = self.rewrites.values();
        let exchange = traces.find(|t| t.first_event < limit && limit <= t.last_event);
        self.present_before(exchange.map_or(limit, |traces| traces.last_event + 1))
    }

    fn present_before(&self, limit: u32) -> u32 {
        let place = self.present.partition_point(|(event, _)| *event < limit);
        let last = place
            .checked_sub(1)
            .and_then(|place| self.present.get(place));
        last.map_or(NOTHING, |(_, tile)| *tile)
    }

    /// Notes the version of the tile that is there.
    fn set_version(&mut self, version: i64) {
        let present = at(self.present_tile());
        if let Some(tile) = self.tiles.get_mut(present) {
            tile.version = version;
        }
    }

    /// Notes which tile is there after the newest event.
    fn set_present(&mut self, tile: u32) {
        let event = number(self.events.len()).saturating_sub(1);
        if self.present_tile() != tile {
            self.present.push((event, tile));
        }
    }

    fn edit(&self, pixel: usize) -> Option<PixelEdit> {
        let index = u16::try_from(pixel).ok()?;
        self.pixels
            .get(pixel)
            .map(|slot| PixelEdit(index, colour(slot)))
    }
}

/// Whose the pixel of a tile is.
fn author(events: &[Event], pixel: &Slot) -> Option<UserId> {
    let write = pixel.top()?;
    let event = events.get(at(write.event))?;
    let is_blank = event.is_start && write.value == u32::from(TRANSPARENT);
    (write.value != NOTHING && !is_blank).then_some(event.user)
}

/// The colour that is seen.
fn colour(pixel: &Slot) -> u8 {
    to_colour(pixel.value())
}

fn to_colour(value: u32) -> u8 {
    u8::try_from(value).unwrap_or(TRANSPARENT)
}

fn at(index: u32) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(NOTHING)
}
