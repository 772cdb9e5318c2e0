//! The audit log: sign-ins, security-relevant refusals and moderation, in a table of
//! the database. Recording never waits: a bounded queue takes the entry, and one task
//! writes the queue in batches. It knows no HTTP, and entries never hold a secret or
//! anything that a user wrote.

use crate::{
    db::{self, Pool, audit::AuditRecord},
    rate_limit::{KeyedLimiter, network, quota},
};
use backon::{ConstantBuilder, Retryable};
use chrono::{TimeDelta, Utc};
use futures_util::FutureExt;
use governor::Quota;
use shared::ids::{CanvasId, UserId};
use std::{fmt::Display, io, mem, net::IpAddr, time::Duration};
use tokio::{sync::mpsc, time};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Entries that may wait to be written; more are dropped and counted.
const QUEUE: usize = 4096;
/// Entries written with one statement.
const BATCH: usize = 256;
/// How long one `INSERT` may take before it counts as failed.
const INSERT_TIMEOUT: Duration = Duration::from_secs(5);
/// The pause before the next attempt while the database does not answer.
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// How long entries are kept.
const RETENTION: TimeDelta = TimeDelta::days(90);
/// Entries kept at most, however recent.
const MAX_ENTRIES: i64 = 1_000_000;
/// Refusals recorded for one address: 200 at once, then one every 5 s. Anybody can
/// be refused as often as they like, and the table must not grow with it.
const REFUSALS: Quota = quota(12, 200);
/// The outcome of an action that was not refused.
const OK: &str = "ok";

/// An error with a code that the audit log can store.
pub(crate) trait ErrorCode {
    /// The code, such as `forbidden`.
    fn code(&self) -> &'static str;
}

/// What was done or tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// A user was created.
    Register,
    /// A sign-in with a password.
    Login,
    /// A new guest signed in.
    Guest,
    /// A session was ended by its user.
    Logout,
    /// A password was changed.
    PasswordChanged,
    /// Sessions were ended by their user, besides the one that was used.
    SessionsEnded,
    /// An account was deleted by its user.
    AccountDeleted,
    /// A WebSocket handshake; only refusals are recorded.
    Connect,
    /// A new token on an open WebSocket; only refusals are recorded.
    Refresh,
    /// A request with a cookie from a page of another origin.
    Cookie,
    /// A member's role was set.
    RoleSet,
    /// A member's role was removed.
    RoleRemoved,
    /// An invite was made.
    InviteMade,
    /// An invite was revoked.
    InviteRevoked,
    /// An invite gave its role.
    InviteAccepted,
    /// A canvas's settings were changed.
    CanvasChanged,
    /// A canvas was deleted.
    CanvasDeleted,
    /// An administrator closed a connection.
    Kick,
    /// An administrator sent an announcement.
    Announce,
    /// A user was sanctioned.
    Sanction,
    /// A sanction was lifted.
    Lift,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Login => "login",
            Self::Guest => "guest",
            Self::Logout => "logout",
            Self::PasswordChanged => "password_changed",
            Self::SessionsEnded => "sessions_ended",
            Self::AccountDeleted => "account_deleted",
            Self::Connect => "connect",
            Self::Refresh => "token_refresh",
            Self::Cookie => "cookie",
            Self::RoleSet => "role_set",
            Self::RoleRemoved => "role_removed",
            Self::InviteMade => "invite_made",
            Self::InviteRevoked => "invite_revoked",
            Self::InviteAccepted => "invite_accepted",
            Self::CanvasChanged => "canvas_changed",
            Self::CanvasDeleted => "canvas_deleted",
            Self::Kick => "kick",
            Self::Announce => "announcement",
            Self::Sanction => "sanction",
            Self::Lift => "sanction_lifted",
        }
    }
}

/// An entry of the audit log.
#[derive(Clone, Debug)]
#[must_use = "it is written only once it is recorded"]
pub(crate) struct AuditEntry(AuditRecord);

impl AuditEntry {
    /// An action that succeeded, without a user or a target.
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

    /// Sets the user who acted.
    pub(crate) fn by(mut self, user_id: UserId) -> Self {
        self.0.user_id = Some(user_id);
        self
    }

    /// Sets the canvas.
    pub(crate) fn on(mut self, canvas_id: CanvasId) -> Self {
        self.0.canvas_id = Some(canvas_id);
        self
    }

    /// Adds a target: its kind and an id, never a text that a user wrote.
    pub(crate) fn to(mut self, kind: &str, id: impl Display) -> Self {
        if !self.0.target.is_empty() {
            self.0.target.push(' ');
        }
        self.0.target.push_str(kind);
        self.0.target.push(':');
        self.0.target.push_str(&id.to_string());
        self
    }

    /// Sets the outcome.
    pub(crate) fn ended<T>(self, result: &Result<T, impl ErrorCode>) -> Self {
        match result {
            Ok(_) => self,
            Err(error) => self.refused(error),
        }
    }

    /// Sets the error's code as the outcome.
    pub(crate) fn refused(mut self, error: &impl ErrorCode) -> Self {
        self.0.outcome = error.code();
        self
    }
}

/// The audit log; its task runs until [`Audit::shut_down`].
pub(crate) struct Audit {
    queue: mpsc::Sender<AuditRecord>,
    refusals: KeyedLimiter<IpAddr>,
    stopping: CancellationToken,
    writer: TaskTracker,
    pool: Pool,
}

