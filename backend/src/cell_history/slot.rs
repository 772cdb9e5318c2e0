//! The writes on one pixel, on the title, or on the tile of a cell as such, and which of
//! them were taken back. Events are named by their index, in the order of `seq`.

/// No tile, hence no colour.
pub(super) const NOTHING: u32 = u32::MAX;

/// One write.
#[derive(Clone, Copy, Debug)]
pub(super) struct Write {
    pub(super) event: u32,
    /// What was written; [`NOTHING`] by the deletion of a tile.
    pub(super) value: u32,
    /// How many takes of it are in force.
    takes: u32,
}

/// A rewrite, or an undoing stroke, took a write back.
#[derive(Clone, Copy, Debug)]
struct Take {
    event: u32,
    write: u32,
    is_in_force: bool,
    /// The [`Switch`] that decided last whether it is in force.
    last_switch: Option<u32>,
}

/// An undo or a restore put a take in force, or out of it.
#[derive(Clone, Copy, Debug)]
struct Switch {
    event: u32,
    take: u32,
    is_in_force: bool,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Slot {
    writes: Vec<Write>,
    /// The writes that were not taken back, oldest first.
    live: Vec<u32>,
    takes: Vec<Take>,
    switches: Vec<Switch>,
}

impl Slot {
    /// How much memory it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>()
            + size_of::<Write>() * self.writes.capacity()
            + size_of::<u32>() * self.live.capacity()
            + size_of::<Take>() * self.takes.capacity()
            + size_of::<Switch>() * self.switches.capacity()
    }

    /// How many records it has.
    pub(super) fn records(&self) -> usize {
        self.writes.len() + self.takes.len() + self.switches.len()
    }

    /// The events that it names.
    pub(super) fn events(&self) -> impl Iterator<Item = u32> {
        let writes = self.writes.iter().map(|write| write.event);
        let takes = self.takes.iter().map(|take| take.event);
        writes
            .chain(takes)
            .chain(self.switches.iter().map(|it| it.event))
    }

    /// The same, to be changed.
    pub(super) fn events_mut(&mut self) -> impl Iterator<Item = &mut u32> {
        let writes = self.writes.iter_mut().map(|write| &mut write.event);
        let takes = self.takes.iter_mut().map(|take| &mut take.event);
        let switches = self.switches.iter_mut().map(|switch| &mut switch.event);
        writes.chain(takes).chain(switches)
    }

    /// What was written.
    pub(super) fn values(&self) -> impl Iterator<Item = u32> {
        self.writes.iter().map(|write| write.value)
    }

