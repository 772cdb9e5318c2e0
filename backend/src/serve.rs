//! The server's life cycle: start, accept loop, shutdown. The parts are in the
//! modules below it.

mod connection_counts;
mod connections;
mod database;
mod error;
mod listener;
mod maintenance;
mod service_manager;
mod settings;
mod stall_guard;
mod starting;

pub use error::StartError;
pub use service_manager::ready as notify_ready;

use crate::{
    auth::Auth,
    clock::DatabaseClock,
    config::{Config, Switch},
    db::{self, Pool, Pools, admins},
    demo, embedded_postgres, http,
    past::log::Log,
    realtime::{Bus, Hub, Settings},
    state::AppState,
    telemetry::Metrics,
};
use axum::Router;
use connections::Connections;
use listener::listen;
use maintenance::{
    ExportTasks, backfill_loop, cleanup_loop, export_purge_loop, maintenance_loop,
    name_removal_loop, past_loop,
};
use private_postgres::PrivatePostgres;
use std::{
    future::{self, Future},
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
    time,
};
use uuid::Uuid;

/// The pause after an accept that failed, for example for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long the start waits for a database that neither answers nor refuses, or for its
/// migrations, before it goes on in the background.
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// The pause after a database that was there is away again during the start.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// How long WebSockets and rooms may take to end. With the timeouts below it stays
/// under the 30 s in which the server promises to stop.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(8);
/// How long the requests in progress may take after that.
const FINISH_TIMEOUT: Duration = Duration::from_secs(4);
/// How long writing the last audit entries may take.
const AUDIT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long it may take until no export is being made.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long closing the database connections may take.
const POOL_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the private PostgreSQL may take to stop before it is killed.
const POSTGRES_TIMEOUT: Duration = Duration::from_secs(12);

/// A server that listens. It answers while it starts and once [`run`](Self::run) is called.
#[must_use = "it answers no request until it runs"]
pub struct Server {
    listener: TcpListener,
    local_addr: SocketAddr,
    stage: Stage,
    /// That of `METRICS_BIND`.
    metrics_listener: Option<TcpListener>,
}

/// How far the start has come.
enum Stage {
    /// The database is not there yet: the rest of the start, and what is answered meanwhile.
    Waiting(Preparation, Router),
    /// It can serve.
    Ready(Box<Application>),
}

/// The part of the start that needs the database.
type Preparation = Pin<Box<dyn Future<Output = Result<Application, StartError>> + Send>>;

/// What needs the database.
struct Application {
    state: AppState,
    postgres: Option<PrivatePostgres>,
}

impl Server {
    /// Listens, connects to the database or starts a private one, and applies the
    /// migrations. Returns as soon as the database turns out to be away: then
    /// [`run`](Self::run) waits for it. Requests are answered from the beginning, with 503
    /// until the database is there.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running then.
    pub async fn bind(config: Config) -> Result<Self, StartError> {
        settings::check(&config)?;
        let bus = settings::bus(&config)?;
        let secret = settings::jwt_secret(&config)?;
        // Before the database: it fails sooner.
        let (listener, local_addr) =
            listen(config.bind, config.websocket_timeout).map_err(|source| StartError::Listen {
                address: config.bind,
                source,
            })?;
        let metrics_listener = listen_for_metrics(&config)?;
        let meanwhile = http::starting(&config);
        // A private database is there after a while, or never.
        let may_be_away = config
            .database_url
            .as_deref()
            .is_some_and(|it| !it.is_empty());
        let away = Arc::new(Notify::new());
        let is_away = away.clone();
        let mut preparation: Preparation =
            Box::pin(prepare(config, secret, bus, move || away.notify_one()));
        let application = tokio::select! {
            application = &mut preparation => Some(application?),
            () = is_away.notified() => None,
            () = time::sleep(START_TIMEOUT), if may_be_away => None,
            never = starting::serve(&listener, metrics_listener.as_ref(), &meanwhile) => {
                match never {}
            }
        };
        let stage = match application {
            Some(application) => Stage::Ready(Box::new(application)),
            None => Stage::Waiting(preparation, meanwhile),
        };
        Ok(Self {
            listener,
            local_addr,
            stage,
            metrics_listener,
        })
    }

