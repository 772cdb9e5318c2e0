//! Compiles the Fluent files of the client at build time.
//!
//! English is the source: each of its messages becomes a typed Rust function. The messages of a
//! language become one JSON array in the order of the English ones, which the client fetches.
//! Fluent's own runtime (`fluent-bundle`) would make each visit download a parser, plural rules,
//! which the browser has already, and the names of all messages.

mod code;
mod error;
mod language;
mod message;

pub use code::rust_code;
pub use error::{Error, Result};
pub use language::{Language, Locales};
pub use message::{Kind, Message, Parameter};
