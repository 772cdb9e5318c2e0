//! Runs the state machine of the past in the page: sends the requests, counts the
//! player's frames, and keeps the page's address.

mod address;

use super::{
    effect::Effect,
    requests::{decode, load_events, load_log_range},
    state::PastState,
};
use crate::{
    api::{self, ApiError},
    browser::{self, Listener},
    lazy::{Chunks, LazyTask},
    model::timeline::Division,
    session::Session,
    store::{
        Store,
        backend::Signals,
        overviews::Overview,
        past::{Display, PastProblem},
    },
    tasks::{Task, Tasks},
};
use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use shared::{api::rewrites::Area, canvas::Grid};
use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

/// Milliseconds from the last move of the view until something is fetched for it.
const VIEW_MS: u32 = 250;

/// The running past of a canvas, see [`super::PastView`].
pub struct PastRuntime {
    chunks: Chunks,
    store: Store,
    pub(super) session: Session,
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

impl PastRuntime {
    pub(super) fn new(store: Store, session: Session) -> Rc<Self> {
        Rc::new_cyclic(|this: &Weak<Self>| {
            let moved = this.clone();
            let listener = Listener::new(&browser::window(), "popstate", move |_| {
                with(&moved, Self::follow_address);
            });
            Self {
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
        })
    }

    pub(super) fn input(self: &Rc<Self>, input: impl FnOnce(&mut PastState<Signals>)) {
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

    pub(super) fn view_soon(self: &Rc<Self>, grid: Grid, area: Area) {
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
}

fn problem(error: &ApiError) -> PastProblem {
    match error.status() {
        Some(422 | 404) => PastProblem::NoSuchMoment,
        Some(429 | 503) => PastProblem::Busy,
        _ => PastProblem::Away,
    }
}

pub(super) fn with(runtime: &Weak<PastRuntime>, act: impl FnOnce(&Rc<PastRuntime>)) {
    if let Some(runtime) = runtime.upgrade() {
        act(&runtime);
    }
}
