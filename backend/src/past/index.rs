//! The event index: of each event its time, who made it, which cell it is about, and its type.
//! Chunks of consecutive events are stored in the background; the events behind the last chunk
//! are read from the log. With it events are counted and found without reading their bodies.

mod build;
mod chunk;
mod read;

pub(crate) use build::{cover, step};
pub(crate) use chunk::{Chunk, Filter, Matcher};
pub(crate) use read::{EventIndex, part_end};
