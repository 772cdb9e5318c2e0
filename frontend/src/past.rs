//! The past of the open canvas: the only writer of `store.past`. What is shown
//! and fetched is decided in [`state`]; this runs it in the page: sends the
//! requests, counts the player's frames, and keeps the page's address.

pub mod effect;
mod requests;
pub mod search;
pub mod state;
mod watch;

use crate::{
    api::{self, ApiError},
    browser::{self, Listener},
    lazy::{Chunks, LazyTask},
    model::{
        camera::CameraCommand,
        moment,
        player::{Direction, TimeCommand},
        rewrite::area_between,
        timeline::Division,
    },
    session::Session,
    store::{
        Store,
        backend::Signals,
        overviews::Overview,
        past::{Display, PastProblem},
    },
    tasks::{Task, Tasks},
};
use effect::Effect;
use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use requests::{decode, load_events, load_log_range};
use shared::{
    api::rewrites::Area,
    canvas::{Coord, Grid},
};
use state::PastState;
use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};
use wasm_bindgen::JsValue;

/// Milliseconds from the last move of the view until something is fetched for it.
const VIEW_MS: u32 = 250;

/// A handle to the past of the open canvas; a context of its page.
#[derive(Clone, Copy)]
pub struct PastView {
    store: Store,
    runtime: StoredValue<Rc<Runtime>, LocalStorage>,
}

/// Takes commands of the board for [`PastView`], whose code is loaded later; a context of the
/// canvas page.
#[derive(Clone, Copy)]
pub struct TimeCommands(StoredValue<Option<Callback<TimeCommand>>>);

impl TimeCommands {
    /// Provides it to the page that is being set up.
    pub fn provide() {
        provide_context(Self(StoredValue::new(None)));
    }

    /// Executes a command; does nothing while the past is not there.
    pub fn execute(self, command: TimeCommand) {
        if let Some(execute) = self.0.try_get_value().flatten() {
            execute.run(command);
        }
    }
}

/// What runs the past of a canvas in the page, see [`PastView`].
pub struct Runtime {
    chunks: Chunks,
    store: Store,
    session: Session,
    state: RefCell<PastState<Signals>>,
    tasks: Tasks,
    timeline: RefCell<Task>,
    log_range: RefCell<Task>,
    events: RefCell<Task>,
    search: RefCell<Task>,
    picture: RefCell<Task>,
    moment: RefCell<Task>,
    view_timer: RefCell<Option<Timeout>>,
    /// The time of the player's last frame; none if no frame is due.
    frame_at: Cell<Option<f64>>,
    /// The moment in the address that was followed last, as it is written there.
    followed: RefCell<Option<String>>,
    _listener: Listener,
}

impl PastView {
    /// Of the page that is being set up; shows the moment in its address.
    pub fn provide(store: Store, session: Session) -> Self {
        let runtime = Rc::new_cyclic(|this: &Weak<Runtime>| {
            let moved = this.clone();
            let listener = Listener::new(&browser::window(), "popstate", move |_| {
                with(&moved, Runtime::follow_address);
            });
            Runtime {
                chunks: expect_context(),
                store,
                session,
                state: RefCell::new(PastState::new(store.past)),
                tasks: Tasks::new(),
                timeline: RefCell::default(),
                log_range: RefCell::default(),
                events: RefCell::default(),
                search: RefCell::default(),
                picture: RefCell::default(),
                moment: RefCell::default(),
                view_timer: RefCell::default(),
                frame_at: Cell::default(),
                followed: RefCell::default(),
                _listener: listener,
            }
        });
        watch::watch(store, session, &runtime);
        let view = Self {
            store,
            runtime: StoredValue::new_local(runtime),
        };
        provide_context(view);
        expect_context::<TimeCommands>()
            .0
            .set_value(Some(Callback::new(move |command| view.execute(command))));
        view
    }

    fn input(self, input: impl FnOnce(&mut PastState<Signals>)) {
        if let Some(runtime) = self.runtime.try_get_value() {
            runtime.input(input);
        }
    }

    /// Opens the time bar, or closes it and shows now.
    pub fn toggle(self) {
        if self.store.past.is_open.get_untracked() {
            self.close();
        } else {
            self.open();
        }
    }

    /// Opens the time bar.
    pub fn open(self) {
        self.input(PastState::open);
    }

    /// Closes the time bar and shows now.
    pub fn close(self) {
        self.input(PastState::close);
    }

    /// Fetches again what could not be fetched.
    pub fn retry(self) {
        self.input(PastState::reload);
    }

    /// Shows now; the time bar stays open.
    pub fn now(self) {
        self.input(PastState::now);
    }

    /// Shows the canvas as it was after an event, and opens the time bar.
    pub fn go_to(self, seq: i64) {
        self.input(|state| state.go_to(seq));
    }

