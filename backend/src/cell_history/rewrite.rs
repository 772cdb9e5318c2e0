//! How a rewrite's rule is applied to a cell: which writes it takes back or puts back, and
//! which tile is there afterwards.

use super::{
    CellHistory, Change, Rule, Traces, at,
    slot::{NOTHING, Slot},
    to_colour,
};
use shared::{
    ids::{RewriteId, UserId},
    pixels::TRANSPARENT,
};

impl CellHistory {
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
    pub(super) fn rewrite(&mut self, id: RewriteId, rule: &Rule, seq: i64) -> Change {
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
        let tile_left = || match touched {
            Some(_) => self.tile_left(),
            None => self.present_tile(),
        };
        let present = match rule {
            Rule::Restore { at_seq } => self.present_at(*at_seq),
            Rule::Revert { .. } => tile_left(),
            // Also where no write was touched: a restore may have brought back an emptied tile.
            Rule::Undo { of } => self.tile_before(*of).unwrap_or_else(tile_left),
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

    /// The tile that was there after an event. Two events that exchange it for another one
    /// count as one.
    fn present_at(&self, seq: i64) -> u32 {
        let limit = self.first_event_after(seq);
        let mut traces = self.rewrites.values();
        let exchange = traces.find(|t| t.first_event < limit && limit <= t.last_event);
        self.present_before(exchange.map_or(limit, |traces| traces.last_event + 1))
    }
}
