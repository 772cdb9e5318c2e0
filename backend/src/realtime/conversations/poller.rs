//! Finds the private messages that other nodes stored while Redis was away, and delivers them.
//! Called once a second by the cluster's ticker.

use super::Conversations;
use crate::db::direct_messages;
use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use shared::ids::MessageId;
use std::sync::atomic::{AtomicBool, Ordering};
use uuid::Uuid;

/// Messages that one statement reads.
const PAGE: i64 = 500;
/// Statements of one poll. What they do not reach, clients read themselves.
const MAX_PAGES: usize = 20;
/// Messages may be committed so long after their time, and later than newer ones.
const MARGIN: TimeDelta = TimeDelta::seconds(5);

/// What is known of the messages of other nodes.
#[derive(Default)]
pub(super) struct Poller {
    /// Until then everything was heard or read.
    complete_until: Mutex<Option<DateTime<Utc>>>,
    /// Whether messages may have been lost since.
    has_lost: AtomicBool,
}

/// The lowest id of a message stored at this time.
fn first_id(at: DateTime<Utc>) -> MessageId {
    let millis = u128::from(at.timestamp_millis().unsigned_abs());
    MessageId(Uuid::from_u128(millis << 80))
}

impl Conversations {
    /// Notes that messages of other nodes may have been lost.
    pub(crate) fn note_loss(&self) {
        self.inner.poller.has_lost.store(true, Ordering::Relaxed);
    }

    /// Reads and delivers what may have been lost; nothing while Redis is there.
    pub(crate) async fn poll(&self) {
        let poller = &self.inner.poller;
        let began = self.inner.clock.now();
        let is_down = self.inner.bus.is_down();
        if is_down || poller.has_lost.swap(false, Ordering::Relaxed) {
            let since = poller.complete_until.lock().unwrap_or(began) - MARGIN;
            if !self.deliver_since(since).await {
                self.note_loss();
                return;
            }
        }
        *poller.complete_until.lock() = Some(began);
    }

    /// Delivers the messages since a time. False if the database is away.
    async fn deliver_since(&self, since: DateTime<Utc>) -> bool {
        let mut after = first_id(since);
        for _ in 0..MAX_PAGES {
            let read = direct_messages::stored_since(&self.inner.pool, after, PAGE).await;
            metrics::counter!("stellar_direct_backfills_total").increment(1);
            let found = match read {
                Ok(found) => found,
                Err(error) => {
                    tracing::debug!(%error, "private messages could not be polled");
                    return false;
                }
            };
            let is_last = i64::try_from(found.len()).is_ok_and(|count| count < PAGE);
            for (message, users) in found {
                after = message.message_id;
                for user in users {
                    self.deliver(self.inner.deliveries.found(user, message.clone()));
                }
            }
            if is_last {
                break;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::{NoContext, Timestamp};

    #[test]
    fn ids_of_a_time_are_above_the_first() {
        let at = DateTime::from_timestamp_millis(1_700_000_000_123).unwrap();
        let id = Uuid::new_v7(Timestamp::from_unix(NoContext, 1_700_000_000, 123_000_000));
        assert!(first_id(at).0 < id);
        assert!(first_id(at + TimeDelta::milliseconds(1)).0 > id);
    }
}
