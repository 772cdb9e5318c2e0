//! Asynchronous work that belongs to a page, a component or the application.
//! Every future that touches signals is started here, so that it ends with what
//! it belongs to; `clippy.toml` forbids the other ways.

use leptos::{prelude::*, task::spawn_local_scoped_with_cancellation};
use std::pin::Pin;

/// Starts a future that is cancelled when the current reactive owner is cleaned up. The future is
/// boxed, so that Leptos's function is compiled for one type only.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that starts futures"
)]
pub fn spawn_scoped(task: impl Future<Output = ()> + 'static) {
    let task: Pin<Box<dyn Future<Output = ()>>> = Box::pin(task);
    spawn_local_scoped_with_cancellation(task);
}

/// Starts futures that are cancelled when the component that made this value
/// is removed. They may therefore use that component's signals after an
/// `await`, even if they were started by an effect, a timer or a dialog that
/// is closed before the answer comes.
#[derive(Clone, Copy)]
pub struct Tasks(StoredValue<Owner>);

impl Tasks {
    /// Belongs to the component that is being set up.
    pub fn new() -> Self {
        Self(StoredValue::new(Owner::new()))
    }

    /// Provides the tasks of a page to the forms and dialogs on it.
    pub fn provide() -> Self {
        let tasks = Self::new();
        provide_context(tasks);
        tasks
    }

    /// Starts a future. Does nothing if the component is already gone.
    pub fn spawn(self, task: impl Future<Output = ()> + 'static) {
        let owner = self.0.try_get_value();
        if let Some(owner) = owner {
            owner.with(|| untrack(|| spawn_scoped(task)));
        }
    }

    /// As [`Tasks::spawn`], for a future that can be cancelled before.
    pub fn start(self, task: impl Future<Output = ()> + 'static) -> Task {
        let owner = self.0.try_get_value().map(|owner| owner.with(Owner::new));
        if let Some(owner) = &owner {
            owner.with(|| untrack(|| spawn_scoped(task)));
        }
        Task(owner)
    }
}

impl Default for Tasks {
    fn default() -> Self {
        Self::new()
    }
}

/// A future that is under way, or none. Dropping it cancels the future.
#[derive(Default)]
pub struct Task(Option<Owner>);

impl Task {
    /// Whether it is under way: neither cancelled nor [`Task::finish`]ed.
    pub fn is_running(&self) -> bool {
        self.0.is_some()
    }

    /// Ends it at its current `await`.
    pub fn cancel(&mut self) {
        if let Some(owner) = self.0.take() {
            owner.cleanup();
        }
    }

    /// To be called by the future itself when it has its result.
    pub fn finish(&mut self) {
        self.0 = None;
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.cancel();
    }
}
