//! Why a measurement ends early.

use std::fmt::Display;

/// What every function here answers.
pub(crate) type Outcome<T> = Result<T, Failure>;

/// One sentence for the person at the terminal.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn told(why: impl Into<String>) -> Self {
        Self(why.into())
    }

    /// For `map_err`: what failed, and how.
    pub(crate) fn because<E: Display>(what: &str) -> impl Fn(E) -> Self {
        move |error| Self(format!("{what}: {error}"))
    }
}
