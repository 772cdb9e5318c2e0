//! What is fetched of the past, and when.

use super::{BEFORE, LOG_RANGE_LEN, PastState};
use crate::{
    model::{
        overviews::Overviews,
        replay::{self, Replay},
        timeline::TimeScale,
    },
    past::effect::{Effect, LogRange, LogRangeContent},
    store::{
        backend::{Backend, Var},
        past::PastProblem,
    },
};
use shared::{api::rewrites::Area, canvas::Grid, protocol::DurableEvent};
use std::sync::Arc;

/// A log of at most so many events is fetched whole.
const SHORT_LOG: i64 = 2_000;
/// Most cells of which the tiles are fetched. Of more only pictures are.
const MAX_CELLS: i64 = 4_096;
/// A board of at most so many cells is fetched whole.
const SMALL_BOARD: i64 = 1_024;
/// The longer side of an overview is at most so many pixels.
pub const MAX_OVERVIEW_SIDE: i64 = 1_024;
/// The server makes no larger pictures, in pixels a side.
const MAX_PICTURE_SIDE: i64 = 8_192;

impl<B: Backend> PastState<B> {
    /// The timeline came.
    pub fn timeline_received(&mut self, answer: Result<TimeScale, PastProblem>) {
        match answer {
            Ok(scale) if scale.division() == self.store.division.get() => {
                let moment = self.store.moment.get();
                let place = moment.map_or(1.0, |moment| scale.place_of(moment.seq));
                self.store.place.set(place);
                if scale.events == 0 {
                    self.store.is_ready.set_if_changed(true);
                }
                self.store.scale.set(Some(Arc::new(scale)));
                self.prepare();
            }
            Ok(_) => {}
            Err(problem) => self.store.problem.set(Some(problem)),
        }
    }

    /// Fetches what dragging needs: all of a short log, else overviews.
    pub(super) fn prepare(&mut self) {
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

    pub(super) fn is_short(&self) -> bool {
        (1..=SHORT_LOG).contains(&self.head)
    }

    /// Fetches the next overview, while nothing more urgent is fetched.
    pub(super) fn fetch_ahead(&mut self) {
        let is_busy = self.fetching.is_some() || self.loading.is_some() || self.player.is_some();
        if is_busy {
            return;
        }
        if let (Some(area), Some(seq)) = (self.overview_area, self.overviews.take_next()) {
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
                self.store.is_ready.set_if_changed(true);
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

    /// Asks for the events after the last one.
    pub(super) fn extend(&mut self, count: i64) {
        let Some(replay) = &self.replay else { return };
        let after = replay.end();
        let until = (after + count).min(self.head);
        if !self.is_extending && until > after {
            self.is_extending = true;
            self.effects.push(Effect::LoadEvents { after, until });
        }
    }

    /// Asks for a range, unless it is under way.
    pub(super) fn load(&mut self, base: i64, until: i64) {
        let (Some(grid), Some(view)) = (self.grid, self.view) else {
            return;
        };
        let area = if base == 0 {
            // There was nothing yet, so that the events are all of it.
            Some(board(&grid))
        } else {
            around(&grid, view)
        };
        let range = LogRange { base, until, area };
        if self.loading != Some(range) {
            self.loading = Some(range);
            self.effects.push(Effect::LoadLogRange(range));
        }
    }

    pub(super) fn cancel(&mut self) {
        if self.loading.take().is_some() {
            self.effects.push(Effect::CancelLogRange);
        }
    }

    /// A range came.
    pub fn log_range_received(
        &mut self,
        range: LogRange,
        answer: Result<LogRangeContent, PastProblem>,
    ) {
        if self.loading != Some(range) {
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
                range.area,
                range.base,
                content.tiles,
                content.events,
                shown,
            ));
        });
        self.replay = replay;
        self.is_extending = false;
        self.store.is_ready.set_if_changed(true);
        if self
            .store
            .problem
            .get()
            .is_some_and(PastProblem::is_of_server)
        {
            self.store.problem.set(None);
        }
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

    pub(super) fn fail(&mut self, problem: PastProblem) {
        self.pending = None;
        self.stop_playing();
        self.store.problem.set(Some(problem));
    }

    /// Asks for what the moment lacks.
    pub(super) fn want(&mut self) {
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
                self.load(base, (base + LOG_RANGE_LEN).min(self.head));
            }
        } else if self.pending.is_none() {
            self.cancel();
        }
        if is_far(view) && !moment.is_exact && self.player.is_none() {
            self.want_picture(seq, view);
        }
    }

    /// Asks for the exact picture of a view of which the tiles are too many.
    pub(super) fn want_picture(&mut self, seq: i64, view: Area) {
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
pub(super) fn has_tiles(replay: &Replay, view: Option<Area>) -> bool {
    replay.has_tiles() && view.is_none_or(|view| !is_far(view) || replay.covers(view))
}

pub(super) fn board(grid: &Grid) -> Area {
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
