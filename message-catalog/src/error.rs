//! What can be wrong with the files.

use std::io;
use std::path::PathBuf;

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why the files cannot be compiled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which one.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file is not valid Fluent.
    #[error("{path}:{line}: {problem}")]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the parser says.
        problem: String,
    },
    /// A message is valid, but cannot be used.
    #[error("{path}: {id}: {problem}")]
    Message {
        /// Which file.
        path: PathBuf,
        /// The message's name.
        id: String,
        /// What is wrong with it.
        problem: String,
    },
}
