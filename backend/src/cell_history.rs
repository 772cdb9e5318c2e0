//! Who wrote what in one cell: replays the cell's tile events into stacks of writes, one
//! for each pixel, for the title and for the tile as such. It knows rewrites and undone
//! strokes, so it also computes what a rewrite changes. Its memory is bounded. Pure.

mod compaction;
mod rewrite;
mod rule;
mod slot;
mod step;

#[cfg(test)]
mod model;
#[cfg(test)]
mod properties;

pub(crate) use rule::{Change, Rule, Rules, TileView};
pub(crate) use step::{Step, StepAction};

use shared::{
    ids::{RewriteId, TileId, UserId},
    pixels::{PixelEdit, Pixels, TRANSPARENT},
};
use slot::{NOTHING, Slot};
use std::collections::{BTreeMap, HashMap};

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
    /// All tiles that were ever in the cell, unless they were forgotten.
    tiles: Vec<Tile>,
    /// Where each is in `tiles`.
    tile_indices: HashMap<TileId, u32>,
    /// The tile that is there, after each event that changed it.
    present: Vec<(u32, u32)>,
    rewrites: BTreeMap<RewriteId, Traces>,
    /// About how many records there are: see [`compaction`].
    records: usize,
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
            tile_indices: HashMap::new(),
            present: Vec::new(),
            rewrites: BTreeMap::new(),
            records: 0,
        }
    }

    /// About how much memory it takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let pixels: usize = self.pixels.iter().map(Slot::bytes).sum();
        let titles: usize = self.titles.iter().map(String::capacity).sum();
        pixels + titles + size_of::<Event>() * self.events.capacity()
    }

    /// Applies the next tile event of the cell, in the order of `seq`.
    pub(crate) fn apply(&mut self, step: &Step, rules: &Rules) {
        self.apply_step(step, rules, |_, _, _| {});
    }

    /// The same. `overpainted` is told of each pixel that the event's user changed and that
    /// was somebody else's until then: the pixel's index, whose it was, who changed it. A
    /// restore takes what others painted as much as a stroke does, and one of an editor leaves
    /// no line in the moderation log; reverts and undos only put back.
    pub(crate) fn apply_watched(
        &mut self,
        step: &Step,
        rules: &Rules,
        mut overpainted: impl FnMut(usize, UserId, UserId),
    ) {
        let restore = step
            .cause
            .filter(|cause| matches!(rules.get(&cause.rewrite_id), Some(Rule::Restore { .. })));
        let Some(restore) = restore else {
            self.apply_step(step, rules, overpainted);
            return;
        };
        let owners = self.authors();
        let colours: Vec<u8> = self.pixels.iter().map(colour).collect();
        self.apply_step(step, rules, |_, _, _| {});
        let present = self.present_tile() != NOTHING;
        for (index, (of, before)) in owners.into_iter().zip(colours).enumerate() {
            let Some(of) = of.filter(|of| *of != restore.by) else {
                continue;
            };
            let after = self.pixels.get(index).map(colour);
            if !present || after != Some(before) {
                overpainted(index, of, restore.by);
            }
        }
    }

    /// Applies an event. `overpainted` is told of what is no rewrite's.
    fn apply_step(
        &mut self,
        step: &Step,
        rules: &Rules,
        overpainted: impl FnMut(usize, UserId, UserId),
    ) {
        if matches!(step.action, StepAction::Liked { .. }) {
            return;
        }
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
                StepAction::Liked { .. } => {}
            }
            self.count_records();
        } else {
            self.write(step, overpainted);
        }
        self.bound();
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

    /// Applies an event that is no rewrite's.
    fn write(&mut self, step: &Step, mut overpainted: impl FnMut(usize, UserId, UserId)) {
        match &step.action {
            StepAction::Created {
                tile,
                creator,
                title,
                pixels,
                version,
                ..
            } => {
                let user = step.cause.map_or(*creator, |cause| cause.by);
                let tile = self.tile_index(*tile, *creator);
                let event = self.push_event(step.seq, user, tile, true);
                self.tile.push(event, tile);
                self.write_title(event, title);
                for (pixel, colour) in self.pixels.iter_mut().zip(pixels.as_bytes()) {
                    pixel.push(event, u32::from(*colour));
                }
                self.records += self.pixels.len();
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
                ..
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
                        self.records += usize::from(is_undone);
                        continue;
                    }
                    if let Some(of) = author(&self.events, pixel).filter(|of| of != updater) {
                        overpainted(index, of, *updater);
                    }
                    pixel.push(event, u32::from(new));
                    self.records += 1;
                }
                if let Some(title) = title {
                    self.update_title(event, undone, title);
                }
            }
            // A like writes nothing.
            StepAction::Liked { .. } => {}
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
                self.records += self.pixels.len();
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
        self.records += compaction::TITLE;
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
        self.records += compaction::EVENT;
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
        *self.tile_indices.entry(id).or_insert_with(|| {
            self.tiles.push(Tile {
                id,
                creator,
                version: 0,
            });
            self.records += compaction::TILE;
            number(self.tiles.len() - 1)
        })
    }

    /// The tile that is there, as an index.
    fn present_tile(&self) -> u32 {
        self.present.last().map_or(NOTHING, |(_, tile)| *tile)
    }

    fn present_before(&self, limit: u32) -> u32 {
        let position = self.present.partition_point(|(event, _)| *event < limit);
        let last = position
            .checked_sub(1)
            .and_then(|position| self.present.get(position));
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
