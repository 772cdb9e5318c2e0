//! Steps through the changes, and the player.

use super::{BEFORE, LOG_RANGE_LEN, PastState, Pending};
use crate::{
    model::{
        player::{self, Direction, Player, SPEEDS},
        replay::{Replay, Step},
    },
    past::{effect::Effect, search::Search},
    store::{
        backend::{Backend, Var},
        past::PastProblem,
    },
};

/// Most events of a range that is searched for a step.
const MAX_LOG_RANGE_LEN: i64 = 3_200;
/// How often the range is made longer for a step, before it is looked for further away.
const MAX_TRIES: u32 = 3;
/// A player that has fewer events ahead asks for more.
const AHEAD: i64 = 400;
/// Most events that are asked for at once.
const MAX_AHEAD: i64 = 800;
/// Most changes that a player shows in one frame.
const MAX_CHANGES_PER_FRAME: usize = 500;

impl<B: Backend> PastState<B> {
    /// Steps by one change, or to the next change by somebody else.
    pub fn step(&mut self, direction: Direction, by_person: bool) {
        self.open();
        self.stop_playing();
        self.pending = Some(Pending {
            direction,
            by_person,
            tries: 0,
            search: None,
        });
        self.try_step();
    }

    pub(super) fn try_step(&mut self) {
        let is_near = |pending: &mut Pending| pending.search.is_none();
        let Some(mut pending) = self.pending.take_if(is_near) else {
            return;
        };
        let moment = self.store.moment.get();
        if moment.is_none() && pending.direction == Direction::Forward {
            return;
        }
        let from = moment.map_or(self.head, |moment| moment.seq);
        let Pending {
            direction,
            by_person,
            ..
        } = pending;
        let replay = self.replay.as_ref().filter(|replay| replay.reaches(from));
        let step = replay.map(|replay| replay.step(from, direction, by_person));
        let (start, end) = replay.map_or((from, from), |replay| (replay.start(), replay.end()));
        match (step, direction) {
            (Some(Step::To(seq)), _) => {
                self.show(seq);
                self.settle();
                return;
            }
            (Some(Step::Beyond), Direction::Forward) if end >= self.head => {
                self.now();
                return;
            }
            _ => {}
        }
        pending.tries += 1;
        if pending.tries > MAX_TRIES {
            let here = replay.and_then(|replay| replay.last_change(from));
            let search = Search {
                from: match here {
                    Some(here) if direction == Direction::Back && !by_person => here.seq - 1,
                    _ => from,
                },
                direction,
                except: here.filter(|_| by_person).map(|here| here.actor),
                head: self.head,
            };
            pending.search = Some(search);
            self.pending = Some(pending);
            self.effects.push(Effect::Find(search));
            return;
        }
        self.pending = Some(pending);
        match (step, direction) {
            (Some(Step::Beyond), Direction::Forward) => self.extend(MAX_AHEAD),
            (Some(_), _) => {
                let reach = (LOG_RANGE_LEN << pending.tries).min(MAX_LOG_RANGE_LEN);
                self.load((start - reach).max(0), from);
            }
            (None, _) => self.load((from - BEFORE).max(0), (from + BEFORE).min(self.head)),
        }
    }

    /// A change was found that is far away; none if there is none.
    pub fn change_found(&mut self, search: Search, answer: Result<Option<i64>, PastProblem>) {
        let is_it = |pending: &mut Pending| pending.search == Some(search);
        if self.pending.take_if(is_it).is_none() {
            return;
        }
        match (answer, search.direction) {
            (Ok(None), Direction::Forward) => self.now(),
            (Ok(found), _) => {
                self.show(found.unwrap_or(0));
                self.settle();
            }
            (Err(problem), _) => self.fail(problem),
        }
    }

    /// Begins to play; again in the same direction, it plays faster.
    pub fn play(&mut self, direction: Direction) {
        self.open();
        self.pending = None;
        if self.store.playing.get() == Some(direction) {
            self.store
                .speed
                .update(|speed| *speed = player::faster(*speed));
            return;
        }
        let moment = self.store.moment.get();
        if moment.is_none() && direction == Direction::Forward {
            // From the beginning.
            self.show(0);
        }
        self.player = Some(Player::new(direction));
        self.store.playing.set(Some(direction));
        self.store.problem.set_if_changed(None);
    }

    /// Sets how many times as fast as it was it plays: one of [`SPEEDS`].
    pub fn set_speed(&mut self, speed: u32) {
        if SPEEDS.contains(&speed) {
            self.store.speed.set_if_changed(speed);
        }
    }

    /// Stops to play.
    pub fn pause(&mut self) {
        if self.player.is_some() {
            self.stop_playing();
            self.settle();
        }
    }

    pub(super) fn stop_playing(&mut self) {
        self.player = None;
        self.store.playing.set_if_changed(None);
    }

    /// A frame of the player, so many milliseconds after the last one.
    pub fn tick(&mut self, ms: f64) {
        let Some(mut player) = self.player else {
            return;
        };
        player.elapse(ms);
        let moment = self.store.moment.get();
        let from = moment.map_or(self.head, |moment| moment.seq);
        let speed = self.store.speed.get();
        let mut seq = from;
        let mut is_over = false;
        let replay = self.replay.as_ref().filter(|replay| replay.reaches(from));
        if let Some(replay) = replay {
            for _ in 0..MAX_CHANGES_PER_FRAME {
                let Step::To(next) = replay.step(seq, player.direction, false) else {
                    is_over = player.direction == Direction::Forward && replay.end() >= self.head;
                    if !is_over {
                        player.stall();
                    }
                    break;
                };
                if next == seq {
                    is_over = true;
                    break;
                }
                let time = |seq| replay.last_change(seq).map(|change| change.time.millis());
                let gap = time(seq).zip(time(next)).map_or(0, |(a, b)| (a - b).abs());
                if !player.is_due(gap, speed) {
                    break;
                }
                seq = next;
            }
        } else {
            player.stall();
        }
        self.player = Some(player);
        if seq != from {
            self.show(seq);
        }
        match player.direction {
            Direction::Forward if is_over => self.now(),
            Direction::Back if is_over => self.pause(),
            direction => self.fetch_for_player(seq, direction),
        }
    }

    /// Fetches the events that a player needs next.
    pub(super) fn fetch_for_player(&mut self, seq: i64, direction: Direction) {
        let ahead = match direction {
            _ if self
                .replay
                .as_ref()
                .is_none_or(|replay| !replay.reaches(seq)) =>
            {
                None
            }
            Direction::Forward => self.replay.as_ref().map(|replay| replay.end() - seq),
            Direction::Back => self.replay.as_ref().map(|replay| seq - replay.start()),
        };
        match (ahead, direction) {
            (None, _) => self.load((seq - BEFORE).max(0), (seq + BEFORE).min(self.head)),
            (Some(ahead), Direction::Forward) if ahead < AHEAD => self.extend(MAX_AHEAD),
            (Some(ahead), Direction::Back) if ahead < BEFORE => {
                let start = self.replay.as_ref().map_or(0, Replay::start);
                if start > 0 && self.loading.is_none() {
                    self.load((start - AHEAD).max(0), seq);
                }
            }
            _ => {}
        }
    }
}
