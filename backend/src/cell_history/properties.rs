//! Random histories, with rewrites of rewrites and undos of undos, replayed and compared
//! with the model.

use super::{CellHistory, Change, Rule, Rules, Step, StepAction, model::Model};
use chrono::DateTime;
use proptest::{collection::vec, prelude::*};
use shared::{
    api::rewrites::{Cause, RewriteKind},
    ids::{RewriteId, TileId, UserId},
    pixels::{PixelEdit, Pixels, TRANSPARENT},
};
use std::collections::HashMap;

/// A tile of four pixels.
const SIZE: i32 = 2;
const AREA: usize = 4;
const MODERATOR: UserId = UserId(9);

/// What somebody does; numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Act {
    Create(i64, [u8; AREA]),
    Paint(i64, Vec<(u16, u8)>),
    /// A stroke that takes back an earlier one, as a client would send it.
    UndoStroke(usize),
    Rename(i64, u8),
    Delete(i64),
    Revert(Vec<i64>, usize, usize),
    Restore(usize),
    UndoRewrite(usize),
}

fn colour() -> impl Strategy<Value = u8> {
    prop_oneof![0..3_u8, Just(TRANSPARENT)]
}

fn act() -> impl Strategy<Value = Act> {
    let user = 1..4_i64;
    prop_oneof![
        2 => (user.clone(), [colour(), colour(), colour(), colour()])
            .prop_map(|(user, pixels)| Act::Create(user, pixels)),
        8 => (user.clone(), vec((0..4_u16, colour()), 1..4))
            .prop_map(|(user, edits)| Act::Paint(user, edits)),
        4 => any::<usize>().prop_map(Act::UndoStroke),
        1 => (user.clone(), 0..3_u8).prop_map(|(user, title)| Act::Rename(user, title)),
        1 => user.clone().prop_map(Act::Delete),
        3 => (vec(user, 1..3), any::<usize>(), any::<usize>())
            .prop_map(|(users, from, to)| Act::Revert(users, from, to)),
        1 => any::<usize>().prop_map(Act::Restore),
        4 => any::<usize>().prop_map(Act::UndoRewrite),
    ]
}

/// The cell after these events.
fn replay<'a>(steps: impl IntoIterator<Item = &'a Step>, rules: &Rules) -> CellHistory {
    let mut cell = CellHistory::new(SIZE);
    for step in steps {
        cell.apply(step, rules);
    }
    cell
}

/// A cell in use: its log, and what came of it so far.
struct World {
    log: Vec<Step>,
    rules: Rules,
    cell: CellHistory,
    model: Model,
    /// Who wrote with each `seq`.
    strokes: HashMap<i64, UserId>,
    tiles: i64,
}

impl World {
    fn new() -> Self {
        Self {
            log: Vec::new(),
            rules: Rules::new(),
            cell: CellHistory::new(SIZE),
            model: Model::new(AREA),
            strokes: HashMap::new(),
            tiles: 0,
        }
    }

    fn head(&self) -> i64 {
        self.log.last().map_or(0, |step| step.seq)
    }

    fn append(&mut self, cause: Option<Cause>, action: StepAction) {
        let seq = self.head() + 1;
        let step = Step {
            seq,
            at: DateTime::UNIX_EPOCH.into(),
            cause,
            action,
        };
        self.cell.apply(&step, &self.rules);
        self.model.apply(&step, &self.rules);
        self.log.push(step);
        let seen = self.cell.tile();
        let pixels = seen.as_ref().map(|tile| tile.pixels.as_bytes().to_vec());
        assert_eq!(pixels, self.model.colours());
        assert_eq!(
            self.cell.authors(),
            self.model.authors(),
            "{:?} {:?}",
            self.log,
            self.rules
        );
        let again = replay(&self.log, &self.rules);
        assert_eq!(again.tile(), seen);
        assert_eq!(again.authors(), self.cell.authors());
    }

    fn update(&mut self, updater: UserId, delta: Vec<PixelEdit>, undo_of: Option<i64>) {
        self.strokes.insert(self.head() + 1, updater);
        self.append(
            None,
            StepAction::Updated {
                updater,
                title: None,
                delta,
                pixels: None,
                undo_of,
                version: 1,
                like_count: 0,
            },
        );
    }

