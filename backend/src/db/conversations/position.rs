//! The position of a conversation in its user's list, which is also the cursor of a page.

use chrono::{DateTime, Utc};
use std::{fmt, str::FromStr};

/// Where a conversation stands in its user's list: the newest message first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListPosition {
    /// Microseconds since 1970.
    pub(super) at: i64,
    pub(super) id: i64,
}

impl ListPosition {
    /// Before the first.
    pub(crate) const START: Self = Self {
        at: i64::MAX,
        id: i64::MAX,
    };

    /// The time, at most that of the last day that both the database and `chrono` know.
    pub(super) fn time(self) -> DateTime<Utc> {
        /// The year 9999.
        const LAST: i64 = 253_370_764_800;
        DateTime::from_timestamp_micros(self.at)
            .filter(|at| at.timestamp() < LAST)
            .or_else(|| DateTime::from_timestamp(LAST, 0))
            .unwrap_or_default()
    }
}

impl fmt::Display for ListPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at, self.id)
    }
}

impl FromStr for ListPosition {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (at, id) = text.split_once('.').ok_or(())?;
        Ok(Self {
            at: at.parse().ok().filter(|at| *at >= 0).ok_or(())?,
            id: id.parse().map_err(drop)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_a_position() {
        let position: ListPosition = "1700000000000000.7".parse().unwrap();
        assert_eq!(position.to_string(), "1700000000000000.7");
        assert_eq!(position.time().timestamp(), 1_700_000_000);
        let far: ListPosition = "9223372036854775807.7".parse().unwrap();
        assert_eq!(far.time(), ListPosition::START.time());
        for wrong in ["", "7", "-1.7", "x.7", "7.", ".7"] {
            assert_eq!(wrong.parse::<ListPosition>(), Err(()), "{wrong}");
        }
    }
}
