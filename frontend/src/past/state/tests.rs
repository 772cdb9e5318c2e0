//! The state machine with a simulated server, which has the whole log.

#![cfg(not(target_arch = "wasm32"))]

use super::{fetching, *};
use crate::{
    model::{
        replay::{
            TileChange,
            tests::{BOARD, GRID, created, painted, said, seen},
        },
        tile_store::TileStore,
        timeline::{Part, TimeScale},
    },
    past::{effect::LogRangeContent, search::tests::ready},
    session::tests::plain::Plain,
};
use serde_json::json;
use shared::{api::Tile, canvas::Coord, ids::UserId, protocol::DurableEvent, time::Timestamp};
use std::collections::HashSet;

/// The state machine, and what a server would answer.
struct World {
    state: PastState<Plain>,
    log: Vec<DurableEvent>,
    /// What was asked for, in words.
    asked: Vec<String>,
    addresses: Vec<(Option<i64>, bool)>,
    /// What is under way.
    waiting: Vec<Effect>,
    is_away: bool,
}

impl World {
    /// Shows now, on a canvas with this log, all of which is in view.
    fn new(log: Vec<DurableEvent>) -> Self {
        let mut world = Self {
            state: PastState::new(PastStore::default()),
            log,
            asked: Vec::new(),
            addresses: Vec::new(),
            waiting: Vec::new(),
            is_away: false,
        };
        world.state.head_moved(world.head());
        world.state.view_changed(GRID, BOARD);
        world
    }

    /// As [`World::new`], with an open bar and all answers there.
    fn opened(log: Vec<DurableEvent>) -> Self {
        let mut world = Self::new(log);
        world.state.open();
        world.answer();
        world.asked.clear();
        world
    }

    fn head(&self) -> i64 {
        i64::try_from(self.log.len()).unwrap()
    }

    fn store(&self) -> &PastStore<Plain> {
        &self.state.store
    }

    fn moment(&self) -> Option<Moment> {
        self.store().moment.get()
    }

    fn seq(&self) -> Option<i64> {
        self.moment().map(|moment| moment.seq)
    }

    /// What the board shows; none if it shows no tiles of the past.
    fn seen(&self) -> Option<[Option<u8>; 2]> {
        (self.store().display.get() == Display::Tiles).then(|| self.store().tiles.with(seen))
    }

    /// What was to be seen after an event.
    fn was(&self, seq: i64) -> [Option<u8>; 2] {
        let mut tiles = TileStore::default();
        let events = self.log.clone();
        let mut replay = Replay::new(GRID, Some(BOARD), 0, Vec::new(), events, &mut tiles);
        replay.seek(seq, &mut tiles);
        seen(&tiles)
    }

    /// Takes what is asked for.
    fn collect(&mut self) {
        for effect in self.state.take_effects() {
            match &effect {
                Effect::WriteAddress { seq, push } => self.addresses.push((*seq, *push)),
                Effect::LoadTimeline(_) => self.asked.push("timeline".to_owned()),
                Effect::LoadLogRange(log_range) => {
                    self.waiting
                        .retain(|other| !matches!(other, Effect::LoadLogRange(_)));
                    self.asked
                        .push(format!("range {}..{}", log_range.base, log_range.until));
                }
                Effect::LoadEvents { after, until } => {
                    self.asked.push(format!("events {after}..{until}"));
                }
                Effect::Find(_) => self.asked.push("find".to_owned()),
                Effect::LoadOverview { seq, .. } => self.asked.push(format!("overview {seq}")),
                Effect::CancelLogRange => self
                    .waiting
                    .retain(|other| !matches!(other, Effect::LoadLogRange(_))),
                Effect::ClearOverviews => self
                    .waiting
                    .retain(|other| !matches!(other, Effect::LoadOverview { .. })),
                Effect::DropOverviews(_) => {}
            }
            self.waiting.push(effect);
        }
    }

    /// Answers until nothing more is asked for.
    fn answer(&mut self) {
        for _ in 0..1_000 {
            self.collect();
            if self.waiting.is_empty() {
                return;
            }
            let effect = self.waiting.remove(0);
            self.answer_one(effect);
        }
        panic!("asks for ever");
    }