    /// As [`PastView::go_to`], and flies to a tile, which is selected.
    pub fn go_to_tile(self, at: Coord, seq: i64) {
        if let Some(runtime) = self.runtime.try_get_value() {
            let session = runtime.session;
            session.leave_tile();
            session.select(Some(at));
            session.fly_to(CameraCommand::Tile(at));
        }
        self.go_to(seq);
    }

    /// Shows the canvas before anything was drawn.
    pub fn first(self) {
        self.input(PastState::first);
    }

    /// Drags the handle to a place from 0 to 1.
    pub fn drag(self, place: f64) {
        self.input(|state| state.drag(place));
    }

    /// Lets the handle go.
    pub fn release(self) {
        self.input(PastState::release);
    }

    /// Steps by one change, or to the next change by somebody else.
    pub fn step(self, direction: Direction, by_person: bool) {
        self.input(|state| state.step(direction, by_person));
    }

    /// Plays; if it does already in this direction, faster.
    pub fn play(self, direction: Direction) {
        self.input(|state| state.play(direction));
    }

    /// Stops playing.
    pub fn pause(self) {
        self.input(PastState::pause);
    }

    /// Sets how many times as fast as it was it plays.
    pub fn set_speed(self, speed: u32) {
        self.input(|state| state.set_speed(speed));
    }

    /// Executes a command.
    fn execute(self, command: TimeCommand) {
        match command {
            TimeCommand::Toggle => self.toggle(),
            TimeCommand::Step {
                direction,
                by_person,
            } => self.step(direction, by_person),
            TimeCommand::Play(direction) => self.play(direction),
            TimeCommand::Pause => self.pause(),
            TimeCommand::First => self.first(),
            TimeCommand::Now => self.now(),
        }
    }

    /// Divides the bar by time or by changes.
    pub fn divide(self, division: Division) {
        self.input(|state| state.divide(division));
    }
}

impl Runtime {
    fn input(self: &Rc<Self>, input: impl FnOnce(&mut PastState<Signals>)) {
        let effects = {
            let mut state = self.state.borrow_mut();
            state.head_moved(self.session.head());
            input(&mut state);
            state.take_effects()
        };
        for effect in effects {
            self.chunks.run(LazyTask::Past(Rc::downgrade(self), effect));
        }
        if self.store.past.playing.get_untracked().is_some() && self.frame_at.get().is_none() {
            self.frame_at.set(Some(browser::monotonic_ms()));
            self.frame_soon();
        }
    }

    fn frame_soon(self: &Rc<Self>) {
        let this = Rc::downgrade(self);
        request_animation_frame(move || with(&this, Self::frame));
    }

    /// A frame of the player.
    fn frame(self: &Rc<Self>) {
        let now = browser::monotonic_ms();
        let passed = self.frame_at.get().map_or(0.0, |last| now - last);
        let playing = self.store.past.playing;
        if playing.try_get_untracked().flatten().is_none() {
            self.frame_at.set(None);
            return;
        }
        self.frame_at.set(Some(now));
        self.input(|state| state.tick(passed));
        self.frame_soon();
    }

    fn view_soon(self: &Rc<Self>, grid: Grid, area: Area) {
        let this = Rc::downgrade(self);
        let timer = Timeout::new(VIEW_MS, move || {
            with(&this, |runtime| {
                runtime.input(|state| state.view_changed(grid, area));
            });
        });
        self.view_timer.replace(Some(timer));
    }

    pub(crate) fn carry_out(self: &Rc<Self>, effect: Effect) {
        let id = self.store.canvas_id;
        let overviews = self.store.overviews;
        match effect {
            Effect::LoadTimeline(division) => self.fetch(
                &self.timeline,
                async move { api::past::timeline(id, division).await },
                |runtime| &runtime.timeline,
                |state, answer| state.timeline_received(answer.map_err(|error| problem(&error))),
            ),
            Effect::LoadLogRange(range) => {
                let store = self.store;
                self.fetch(
                    &self.log_range,
                    async move { load_log_range(store, range).await },
                    |runtime| &runtime.log_range,
                    move |state, answer| {
                        state.log_range_received(range, answer.map_err(|error| problem(&error)));
                    },
                );
            }
            Effect::CancelLogRange => self.log_range.borrow_mut().cancel(),
            Effect::LoadEvents { after, until } => {
                let store = self.store;
                self.fetch(
                    &self.events,
                    async move { load_events(store, after, until).await },
                    |runtime| &runtime.events,
                    |state, answer| state.events_received(answer.map_err(|error| problem(&error))),
                );
            }
            Effect::Find(search) => self.fetch(
                &self.search,
                async move {
                    let scale = api::past::timeline(id, Division::Changes).await?;
                    let events = async |after, until| {
                        let page = api::past::events(id, after, until).await;
                        page.map(|page| page.items)
                    };
                    search.run(&scale, events).await
                },
                |runtime| &runtime.search,
                move |state, answer| {
                    state.change_found(search, answer.map_err(|error| problem(&error)));
                },
            ),
            Effect::LoadOverview { seq, area } => {
                let started = browser::monotonic_ms();
                let side = self
                    .store
                    .tiles
                    .peek(|tiles| tiles.grid().map_or(1, |grid| grid.tile_size));
                self.fetch(
                    &self.picture,
                    async move {
                        let blob = api::past::picture(id, seq, area).await?;
                        let bitmap = decode(&blob, area, side).await;
                        let bitmap = bitmap.ok_or(ApiError::Unreachable)?;
                        overviews.update(|all| {
                            all.insert(seq, Overview { bitmap, area });
                        });
                        Ok(browser::monotonic_ms() - started)
                    },
                    |runtime| &runtime.picture,
                    move |state, answer| {
                        let answer = answer.map_err(|error| problem(&error));
                        state.overview_received(seq, area, answer);
                    },
                );
            }
            Effect::DropOverviews(seqs) => overviews.update(|all| {
                for seq in seqs {
                    all.remove(&seq);
                }
            }),
            Effect::ClearOverviews => {
                self.picture.borrow_mut().cancel();
                // The one that is drawn stays until there is another one.
                let drawn = self.store.past.display.get_untracked();
                overviews.update(|all| all.retain(|seq, _| drawn == Display::Picture(*seq)));
            }
            Effect::WriteAddress { seq, push } => self.write_address(seq, push),
        }
    }