impl Audit {
    /// Starts the task that writes the entries.
    pub(crate) fn start(pool: Pool) -> Self {
        let (queue, entries) = mpsc::channel(QUEUE);
        let stopping = CancellationToken::new();
        let writer = TaskTracker::new();
        writer.spawn(write(pool.clone(), entries, stopping.clone()));
        writer.close();
        Self {
            queue,
            refusals: KeyedLimiter::new(REFUSALS),
            stopping,
            writer,
            pool,
        }
    }

    /// Queues an entry. Where the queue is full, or the address was refused too often,
    /// it is dropped and counted.
    pub(crate) fn record(&self, AuditEntry(row): AuditEntry) {
        let refused = row.outcome != OK;
        if let Some(address) = row.address.filter(|_| refused)
            && self.refusals.check(&network(address)).is_err()
        {
            return dropped(1);
        }
        if self.queue.try_send(row).is_err() {
            dropped(1);
        }
    }

    /// Deletes entries older than [`RETENTION`] or beyond [`MAX_ENTRIES`].
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn purge(&self) -> db::Result<()> {
        db::audit::purge(&self.pool, Utc::now() - RETENTION, MAX_ENTRIES).await
    }

    /// Frees the rate limits of addresses that are below them; called by the
    /// maintenance loop.
    pub(crate) fn evict_idle_limits(&self) {
        self.refusals.evict_idle();
    }

    /// Writes what is queued, without retries, and stops the task.
    pub(crate) async fn shut_down(&self) {
        self.stopping.cancel();
        self.writer.wait().await;
    }
}

fn dropped(count: usize) {
    metrics::counter!("stellar_audit_dropped_total").increment(count as u64);
}

/// The task: writes entries in batches until `stopping`, and then what is queued.
async fn write(pool: Pool, mut entries: mpsc::Receiver<AuditRecord>, stopping: CancellationToken) {
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

/// Writes a batch. While the database does not answer it is tried again, until
/// `stopping`; entries that come meanwhile wait in the queue.
async fn store(pool: &Pool, batch: &[AuditRecord], stopping: &CancellationToken) {
    let mut logged = false;
    let stop = stopping.clone();
    let stored = (|| insert(pool, batch))
        .retry(
            ConstantBuilder::new()
                .with_delay(RETRY_DELAY)
                .without_max_times(),
        )
        .when(|error| error.is_unavailable() && !stopping.is_cancelled())
        .notify(|error, _| {
            if !mem::replace(&mut logged, true) {
                tracing::warn!(%error, "audit entries wait for the database");
            }
        })
        .sleep(move |delay| time::timeout(delay, stop.clone().cancelled_owned()).map(drop))
        .await;
    match stored {
        Ok(()) => {
            metrics::counter!("stellar_audit_written_total").increment(batch.len() as u64);
        }
        Err(error) => {
            tracing::error!(%error, entries = batch.len(), "audit entries are lost");
            dropped(batch.len());
        }
    }
}

async fn insert(pool: &Pool, batch: &[AuditRecord]) -> db::Result<()> {
    time::timeout(INSERT_TIMEOUT, db::audit::insert(pool, batch))
        .await
        .unwrap_or_else(|_| Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into()).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Forbidden;

    impl ErrorCode for Forbidden {
        fn code(&self) -> &'static str {
            "forbidden"
        }
    }

    #[test]
    fn an_entry_has_its_target_and_outcome() {
        let here = IpAddr::from([192, 0, 2, 1]);
        let refused: Result<(), Forbidden> = Err(Forbidden);
        let AuditEntry(row) = AuditEntry::new(Action::RoleSet, here)
            .by(UserId(7))
            .on(CanvasId(3))
            .to("user", 8)
            .to("role", "editor")
            .ended(&refused);
        assert_eq!(row.action, "role_set");
        assert_eq!(row.outcome, "forbidden");
        assert_eq!(row.target, "user:8 role:editor");
        let AuditEntry(row) = AuditEntry::new(Action::Guest, here).ended(&Ok::<_, Forbidden>(()));
        assert_eq!(row.outcome, "ok");
    }

    #[tokio::test]
    async fn a_full_queue_does_not_block() {
        // No server listens there, and the task does not run before this test awaits.
        let pool = db::Pools::new("postgres://127.0.0.1:1/none", 2)
            .unwrap()
            .writes;
        let audit = Audit::start(pool);
        for user in 0..3 * QUEUE {
            let here = IpAddr::from([192, 0, 2, 1]);
            audit.record(AuditEntry::new(Action::Guest, here).to("user", user));
        }
        assert_eq!(audit.queue.capacity(), 0);
    }

    #[tokio::test]
    async fn refusals_of_one_address_are_limited() {
        let pool = db::Pools::new("postgres://127.0.0.1:1/none", 2)
            .unwrap()
            .writes;
        let audit = Audit::start(pool);
        for host in [1, 2] {
            for _ in 0..1000 {
                let there = IpAddr::from([192, 0, 2, host]);
                audit.record(AuditEntry::new(Action::Connect, there).refused(&Forbidden));
            }
        }
        let queued = QUEUE - audit.queue.capacity();
        assert!((400..500).contains(&queued), "{queued}");
    }
}