    fn answer_one(&mut self, effect: Effect) {
        let range = |from: i64, to: i64| {
            let index = |seq| usize::try_from(seq).unwrap();
            self.log[index(from)..index(to)].to_vec()
        };
        let is_away = self.is_away;
        let result = move || {
            if is_away {
                Err(PastProblem::Away)
            } else {
                Ok(())
            }
        };
        match effect {
            Effect::LoadTimeline(division) => {
                let scale = result().map(|()| self.timeline(division));
                self.state.timeline_received(scale);
            }
            Effect::LoadLogRange(log_range) => {
                let content = result().map(|()| LogRangeContent {
                    tiles: self.snapshot(log_range.base),
                    events: range(log_range.base, log_range.until),
                });
                self.state.log_range_received(log_range, content);
            }
            Effect::LoadEvents { after, until } => {
                let events = result().map(|()| range(after, until));
                self.state.events_received(events);
            }
            Effect::Find(search) => {
                let scale = self.timeline(Division::Changes);
                let events = async |after, until| result().map(|()| range(after, until));
                let found = ready(search.run(&scale, events));
                self.state.change_found(search, found);
            }
            Effect::LoadOverview { seq, area } => {
                self.state
                    .overview_received(seq, area, result().map(|()| 1.0));
            }
            Effect::CancelLogRange
            | Effect::DropOverviews(_)
            | Effect::ClearOverviews
            | Effect::WriteAddress { .. } => {}
        }
    }

    /// As the server's: at most 200 parts of as many changes as the next.
    fn timeline(&self, division: Division) -> TimeScale {
        let changes: Vec<TileChange> = self.log.iter().filter_map(TileChange::of).collect();
        let per_part = changes.len().div_ceil(200).max(1);
        let mut from_seq = changes.first().map_or(1, |change| change.seq);
        let parts = changes.chunks(per_part).map(|chunk| {
            let to_seq = chunk[chunk.len() - 1].seq;
            let people: HashSet<UserId> = chunk.iter().map(|change| change.actor).collect();
            let part = Part {
                from_seq,
                to_seq,
                from_at: chunk[0].time,
                to_at: chunk[chunk.len() - 1].time,
                events: i64::try_from(chunk.len()).unwrap(),
                people: i64::try_from(people.len()).unwrap(),
            };
            from_seq = to_seq + 1;
            part
        });
        let parts = parts.collect();
        TimeScale::new(division, i64::try_from(changes.len()).unwrap(), parts)
    }

    fn snapshot(&self, seq: i64) -> Vec<Tile> {
        let mut tiles = TileStore::default();
        let events = self.log.clone();
        let mut replay = Replay::new(GRID, Some(BOARD), 0, Vec::new(), events, &mut tiles);
        replay.seek(seq, &mut tiles);
        let time = Timestamp::from(chrono::DateTime::UNIX_EPOCH).to_string();
        let tile = |x| {
            let tile = tiles.shown(Coord { x, y: 0 })?;
            let tile = json!({
                "id": 1, "canvas_id": 1, "x": x, "y": 0, "creator_id": 1,
                "creator_username": "ann", "title": "", "pixels": tile.state.pixels,
                "version": 1, "like_count": 0, "liked_by_me": false, "created_at": time,
                "updated_at": time,
            });
            Some(serde_json::from_value(tile).unwrap())
        };
        [0, 1].into_iter().filter_map(tile).collect()
    }
}

/// Two tiles, in which `people` people paint in turns of ten strokes.
fn long_log(events: i64, people: i64) -> Vec<DurableEvent> {
    let mut log = vec![created(1, 0, 1), created(2, 1, 1)];
    log.extend((3..=events).map(|seq| {
        let who = (seq / 10) % people + 1;
        if seq % 50 == 0 {
            return said(seq);
        }
        let x = i32::try_from(seq % 2).unwrap();
        painted(seq, x, who, u8::try_from(seq % 9).unwrap())
    }));
    log
}

