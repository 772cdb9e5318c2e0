//! The id of a server process. Imports nothing of this crate.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// One run of one server process; a restarted server has another id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct NodeId(u32);

impl NodeId {
    /// A random id, which no other node has.
    pub(crate) fn random() -> Self {
        Self(rand::random())
    }
}

/// As it appears in names of channels and in Redis: `node-` and eight
/// hexadecimal digits.
impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node-{:08x}", self.0)
    }
}

impl FromStr for NodeId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text.strip_prefix("node-").ok_or(())?;
        u32::from_str_radix(digits, 16).map(Self).map_err(|_| ())
    }
}
