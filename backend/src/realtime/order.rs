//! What a canvas asks of everybody who writes, says or points at something. The pace of
//! messages and pixels is checked by the writer.

use super::write::WriteError;
use crate::db::{access::Standing, order::OrderSettings};
use chrono::{DateTime, Utc};
use shared::{
    api::sanctions::Activity,
    canvas::{Guests, Refusal, Role},
};
use std::time::Duration;

/// Checks what the canvas asks of guests, and during a lockdown of everybody without a given
/// role.
///
/// # Errors
/// `forbidden` or [`WriteError::LockedDown`].
pub(super) fn check(
    order: &OrderSettings,
    standing: &Standing,
    role: Role,
    activity: Activity,
    now: DateTime<Utc>,
) -> Result<(), WriteError> {
    if standing.has_given_role || role >= Role::Moderator {
        return Ok(());
    }
    let allows_guests = match order.guests {
        Guests::Paint => true,
        Guests::Chat => activity != Activity::Painting,
        Guests::Look | Guests::None => false,
    };
    if standing.is_guest && !allows_guests {
        return Err(Refusal::Forbidden.into());
    }
    match order.lockdown(now) {
        Some(until) => Err(WriteError::LockedDown(left(until, now))),
        None => Ok(()),
    }
}

/// The time from `now` to `until`.
pub(super) fn left(until: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    (until - now).to_std().unwrap_or_default()
}
