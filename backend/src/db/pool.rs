//! A pool of connections to PostgreSQL for one kind of work.
//!
//! Why not `sqlx::Pool`: it pings a connection that is returned, without a timeout, so
//! that a host which vanishes keeps the permit of each connection that was in use for a
//! quarter of an hour. Here every wait has a limit, and returning waits for nothing.
//!
//! A database that was away may leave connections that are open but useless: to a
//! server that became a standby, or reset by a restart. Such an error is a definite
//! sign: every connection that is as old is replaced when it is acquired next. A
//! connection that only does not answer is replaced alone, and a few of them a second,
//! since a slow database would become slower if all connections were made anew.

mod executor;
mod health;
mod lease;

pub(crate) use executor::Reads;
pub(crate) use lease::Lease;

pub(super) use health::Health;

use super::history;
use backon::{ExponentialBuilder, Retryable};
use parking_lot::Mutex;
use sqlx::{ConnectOptions, Connection, Error, Executor, PgConnection, postgres::PgConnectOptions};
use std::{
    io, mem,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::Semaphore, time::timeout};

/// How long a caller waits for a connection: until one is free, tested or made.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long the test of an unused connection may take.
const TEST_TIMEOUT: Duration = Duration::from_secs(1);
/// How long closing an unused connection may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// A connection that was used more recently is handed out without a test.
const FRESH: Duration = Duration::from_millis(250);
/// A connection that was unused for this long is asked whether it is writable; one that
/// was used more recently is only pinged.
const IDLE: Duration = Duration::from_millis(500);
/// One in so many fresh connections is tested too, for pools in which none is ever idle.
const SAMPLE: u32 = 64;
/// A read-only connection that is younger is used all the same: while the database is
/// read-only, a new one is no better.
const READ_ONLY_LIFETIME: Duration = Duration::from_secs(1);
/// A connection that was unused for this long is closed.
const MAX_IDLE: Duration = Duration::from_mins(10);
/// A connection that is older is closed when it is unused.
const MAX_AGE: Duration = Duration::from_mins(30);

/// A pool. Cheap to clone; clones share the connections. As an `sqlx` executor it runs
/// each statement on a connection of its own, within the pool's deadline.
#[derive(Clone, Debug)]
pub(crate) struct Pool(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: PgConnectOptions,
    /// Statements that set up each new session.
    session: &'static str,
    /// One permit for each connection.
    permits: Arc<Semaphore>,
    size: usize,
    /// A stack: the most recently used connection is last.
    idle: Mutex<Vec<Idle>>,
    /// How long a statement may take before its connection is closed.
    deadline: Duration,
    health: Arc<Health>,
}

/// A connection that nobody uses.
#[derive(Debug)]
struct Idle {
    connection: PgConnection,
    made: Instant,
    used: Instant,
}

/// What a test found.
enum Tested {
    /// The connection works.
    Usable,
    /// It was not tested, since another one as old is broken.
    Distrusted,
    /// It is broken, or leads to a standby.
    Broken,
    /// It did not answer in time.
    Silent,
}

impl Pool {
    /// A pool of at most `size` connections, made when they are first used. `session` are
    /// the statements that set up each; they should cancel statements a little before
    /// `deadline`: a connection on which that passes is closed. Pools with one `health`
    /// learn from each other's connections.
    pub(super) fn new(
        options: PgConnectOptions,
        session: &'static str,
        size: usize,
        deadline: Duration,
        health: Arc<Health>,
    ) -> Self {
        Self(Arc::new(Inner {
            options,
            session,
            permits: Arc::new(Semaphore::new(size)),
            size,
            idle: Mutex::default(),
            deadline,
            health,
        }))
    }

    /// A connection for several statements. The caller limits the time of each wait
    /// ([`Pool::deadline`]) and ends with [`Lease::done`].
    ///
    /// # Errors
    /// [`Error::PoolTimedOut`] if all connections are in use for [`ACQUIRE_TIMEOUT`];
    /// [`Error::PoolClosed`] after [`Pool::close`]; those of connecting.
    pub(crate) async fn acquire(&self) -> Result<Lease, Error> {
        self.lease(FRESH).await
    }

    /// As [`Pool::acquire`], but no connection is used without a test.
    ///
    /// # Errors
    /// As [`Pool::acquire`].
    pub(crate) async fn acquire_tested(&self) -> Result<Lease, Error> {
        self.lease(Duration::ZERO).await
    }

    /// A transaction that writes: each statement that is run on the lease belongs to it, within
    /// the pool's deadline. It ends with [`Lease::commit`], or is rolled back when the lease is
    /// dropped.
    ///
    /// # Errors
    /// As [`Pool::acquire`], and those of the database.
    pub(crate) async fn begin(&self) -> super::Result<Lease> {
        let mut lease = self.acquire().await?;
        lease.begin_write().await?;
        Ok(lease)
    }

    /// How long a statement may take.
    pub(crate) fn deadline(&self) -> Duration {
        self.0.deadline
    }

