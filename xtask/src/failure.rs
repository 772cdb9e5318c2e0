//! Why a command ends early.

use std::fmt::Display;
use std::io;
use std::path::Path;

/// What every function here answers.
pub(crate) type Outcome<T> = Result<T, Failure>;

/// A reason to end.
#[derive(Debug)]
pub(crate) enum Failure {
    /// One sentence for the person at the terminal, with the command to type where one helps.
    Told(String),
    /// Ctrl+C or SIGTERM: they know.
    Interrupted,
}

impl Failure {
    pub(crate) fn told(why: impl Into<String>) -> Self {
        Self::Told(why.into())
    }

    /// For `map_err`: cannot `verb` that file.
    pub(crate) fn file(verb: &str, path: &Path) -> impl Fn(io::Error) -> Self {
        move |error| Self::Told(format!("cannot {verb} {}: {error}", path.display()))
    }

    /// For `map_err`: cannot do `what`.
    pub(crate) fn because<E: Display>(what: &str) -> impl Fn(E) -> Self {
        move |error| Self::Told(format!("cannot {what}: {error}"))
    }
}
