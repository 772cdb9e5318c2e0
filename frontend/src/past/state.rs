//! What is shown of the past, and what has to be fetched for it: a state
//! machine without clock, browser or signals, so that it is tested on the host.
//!
//! Two things are fetched. A *range* of the log with the tiles before it
//! shows each of its events exactly, whatever was shown before, without asking
//! the server. *Overviews* are pictures of what is in view at places all over
//! the bar; they are fetched ahead, the coarse ones first. While somebody drags,
//! nothing is asked for: the board shows the range where it reaches, else the
//! nearest overview. When the handle is let go, the range around it is
//! fetched. Of a short log all is fetched at once.

mod fetching;
mod playing;

use super::{
    effect::{Effect, LogRange},
    search::Search,
};
use crate::{
    model::{
        overviews::Overviews,
        player::{Direction, Player},
        replay::Replay,
        tile_store::TileStore,
        timeline::Division,
    },
    store::{
        backend::{Backend, Var},
        past::{Display, Moment, PastProblem, PastStore},
    },
};
pub use fetching::MAX_OVERVIEW_SIDE;
use fetching::has_tiles;
use shared::{api::rewrites::Area, canvas::Grid};

/// Events of a range, and how many of them are before what is looked at.
const LOG_RANGE_LEN: i64 = 200;
const BEFORE: i64 = 100;

/// A step that waits for events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pending {
    direction: Direction,
    by_person: bool,
    tries: u32,
    /// What is looked for further away.
    search: Option<Search>,
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
    /// The range that is under way.
    loading: Option<LogRange>,
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
        if self.store.problem.get() == Some(PastProblem::TooFar) {
            self.store.problem.set(None);
        }
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
        self.store.is_ready.set_if_changed(false);
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
}

#[cfg(test)]
mod tests;
