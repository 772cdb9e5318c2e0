//! The position of a case in lists, which is also the cursor of a page.

use std::{fmt, str::FromStr};

/// Where a case stands in lists: most reporters first, and of several with as many the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListPosition {
    pub(crate) reporters: i64,
    pub(crate) id: i64,
}

impl ListPosition {
    /// Before the first case.
    pub(crate) const START: Self = Self {
        reporters: i64::MAX,
        id: i64::MAX,
    };
}

impl fmt::Display for ListPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.reporters, self.id)
    }
}

impl FromStr for ListPosition {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (reporters, id) = text.split_once('.').ok_or(())?;
        Ok(Self {
            reporters: reporters.parse().map_err(drop)?,
            id: id.parse().map_err(drop)?,
        })
    }
}
