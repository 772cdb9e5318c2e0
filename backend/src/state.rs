//! The parts that all request handlers share. Below `http`: it knows no routes.

use crate::{
    audit::Audit,
    auth::{Auth, Passwords},
    bulk_reads::BulkReads,
    cell_log::CellCache,
    config::{Config, Switch},
    db::{
        Batcher, Pool, Pools, Readiness,
        access::{self, JoinLookup},
        visits,
    },
    large_bodies::LargeBodies,
    list_limits::ListLimits,
    origin_notes::OriginNotes,
    origins::Origins,
    past::{index::EventIndex, log::Log},
    picture::ImageCache,
    rate_limit::{SignInLimits, UserLimits},
    realtime::Hub,
    telemetry::Metrics,
};
use chrono::{DateTime, Utc};
use shared::ids::{CanvasId, UserId};
use std::{ops::Deref, sync::Arc};
use tokio::sync::{Notify, Semaphore};

/// Batches of rewrites that are made at once.
const REWRITE_PERMITS: usize = 4;

/// The application's state, cheap to clone; it derefs to its [`Parts`].
#[derive(Clone)]
pub(crate) struct AppState(Arc<Parts>);

/// The parts of the application.
pub(crate) struct Parts {
    /// The configuration.
    pub(crate) config: Config,
    /// Which pages may act with the cookie.
    pub(crate) origins: Origins,
    /// The database, for writes and for authentication: `pools.writes`.
    pub(crate) pool: Pool,
    /// The database, for each kind of work.
    pub(crate) pools: Pools,
    /// The events of all canvases, however old.
    pub(crate) log: Log,
    /// Rooms and connections.
    pub(crate) hub: Hub,
    /// Looks up what a join needs, in batches.
    pub(crate) join_lookups: Batcher<(CanvasId, UserId), JoinLookup>,
    /// Notes who is on a canvas for the first time, and returns when that was.
    pub(crate) visits: Batcher<(CanvasId, UserId), DateTime<Utc>>,
    /// Sessions, tokens and tickets.
    pub(crate) auth: Auth,
    /// Password hashing.
    pub(crate) passwords: Passwords,
    /// Notes from where users come.
    pub(crate) origin_notes: OriginNotes,
    /// Rate limits of signing in.
    pub(crate) sign_in_limits: SignInLimits,
    /// Rate limits of what users create, and of joins.
    pub(crate) user_limits: UserLimits,
    /// Limits of listing and searching canvases.
    pub(crate) list_limits: ListLimits,
    /// The audit log.
    pub(crate) audit: Audit,
    /// Whether the database answers.
    pub(crate) readiness: Readiness,
    /// The memory of large request bodies.
    pub(crate) large_bodies: LargeBodies,
    /// Permits for answers of any size.
    pub(crate) bulk_reads: BulkReads,
    /// Permits for the files of exports, which take as long as whoever loads them.
    pub(crate) export_reads: BulkReads,
    /// For the batches of rewrites that are made at once.
    pub(crate) rewrite_permits: Arc<Semaphore>,
    /// Notified when somebody asked for an export.
    pub(crate) export_asked: Notify,
    /// Notified when a canvas was deleted, whose rows are to be removed.
    pub(crate) canvas_deleted: Notify,
    /// Notified when an account was deleted, whose names are to be removed.
    pub(crate) account_deleted: Notify,
    /// Cells whose authors were asked for.
    pub(crate) cell_cache: CellCache,
    /// Finds events of the past.
    pub(crate) event_index: EventIndex,
    /// Encoded pictures of boards.
    pub(crate) image_cache: ImageCache,
    /// The process's metrics.
    pub(crate) metrics: Metrics,
}

impl AppState {
    /// Starts the audit's task and the batcher of joins, and puts all parts together.
    pub(crate) fn new(
        config: Config,
        pools: Pools,
        log: Log,
        hub: Hub,
        auth: Auth,
        metrics: Metrics,
    ) -> Self {
        let limited = config.rate_limits == Switch::On;
        Self(Arc::new(Parts {
            audit: Audit::start(pools.writes.clone()),
            join_lookups: Batcher::new(
                pools.writes.clone(),
                Arc::new(|connection, asked| Box::pin(access::join_lookups(connection, asked))),
            ),
            origin_notes: OriginNotes::new(pools.writes.clone()),
            visits: Batcher::new(
                pools.writes.clone(),
                Arc::new(|connection, asked| Box::pin(visits::first(connection, asked))),
            ),
            pool: pools.writes.clone(),
            log,
            hub,
            auth,
            passwords: Passwords::new(),
            sign_in_limits: SignInLimits::new(limited),
            user_limits: UserLimits::new(limited),
            list_limits: ListLimits::new(limited),
            readiness: Readiness::new(pools.readiness.clone()),
            large_bodies: LargeBodies::new(),
            bulk_reads: BulkReads::new(config.bulk_reads),
            export_reads: BulkReads::new(config.bulk_reads),
            rewrite_permits: Arc::new(Semaphore::new(REWRITE_PERMITS)),
            export_asked: Notify::new(),
            canvas_deleted: Notify::new(),
            account_deleted: Notify::new(),
            cell_cache: CellCache::default(),
            event_index: EventIndex::new(pools.reads.clone()),
            image_cache: ImageCache::new(),
            metrics,
            origins: Origins::new(&config),
            pools,
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
