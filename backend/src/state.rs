//! The parts that all request handlers share. Below `http`: it knows no routes.

use crate::{
    audit::Audit,
    auth::{Auth, Passwords},
    config::{Config, Switch},
    db::{
        Batcher, ConnectionCache,
        access::{self, JoinLookup},
    },
    origins::Origins,
    picture::ImageCache,
    rate_limit::{SignInLimits, UserLimits},
    realtime::Hub,
    telemetry::Metrics,
};
use shared::ids::{CanvasId, UserId};
use sqlx::PgPool;
use std::{ops::Deref, sync::Arc};
use tokio::sync::Semaphore;

/// Snapshots and pictures read at a time; each holds a whole board in memory.
const BULK_READ_PERMITS: usize = 4;

/// The application's state, cheap to clone; it derefs to its [`Parts`].
#[derive(Clone)]
pub(crate) struct AppState(Arc<Parts>);

/// The parts of the application.
pub(crate) struct Parts {
    /// The configuration.
    pub(crate) config: Config,
    /// Which pages may act with the cookie.
    pub(crate) origins: Origins,
    /// The database.
    pub(crate) pool: PgPool,
    /// Rooms and connections.
    pub(crate) hub: Hub,
    /// Looks up what a join needs, in batches.
    pub(crate) join_lookups: Batcher<(CanvasId, UserId), JoinLookup>,
    /// Sessions, tokens and tickets.
    pub(crate) auth: Auth,
    /// Password hashing.
    pub(crate) passwords: Passwords,
    /// Rate limits of signing in.
    pub(crate) sign_in_limits: SignInLimits,
    /// Rate limits of what users create, and of joins.
    pub(crate) user_limits: UserLimits,
    /// The audit log.
    pub(crate) audit: Audit,
    /// Permits to read whole boards; see [`BULK_READ_PERMITS`].
    pub(crate) bulk_read_permits: Semaphore,
    /// Encoded pictures of boards.
    pub(crate) image_cache: ImageCache,
    /// The process's metrics.
    pub(crate) metrics: Metrics,
}

impl AppState {
    /// Starts the audit's task and the batcher of joins, and puts all parts together.
    pub(crate) fn new(
        config: Config,
        pool: PgPool,
        connection_cache: ConnectionCache,
        hub: Hub,
        auth: Auth,
        metrics: Metrics,
    ) -> Self {
        let limited = config.rate_limits == Switch::On;
        Self(Arc::new(Parts {
            audit: Audit::start(pool.clone()),
            join_lookups: Batcher::new(
                connection_cache,
                Arc::new(|connection, asked| Box::pin(access::join_lookups(connection, asked))),
            ),
            pool,
            hub,
            auth,
            passwords: Passwords::new(),
            sign_in_limits: SignInLimits::new(limited),
            user_limits: UserLimits::new(limited),
            bulk_read_permits: Semaphore::new(BULK_READ_PERMITS),
            image_cache: ImageCache::new(),
            metrics,
            origins: Origins::new(&config),
            config,
        }))
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