    /// The address it listens on, with the real port where port 0 was configured.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Serves until `shutdown` completes. Then it closes WebSockets, finishes requests
    /// and stops the private database, each within its timeout. While it waits for the
    /// database it ends at once.
    ///
    /// # Errors
    /// [`StartError`], where the database was away and turns out to be unusable.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), StartError> {
        let mut shutdown = pin!(shutdown);
        let application = match self.stage {
            Stage::Ready(application) => *application,
            Stage::Waiting(preparation, meanwhile) => tokio::select! {
                application = preparation => application?,
                () = &mut shutdown => {
                    service_manager::stopping();
                    return Ok(());
                }
                never = starting::serve(
                    &self.listener,
                    self.metrics_listener.as_ref(),
                    &meanwhile,
                ) => match never {},
            },
        };
        application
            .serve(self.listener, self.metrics_listener, shutdown)
            .await;
        Ok(())
    }
}

impl Application {
    /// See [`Server::run`].
    async fn serve(
        self,
        listener: TcpListener,
        metrics_listener: Option<TcpListener>,
        shutdown: Pin<&mut impl Future<Output = ()>>,
    ) {
        let maintenance = maintenance_loop(self.state.clone());
        let cleanup = cleanup_loop(self.state.clone());
        let name_removal = name_removal_loop(self.state.clone());
        let backfill = backfill_loop(self.state.pool.clone());
        let past = past_loop(self.state.clone());
        let exports = ExportTasks::start(&self.state);
        let export_purge = export_purge_loop(self.state.clone());
        let app = http::app(self.state.clone());
        let metrics_app = http::metrics_app(self.state.clone());
        let connections = Connections::new(&self.state.config);
        let drain = async {
            shutdown.await;
            tracing::info!("stopping");
            service_manager::stopping();
            self.state.hub.start_draining();
            time::sleep(self.state.config.drain_delay).await;
            if time::timeout(DRAIN_TIMEOUT, self.state.hub.shut_down())
                .await
                .is_err()
            {
                tracing::warn!("some rooms did not end in time");
            }
        };
        let mut drain = pin!(drain);
        loop {
            tokio::select! {
                () = &mut drain => break,
                accepted = accept(&listener) => if let Some((stream, peer)) = accepted {
                    connections.serve(stream, peer, &app, &self.state.hub);
                },
                accepted = accept_from(metrics_listener.as_ref()) => {
                    if let Some((stream, peer)) = accepted {
                        connections.serve(stream, peer, &metrics_app, &self.state.hub);
                    }
                }
            }
        }
        drop(listener);
        if time::timeout(FINISH_TIMEOUT, connections.shut_down())
            .await
            .is_err()
        {
            tracing::warn!("some requests did not end in time");
        }
        maintenance.abort();
        cleanup.abort();
        name_removal.abort();
        backfill.abort();
        past.abort();
        export_purge.abort();
        if time::timeout(EXPORT_TIMEOUT, exports.shut_down())
            .await
            .is_err()
        {
            tracing::warn!("some exports did not stop in time");
        }
        if time::timeout(AUDIT_TIMEOUT, self.state.audit.shut_down())
            .await
            .is_err()
        {
            tracing::warn!("some audit entries are lost");
        }
        // A connection that is still in use does not delay the server's end.
        let _ = time::timeout(POOL_TIMEOUT, self.state.pools.close()).await;
        if let Some(postgres) = self.postgres
            && !embedded_postgres::stop(postgres, POSTGRES_TIMEOUT).await
        {
            tracing::warn!("PostgreSQL did not end in time");
        }
        tracing::info!("stopped");
    }
}