#[test]
fn a_short_log_is_fetched_once_and_shows_every_moment() {
    let mut world = World::new(long_log(450, 3));
    world.state.open();
    world.answer();
    assert_eq!(world.asked, ["timeline", "range 0..450"]);
    for place in [0.9, 0.1, 0.5, 0.0, 0.99] {
        world.state.drag(place);
        let seq = world.seq().unwrap();
        assert_eq!(world.seen(), Some(world.was(seq)));
        assert!(world.moment().unwrap().is_exact);
    }
    world.state.release();
    world.answer();
    assert_eq!(world.asked.len(), 2);
}

#[test]
fn dragging_over_a_long_log_asks_for_nothing_and_letting_go_is_exact() {
    let mut world = World::opened(long_log(9_000, 3));
    for step in 0..500 {
        world.state.drag(f64::from(step) / 500.0);
        assert!(matches!(world.store().display.get(), Display::Picture(_)));
    }
    world.state.drag(0.5);
    world.collect();
    assert_eq!(world.asked, Vec::<String>::new());
    let seq = world.seq().unwrap();
    let Display::Picture(near) = world.store().display.get() else {
        panic!("no picture");
    };
    assert!((near - seq).abs() < 9_000 / 64, "{near} {seq}");
    world.state.drag(0.333);
    world.state.release();
    world.answer();
    let seq = world.seq().unwrap();
    assert_eq!(
        world.asked[0],
        format!("range {}..{}", seq - 100, seq + 100)
    );
    assert_eq!(world.seen(), Some(world.was(seq)));
    assert!(world.moment().unwrap().is_exact);
}

#[test]
fn overviews_are_fetched_one_by_one_and_not_while_a_moment_is_waited_for() {
    let mut world = World::new(long_log(9_000, 3));
    world.state.open();
    world.collect();
    let timeline = world.waiting.remove(0);
    world.answer_one(timeline);
    world.collect();
    assert_eq!(world.asked, ["timeline", "overview 8999"]);
    world.state.drag(0.2);
    world.state.release();
    world.collect();
    let picture = world
        .waiting
        .iter()
        .position(|effect| matches!(effect, Effect::LoadOverview { .. }));
    let picture = world.waiting.remove(picture.unwrap());
    world.answer_one(picture);
    world.collect();
    assert_eq!(world.asked.len(), 3, "{:?}", world.asked);
    world.answer();
    assert!(world.asked.len() > 60);
}

#[test]
fn another_view_has_other_overviews_and_the_moment_stays() {
    let mut world = World::opened(long_log(9_000, 3));
    world.state.drag(0.5);
    world.state.release();
    world.answer();
    let seq = world.seq();
    world.asked.clear();
    let part = Area { x1: 1, ..BOARD };
    world.state.view_changed(GRID, part);
    world.answer();
    // A small board is known whole.
    assert_eq!(
        world.asked.first().map(String::as_str),
        Some("overview 8999")
    );
    assert!(world.asked.iter().all(|one| one.starts_with("overview")));
    assert_eq!(world.seq(), seq);
    assert!(world.seen().is_some());
}

#[test]
fn steps_go_through_a_long_log_both_ways() {
    let mut world = World::opened(long_log(9_000, 3));
    world.state.go_to(5_000);
    world.answer();
    // After the message 5000 the last change is 4999.
    let mut before = 4_999;
    for _ in 0..300 {
        world.state.step(Direction::Back, false);
        world.answer();
        let seq = world.seq().unwrap();
        assert!(seq < before && before - seq <= 2, "{before} {seq}");
        assert_eq!(world.seen(), Some(world.was(seq)));
        before = seq;
    }
    for _ in 0..300 {
        world.state.step(Direction::Forward, false);
        world.answer();
    }
    assert_eq!(world.seen(), Some(world.was(world.seq().unwrap())));
    assert_eq!(world.seq(), Some(4_999));
}

#[test]
fn a_step_back_from_now_is_the_state_before_the_last_change() {
    let mut world = World::opened(long_log(9_000, 3));
    world.state.step(Direction::Back, false);
    world.answer();
    assert_eq!(world.seq(), Some(8_998));
    world.state.step(Direction::Forward, false);
    world.answer();
    assert_eq!(world.seq(), Some(8_999));
    // Only a message follows.
    world.state.step(Direction::Forward, false);
    world.answer();
    assert_eq!(world.seq(), None);
    assert_eq!(world.store().display.get(), Display::Live);
}

