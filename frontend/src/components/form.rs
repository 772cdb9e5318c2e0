//! A form that was sent to the server: whether it is on its way, and what was
//! wrong with it.

use crate::{
    api::{ApiError, ApiResult},
    i18n::{api_problem, field_problem},
};
use leptos::{prelude::*, task::spawn_local};

/// What became of a form. Copy it about.
#[derive(Clone, Copy)]
pub struct Submission {
    busy: RwSignal<bool>,
    error: RwSignal<Option<ApiError>>,
}

impl Submission {
    /// Not sent yet.
    pub fn new() -> Self {
        Self {
            busy: RwSignal::new(false),
            error: RwSignal::new(None),
        }
    }

    /// Sends it, unless it is on its way already; `done` gets what the server
    /// gives. The form may have been left by then.
    pub fn send<T: 'static>(
        self,
        request: impl Future<Output = ApiResult<T>> + 'static,
        done: impl FnOnce(T) + 'static,
    ) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.error.set(None);
        spawn_local(async move {
            let answer = request.await;
            self.busy.try_set(false);
            match answer {
                Ok(given) => done(given),
                Err(refused) => {
                    self.error.try_set(Some(refused));
                }
            }
        });
    }

    /// What is wrong with the field of this name.
    pub fn wrong(self, field: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            self.error
                .with(|error| field_problem(error.as_ref()?.fields(), field))
        })
    }

    /// What is wrong with it as a whole; empty for nothing.
    pub fn problem(self) -> String {
        self.error.with(|error| match error {
            Some(error) if error.fields().is_empty() => api_problem(error),
            Some(_) | None => String::new(),
        })
    }

    /// For `aria-busy` of the button that sends it.
    pub fn is_busy(self) -> Option<&'static str> {
        self.busy.get().then_some("true")
    }
}

impl Default for Submission {
    fn default() -> Self {
        Self::new()
    }
}