    fn rewrite(&mut self, kind: RewriteKind, rule: &Rule) -> Change {
        let change = self.cell.clone().preview(rule);
        let rewrite_id = RewriteId(i64::try_from(self.rules.len()).unwrap() + 1);
        self.rules.insert(rewrite_id, rule.clone());
        let cause = Cause {
            kind,
            rewrite_id,
            by: MODERATOR,
        };
        if change.is_nothing() {
            return change;
        }
        if change.is_same_tile() {
            let updated = StepAction::Updated {
                updater: MODERATOR,
                title: change.title().map(str::to_owned),
                delta: change.edits.clone(),
                pixels: None,
                undo_of: None,
                version: 1,
                like_count: 0,
            };
            self.append(Some(cause), updated);
        } else {
            if change.before.is_some() {
                // Both events are applied before anything is compared.
                let deleted = StepAction::Deleted { deleter: MODERATOR };
                self.append(Some(cause), deleted);
            }
            if let Some(tile) = change.after.clone() {
                let created = StepAction::Created {
                    tile: tile.id,
                    creator: tile.creator,
                    title: tile.title,
                    pixels: tile.pixels,
                    version: 1,
                    like_count: 0,
                };
                self.append(Some(cause), created);
            }
        }
        assert_eq!(self.cell.tile(), change.after);
        if matches!(rule, Rule::Revert { .. }) {
            assert_eq!(change.skipped, self.model.buried(rule));
        }
        change
    }

    fn act(&mut self, act: &Act) {
        let tile = self.cell.tile();
        match act {
            Act::Create(user, pixels) if tile.is_none() => {
                self.tiles += 1;
                self.strokes.insert(self.head() + 1, UserId(*user));
                self.append(
                    None,
                    StepAction::Created {
                        tile: TileId(self.tiles),
                        creator: UserId(*user),
                        title: String::new(),
                        pixels: Pixels::from_bytes(pixels.to_vec()),
                        version: 1,
                        like_count: 0,
                    },
                );
            }
            Act::Paint(user, edits) if tile.is_some() => {
                let edits = edits
                    .iter()
                    .map(|(index, colour)| PixelEdit(*index, *colour));
                let mut last: Vec<PixelEdit> = edits.collect();
                last.reverse();
                last.sort_by_key(|edit| edit.0);
                last.dedup_by_key(|edit| edit.0);
                self.update(UserId(*user), last, None);
            }
            Act::UndoStroke(which) if tile.is_some() && !self.strokes.is_empty() => {
                let mut seqs: Vec<i64> = self.strokes.keys().copied().collect();
                seqs.sort_unstable();
                let seq = seqs[which % seqs.len()];
                let before = replay(self.log.iter().filter(|step| step.seq < seq), &self.rules);
                let colours = before.tile().map_or_else(
                    || vec![TRANSPARENT; AREA],
                    |tile| tile.pixels.as_bytes().to_vec(),
                );
                let delta = (0..).zip(colours).map(|(index, c)| PixelEdit(index, c));
                self.update(self.strokes[&seq], delta.collect(), Some(seq));
            }
            Act::Rename(user, title) if tile.is_some() => self.append(
                None,
                StepAction::Updated {
                    updater: UserId(*user),
                    title: Some(title.to_string()),
                    delta: Vec::new(),
                    pixels: None,
                    undo_of: None,
                    version: 1,
                    like_count: 0,
                },
            ),
            Act::Delete(user) if tile.is_some() => {
                let deleter = UserId(*user);
                self.append(None, StepAction::Deleted { deleter });
            }
            Act::Revert(users, from, to) => {
                let head = usize::try_from(self.head()).unwrap() + 1;
                let at = |seq: &usize| i64::try_from(seq % head).unwrap();
                let rule = Rule::Revert {
                    users: users.iter().copied().map(UserId).collect(),
                    from_seq: if from % 2 == 0 { 0 } else { at(from) },
                    to_seq: if to % 2 == 0 { i64::MAX } else { at(to) },
                };
                self.rewrite(RewriteKind::Revert, &rule);
            }
            Act::Restore(seq) => self.restore(*seq),
            Act::UndoRewrite(which) if !self.rules.is_empty() => {
                let of = RewriteId(i64::try_from(which % self.rules.len()).unwrap() + 1);
                self.rewrite(RewriteKind::Undo, &Rule::Undo { of });
            }
            _ => {}
        }
    }

