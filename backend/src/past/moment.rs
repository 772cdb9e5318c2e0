//! A moment of a canvas's past: after an event, or at a time.

use crate::{
    db::{self, DbError, Pool, event_index},
    past::index,
};
use chrono::DateTime;
use shared::{ids::CanvasId, time::Timestamp};
use std::str::FromStr;
use thiserror::Error;

/// A moment as a request names it, parsed but not resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParsedMoment {
    /// After the event with this `seq`; 0 is before the first one.
    Seq(i64),
    /// After the last event up to this time.
    Time(Timestamp),
}

/// The text is neither a `seq` nor a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("must be the seq of an event or a time (RFC 3339)")]
pub(crate) struct InvalidMoment;

impl FromStr for ParsedMoment {
    type Err = InvalidMoment;

    /// Reads digits as a `seq`, and any form of RFC 3339 as a time. A `+` before the offset may
    /// be a space, as it is where a query was not escaped. A `seq` that is too large for a
    /// number is one beyond every head.
    fn from_str(text: &str) -> Result<Self, InvalidMoment> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self::Seq(text.parse().unwrap_or(i64::MAX)));
        }
        let time = DateTime::parse_from_rfc3339(text).or_else(|error| {
            let (date, offset) = text.rsplit_once(' ').ok_or(error)?;
            DateTime::parse_from_rfc3339(&format!("{date}+{offset}"))
        });
        let time = time.map_err(|_| InvalidMoment)?;
        Ok(Self::Time(time.to_utc().into()))
    }
}

/// Why a moment cannot be resolved.
#[derive(Debug, Error)]
pub(crate) enum MomentError {
    /// The `seq` is beyond the canvas's head, which is named.
    #[error("must be from 0 to {0}, the newest event")]
    BeyondHead(i64),
    /// The database cannot tell.
    #[error(transparent)]
    Database(#[from] DbError),
}

/// The `seq` of the last event of a moment; 0 before the first event. A time after the last
/// event is the head.
///
/// # Errors
/// [`MomentError::BeyondHead`], and those of the database.
pub(crate) async fn resolve(
    pool: &Pool,
    canvas: CanvasId,
    at: ParsedMoment,
) -> Result<i64, MomentError> {
    match at {
        ParsedMoment::Seq(seq) => {
            let head = db::rewrites::head(pool, canvas).await?.unwrap_or_default();
            if (0..=head).contains(&seq) {
                Ok(seq)
            } else {
                Err(MomentError::BeyondHead(head))
            }
        }
        ParsedMoment::Time(time) => Ok(last_until(pool, canvas, time.millis()).await?),
    }
}

/// The `seq` of the last event up to this time, in milliseconds since 1970; 0 if there is none.
///
/// # Errors
/// Those of the database.
pub(crate) async fn last_until(pool: &Pool, canvas: CanvasId, millis: i64) -> db::Result<i64> {
    let found = event_index::last_until(pool, canvas, millis).await?;
    if let Some(seq) = found.hot {
        return Ok(seq);
    }
    let in_chunk = found.chunk.and_then(|stored| {
        let chunk = index::Chunk::decode(&stored)?;
        chunk.last_until(millis)
    });
    Ok(in_chunk.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(text: &str) -> Option<i64> {
        match text.parse() {
            Ok(ParsedMoment::Time(time)) => Some(time.millis()),
            Ok(ParsedMoment::Seq(_)) | Err(InvalidMoment) => None,
        }
    }

    #[test]
    fn a_moment_is_a_seq_or_any_form_of_rfc_3339() {
        assert_eq!("0".parse(), Ok(ParsedMoment::Seq(0)));
        assert_eq!("4711".parse(), Ok(ParsedMoment::Seq(4711)));
        assert_eq!(
            "99999999999999999999".parse(),
            Ok(ParsedMoment::Seq(i64::MAX))
        );
        let time = millis("2025-08-29T21:45:19.123Z");
        assert!(time.is_some());
        for same in [
            "2025-08-29T21:45:19.1239999Z",
            "2025-08-29t21:45:19.123z",
            "2025-08-29 21:45:19.123Z",
            "2025-08-29T23:45:19.123+02:00",
            "2025-08-29T23:45:19.123 02:00",
            "2025-08-29 23:45:19.123 02:00",
            "2025-08-29T16:15:19.123-05:30",
            "2025-08-29T21:45:19.123-00:00",
        ] {
            assert_eq!(millis(same), time, "{same}");
        }
        for wrong in [
            "",
            "-1",
            "+1",
            "1.5",
            "now",
            "2025-08-29",
            "2025-08-29T21:45:19",
            "2025-08-29T25:45:19Z",
            "2025-02-30T00:00:00Z",
        ] {
            assert_eq!(wrong.parse::<ParsedMoment>(), Err(InvalidMoment), "{wrong}");
        }
    }
}
