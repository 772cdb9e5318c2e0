//! What is shown of the past, and what has to be fetched for it: a state
//! machine without clock, browser or signals, so that it is tested on the host.
//!
//! Two things are fetched. A *stretch* of the log with the tiles before it
//! shows each of its events exactly, whatever was shown before, without asking
//! the server. *Overviews* are pictures of what is in view at places all over
//! the bar; they are fetched ahead, the coarse ones first. While somebody drags,
//! nothing is asked for: the board shows the stretch where it reaches, else the
//! nearest overview. When the handle is let go, the stretch around it is
//! fetched. Of a short log all is fetched at once.

use super::effect::{Effect, Stretch, StretchContent};
use crate::{
    model::{
        overviews::Overviews,
        player::{self, Direction, Player, SPEEDS},
        replay::{self, Replay, Step},
        tile_store::TileStore,
        timeline::{Division, TimeScale},
    },
    store::{
        backend::{Backend, Var},
        past::{Display, Moment, PastProblem, PastStore},
    },
};
use shared::{api::rewrites::Area, canvas::Grid, protocol::DurableEvent};
use std::sync::Arc;

/// A log of at most so many events is fetched whole.
const SHORT_LOG: i64 = 2_000;
/// Events of a stretch, and how many of them are before what is looked at.
const STRETCH: i64 = 200;
const BEFORE: i64 = 100;
/// Most events of a stretch that is searched for a step.
const MAX_STRETCH: i64 = 3_200;
/// How often a step is searched for further away.
const MAX_TRIES: u32 = 12;
/// A player that has fewer events ahead asks for more.
const AHEAD: i64 = 400;
/// Most events that are asked for at once.
const MAX_AHEAD: i64 = 800;
/// Most changes that a player shows in one frame.
const MAX_CHANGES_PER_FRAME: usize = 500;
/// Most cells of which the tiles are fetched. Of more only pictures are.
const MAX_CELLS: i64 = 4_096;
/// A board of at most so many cells is fetched whole.
const SMALL_BOARD: i64 = 1_024;
/// The longer side of an overview is at most so many pixels.
pub const MAX_OVERVIEW_SIDE: i64 = 1_024;
/// The server makes no larger pictures, in pixels a side.
const MAX_PICTURE_SIDE: i64 = 8_192;

/// A step that waits for events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pending {
    direction: Direction,
    by_person: bool,
    tries: u32,
}

/// The state machine; see the description of the module.
pub struct PastState<B: Backend> {
    store: PastStore<B>,
    effects: Vec<Effect>,
    grid: Option<Grid>,
    /// The cells in view.
    view: Option<Area>,
    /// The last event of the canvas.
    head: i64,
    replay: Option<Replay>,
    /// The stretch that is under way.
    loading: Option<Stretch>,
    is_extending: bool,
    overviews: Overviews,
    overview_area: Option<Area>,
    /// The picture that is under way.
    fetching: Option<i64>,
    is_dragging: bool,
    player: Option<Player>,
    pending: Option<Pending>,
    /// The moment in the page's address.
    address: Option<i64>,
}

impl<B: Backend> PastState<B> {
    /// Shows now, with a closed bar.
    pub fn new(store: PastStore<B>) -> Self {
        Self {
            store,
            effects: Vec::new(),
            grid: None,
            view: None,
            head: 0,
            replay: None,
            loading: None,
            is_extending: false,
            overviews: Overviews::default(),
            overview_area: None,
            fetching: None,
            is_dragging: false,
            player: None,
            pending: None,
            address: None,
        }
    }

    /// What is to be done since the last call.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// The board shows these cells now.
    pub fn view_changed(&mut self, grid: Grid, view: Area) {
        if (self.grid, self.view) == (Some(grid), Some(view)) {
            return;
        }
        self.grid = Some(grid);
        self.view = Some(view);
        self.prepare();
        self.refresh();
    }

    /// The canvas has events up to this one.
    pub fn head_moved(&mut self, head: i64) {
        self.head = head;
    }

    /// Opens the bar.
    pub fn open(&mut self) {
        if !self.store.is_open.get() {
            self.store.is_open.set(true);
            self.store.place.set(1.0);
            self.reload();
        }
    }

    /// Fetches the timeline, also again after a problem.
    pub fn reload(&mut self) {
        self.store.problem.set_if_changed(None);
        let division = self.store.division.get();
        self.effects.push(Effect::LoadTimeline(division));
        self.prepare();
        self.refresh();
    }

    /// Closes the bar and shows now.
    pub fn close(&mut self) {
        self.now();
        self.store.is_open.set_if_changed(false);
        self.store.scale.set(None);
        self.store.tiles.set(TileStore::default());
        self.store.problem.set_if_changed(None);
        self.replay = None;
        self.overviews = Overviews::default();
        self.overview_area = None;
        self.fetching = None;
        self.effects.push(Effect::ClearOverviews);
    }