    /// After it the cell is what it was.
    fn restore(&mut self, seq: usize) {
        let head = usize::try_from(self.head()).unwrap() + 1;
        let mut at_seq = i64::try_from(seq % head).unwrap();
        let cause = |seq: i64| {
            let step = self.log.iter().find(|step| step.seq == seq)?;
            step.cause.map(|cause| cause.rewrite_id)
        };
        if cause(at_seq).is_some() && cause(at_seq) == cause(at_seq + 1) {
            at_seq += 1;
        }
        self.rewrite(RewriteKind::Restore, &Rule::Restore { at_seq });
        let then = self.log.iter().filter(|step| step.seq <= at_seq);
        let then = replay(then, &self.rules);
        assert_eq!(self.cell.tile(), then.tile());
        assert_eq!(self.cell.authors(), then.authors());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_replay_is_what_the_definition_says(acts in vec(act(), 1..40)) {
        let mut world = World::new();
        for act in &acts {
            world.act(act);
        }
    }

    /// A rewrite that is undone at once, and that undo undone, and so on.
    #[test]
    fn an_undo_brings_back_what_was(acts in vec(act(), 1..25), users in vec(1..4_i64, 1..3), seq in any::<usize>()) {
        let mut world = World::new();
        for act in &acts {
            world.act(act);
        }
        let rewrites = [
            (RewriteKind::Revert, Rule::Revert {
                users: users.into_iter().map(UserId).collect(),
                from_seq: 0,
                to_seq: i64::MAX,
            }),
            (RewriteKind::Restore, Rule::Restore {
                at_seq: i64::try_from(seq % acts.len()).unwrap(),
            }),
        ];
        for (kind, rule) in rewrites {
            let before = (world.cell.tile(), world.cell.authors());
            world.rewrite(kind, &rule);
            let after = (world.cell.tile(), world.cell.authors());
            for expected in [&before, &after, &before] {
                let of = RewriteId(i64::try_from(world.rules.len()).unwrap());
                world.rewrite(RewriteKind::Undo, &Rule::Undo { of });
                prop_assert_eq!(&(world.cell.tile(), world.cell.authors()), expected);
            }
        }
    }

    #[test]
    fn compacting_keeps_what_is_seen_and_what_a_revert_leads_to(
        acts in vec(act(), 1..40), users in vec(1..4_i64, 1..3),
    ) {
        let mut world = World::new();
        for act in &acts {
            world.act(act);
        }
        let mut whole = world.cell;
        let mut compacted = whole.clone();
        compacted.compact();
        prop_assert_eq!(compacted.tile(), whole.tile());
        prop_assert_eq!(compacted.authors(), whole.authors());
        let rule = Rule::Revert {
            users: users.into_iter().map(UserId).collect(),
            from_seq: 0,
            to_seq: i64::MAX,
        };
        prop_assert_eq!(compacted.preview(&rule), whole.preview(&rule));
        prop_assert_eq!(compacted.authors(), whole.authors());
    }
}

/// A restore that takes no write back may still bring back a tile: one that painters had emptied,
/// and that went when its last pixel was taken back.
#[test]
fn an_undo_takes_back_an_emptied_tile_that_a_restore_brought_back() {
    let mut world = World::new();
    world.act(&Act::Create(3, [2, 0, 0, 0]));
    world.act(&Act::Paint(1, vec![(0, 1)]));
    world.act(&Act::Revert(vec![3], 0, 0));
    world.act(&Act::Paint(1, vec![(0, TRANSPARENT)]));
    let emptied = (world.cell.tile(), world.cell.authors());
    assert!(emptied.0.is_some());
    let at_seq = world.head();
    world.act(&Act::Paint(2, vec![(0, 0)]));
    world.act(&Act::Revert(vec![2], 0, 0));
    assert_eq!(world.cell.tile(), None);
    world.rewrite(RewriteKind::Restore, &Rule::Restore { at_seq });
    assert_eq!((world.cell.tile(), world.cell.authors()), emptied);
    for expected in [None, emptied.0.clone(), None] {
        let of = RewriteId(i64::try_from(world.rules.len()).unwrap());
        world.rewrite(RewriteKind::Undo, &Rule::Undo { of });
        assert_eq!(world.cell.tile(), expected);
    }
}

/// Two users undo by turns: what the one takes back lies under what the other put back, and does
/// not come to light when that is taken back.
#[test]
fn an_undone_stroke_takes_back_what_lies_under_an_older_write() {
    let mut world = World::new();
    world.act(&Act::Create(3, [0, 0, 0, 0]));
    let all = |colour| {
        (0..4)
            .map(|index| PixelEdit(index, colour))
            .collect::<Vec<_>>()
    };
    world.update(UserId(3), all(TRANSPARENT), Some(1));
    world.act(&Act::Paint(1, vec![(0, 1), (1, 1), (2, 1), (3, 1)]));
    world.update(UserId(1), all(TRANSPARENT), Some(3));
    world.update(UserId(3), all(0), Some(2));
    world.update(UserId(1), all(1), Some(4));
    assert_eq!(world.cell.authors(), [Some(UserId(1)); AREA]);
    world.update(UserId(3), all(1), Some(5));
    world.act(&Act::Revert(vec![1], 0, 0));
    assert_eq!(world.cell.authors(), [None; AREA]);
}
