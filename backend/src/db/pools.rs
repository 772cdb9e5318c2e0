//! The pools of the server: a bound for each kind of work, so that none starves another.

use super::{
    connect::connect_options,
    pool::{Health, Pool},
};
use sqlx::Error;
use std::{sync::Arc, time::Duration};

/// How long a write, or a look-up that many wait for, may take.
const WRITE_DEADLINE: Duration = Duration::from_secs(6);
/// How long a read of an HTTP request may take.
const READ_DEADLINE: Duration = Duration::from_secs(5);
/// How long PostgreSQL may take to answer before the node counts as not ready.
const READINESS_DEADLINE: Duration = Duration::from_secs(1);

/// What all sessions set, whatever the database's or the role's defaults are: an `ack` means
/// that the event is on the disk, and the writer relies on the isolation. Locks of a node
/// that vanished are released. `SET`, and not startup parameters, which `PgBouncer` refuses.
/// `synchronous_commit` is only raised: `remote_apply` stays.
macro_rules! session {
    ($own:literal) => {
        concat!(
            "SELECT set_config('synchronous_commit', 'on', false)
             WHERE current_setting('synchronous_commit') = 'off';
             SET default_transaction_isolation = 'read committed';
             SET lock_timeout = '4s'; SET tcp_user_timeout = '30s';
             SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5;
             SET tcp_keepalives_count = 3; ",
            $own
        )
    };
}

/// The statements that set up a session that writes. Its look-ups go through indexes also in
/// tables that are small: the planner would read all of such a table for each row that is looked
/// up, and a cached plan keeps doing so when the table has grown. New events are in memory: read
/// in the order of an index they need not be sorted, for which PostgreSQL would write files.
const WRITE_SESSION: &str = session!(
    "SET statement_timeout = '5s'; SET idle_in_transaction_session_timeout = '15s';
     SET enable_seqscan = off; SET random_page_cost = 1.1; SET jit = off"
);
pub(super) const READ_SESSION: &str =
    session!("SET statement_timeout = '4s'; SET idle_in_transaction_session_timeout = '15s'");
/// Between two statements the peer takes in what the first one read.
const BULK_SESSION: &str =
    session!("SET statement_timeout = '4s'; SET idle_in_transaction_session_timeout = '11min'");

/// The pools. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Pools {
    /// For the write path, for authentication, and for what is polled.
    pub(crate) writes: Pool,
    /// For what HTTP requests read.
    pub(crate) reads: Pool,
    /// For whole boards, whose transactions last as long as their answers.
    pub(crate) bulk: Pool,
    /// For the readiness check.
    pub(crate) readiness: Pool,
}

impl Pools {
    /// Pools of at most `max_connections` together. They connect when they are used.
    /// Where there are fewer than four connections, some kinds of work share a pool.
    ///
    /// # Errors
    /// When `url` is not a PostgreSQL URL.
    pub(crate) fn new(url: &str, max_connections: u32) -> Result<Self, Error> {
        let options = connect_options(url)?;
        let sizes = Sizes::of(max_connections);
        let health = Arc::new(Health::default());
        let pool = |size: usize, session, deadline| {
            (size > 0).then(|| Pool::new(options.clone(), session, size, deadline, health.clone()))
        };
        let writes = Pool::new(
            options.clone(),
            WRITE_SESSION,
            sizes.writes,
            WRITE_DEADLINE,
            health.clone(),
        );
        let reads =
            pool(sizes.reads, READ_SESSION, READ_DEADLINE).unwrap_or_else(|| writes.clone());
        Ok(Self {
            bulk: pool(sizes.bulk, BULK_SESSION, READ_DEADLINE).unwrap_or_else(|| writes.clone()),
            readiness: pool(sizes.readiness, WRITE_SESSION, READINESS_DEADLINE)
                .unwrap_or_else(|| writes.clone()),
            writes,
            reads,
        })
    }

    /// How many connections are unused, in use, and allowed.
    pub(crate) fn usage(&self) -> (usize, usize, usize) {
        let usage = self.distinct().map(Pool::usage);
        usage.fold((0, 0, 0), |sum, pool| {
            (sum.0 + pool.0, sum.1 + pool.1, sum.2 + pool.2)
        })
    }

    /// Closes connections that were unused for long. Called periodically.
    pub(crate) fn evict(&self) {
        self.distinct().for_each(Pool::evict);
    }

    /// Closes all connections.
    pub(crate) async fn close(&self) {
        for pool in self.distinct() {
            pool.close().await;
        }
    }

    fn distinct(&self) -> impl Iterator<Item = &Pool> {
        let all = [&self.writes, &self.reads, &self.bulk, &self.readiness];
        (0..all.len())
            .filter(move |position| !all[..*position].iter().any(|pool| pool.is(all[*position])))
            .map(move |position| all[position])
    }
}

/// How many connections each pool has; 0 where it shares another pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sizes {
    writes: usize,
    reads: usize,
    bulk: usize,
    readiness: usize,
}

impl Sizes {
    /// Of all connections but the one for readiness, about a half is for writes, a
    /// fifth for reads and a third for whole boards. Of two, one is for whole boards, which
    /// take long, and one for everything else.
    fn of(max_connections: u32) -> Self {
        let all = max_connections as usize;
        let readiness = usize::from(all >= 4);
        let shared = all - readiness;
        let bulk = (shared / 3).max(1);
        let reads = if all >= 3 { (shared / 5).max(1) } else { 0 };
        Self {
            writes: shared - bulk - reads,
            reads,
            bulk,
            readiness,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_work_has_a_connection_and_all_are_used() {
        for all in 2..=1000 {
            let sizes = Sizes::of(all);
            let Sizes {
                writes,
                reads,
                bulk,
                readiness,
            } = sizes;
            assert_eq!(writes + reads + bulk + readiness, all as usize, "{all}");
            assert!(writes >= 1 && bulk >= 1, "{all}: {sizes:?}");
            assert!(all < 3 || reads >= 1, "{all}: {sizes:?}");
            assert!(all < 4 || readiness == 1, "{all}: {sizes:?}");
        }
        let sizes = Sizes::of(16);
        assert_eq!((sizes.writes, sizes.reads, sizes.bulk), (7, 3, 5));
    }

    #[test]
    fn shared_pools_count_once() {
        for all in [2, 3, 4, 16] {
            let pools = Pools::new("postgres://localhost/none", all).unwrap();
            assert_eq!(pools.usage(), (0, 0, all as usize));
        }
    }
}