    /// Sends a request, in place of the one of its kind that is under way, and
    /// passes on the answer.
    fn fetch<T: 'static>(
        self: &Rc<Self>,
        task: &RefCell<Task>,
        request: impl Future<Output = Result<T, ApiError>> + 'static,
        slot: fn(&Self) -> &RefCell<Task>,
        receive: impl FnOnce(&mut PastState<Signals>, Result<T, ApiError>) + 'static,
    ) {
        task.borrow_mut().cancel();
        let this = Rc::downgrade(self);
        let started = self.tasks.start(async move {
            let answer = request.await;
            with(&this, |runtime| {
                slot(runtime).borrow_mut().finish();
                runtime.input(|state| receive(state, answer));
            });
        });
        task.replace(started);
    }

    /// Shows the moment in the page's address.
    fn follow_address(self: &Rc<Self>) {
        let search = browser::window().location().search().unwrap_or_default();
        let wanted = moment::moment(&search);
        if *self.followed.borrow() == wanted {
            return;
        }
        self.followed.replace(wanted.clone());
        self.moment.borrow_mut().cancel();
        let Some(wanted) = wanted else {
            return self.input(|state| state.address_changed(None));
        };
        if let Ok(seq) = wanted.parse() {
            return self.input(|state| state.address_changed(Some(seq)));
        }
        // A time: the server says which event that is.
        let (id, this) = (self.store.canvas_id, Rc::downgrade(self));
        let task = self.tasks.start(async move {
            let corner = area_between(Coord { x: 0, y: 0 }, Coord { x: 0, y: 0 });
            let answer = api::past::snapshot(id, &wanted, corner).await;
            with(&this, |runtime| {
                runtime.moment.borrow_mut().finish();
                match answer {
                    Ok(snapshot) => {
                        runtime.input(|state| state.address_changed(Some(snapshot.seq)));
                        // A time to come is now.
                        if snapshot.seq >= runtime.session.head() {
                            runtime.input(PastState::now);
                        }
                    }
                    Err(error) => {
                        let problem = problem(&error);
                        runtime.input(PastState::open);
                        runtime.store.past.problem.set(Some(problem));
                    }
                }
            });
        });
        self.moment.replace(task);
    }

    fn write_address(&self, seq: Option<i64>, push: bool) {
        let window = browser::window();
        let location = window.location();
        let (Ok(path), Ok(search), Ok(hash), Ok(history)) = (
            location.pathname(),
            location.search(),
            location.hash(),
            window.history(),
        ) else {
            return;
        };
        self.followed.replace(seq.map(|seq| seq.to_string()));
        let address = format!("{path}{}{hash}", moment::with_moment(&search, seq));
        // Browsers refuse too frequent changes; the next one will be accepted.
        let _ = if push {
            history.push_state_with_url(&JsValue::NULL, "", Some(&address))
        } else {
            let state = history.state().unwrap_or(JsValue::NULL);
            history.replace_state_with_url(&state, "", Some(&address))
        };
    }
}

fn problem(error: &ApiError) -> PastProblem {
    match error.status() {
        Some(422 | 404) => PastProblem::NoSuchMoment,
        Some(429 | 503) => PastProblem::Busy,
        _ => PastProblem::Away,
    }
}

fn with(runtime: &Weak<Runtime>, act: impl FnOnce(&Rc<Runtime>)) {
    if let Some(runtime) = runtime.upgrade() {
        act(&runtime);
    }
}
