//! What a canvas asks of its users besides their roles: columns of its row that are read
//! together with it.

use super::named;
use chrono::{DateTime, Utc};
use shared::canvas::{Guests, Newcomers, Visibility};

/// See the module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct OrderSettings {
    pub(crate) guests: Guests,
    /// Whether newcomers are limited.
    pub(crate) limits_newcomers: bool,
    /// Seconds between two messages of one person; 0 is off.
    pub(crate) slow_mode_s: i32,
    /// May be over.
    pub(crate) lockdown_until: Option<DateTime<Utc>>,
}

impl OrderSettings {
    /// From the stored values.
    pub(super) fn new(
        visibility: &str,
        guests: String,
        newcomers: Option<String>,
        slow_mode_s: i32,
        lockdown_until: Option<DateTime<Utc>>,
    ) -> sqlx::Result<Self> {
        let visibility = named(visibility.to_owned())?;
        Ok(Self {
            guests: named(guests)?,
            limits_newcomers: self::newcomers(visibility, newcomers)? == Newcomers::Limited,
            slow_mode_s,
            lockdown_until,
        })
    }

    /// The end of the lockdown that is in force at `now`.
    pub(crate) fn lockdown(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.lockdown_until.filter(|until| *until > now)
    }
}

/// What newcomers may do: as it was set, or by default less where everybody finds the canvas.
pub(super) fn newcomers(visibility: Visibility, set: Option<String>) -> sqlx::Result<Newcomers> {
    match set {
        Some(set) => named(set),
        None if visibility == Visibility::Public => Ok(Newcomers::Limited),
        None => Ok(Newcomers::Free),
    }
}