    /// Whether both are clones of one pool.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// How many connections are unused, in use, and allowed.
    pub(crate) fn usage(&self) -> (usize, usize, usize) {
        let used = self.0.size - self.0.permits.available_permits().min(self.0.size);
        (self.0.idle.lock().len(), used, self.0.size)
    }

    /// Closes connections that were unused for long. Called periodically.
    pub(crate) fn evict(&self) {
        let now = Instant::now();
        let mut idle = self.0.idle.lock();
        idle.retain(|idle| now - idle.used < MAX_IDLE && now - idle.made < MAX_AGE);
    }

    /// Closes the unused connections, and those in use when they are returned.
    pub(crate) async fn close(&self) {
        self.0.permits.close();
        let idle = mem::take(&mut *self.0.idle.lock());
        for idle in idle {
            // Whatever fails here, the connection is dropped.
            let _ = timeout(CLOSE_TIMEOUT, idle.connection.close()).await;
        }
    }

    async fn lease(&self, fresh: Duration) -> Result<Lease, Error> {
        timeout(ACQUIRE_TIMEOUT, self.wait_for_lease(fresh))
            .await
            .map_err(|_| Error::PoolTimedOut)?
    }

    async fn wait_for_lease(&self, fresh: Duration) -> Result<Lease, Error> {
        let permit = self.0.permits.clone().acquire_owned().await;
        let permit = permit.map_err(|_| Error::PoolClosed)?;
        loop {
            let Some(mut idle) = self.0.idle.lock().pop() else {
                break;
            };
            let tested = if self.0.health.is_distrusted(idle.made) {
                Tested::Distrusted
            } else if self.is_fresh(&idle, fresh) {
                Tested::Usable
            } else {
                idle.test().await
            };
            match tested {
                Tested::Usable => {
                    let Idle {
                        connection, made, ..
                    } = idle;
                    return Ok(Lease::new(self.clone(), connection, made, permit));
                }
                Tested::Distrusted => {}
                Tested::Broken => self.0.health.distrust(),
                Tested::Silent => {
                    tracing::info!("a database connection does not answer and is closed");
                    if !self.0.health.may_replace() {
                        return Err(Error::Io(io::ErrorKind::TimedOut.into()));
                    }
                    break;
                }
            }
        }
        let connection = self.connect().await?;
        Ok(Lease::new(self.clone(), connection, Instant::now(), permit))
    }

    fn is_fresh(&self, idle: &Idle, fresh: Duration) -> bool {
        idle.used.elapsed() < fresh
            && !self.0.health.is_suspected(idle.used)
            && !rand::random_ratio(1, SAMPLE)
    }

    /// Connects, for the pool or for work that has a connection of its own. While the server
    /// refuses connections, which it does while it starts, this is tried again.
    pub(in crate::db) async fn connect(&self) -> Result<PgConnection, Error> {
        let connect = async || {
            let mut connection = self.0.options.connect().await?;
            connection.execute(sqlx::raw_sql(self.0.session)).await?;
            history::check_origin(&mut connection).await?;
            Ok(connection)
        };
        let backoff = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(10))
            .with_max_delay(Duration::from_millis(500))
            .without_max_times();
        connect.retry(backoff).when(is_starting).await
    }

    /// Takes a connection back whose last statement has ended.
    fn put_back(&self, connection: PgConnection, made: Instant) {
        if !self.0.permits.is_closed() && !self.0.health.is_distrusted(made) {
            let used = Instant::now();
            self.0.idle.lock().push(Idle {
                connection,
                made,
                used,
            });
        }
    }
}

impl Idle {
    async fn test(&mut self) -> Tested {
        let is_thorough = self.used.elapsed() >= IDLE || rand::random_ratio(1, 16);
        let test = async {
            if is_thorough {
                is_writable(&mut self.connection).await
            } else {
                self.connection.ping().await.map(|()| true)
            }
        };
        match timeout(TEST_TIMEOUT, test).await {
            Ok(Ok(is_writable)) if is_writable || self.made.elapsed() < READ_ONLY_LIFETIME => {
                Tested::Usable
            }
            Ok(_) => Tested::Broken,
            Err(_) => Tested::Silent,
        }
    }
}

/// False on a standby, and in a session that was made read-only.
async fn is_writable(connection: &mut PgConnection) -> Result<bool, Error> {
    let read_only =
        sqlx::query_scalar!(r#"SELECT current_setting('transaction_read_only') AS "read_only!""#)
            .fetch_one(connection)
            .await?;
    Ok(read_only != "on")
}

/// Whether the server may accept connections in a moment, after this error of connecting.
fn is_starting(error: &Error) -> bool {
    match error {
        // A Unix socket's file is there once the server listens. A server that stops resets
        // the connections that it has not accepted.
        Error::Io(error) => matches!(
            error.kind(),
            io::ErrorKind::ConnectionRefused
                | io::ErrorKind::NotFound
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof
        ),
        Error::Database(error) => error.is_transient_in_connect_phase(),
        _ => false,
    }
}
