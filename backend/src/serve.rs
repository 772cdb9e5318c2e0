//! The server's life cycle: start, accept loop, shutdown. The parts are in the
//! modules below it.

mod connections;
mod error;
mod listener;
mod maintenance;
mod settings;

pub use error::StartError;

use crate::{
    auth::Auth,
    clock::DatabaseClock,
    config::{Config, Switch},
    db::{self, ConnectionCache, admins},
    demo, embedded_postgres, http,
    realtime::{Bus, Hub, Settings},
    state::AppState,
    telemetry::Metrics,
};
use connections::Connections;
use listener::listen;
use maintenance::maintenance_loop;
use private_postgres::PrivatePostgres;
use sqlx::PgPool;
use std::{
    future::{self, Future},
    net::SocketAddr,
    pin::pin,
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    time,
};

/// The pause after an accept that failed, for example for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long the database may take to accept the first connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the node refuses new WebSockets and answers `/readyz` with 503 before it
/// closes the open ones, so that a load balancer notices.
const LAME_DUCK: Duration = Duration::from_secs(1);
/// How long WebSockets and rooms may take to end. With the timeouts below it stays
/// under the 30 s in which the server promises to stop.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(8);
/// How long the requests in progress may take after that.
const FINISH_TIMEOUT: Duration = Duration::from_secs(4);
/// How long writing the last audit entries may take.
const AUDIT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long closing the database connections may take.
const POOL_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the private PostgreSQL may take to stop before it is killed.
const POSTGRES_TIMEOUT: Duration = Duration::from_secs(12);

/// A server that listens. It answers once [`run`](Self::run) is called.
#[must_use = "it answers no request until it runs"]
pub struct Server {
    listener: TcpListener,
    local_addr: SocketAddr,
    /// That of `METRICS_BIND`.
    metrics_listener: Option<TcpListener>,
    state: AppState,
    postgres: Option<PrivatePostgres>,
}

impl Server {
    /// Listens, connects to the database or starts a private one, and applies the
    /// migrations.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running then.
    pub async fn bind(config: Config) -> Result<Self, StartError> {
        settings::check(&config)?;
        let bus = settings::bus(&config)?;
        let secret = settings::jwt_secret(&config)?;
        // Before the database: it fails sooner.
        let (listener, local_addr) = listen(config.bind).map_err(|source| StartError::Listen {
            address: config.bind,
            source,
        })?;
        let metrics_listener = listen_for_metrics(&config)?;
        let (url, postgres) = match &config.database_url {
            Some(url) if !url.is_empty() => (url.clone(), None),
            _ => {
                let postgres = embedded_postgres::start(&config.stellar_data).await?;
                (postgres.url().to_owned(), Some(postgres))
            }
        };
        let state = match prepare(config, &url, &secret, bus).await {
            Ok(state) => state,
            Err(error) => {
                if let Some(postgres) = postgres {
                    embedded_postgres::stop(postgres, POSTGRES_TIMEOUT).await;
                }
                return Err(error);
            }
        };
        settings::warn(&state.config);
        Ok(Self {
            listener,
            local_addr,
            metrics_listener,
            state,
            postgres,
        })
    }

    /// The address it listens on, with the real port where port 0 was configured.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Serves until `shutdown` completes. Then it closes WebSockets, finishes requests
    /// and stops the private database, each within its timeout.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let maintenance = maintenance_loop(self.state.clone());
        let app = http::app(self.state.clone());
        let metrics_app = http::metrics_app(self.state.clone());
        let connections = Connections::default();
        let drain = async {
            shutdown.await;
            tracing::info!("stopping");
            self.state.hub.start_draining();
            time::sleep(LAME_DUCK).await;
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
                accepted = accept(&self.listener) => if let Some((stream, peer)) = accepted {
                    connections.serve(stream, peer, &app, &self.state.hub);
                },
                accepted = accept_from(self.metrics_listener.as_ref()) => {
                    if let Some((stream, peer)) = accepted {
                        connections.serve(stream, peer, &metrics_app, &self.state.hub);
                    }
                }
            }
        }
        drop(self.listener);
        if time::timeout(FINISH_TIMEOUT, connections.shut_down())
            .await
            .is_err()
        {
            tracing::warn!("some requests did not end in time");
        }
        maintenance.abort();
        if time::timeout(AUDIT_TIMEOUT, self.state.audit.shut_down())
            .await
            .is_err()
        {
            tracing::warn!("some audit entries are lost");
        }
        // A connection that is still in use does not delay the server's end.
        let _ = time::timeout(POOL_TIMEOUT, self.state.pool.close()).await;
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
    let (listener, address) =
        listen(address).map_err(|source| StartError::Listen { address, source })?;
    tracing::info!("metrics on http://{address}/metrics");
    Ok(Some(listener))
}

/// Connects to the database at `url`, migrates it and puts the application together.
async fn prepare(
    config: Config,
    url: &str,
    secret: &[u8],
    bus: Bus,
) -> Result<AppState, StartError> {
    let pool =
        db::pool(url, config.database_max_connections).map_err(|_| StartError::DatabaseUrl)?;
    time::timeout(CONNECT_TIMEOUT, db::reach(url))
        .await
        .map_err(|_| StartError::Unreachable("it does not answer".to_owned()))?
        .map_err(|error| StartError::Unreachable(error.to_string()))?;
    db::migrate(url).await.map_err(StartError::Migrate)?;
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
    clock.synchronize(&pool).await;
    match db::history::unsafe_settings(&pool).await {
        Ok(settings) => {
            for setting in settings {
                tracing::warn!(
                    "PostgreSQL runs with {setting}=off: a crash may lose what was acknowledged"
                );
            }
        }
        Err(error) => tracing::debug!(%error, "PostgreSQL's settings could not be read"),
    }
    bus.set_database(
        db::history::database_id(&pool)
            .await
            .map_err(|error| StartError::Unreachable(error.to_string()))?,
    );
    let connection_cache = ConnectionCache::new(pool.clone());
    let hub = Hub::new(
        pool.clone(),
        connection_cache.clone(),
        clock.clone(),
        settings,
        bus,
    );
    let auth = Auth::new(
        pool.clone(),
        connection_cache.clone(),
        clock,
        secret,
        config.token_ttl,
    );
    warn_of_missing_admins(&pool, &config).await;
    let demo = config.demo;
    let state = AppState::new(config, pool, connection_cache, hub, auth, metrics);
    if demo {
        demo::make(&state)
            .await
            .map_err(|error| StartError::Demo(error.to_string()))?;
    }
    Ok(state)
}

/// Logs the names of `ADMIN_USERS` that nobody has yet: they are reserved.
async fn warn_of_missing_admins(pool: &PgPool, config: &Config) {
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
