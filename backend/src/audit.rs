//! What is kept for those who run the server: sign-ins, refusals that matter
//! and moderation. Noting something never waits: a bounded queue takes it, and
//! one task writes what is queued in batches. It knows neither routes nor
//! bodies, and is never told a secret or what somebody wrote.

use crate::{
    db::{self, audit::AuditRecord},
    error::ApiError,
    rate_limit::{Buckets, network},
};
use chrono::{TimeDelta, Utc};
use shared::ids::{CanvasId, UserId};
use sqlx::PgPool;
use std::{
    fmt::Display,
    net::IpAddr,
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, time};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Entries that may wait to be written; more are dropped and counted.
const QUEUE: usize = 4096;
/// Entries written with one statement.
const BATCH: usize = 256;
/// After this long without an answer the database counts as away.
const INSERT_TIMEOUT: Duration = Duration::from_secs(5);
/// Between two attempts while the database is away.
const PAUSE: Duration = Duration::from_secs(1);
/// How long rows are kept.
const KEPT: TimeDelta = TimeDelta::days(90);
/// Rows kept at most, however young.
const MOST: i64 = 1_000_000;
/// Refusals from one address that are kept, at once and a second: a stranger
/// can be refused as often as they like.
const REFUSALS: (f64, f64) = (200.0, 0.2);

/// What was done or tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// A user was made.
    Register,
    /// A sign-in with a password.
    Login,
    /// A sign-in as somebody new.
    Guest,
    /// A session was ended.
    Logout,
    /// A socket to a canvas; only refusals are kept.
    Connect,
    /// A newer token on an open socket; only refusals are kept.
    Refresh,
    /// A request with a cookie from a page of somebody else.
    Cookie,
    /// A role was given by name.
    RoleSet,
    /// A role was taken.
    RoleRemoved,
    /// A canvas's settings were changed.
    CanvasChanged,
    /// A canvas was deleted.
    CanvasDeleted,
    /// A connection was ended.
    Kick,
    /// Something was said to many.
    Announce,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Login => "login",
            Self::Guest => "guest",
            Self::Logout => "logout",
            Self::Connect => "connect",
            Self::Refresh => "token_refresh",
            Self::Cookie => "cookie",
            Self::RoleSet => "role_set",
            Self::RoleRemoved => "role_removed",
            Self::CanvasChanged => "canvas_changed",
            Self::CanvasDeleted => "canvas_deleted",
            Self::Kick => "kick",
            Self::Announce => "announcement",
        }
    }
}

/// Something to be kept.
#[derive(Clone, Debug)]
#[must_use = "it is kept only once it is noted"]
pub(crate) struct AuditEntry(AuditRecord);

impl AuditEntry {
    /// Done, by nobody in particular, until told otherwise.
    pub(crate) fn new(action: Action, address: IpAddr) -> Self {
        Self(AuditRecord {
            at: Utc::now(),
            action: action.name(),
            outcome: OK,
            user_id: None,
            address: Some(address),
            canvas_id: None,
            target: String::new(),
        })
    }

    /// Who acted.
    pub(crate) fn by(mut self, user_id: UserId) -> Self {
        self.0.user_id = Some(user_id);
        self
    }

    /// Where.
    pub(crate) fn on(mut self, canvas_id: CanvasId) -> Self {
        self.0.canvas_id = Some(canvas_id);
        self
    }

    /// To what: a kind and an id, nothing that somebody wrote.
    pub(crate) fn to(mut self, kind: &str, id: impl Display) -> Self {
        if !self.0.target.is_empty() {
            self.0.target.push(' ');
        }
        self.0.target.push_str(kind);
        self.0.target.push(':');
        self.0.target.push_str(&id.to_string());
        self
    }

    /// How it ended.
    pub(crate) fn ended<T>(self, result: &Result<T, ApiError>) -> Self {
        match result {
            Ok(_) => self,
            Err(error) => self.refused(error),
        }
    }

    /// Why it was not done.
    pub(crate) fn refused(mut self, error: &ApiError) -> Self {
        self.0.outcome = error.code();
        self
    }
}

/// The outcome of what was not refused.
const OK: &str = "ok";

/// See the module.
pub(crate) struct Audit {
    queue: mpsc::Sender<AuditRecord>,
    refusals: Buckets<IpAddr>,
    stopping: CancellationToken,
    writer: TaskTracker,
    pool: PgPool,
}