/// The next connection; none after a failure, which is logged and followed by a pause.
async fn accept(listener: &TcpListener) -> Option<(TcpStream, SocketAddr)> {
    match listener.accept().await {
        Ok(accepted) => Some(accepted),
        Err(error) => {
            tracing::warn!(%error, "cannot accept a connection");
            time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

/// The same for a listener that there may be.
async fn accept_from(listener: Option<&TcpListener>) -> Option<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => accept(listener).await,
        None => future::pending().await,
    }
}

/// Listens on `METRICS_BIND`, if it is given, and logs the address.
fn listen_for_metrics(config: &Config) -> Result<Option<TcpListener>, StartError> {
    let Some(address) = config.metrics_bind else {
        return Ok(None);
    };
    let (listener, address) = listen(address, config.websocket_timeout)
        .map_err(|source| StartError::Listen { address, source })?;
    tracing::info!("metrics on http://{address}/metrics");
    Ok(Some(listener))
}

/// Starts a private database where none is configured, and puts the application together.
/// Calls `away` if the database is not there yet.
async fn prepare(
    config: Config,
    secret: Vec<u8>,
    bus: Bus,
    away: impl FnOnce() + Send,
) -> Result<Application, StartError> {
    let (url, postgres) = match &config.database_url {
        Some(url) if !url.is_empty() => (url.clone(), None),
        _ => {
            let postgres = embedded_postgres::start_when_free(&config.stellar_data).await?;
            (postgres.url().to_owned(), Some(postgres))
        }
    };
    match assemble(config, &url, &secret, bus, away).await {
        Ok(state) => {
            settings::warn(&state.config);
            Ok(Application { state, postgres })
        }
        Err(error) => {
            if let Some(postgres) = postgres {
                embedded_postgres::stop(postgres, POSTGRES_TIMEOUT).await;
            }
            Err(error)
        }
    }
}

/// Waits for the database at `url`, migrates it and puts the parts together.
async fn assemble(
    config: Config,
    url: &str,
    secret: &[u8],
    bus: Bus,
    away: impl FnOnce() + Send,
) -> Result<AppState, StartError> {
    let pools =
        Pools::new(url, config.database_max_connections).map_err(|_| StartError::DatabaseUrl)?;
    database::wait_until_usable(url, away).await?;
    let settings = Settings {
        ping_interval: config.between_pings(),
        timeout: config.websocket_timeout,
        max_connections: config.websocket_max_connections,
        max_connections_per_user: config.websocket_max_connections_per_user,
        max_connections_per_ip: config.websocket_max_connections_per_ip,
        rate_limits: config.rate_limits == Switch::On,
    };
    // Before any part that keeps handles of its metrics.
    let metrics = Metrics::get()?;
    let clock = DatabaseClock::default();
    let pool = &pools.writes;
    clock.synchronize(pool).await;
    match db::history::unsafe_settings(pool).await {
        Ok(settings) => {
            for setting in settings {
                tracing::warn!(
                    "PostgreSQL runs with {setting}=off: a crash may lose what was acknowledged"
                );
            }
        }
        Err(error) => tracing::debug!(%error, "PostgreSQL's settings could not be read"),
    }
    bus.set_database(database_id(pool).await?);
    let log = Log::default();
    let hub = Hub::new(pool.clone(), log.clone(), clock.clone(), settings, bus);
    let auth = Auth::new(
        pool.clone(),
        clock,
        secret,
        config.token_ttl,
        hub.server_access_changes(),
    );
    note_admins(pool, &config).await?;
    warn_of_missing_admins(pool, &config).await;
    let demo = config.demo;
    let state = AppState::new(config, pools, log, hub, auth, metrics);
    if demo {
        demo::make(&state)
            .await
            .map_err(|error| StartError::Demo(error.to_string()))?;
    }
    Ok(state)
}

/// The database's identity; waits where the database is away again.
async fn database_id(pool: &Pool) -> Result<Uuid, StartError> {
    loop {
        match db::history::database_id(pool).await {
            Ok(id) => return Ok(id),
            Err(error) if error.is_unavailable() => {
                tracing::warn!("waiting for the database: {error}");
                time::sleep(RETRY_PAUSE).await;
            }
            Err(error) => return Err(StartError::Migrate(error.to_string())),
        }
    }
}

/// Has the database know the admins of `ADMIN_USERS`.
async fn note_admins(pool: &Pool, config: &Config) -> Result<(), StartError> {
    loop {
        match admins::set_named(pool, &config.admin_users).await {
            Ok(()) => return Ok(()),
            Err(error) if error.is_unavailable() => {
                tracing::debug!(%error, "cannot note the admins");
                time::sleep(RETRY_PAUSE).await;
            }
            Err(error) => return Err(StartError::Migrate(error.to_string())),
        }
    }
}

/// Logs the names of `ADMIN_USERS` that nobody has yet: they are reserved.
async fn warn_of_missing_admins(pool: &Pool, config: &Config) {
    match admins::missing(pool, &config.admin_users).await {
        Ok(missing) => {
            for name in missing {
                tracing::warn!(
                    name,
                    "ADMIN_USERS has a name that nobody has yet: make it with `stellar-canvas admin create`"
                );
            }
        }
        // The first request will say the same.
        Err(error) => tracing::debug!(%error, "cannot look for the admins"),
    }
}