    /// The same, to be changed.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut u32> {
        self.writes.iter_mut().map(|write| &mut write.value)
    }

    /// Forgets what was taken back; of writes in a row of one user all but the first and the
    /// last; and of more than `most` those in the middle. The newest write stays.
    pub(super) fn compact<U: PartialEq>(&mut self, most: usize, user: impl Fn(u32) -> U) {
        let mut kept: Vec<Write> = Vec::new();
        for write in &self.live {
            let Some(write) = self.writes.get(index(*write)) else {
                continue;
            };
            let of = user(write.event);
            let is_of = |other: &Write| user(other.event) == of;
            if let [.., before, last] = kept.as_mut_slice()
                && is_of(before)
                && is_of(last)
            {
                *last = *write;
            } else {
                kept.push(*write);
            }
        }
        if kept.len() > most {
            kept.drain(most / 2..kept.len() - most / 2);
        }
        kept.shrink_to_fit();
        self.live = (0..count(&kept)).collect();
        self.writes = kept;
        self.takes = Vec::new();
        self.switches = Vec::new();
    }

    /// The newest write that was not taken back.
    pub(super) fn top(&self) -> Option<Write> {
        self.live_write(0)
    }

    /// What the newest write that was not taken back wrote.
    pub(super) fn value(&self) -> u32 {
        self.top().map_or(NOTHING, |write| write.value)
    }

    /// The events of the writes that were not taken back, newest first.
    pub(super) fn live_events(&self) -> impl Iterator<Item = u32> {
        let live = self.live.iter().rev();
        live.filter_map(|write| Some(self.writes.get(index(*write))?.event))
    }

    /// The live write that has `above` others over it.
    fn live_write(&self, above: usize) -> Option<Write> {
        let position = self.live.len().checked_sub(above + 1)?;
        self.writes.get(index(*self.live.get(position)?)).copied()
    }

    pub(super) fn push(&mut self, event: u32, value: u32) {
        self.live.push(count(&self.writes));
        self.writes.push(Write {
            event,
            value,
            takes: 0,
        });
    }

    /// Takes back the newest writes as long as they are of such events. False if there was
    /// none.
    pub(super) fn revert(&mut self, event: u32, is_target: impl Fn(u32) -> bool) -> bool {
        let mut is_touched = false;
        while self.top().is_some_and(|write| is_target(write.event)) {
            self.take_top(event);
            is_touched = true;
        }
        is_touched
    }

    /// Makes it what it was when only the events below `limit` had happened. False if it
    /// is that already.
    pub(super) fn restore(&mut self, event: u32, limit: u32) -> bool {
        let mut is_touched = self.revert(event, |written| written >= limit);
        let mut then: Vec<bool> = self.takes.iter().map(|take| take.event < limit).collect();
        for switch in &self.switches {
            if switch.event < limit
                && let Some(state) = then.get_mut(index(switch.take))
            {
                *state = switch.is_in_force;
            }
        }
        for (take, is_in_force) in (0_u32..).zip(then) {
            let is_changed = self.takes.get(index(take)).is_some_and(|found| {
                let written = self.writes.get(index(found.write));
                found.is_in_force != is_in_force && written.is_some_and(|w| w.event < limit)
            });
            if is_changed {
                self.switch(event, take, is_in_force);
                is_touched = true;
            }
        }
        is_touched
    }

    /// Takes back what `undone` did, unless something newer was written since. False if
    /// nothing was to do.
    pub(super) fn undo(&mut self, event: u32, undone: u32) -> bool {
        if self.top().is_some_and(|write| write.event > undone) {
            return false;
        }
        let mut is_touched = false;
        for (take, is_in_force) in self.switches_to_undo(undone) {
            self.switch(event, take, is_in_force);
            is_touched = true;
        }
        if self.top().is_some_and(|write| write.event == undone) {
            self.take_top(event);
            is_touched = true;
        }
        is_touched
    }

    /// The value that [`Self::undo`] of a stroke would lead to; none if something newer was
    /// written since, or if no write would be taken back or put back.
    pub(super) fn value_after_undo(&self, undone: u32) -> Option<u32> {
        let top = self.top();
        if top.is_some_and(|write| write.event > undone) {
            return None;
        }
        let below = || self.live_write(1).map_or(NOTHING, |write| write.value);
        if top.is_some_and(|write| write.event == undone) {
            return Some(below());
        }
        // A stroke has at most one of them on a pixel.
        let (take, is_in_force) = self.switches_to_undo(undone).next()?;
        let position = self.takes.get(index(take))?.write;
        let write = self.writes.get(index(position))?;
        // Where an older write is concerned, what is seen stays.
        let newest = self.live.last().copied();
        match write.takes {
            0 if is_in_force && newest == Some(position) => Some(below()),
            0 if is_in_force => Some(self.value()),
            1 if !is_in_force && newest.is_none_or(|newest| newest < position) => Some(write.value),
            1 if !is_in_force => Some(self.value()),
            _ => None,
        }
    }

    /// Whether something that `undone` did is still in effect.
    pub(super) fn has_effect_of(&self, undone: u32) -> bool {
        self.switches_to_undo(undone).next().is_some()
    }

    /// The takes to switch so that `undone` has no effect on takes any more, and whether
    /// each is in force then.
    fn switches_to_undo(&self, undone: u32) -> impl Iterator<Item = (u32, bool)> + use<> {
        let first = self.takes.partition_point(|take| take.event < undone);
        let mut found = Vec::new();
        for (position, take) in (0_u32..).zip(&self.takes).skip(first) {
            if take.event != undone {
                break;
            }
            if take.is_in_force {
                found.push((position, false));
            }
        }
        let first = self.switches.partition_point(|s| s.event < undone);
        for (position, switch) in (0_u32..).zip(&self.switches).skip(first) {
            if switch.event != undone {
                break;
            }
            let take = self.takes.get(index(switch.take));
            if take.is_some_and(|take| take.last_switch == Some(position)) {
                found.push((switch.take, !switch.is_in_force));
            }
        }
        found.into_iter()
    }

    fn take_top(&mut self, event: u32) {
        let Some(write) = self.live.pop() else { return };
        if let Some(taken) = self.writes.get_mut(index(write)) {
            taken.takes += 1;
        }
        self.takes.push(Take {
            event,
            write,
            is_in_force: true,
            last_switch: None,
        });
    }

    fn switch(&mut self, event: u32, take: u32, is_in_force: bool) {
        let position = count(&self.switches);
        let Some(switched) = self.takes.get_mut(index(take)) else {
            return;
        };
        switched.is_in_force = is_in_force;
        switched.last_switch = Some(position);
        let write = switched.write;
        self.switches.push(Switch {
            event,
            take,
            is_in_force,
        });
        let Some(changed) = self.writes.get_mut(index(write)) else {
            return;
        };
        if is_in_force {
            changed.takes += 1;
        } else {
            changed.takes -= 1;
        }
        let is_live = changed.takes == 0;
        match self.live.binary_search(&write) {
            Ok(at) if !is_live => {
                self.live.remove(at);
            }
            Err(at) if is_live => self.live.insert(at, write),
            _ => {}
        }
    }
}

fn index(position: u32) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

fn count<T>(items: &[T]) -> u32 {
    u32::try_from(items.len()).unwrap_or(u32::MAX)
}
