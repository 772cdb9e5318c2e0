//! Which sessions were used lately, until the database has it. Nobody waits for that.

use crate::db::{self, Pool, sessions};
use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use shared::ids::SessionId;
use std::{collections::HashSet, mem};

/// Sessions that are noted at most. The use of further ones is not stored.
const MAX_SESSIONS: usize = 50_000;
/// Sessions stored with one statement.
const BATCH: usize = 500;
/// How exact the stored times are.
const PRECISION: TimeDelta = TimeDelta::minutes(5);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct LastSeen(Mutex<HashSet<SessionId>>);

impl LastSeen {
    /// Notes that a session is used.
    pub(super) fn note(&self, session: SessionId) {
        let mut sessions = self.0.lock();
        if sessions.len() < MAX_SESSIONS {
            sessions.insert(session);
        }
    }

    /// Stores that the noted sessions and these others are used at `now`.
    ///
    /// # Errors
    /// Those of the database; some are not stored then.
    pub(super) async fn store(
        &self,
        pool: &Pool,
        others: Vec<SessionId>,
        now: DateTime<Utc>,
    ) -> db::Result<()> {
        let mut sessions = mem::take(&mut *self.0.lock());
        sessions.extend(others);
        let sessions: Vec<SessionId> = sessions.into_iter().collect();
        for batch in sessions.chunks(BATCH) {
            sessions::seen(pool, batch, now, now - PRECISION).await?;
        }
        Ok(())
    }
}
