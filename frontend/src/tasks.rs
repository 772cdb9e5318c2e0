//! Asynchronous work that belongs to a page or a component.

use leptos::{prelude::*, task::spawn_local_scoped_with_cancellation};
use std::pin::Pin;

/// Starts a future that is cancelled when the current reactive owner is cleaned up. The future is
/// boxed, so that Leptos's function is compiled for one type only.
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
}

impl Default for Tasks {
    fn default() -> Self {
        Self::new()
    }
}
