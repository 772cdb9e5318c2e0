//! The request that a form sends: whether it is in progress, and what was
//! wrong with the fields.

use crate::{
    api::{ApiError, ApiResult},
    i18n::{api_problem, field_problem},
    tasks::Tasks,
};
use leptos::prelude::*;

/// The state of a form's request.
#[derive(Clone, Copy)]
pub struct Submission {
    busy: RwSignal<bool>,
    error: RwSignal<Option<ApiError>>,
    tasks: Tasks,
}

impl Submission {
    /// No request yet; uses the [`Tasks`] that the page provides.
    pub fn from_context() -> Self {
        Self {
            busy: RwSignal::new(false),
            error: RwSignal::new(None),
            tasks: expect_context(),
        }
    }

    /// Sends it, unless a request is in progress; `done` gets what the server
    /// returns. The request goes on if the dialog is closed and ends with the
    /// page, so `done` may use the page's signals but not those of the form.
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
        self.tasks.spawn(async move {
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

    /// The error of the field with this name.
    pub fn wrong(self, field: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            self.error
                .with(|error| field_problem(error.as_ref()?.fields(), field))
        })
    }

    /// Reads the error of the last request. Reactive.
    pub fn error<T>(self, read: impl FnOnce(&ApiError) -> Option<T>) -> Option<T> {
        self.error.with(|error| read(error.as_ref()?))
    }

    /// The error of the form as a whole; empty if there is none.
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
