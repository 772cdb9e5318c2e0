//! The compressed form of a part of the log: many events in a few bytes each, from which the
//! same events come back byte for byte. Pure; knows no database.
//!
//! The wire form of an event is split into a template, which is its JSON without values, and
//! the values ([`tokens`]). Values of the same field of all events stand in one column. Numbers
//! are stored as differences from what is to be expected ([`context`]): the version of a tile is
//! mostly one more than before, a stroke goes on beside the one before it. So columns consist of
//! small numbers, which are compressed with Zstandard, each column by itself ([`streams`]).
//! Nothing depends on which types of events there are: an unknown field is a column more.
//!
//! A part begins with [`FORMAT`], followed by the number of events and the streams, in the order
//! in which [`decode()`] reads them.

mod context;
mod decode;
mod encode;
mod id_form;
mod part;
mod schema;
mod streams;
mod tokens;

pub(crate) use decode::decode;
pub(crate) use encode::encode;
pub(crate) use part::{Part, PartEvent};

use crate::varint::ReadError;
use thiserror::Error;
use uuid::Uuid;

/// The first byte of a part. Another format would have another number.
const FORMAT: u8 = 1;

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredEvent {
    pub(crate) seq: i64,
    pub(crate) actor_id: i64,
    pub(crate) op_id: Option<Uuid>,
    /// The `seq` of the event whose words it repeats.
    pub(crate) words_of: Option<i64>,
    /// Its wire form; without the words that it repeats.
    pub(crate) body: String,
}

/// Bytes are not a part that this version can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum CodecError {
    /// It is shorter than it says.
    #[error("it ends too early")]
    Short,
    /// It has another format.
    #[error("it has the unknown format {0}")]
    Format(u8),
    /// It contradicts itself.
    #[error("it is not consistent")]
    Inconsistent,
    /// It cannot be decompressed.
    #[error("it cannot be decompressed")]
    Zstd,
}

impl From<ReadError> for CodecError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Short => Self::Short,
            ReadError::TooLarge => Self::Inconsistent,
        }
    }
}

#[cfg(test)]
mod tests;