    /// Divides the bar by time or by changes.
    pub fn divide(&mut self, division: Division) {
        if self.store.division.get() != division {
            self.store.division.set(division);
            self.effects.push(Effect::LoadTimeline(division));
        }
    }

    /// The timeline came.
    pub fn timeline_received(&mut self, answer: Result<TimeScale, PastProblem>) {
        match answer {
            Ok(scale) if scale.division() == self.store.division.get() => {
                let moment = self.store.moment.get();
                let place = moment.map_or(1.0, |moment| scale.place_of(moment.seq));
                self.store.place.set(place);
                self.store.scale.set(Some(Arc::new(scale)));
                self.prepare();
            }
            Ok(_) => {}
            Err(problem) => self.store.problem.set(Some(problem)),
        }
    }

    /// Fetches what dragging needs: all of a short log, else overviews.
    fn prepare(&mut self) {
        if !self.store.is_open.get() || self.store.scale.with(Option::is_none) {
            return;
        }
        let (Some(grid), Some(view)) = (self.grid, self.view) else {
            return;
        };
        if self.is_short() {
            let is_there = self.replay.as_ref().is_some_and(|replay| {
                replay.start() == 0 && replay.end() > 0 && replay.covers(view)
            });
            if !is_there && self.loading.is_none() {
                self.load(0, self.head);
            }
            return;
        }
        let side = i64::from(grid.tile_size);
        let (width, height) = (
            i64::from(view.x1 - view.x0 + 1) * side,
            i64::from(view.y1 - view.y0 + 1) * side,
        );
        if self.overview_area == Some(view) || width.max(height) > MAX_PICTURE_SIDE {
            return;
        }
        self.effects.push(Effect::ClearOverviews);
        self.fetching = None;
        let shrink = (width.max(height) / MAX_OVERVIEW_SIDE).max(1);
        let bytes = (width / shrink) * (height / shrink) * 4;
        if let Some(scale) = self.store.scale.get() {
            self.overviews = Overviews::new(bytes, |place| scale.seq_at(place));
            self.overview_area = Some(view);
            self.fetch_ahead();
        }
    }

    fn is_short(&self) -> bool {
        (1..=SHORT_LOG).contains(&self.head)
    }

    /// Fetches the next overview, while nothing more urgent is fetched.
    fn fetch_ahead(&mut self) {
        let is_busy = self.fetching.is_some() || self.loading.is_some() || self.player.is_some();
        if is_busy {
            return;
        }
        if let (Some(area), Some(seq)) = (self.overview_area, self.overviews.next()) {
            self.fetching = Some(seq);
            self.effects.push(Effect::LoadOverview { seq, area });
        }
    }

    /// A picture came, after a time in milliseconds.
    pub fn overview_received(&mut self, seq: i64, area: Area, answer: Result<f64, PastProblem>) {
        if self.overview_area != Some(area) || self.fetching != Some(seq) {
            return;
        }
        self.fetching = None;
        match answer {
            Ok(waited_ms) => {
                let given_up = self.overviews.loaded(seq, waited_ms);
                if !given_up.is_empty() {
                    self.effects.push(Effect::DropOverviews(given_up));
                }
                self.refresh();
            }
            Err(problem) => {
                let wanted = self.store.moment.get();
                if is_far(area) && wanted.is_some_and(|moment| moment.seq == seq) {
                    self.store.problem.set(Some(problem));
                }
                return;
            }
        }
        self.fetch_ahead();
    }

    /// Somebody drags the handle to a place from 0 to 1.
    pub fn drag(&mut self, place: f64) {
        let place = place.clamp(0.0, 1.0);
        let Some(scale) = self.store.scale.get() else {
            return;
        };
        self.stop_playing();
        self.pending = None;
        self.is_dragging = true;
        self.store.place.set_if_changed(place);
        if place >= 1.0 {
            self.show_now();
        } else {
            self.show(scale.seq_at(place));
        }
    }

    /// The handle is let go.
    pub fn release(&mut self) {
        if std::mem::take(&mut self.is_dragging) {
            self.settle();
        }
    }

    /// Shows the board after an event, and opens the bar.
    pub fn go_to(&mut self, seq: i64) {
        self.open();
        self.stop_playing();
        self.pending = None;
        if seq > self.head || seq < 0 {
            self.store.problem.set(Some(PastProblem::NoSuchMoment));
            let seq = self.store.moment.get().map(|moment| moment.seq);
            self.address = seq;
            self.effects.push(Effect::WriteAddress { seq, push: false });
            return;
        }
        self.store.problem.set_if_changed(None);
        self.show(seq);
        self.settle();
    }

