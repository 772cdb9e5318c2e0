//! A slow model of the definition, for comparison: it keeps the whole list of writes of a
//! pixel and who took each back, and looks through all of it every time.

use super::{Rule, Step, StepAction};
use shared::{
    ids::{RewriteId, TileId, UserId},
    pixels::TRANSPARENT,
};
use std::collections::{BTreeMap, HashMap};

/// A write on a pixel: a colour, or none where the tile was deleted.
#[derive(Clone, Debug)]
struct Write {
    seq: i64,
    user: UserId,
    is_start: bool,
    colour: Option<u8>,
    /// Who took it back, by `seq`, and since when that is undone or in force again; each has
    /// at least the state with which it began.
    takes: BTreeMap<i64, Vec<(i64, bool)>>,
}

impl Write {
    fn is_taken(&self) -> bool {
        self.takes
            .values()
            .any(|states| states.last().is_some_and(|(_, in_force)| *in_force))
    }

    /// Puts every take out of force, or in force, that `of` had put the other way last.
    fn undo(&mut self, seq: i64, of: i64) {
        for (taken_at, states) in &mut self.takes {
            let (last, in_force) = *states.last().unwrap();
            if last == of || (*taken_at == of && in_force) {
                states.push((seq, !in_force));
            }
        }
    }
}

/// One pixel.
#[derive(Clone, Debug, Default)]
struct Pixel {
    writes: Vec<Write>,
}

impl Pixel {
    fn newest(&self) -> Option<&Write> {
        self.writes.iter().rev().find(|write| !write.is_taken())
    }

    fn colour(&self) -> u8 {
        let newest = self.newest();
        newest.and_then(|write| write.colour).unwrap_or(TRANSPARENT)
    }

    fn undone(&self, seq: i64, of: i64) -> Option<Self> {
        if self.newest().is_some_and(|write| write.seq > of) {
            return None;
        }
        let mut after = self.clone();
        for write in &mut after.writes {
            write.undo(seq, of);
            if write.seq == of && !write.is_taken() {
                write.takes.insert(seq, vec![(seq, true)]);
            }
        }
        Some(after)
    }

    /// The same, if it changes which writes are taken back.
    fn stroke_undone(&self, seq: i64, of: i64) -> Option<Self> {
        let after = self.undone(seq, of)?;
        let states =
            |cell: &Self| -> Vec<bool> { cell.writes.iter().map(Write::is_taken).collect() };
        (states(&after) != states(self)).then_some(after)
    }

    fn rewrite(&mut self, seq: i64, rule: &Rule, begun: &HashMap<RewriteId, i64>) {
        match rule {
            Rule::Revert {
                users,
                from_seq,
                to_seq,
            } => loop {
                let newest = self.writes.iter_mut().rev().find(|w| !w.is_taken());
                let Some(write) = newest else { break };
                if !users.contains(&write.user) || write.seq < *from_seq || write.seq > *to_seq {
                    break;
                }
                write.takes.insert(seq, vec![(seq, true)]);
            },
            Rule::Restore { at_seq } => {
                for write in &mut self.writes {
                    if write.seq > *at_seq {
                        if !write.is_taken() {
                            write.takes.insert(seq, vec![(seq, true)]);
                        }
                        continue;
                    }
                    for states in write.takes.values_mut() {
                        let then = states.iter().rev().find(|(since, _)| since <= at_seq);
                        let then = then.is_some_and(|(_, in_force)| *in_force);
                        if states.last().unwrap().1 != then {
                            states.push((seq, then));
                        }
                    }
                }
            }
            Rule::Undo { of } => {
                if let Some(of) = begun.get(of)
                    && let Some(after) = self.undone(seq, *of)
                {
                    *self = after;
                }
            }
        }
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pixels: Vec<Pixel>,
    begun: HashMap<RewriteId, i64>,
    present: Option<TileId>,
}

impl Model {
    pub(super) fn new(area: usize) -> Self {
        Self {
            pixels: vec![Pixel::default(); area],
            begun: HashMap::new(),
            present: None,
        }
    }

    pub(super) fn apply(&mut self, step: &Step, rules: &HashMap<RewriteId, Rule>) {
        let seq = step.seq;
        if let Some(cause) = step.cause {
            if self.begun.insert(cause.rewrite_id, seq).is_none() {
                let begun = self.begun.clone();
                for pixel in &mut self.pixels {
                    pixel.rewrite(seq, &rules[&cause.rewrite_id], &begun);
                }
            } else {
                // The second event of the rewrite in this cell.
                self.begun.insert(cause.rewrite_id, seq - 1);
            }
        }
        match &step.action {
            StepAction::Created {
                tile,
                creator,
                pixels,
                ..
            } => {
                self.present = Some(*tile);
                if step.cause.is_none() {
                    for (pixel, colour) in self.pixels.iter_mut().zip(pixels.as_bytes()) {
                        pixel.writes.push(Write {
                            seq,
                            user: *creator,
                            is_start: true,
                            colour: Some(*colour),
                            takes: BTreeMap::new(),
                        });
                    }
                }
            }
            StepAction::Deleted { deleter } => {
                if step.cause.is_none() {
                    for pixel in &mut self.pixels {
                        pixel.writes.push(Write {
                            seq,
                            user: *deleter,
                            is_start: false,
                            colour: None,
                            takes: BTreeMap::new(),
                        });
                    }
                }
                self.present = None;
            }
            StepAction::Updated {
                updater,
                delta,
                undo_of,
                ..
            } if step.cause.is_none() => {
                for edit in delta {
                    let pixel = &mut self.pixels[usize::from(edit.0)];
                    let undone = undo_of.and_then(|of| pixel.stroke_undone(seq, of));
                    if let Some(after) = undone.filter(|after| after.colour() == edit.1) {
                        *pixel = after;
                    } else if pixel.colour() != edit.1 {
                        pixel.writes.push(Write {
                            seq,
                            user: *updater,
                            is_start: false,
                            colour: Some(edit.1),
                            takes: BTreeMap::new(),
                        });
                    }
                }
            }
            StepAction::Updated { .. } | StepAction::Liked { .. } => {}
        }
    }

    pub(super) fn colours(&self) -> Option<Vec<u8>> {
        self.present?;
        Some(self.pixels.iter().map(Pixel::colour).collect())
    }

    pub(super) fn authors(&self) -> Vec<Option<UserId>> {
        let author = |pixel: &Pixel| {
            let write = pixel.newest()?;
            let blank = write.is_start && write.colour == Some(TRANSPARENT);
            (self.present.is_some() && !blank && write.colour.is_some()).then_some(write.user)
        };
        self.pixels.iter().map(author).collect()
    }

    /// Pixels on which a write of these users lies under somebody else's.
    pub(super) fn buried(&self, rule: &Rule) -> usize {
        let Rule::Revert {
            users,
            from_seq,
            to_seq,
        } = rule
        else {
            return 0;
        };
        let is_buried = |pixel: &&Pixel| {
            let live: Vec<&Write> = pixel.writes.iter().filter(|w| !w.is_taken()).collect();
            live.iter().enumerate().any(|(position, write)| {
                users.contains(&write.user)
                    && (*from_seq..=*to_seq).contains(&write.seq)
                    && live[position..]
                        .iter()
                        .any(|above| above.user != write.user)
            })
        };
        self.pixels.iter().filter(is_buried).count()
    }
}