#[test]
fn steps_by_person_find_somebody_else_far_away() {
    let mut log = long_log(100, 1);
    log.push(painted(101, 0, 2, 4));
    log.extend((102..=6_000).map(|seq| painted(seq, 1, 1, u8::try_from(seq % 9).unwrap())));
    let mut world = World::opened(log);
    world.state.go_to(5_900);
    world.answer();
    world.state.step(Direction::Back, true);
    world.answer();
    assert_eq!(world.seq(), Some(101));
    let change = world.moment().unwrap().change.unwrap();
    assert_eq!((change.actor, change.at.x), (UserId(2), 0));
    world.state.step(Direction::Back, true);
    world.answer();
    assert_eq!(world.seq(), Some(99));
    world.state.step(Direction::Forward, true);
    world.answer();
    assert_eq!(world.seq(), Some(101));
    world.state.step(Direction::Forward, true);
    world.answer();
    assert_eq!(world.seq(), Some(102));
    // Nobody else comes: now.
    world.state.step(Direction::Forward, true);
    world.answer();
    assert_eq!(world.seq(), None);
    // Whoever goes elsewhere meanwhile stays there.
    world.state.go_to(5_900);
    world.answer();
    world.asked.clear();
    world.state.step(Direction::Back, true);
    world.collect();
    while let Some(effect) = world
        .waiting
        .pop_if(|effect| !matches!(effect, Effect::Find(_)))
    {
        world.answer_one(effect);
        world.collect();
    }
    assert!(world.asked.contains(&"find".to_owned()));
    world.state.drag(0.5);
    world.state.release();
    let elsewhere = world.seq();
    world.answer();
    assert_eq!(world.seq(), elsewhere);
}

/// Frames until it stops to play, at most so many.
fn play(world: &mut World, frames: usize) -> usize {
    for frame in 0..frames {
        world.state.tick(16.0);
        world.answer();
        if let Some(seen) = world.seen() {
            assert_eq!(seen, world.was(world.seq().unwrap()));
        }
        if world.store().playing.get().is_none() {
            return frame;
        }
    }
    frames
}

#[test]
fn playing_goes_to_now_and_stops() {
    let mut world = World::opened(long_log(3_000, 3));
    world.state.set_speed(1_000);
    world.state.play(Direction::Forward);
    world.answer();
    // 3000 changes, a second apart, a thousand times as fast: 3 s.
    let frames = play(&mut world, 1_000);
    assert!((150..260).contains(&frames), "{frames}");
    assert_eq!(world.seq(), None);
    assert!(world.store().is_open.get());
}

#[test]
fn playing_back_goes_to_the_empty_canvas_and_stops() {
    let mut world = World::opened(long_log(3_000, 3));
    world.state.go_to(1_500);
    world.answer();
    world.state.set_speed(1_000);
    world.state.play(Direction::Back);
    let frames = play(&mut world, 1_000);
    assert!((75..200).contains(&frames), "{frames}");
    assert_eq!(world.seq(), Some(0));
    assert_eq!(world.seen(), Some([None, None]));
}

#[test]
fn pausing_stays_and_playing_again_is_faster() {
    let mut world = World::opened(long_log(3_000, 3));
    world.state.go_to(100);
    world.answer();
    world.state.play(Direction::Forward);
    let speed = world.store().speed.get();
    world.state.play(Direction::Forward);
    assert!(world.store().speed.get() > speed);
    play(&mut world, 60);
    let addresses = world.addresses.len();
    world.state.pause();
    world.answer();
    let seq = world.seq().unwrap();
    assert!(seq > 100);
    assert_eq!(world.addresses[addresses..], [(Some(seq), false)]);
    world.state.tick(16.0);
    assert_eq!(world.seq(), Some(seq));
}

#[test]
fn the_address_holds_the_moment_and_back_leads_to_now() {
    let mut world = World::opened(long_log(100, 3));
    world.state.drag(0.5);
    world.collect();
    assert_eq!(world.addresses, []);
    world.state.release();
    let first = world.seq();
    world.state.drag(0.4);
    world.state.release();
    let second = world.seq();
    world.collect();
    assert_eq!(world.addresses, [(first, true), (second, false)]);
    world.state.address_changed(None);
    assert_eq!(world.seq(), None);
    world.state.address_changed(Some(30));
    world.answer();
    assert_eq!(world.seq(), Some(30));
    assert_eq!(world.addresses.len(), 2);
    world.state.now();
    world.collect();
    assert_eq!(world.addresses.last(), Some(&(None, true)));
}