    /// Shows the canvas before anything was drawn.
    pub fn first(&mut self) {
        self.go_to(0);
    }

    /// Shows now; the bar stays open.
    pub fn now(&mut self) {
        self.stop_playing();
        self.pending = None;
        self.is_dragging = false;
        if !self.is_short() {
            self.cancel();
        }
        self.show_now();
        self.store.place.set_if_changed(1.0);
        self.write_address();
    }

    /// The page's address was changed by the browser: Back, Forward, or a link.
    pub fn address_changed(&mut self, seq: Option<i64>) {
        self.address = seq;
        match seq {
            Some(seq) => self.go_to(seq),
            None => self.now(),
        }
    }

    /// Steps by one change, or to the next change by somebody else.
    pub fn step(&mut self, direction: Direction, by_person: bool) {
        self.open();
        self.stop_playing();
        self.pending = Some(Pending {
            direction,
            by_person,
            tries: 0,
        });
        self.try_step();
    }

    fn try_step(&mut self) {
        let Some(mut pending) = self.pending.take() else {
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
            // So far, there is nobody else.
            let edge = match direction {
                Direction::Back => start,
                Direction::Forward => end,
            };
            self.show(edge);
            self.settle();
            return;
        }
        self.pending = Some(pending);
        match (step, direction) {
            (Some(Step::Beyond), Direction::Forward) => self.extend(MAX_AHEAD),
            (Some(_), _) => {
                let reach = (STRETCH << pending.tries).min(MAX_STRETCH);
                self.load((start - reach).max(0), from);
            }
            (None, _) => self.load((from - BEFORE).max(0), (from + BEFORE).min(self.head)),
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

    fn stop_playing(&mut self) {
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
    fn fetch_for_player(&mut self, seq: i64, direction: Direction) {
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

    /// Asks for the events after the last one.
    fn extend(&mut self, count: i64) {
        let Some(replay) = &self.replay else { return };
        let after = replay.end();
        let until = (after + count).min(self.head);
        if !self.is_extending && until > after {
            self.is_extending = true;
            self.effects.push(Effect::LoadEvents { after, until });
        }
    }

    /// Asks for a stretch, unless it is under way.
    fn load(&mut self, base: i64, until: i64) {
        let (Some(grid), Some(view)) = (self.grid, self.view) else {
            return;
        };
        let area = if base == 0 {
            // There was nothing yet, so that the events are all of it.
            Some(board(&grid))
        } else {
            around(&grid, view)
        };
        let stretch = Stretch { base, until, area };
        if self.loading != Some(stretch) {
            self.loading = Some(stretch);
            self.effects.push(Effect::LoadStretch(stretch));
        }
    }

    fn cancel(&mut self) {
        if self.loading.take().is_some() {
            self.effects.push(Effect::CancelStretch);
        }
    }

    /// A stretch came.
    pub fn stretch_received(
        &mut self,
        stretch: Stretch,
        answer: Result<StretchContent, PastProblem>,
    ) {
        if self.loading != Some(stretch) {
            return;
        }
        self.loading = None;
        let (Some(grid), true) = (self.grid, self.store.is_open.get()) else {
            return;
        };
        let content = match answer {
            Ok(content) => content,
            Err(problem) => return self.fail(problem),
        };
        let mut replay = None;
        self.store.tiles.update_quietly(|shown| {
            replay = Some(Replay::new(
                grid,
                stretch.area,
                stretch.base,
                content.tiles,
                content.events,
                shown,
            ));
        });
        self.replay = replay;
        self.is_extending = false;
        self.store.problem.set_if_changed(None);
        self.refresh();
        self.try_step();
        self.fetch_ahead();
    }

    /// Events came that follow those that are there.
    pub fn events_received(&mut self, answer: Result<Vec<DurableEvent>, PastProblem>) {
        self.is_extending = false;
        match (answer, &mut self.replay) {
            (Ok(events), Some(replay)) => {
                let before = replay.end();
                replay.extend(events);
                if replay.end() == before && self.pending.is_some() {
                    self.pending = None;
                    return;
                }
                self.try_step();
            }
            (Ok(_), None) => {}
            (Err(problem), _) => self.fail(problem),
        }
    }

    fn fail(&mut self, problem: PastProblem) {
        self.pending = None;
        self.stop_playing();
        self.store.problem.set(Some(problem));
    }

    /// Shows what is there for the moment, and asks for the rest.
    fn refresh(&mut self) {
        if let Some(moment) = self.store.moment.get() {
            self.show(moment.seq);
            if !self.is_dragging {
                self.want();
            }
        }
    }

    /// The moment is one that stays.
    fn settle(&mut self) {
        self.want();
        self.write_address();
    }

    fn write_address(&mut self) {
        let seq = self.store.moment.get().map(|moment| moment.seq);
        if self.address != seq {
            // Between now and the past, Back leads back; within the past it does not stop at each
            // place where the handle was.
            let push = self.address.is_none() || seq.is_none();
            self.address = seq;
            self.effects.push(Effect::WriteAddress { seq, push });
        }
    }

    fn show_now(&self) {
        self.store.moment.set_if_changed(None);
        self.store.is_shown.set_if_changed(false);
        self.store.display.set_if_changed(Display::Live);
    }

    /// Shows the moment as well as it is there now.
    fn show(&mut self, seq: i64) {
        let view = self.view;
        let mut display = self.store.display.get();
        let mut is_exact = false;
        let replay = self.replay.as_mut().filter(|replay| replay.reaches(seq));
        let change = replay.as_ref().and_then(|replay| replay.last_change(seq));
        match replay {
            Some(replay) if has_tiles(replay, view) => {
                self.store.tiles.update(|tiles| replay.seek(seq, tiles));
                display = Display::Tiles;
                is_exact = view.is_some_and(|view| replay.covers(view));
            }
            _ => {
                if let Some(nearest) = self.overviews.nearest(seq) {
                    display = Display::Picture(nearest);
                    is_exact = nearest == seq;
                }
            }
        }
        let scale = self.store.scale.get();
        if let (Some(scale), false) = (&scale, self.is_dragging) {
            self.store.place.set_if_changed(scale.place_of(seq));
        }
        let place = self.store.place.get();
        let about = scale.and_then(|scale| scale.time_at(place));
        self.store.display.set_if_changed(display);
        self.store.is_shown.set_if_changed(true);
        self.store.moment.set_if_changed(Some(Moment {
            seq,
            time_ms: change.map(|change| change.time.millis()).or(about),
            change,
            is_exact,
        }));
    }

    /// Asks for what the moment lacks.
    fn want(&mut self) {
        let (Some(moment), Some(view)) = (self.store.moment.get(), self.view) else {
            return;
        };
        let seq = moment.seq;
        let is_there = self
            .replay
            .as_ref()
            .is_some_and(|replay| replay.reaches(seq) && (is_far(view) || replay.covers(view)));
        if !is_there {
            if self.is_short() {
                self.load(0, self.head);
            } else {
                let base = (seq - BEFORE).max(0);
                self.load(base, (base + STRETCH).min(self.head));
            }
        } else if self.pending.is_none() {
            self.cancel();
        }
        if is_far(view) && !moment.is_exact && self.player.is_none() {
            self.want_picture(seq, view);
        }
    }

    /// Asks for the exact picture of a view of which the tiles are too many.
    fn want_picture(&mut self, seq: i64, view: Area) {
        let side = i64::from(self.grid.map_or(1, |grid| grid.tile_size));
        let longest = i64::from((view.x1 - view.x0).max(view.y1 - view.y0) + 1) * side;
        if longest > MAX_PICTURE_SIDE {
            self.store.problem.set(Some(PastProblem::TooFar));
            return;
        }
        if self.overview_area != Some(view) {
            self.overview_area = Some(view);
            self.overviews = Overviews::default();
            self.effects.push(Effect::ClearOverviews);
            self.fetching = None;
        }
        if self.fetching != Some(seq) {
            self.fetching = Some(seq);
            self.effects.push(Effect::LoadOverview { seq, area: view });
        }
    }
}

/// Whether so much is in view that only pictures of it are fetched.
fn is_far(view: Area) -> bool {
    replay::cells(view) > MAX_CELLS
}

/// Whether a replay has tiles to be shown in a view: all of them, or those that
/// were in view before it moved.
fn has_tiles(replay: &Replay, view: Option<Area>) -> bool {
    replay.has_tiles() && view.is_none_or(|view| !is_far(view) || replay.covers(view))
}

fn board(grid: &Grid) -> Area {
    Area {
        x0: 0,
        y0: 0,
        x1: grid.width - 1,
        y1: grid.height - 1,
    }
}

/// The cells of which the tiles are fetched for a view: some more at its edges,
/// all of a small board, none where there are too many.
fn around(grid: &Grid, view: Area) -> Option<Area> {
    let board = board(grid);
    if replay::cells(board) <= SMALL_BOARD {
        return Some(board);
    }
    if is_far(view) {
        return None;
    }
    let (columns, rows) = ((view.x1 - view.x0) / 4 + 1, (view.y1 - view.y0) / 4 + 1);
    let wider = Area {
        x0: (view.x0 - columns).max(0),
        y0: (view.y0 - rows).max(0),
        x1: (view.x1 + columns).min(board.x1),
        y1: (view.y1 + rows).min(board.y1),
    };
    Some(if replay::cells(wider) <= MAX_CELLS {
        wider
    } else {
        view
    })
}

#[cfg(test)]
mod tests;
