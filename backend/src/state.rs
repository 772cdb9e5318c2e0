//! What every request handler shares.

use crate::{
    audit::Audit,
    auth::{Auth, Passwords},
    config::{Config, Switch},
    db::{
        Batcher, ConnectionCache,
        access::{self, JoinLookup},
    },
    http::ImageCache,
    rate_limit::{SignInLimits, UserLimits},
    realtime::Hub,
    telemetry::Metrics,
};
use shared::ids::{CanvasId, UserId};
use sqlx::PgPool;
use std::{ops::Deref, sync::Arc};
use tokio::sync::Semaphore;

/// Snapshots and image_cache in the making at a time; each may hold a whole board.
const BULK_READ_PERMITS: usize = 4;

/// Cheap to clone; the parts are [`Parts`].
#[derive(Clone)]
pub(crate) struct AppState(Arc<Parts>);

/// The parts of the application.
pub(crate) struct Parts {
    /// As started.
    pub(crate) config: Config,
    /// The database.
    pub(crate) pool: PgPool,
    /// Everything live.
    pub(crate) hub: Hub,
    /// Who may join what.
    pub(crate) join_lookups: Batcher<(CanvasId, UserId), JoinLookup>,
    /// Tokens, tickets and sessions.
    pub(crate) auth: Auth,
    /// Argon2id.
    pub(crate) passwords: Passwords,
    /// How often strangers may try.
    pub(crate) sign_in_limits: SignInLimits,
    /// How often users may make things.
    pub(crate) user_limits: UserLimits,
    /// What is kept for those who run the server.
    pub(crate) audit: Audit,
    /// Turns for reading whole boards.
    pub(crate) bulk_read_permits: Semaphore,
    /// Boards as image_cache.
    pub(crate) image_cache: ImageCache,
    /// Figures for those who run the server.
    pub(crate) metrics: Metrics,
}

impl AppState {
    /// Puts the parts together.
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
            image_cache: ImageCache::default(),
            metrics,
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