#[test]
fn a_moment_that_is_not_there_is_told() {
    let mut world = World::opened(long_log(100, 3));
    world.state.address_changed(Some(101));
    world.answer();
    assert_eq!(world.seq(), None);
    assert_eq!(world.store().problem.get(), Some(PastProblem::NoSuchMoment));
    assert_eq!(world.addresses, [(None, false)]);
    world.state.go_to(100);
    world.answer();
    assert_eq!(world.store().problem.get(), None);
}

#[test]
fn a_server_that_is_away_is_told_and_asked_again() {
    let mut world = World::opened(long_log(9_000, 3));
    world.is_away = true;
    world.state.drag(0.513);
    world.state.release();
    world.answer();
    assert_eq!(world.store().problem.get(), Some(PastProblem::Away));
    assert!(!world.moment().unwrap().is_exact);
    world.is_away = false;
    world.state.reload();
    world.answer();
    assert_eq!(world.store().problem.get(), None);
    assert!(world.moment().unwrap().is_exact);
}

#[test]
fn only_the_last_moment_is_waited_for() {
    let mut world = World::opened(long_log(9_000, 3));
    world.state.go_to(1_000);
    world.collect();
    let late = world.waiting.remove(0);
    world.state.go_to(7_000);
    world.collect();
    world.answer_one(late);
    assert!(!world.moment().unwrap().is_exact);
    world.answer();
    assert_eq!(world.seen(), Some(world.was(7_000)));
}

#[test]
fn closing_shows_now_and_forgets_the_past() {
    let mut world = World::opened(long_log(9_000, 3));
    world.state.go_to(1_000);
    world.answer();
    world.state.close();
    world.answer();
    assert!(!world.store().is_open.get());
    assert_eq!(world.store().display.get(), Display::Live);
    assert_eq!(world.seq(), None);
}

#[test]
fn the_bar_is_divided_by_time_too() {
    let mut world = World::opened(long_log(500, 3));
    world.state.go_to(250);
    world.state.divide(Division::Time);
    world.answer();
    assert_eq!(
        world.store().scale.get().unwrap().division(),
        Division::Time
    );
    let place = world.store().place.get();
    assert!((place - 0.5).abs() < 0.02, "{place}");
}

#[test]
fn of_a_large_view_the_board_is_shown_by_pictures() {
    let grid = Grid {
        width: 100,
        height: 100,
        tile_size: 8,
        palette: 9,
    };
    let board = fetching::board(&grid);
    let mut world = World::new(long_log(9_000, 3));
    world.state.view_changed(grid, board);
    world.state.open();
    world.answer();
    world.asked.clear();
    world.state.go_to(4_321);
    world.answer();
    assert!(world.asked.contains(&"overview 4321".to_owned()));
    assert!(world.asked.contains(&"range 4221..4421".to_owned()));
    assert_eq!(world.store().display.get(), Display::Picture(4_321));
    assert!(world.moment().unwrap().is_exact);
    world.state.step(Direction::Forward, false);
    world.answer();
    assert_eq!(world.store().display.get(), Display::Picture(4_322));
}

#[test]
fn a_board_that_is_too_wide_for_a_picture_asks_to_come_closer() {
    let grid = Grid {
        width: 256,
        height: 256,
        tile_size: 64,
        palette: 9,
    };
    let mut world = World::new(long_log(9_000, 3));
    world.state.view_changed(grid, fetching::board(&grid));
    world.state.go_to(4_321);
    world.answer();
    assert_eq!(world.store().problem.get(), Some(PastProblem::TooFar));
    let close = Area {
        x1: 9,
        y1: 9,
        ..BOARD
    };
    world.state.view_changed(grid, close);
    world.answer();
    assert_eq!(world.store().problem.get(), None);
    assert_eq!(world.seen(), Some(world.was(4_321)));
}
