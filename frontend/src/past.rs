//! The past of the open canvas: the only writer of `store.past`. What is shown
//! and fetched is decided in [`state`]; [`runtime`] runs it in the page.

pub mod effect;
mod requests;
pub mod runtime;
pub mod search;
pub mod state;
mod watch;

use crate::{
    lazy::{Chunk, Chunks},
    model::{
        camera::CameraCommand,
        player::{Direction, TimeCommand},
        timeline::Division,
    },
    session::Session,
    store::{Store, backend::Signals},
};
use leptos::prelude::*;
use runtime::PastRuntime;
use shared::canvas::Coord;
use state::PastState;
use std::rc::Rc;

/// A handle to the past of the open canvas; a context of its page.
#[derive(Clone, Copy)]
pub struct PastView {
    store: Store,
    runtime: StoredValue<Rc<PastRuntime>, LocalStorage>,
}

/// Takes commands of the board for [`PastView`], whose code is loaded later; a context of the
/// canvas page.
#[derive(Clone, Copy)]
pub struct TimeCommands {
    chunks: Chunks,
    /// None while the past is not there.
    execute: StoredValue<Option<Callback<TimeCommand>>>,
    /// Whether the time bar is to be opened once the past is there.
    opens: StoredValue<bool>,
}

impl TimeCommands {
    /// Provides it to the page that is being set up.
    pub fn provide() {
        provide_context(Self {
            chunks: expect_context(),
            execute: StoredValue::new(None),
            opens: StoredValue::new(false),
        });
    }

    /// Executes a command. While the past is not there, [`TimeCommand::Toggle`] loads its code, and
    /// the time bar is opened then, once, however often the command is repeated. All other commands
    /// need an open time bar.
    pub fn execute(self, command: TimeCommand) {
        if let Some(execute) = self.execute.try_get_value().flatten() {
            execute.run(command);
        } else if command == TimeCommand::Toggle {
            self.opens.set_value(true);
            self.chunks.load(Chunk::Panels);
        }
    }

    /// The past is there: `execute` takes the commands from here on. Returns whether the time bar
    /// is to be opened.
    fn connect(self, execute: Callback<TimeCommand>) -> bool {
        self.execute.set_value(Some(execute));
        self.opens.get_value()
    }
}

impl PastView {
    /// Of the page that is being set up; shows the moment in its address.
    pub fn provide(store: Store, session: Session) -> Self {
        let runtime = PastRuntime::new(store, session);
        watch::watch(store, session, &runtime);
        let view = Self {
            store,
            runtime: StoredValue::new_local(runtime),
        };
        provide_context(view);
        let execute = Callback::new(move |command| view.execute(command));
        // Not toggled: the page's address may have opened it already.
        if expect_context::<TimeCommands>().connect(execute) {
            view.open();
        }
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
