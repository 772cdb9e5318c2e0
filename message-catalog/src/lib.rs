//! Compiles the Fluent files of the client at build time.
//!
//! English is the source: each of its messages becomes a typed Rust function. The messages of a
//! language become one JSON array in the order of the English ones, which the client fetches, so
//! that neither names nor Fluent's parser are downloaded. Fluent's own runtime, with its parser and
//! plural rules, would add 60 KB to the download; the browser has the plural rules already.

mod code;
mod error;
mod language;
mod message;

pub use code::rust_code;
pub use error::{Error, Result};
pub use language::{Language, Locales};
pub use message::{Kind, Message, Parameter};
