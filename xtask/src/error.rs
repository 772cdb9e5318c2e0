//! Why a command ends early.

use std::fmt::Display;
use std::io;
use std::path::Path;
use std::result;

/// The result type of this crate.
pub(crate) type Result<T> = result::Result<T, Error>;

/// A reason to end.
#[derive(Debug)]
pub(crate) enum Error {
    /// One sentence for the person at the terminal, with the command to type where one helps.
    Message(String),
    /// Ctrl+C or SIGTERM. Nothing is printed.
    Interrupted,
}

impl Error {
    /// An error with this text.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self::Message(message.into())
    }

    /// For `map_err`: "cannot `verb` `path`: cause".
    pub(crate) fn file(verb: &str, path: &Path) -> impl Fn(io::Error) -> Self {
        move |error| Self::Message(format!("cannot {verb} {}: {error}", path.display()))
    }

    /// For `map_err`: "cannot `what`: cause".
    pub(crate) fn context<E: Display>(what: &str) -> impl Fn(E) -> Self {
        move |error| Self::Message(format!("cannot {what}: {error}"))
    }
}

impl From<private_postgres::Error> for Error {
    fn from(error: private_postgres::Error) -> Self {
        match error {
            private_postgres::Error::Cancelled => Self::Interrupted,
            error => Self::new(error.to_string()),
        }
    }
}