impl Audit {
    /// Starts the task that writes.
    pub(crate) fn start(pool: PgPool) -> Self {
        let (queue, entries) = mpsc::channel(QUEUE);
        let stopping = CancellationToken::new();
        let writer = TaskTracker::new();
        writer.spawn(write(pool.clone(), entries, stopping.clone()));
        writer.close();
        Self {
            queue,
            refusals: Buckets::new(REFUSALS.0, REFUSALS.1),
            stopping,
            writer,
            pool,
        }
    }

    /// Keeps an entry, or counts it where too many wait.
    pub(crate) fn note(&self, AuditEntry(row): AuditEntry) {
        let refused = row.outcome != OK;
        if let Some(address) = row.address.filter(|_| refused)
            && self
                .refusals
                .take(network(address), Instant::now())
                .is_err()
        {
            return dropped(1);
        }
        if self.queue.try_send(row).is_err() {
            dropped(1);
        }
    }

    /// Throws away what is old.
    pub(crate) async fn purge(&self) -> db::Result<()> {
        db::audit::purge(&self.pool, Utc::now() - KEPT, MOST).await
    }

    /// Writes what is queued, once, and stops.
    pub(crate) async fn finish(&self) {
        self.stopping.cancel();
        self.writer.wait().await;
    }
}

fn dropped(count: usize) {
    metrics::counter!("stellar_audit_dropped_total").increment(count as u64);
}

/// Writes what comes, until told to stop and nothing is left.
async fn write(
    pool: PgPool,
    mut entries: mpsc::Receiver<AuditRecord>,
    stopping: CancellationToken,
) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let count = tokio::select! {
            biased;
            count = entries.recv_many(&mut batch, BATCH) => count,
            () = stopping.cancelled(), if !entries.is_closed() => {
                entries.close();
                continue;
            }
        };
        if count == 0 {
            return;
        }
        store(&pool, &batch, &stopping).await;
        batch.clear();
    }
}

/// Writes a batch; while the database is away it is tried again, and what
/// comes meanwhile queues.
async fn store(pool: &PgPool, batch: &[AuditRecord], stopping: &CancellationToken) {
    let mut told = false;
    loop {
        let written = time::timeout(INSERT_TIMEOUT, db::audit::insert(pool, batch)).await;
        let (away, error) = match written {
            Ok(Ok(())) => {
                metrics::counter!("stellar_audit_written_total").increment(batch.len() as u64);
                return;
            }
            Ok(Err(error)) => (error.is_unavailable(), error.to_string()),
            Err(_) => (true, "it does not answer".to_owned()),
        };
        if !away || stopping.is_cancelled() {
            tracing::error!(%error, entries = batch.len(), "audit entries are lost");
            return dropped(batch.len());
        }
        if !told {
            tracing::warn!(%error, "audit entries wait for the database");
            told = true;
        }
        tokio::select! {
            () = time::sleep(PAUSE) => {}
            () = stopping.cancelled() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_says_what_it_was_done_to_and_how_it_ended() {
        let here = IpAddr::from([192, 0, 2, 1]);
        let refused: Result<(), ApiError> = Err(ApiError::Forbidden);
        let AuditEntry(row) = AuditEntry::new(Action::RoleSet, here)
            .by(UserId(7))
            .on(CanvasId(3))
            .to("user", 8)
            .to("role", "editor")
            .ended(&refused);
        assert_eq!(row.action, "role_set");
        assert_eq!(row.outcome, "forbidden");
        assert_eq!(row.target, "user:8 role:editor");
        let AuditEntry(row) = AuditEntry::new(Action::Guest, here).ended(&Ok(()));
        assert_eq!(row.outcome, "ok");
    }

    #[tokio::test]
    async fn a_full_queue_holds_nobody_up() {
        // Nobody answers there, and nothing is written before this test waits.
        let pool = db::pool("postgres://127.0.0.1:1/none", 2).unwrap();
        let audit = Audit::start(pool);
        for user in 0..3 * QUEUE {
            let here = IpAddr::from([192, 0, 2, 1]);
            audit.note(AuditEntry::new(Action::Guest, here).to("user", user));
        }
        assert_eq!(audit.queue.capacity(), 0);
    }

    #[tokio::test]
    async fn one_address_fills_no_table_with_refusals() {
        let pool = db::pool("postgres://127.0.0.1:1/none", 2).unwrap();
        let audit = Audit::start(pool);
        let error = ApiError::Unauthenticated;
        for host in [1, 2] {
            for _ in 0..1000 {
                let there = IpAddr::from([192, 0, 2, host]);
                audit.note(AuditEntry::new(Action::Connect, there).refused(&error));
            }
        }
        let queued = QUEUE - audit.queue.capacity();
        assert!((400..500).contains(&queued), "{queued}");
    }
}
