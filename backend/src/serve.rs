//! The server's life: start, accepting connections, going down.

use crate::{
    auth::{self, Auth},
    clock::Clock,
    config::{Config, Switch},
    db::{self, ConnectionCache, sessions},
    demo, embedded_postgres, http,
    realtime::{AcceptedConnection, Bus, Hub, Settings},
    state::AppState,
    telemetry::Metrics,
};
use axum::{Router, extract::ConnectInfo};
use futures_util::{FutureExt, future::OptionFuture};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use private_postgres::PrivatePostgres;
use redis::ConnectionAddr;
use shared::limits;
use socket2::{Domain, Protocol, Type};
use std::{
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    pin::{self, pin},
    time::Duration,
};
use thiserror::Error;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;
use websocket::{DeferredUpgradeIo, Socket, UpgradeSlot};

/// Connections that wait to be accepted.
const BACKLOG: i32 = 4096;
/// Bytes that the kernel keeps for a peer who is not ready for them. Without a
/// limit these are megabytes, and it takes as much to notice that nobody reads.
#[cfg(any(target_os = "linux", target_os = "android"))]
const NOTSENT_LOWAT: u32 = 128 * 1024;
/// How long a request's header may take, from the first moment on.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long to wait after an accept that failed, for example for want of files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long the database may take to be reached at the start.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long newcomers are told to go elsewhere before the sockets end: a load
/// balancer notices.
const LAME_DUCK: Duration = Duration::from_secs(1);
/// How long sockets and rooms may take to end. This, what follows and the private
/// PostgreSQL's limits stay below 30 s together, whatever hangs.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(8);
/// How long requests may take to end after that.
const FINISH_TIMEOUT: Duration = Duration::from_secs(4);
/// How long the audit's last entries may take to be written.
const AUDIT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the pool's connections may take to say good-bye.
const POOL_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the private PostgreSQL may take to stop; it ends it by force before.
const POSTGRES_TIMEOUT: Duration = Duration::from_secs(12);
/// Between looking after figures and throwing away what is remembered in vain.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);
/// Between throwing away sessions, tickets and audit entries that are over.
const PURGE_INTERVAL: Duration = Duration::from_mins(10);

/// Why the server cannot start, in one sentence.
#[derive(Debug, Error)]
pub enum StartError {
    /// A setting with a value that cannot work.
    #[error("{0}")]
    Setting(String),
    /// `JWT_SECRET` is too short.
    #[error("JWT_SECRET must have at least 32 bytes")]
    ShortSecret,
    /// The made secret cannot be kept.
    #[error("cannot keep the secret in {folder}: {source}")]
    Secret {
        /// The data folder.
        folder: String,
        /// What the system said.
        source: io::Error,
    },
    /// The private PostgreSQL does not start.
    #[error(transparent)]
    Postgres(#[from] private_postgres::Error),
    /// `DATABASE_URL` cannot be read.
    #[error("DATABASE_URL must be an address that begins with postgres://")]
    DatabaseUrl,
    /// `REDIS_URL` cannot be read.
    #[error("REDIS_URL must be an address that begins with redis:// or rediss://")]
    RedisUrl,
    /// The database cannot be reached.
    #[error("cannot reach the database: {0}")]
    Unreachable(String),
    /// The database cannot be brought up to date.
    #[error("cannot bring the database up to date: {0}")]
    Migrate(sqlx::Error),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The demonstration canvas cannot be made.
    #[error("cannot make the demonstration canvas: {0}")]
    Demo(String),
    /// The figures cannot be set up.
    #[error("cannot set up the metrics: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
}

/// A server that listens, and answers once it [`run`](Self::run)s.
#[must_use = "it answers nobody before it runs"]
pub struct Server {
    listener: TcpListener,
    local_addr: SocketAddr,
    state: AppState,
    postgres: Option<PrivatePostgres>,
}

impl Server {
    /// Reaches the database, or starts a private one, brings it up to date and
    /// listens.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running then.
    pub async fn bind(config: Config) -> Result<Self, StartError> {
        check(&config)?;
        let bus = bus(&config)?;
        let secret = jwt_secret(&config)?;
        // Before the database, which takes longer to find out.
        let (listener, local_addr) = listen(config.bind).map_err(|source| StartError::Listen {
            address: config.bind,
            source,
        })?;
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
        warn(&state.config);
        Ok(Self {
            listener,
            local_addr,
            state,
            postgres,
        })
    }

    /// Where it listens, with the real port where port 0 was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Answers until `shutdown` is done, then ends sockets, finishes requests
    /// and stops the private database.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let maintenance = maintenance_loop(self.state.clone());
        let app = http::app(self.state.clone());
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
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, peer)) => connections.serve(stream, peer, &app, &self.state.hub),
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept a connection");
                        time::sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        }
        drop(self.listener);
        if time::timeout(FINISH_TIMEOUT, connections.finish())
            .await
            .is_err()
        {
            tracing::warn!("some requests did not end in time");
        }
        maintenance.abort();
        if time::timeout(AUDIT_TIMEOUT, self.state.audit.finish())
            .await
            .is_err()
        {
            tracing::warn!("some audit entries are lost");
        }
        // What still holds a connection does not hold the server.
        let _ = time::timeout(POOL_TIMEOUT, self.state.pool.close()).await;
        if let Some(postgres) = self.postgres
            && !embedded_postgres::stop(postgres, POSTGRES_TIMEOUT).await
        {
            tracing::warn!("PostgreSQL did not end in time");
        }
        tracing::info!("stopped");
    }
}

/// Refuses what no part of the server could work with.
fn check(config: &Config) -> Result<(), StartError> {
    for origin in &config.allowed_origins {
        // An empty variable is an empty list.
        if !origin.trim().is_empty() && !auth::is_origin(origin) {
            return Err(StartError::Setting(format!(
                "ALLOWED_ORIGINS has {origin:?}, which is no origin like https://example.org"
            )));
        }
    }
    for (name, most) in [
        (
            "WEBSOCKET_MAX_CONNECTIONS",
            config.websocket_max_connections,
        ),
        (
            "WEBSOCKET_MAX_CONNECTIONS_PER_USER",
            config.websocket_max_connections_per_user,
        ),
        (
            "WEBSOCKET_MAX_CONNECTIONS_PER_IP",
            config.websocket_max_connections_per_ip,
        ),
    ] {
        if most == 0 {
            return Err(StartError::Setting(format!("{name} must be at least 1")));
        }
    }
    if let Some(url) = config.database_url.as_deref().filter(|url| !url.is_empty())
        && !url.starts_with("postgres://")
        && !url.starts_with("postgresql://")
    {
        return Err(StartError::DatabaseUrl);
    }
    Ok(())
}

/// Says what works, but hardly as it was meant.
fn warn(config: &Config) {
    let between_pings = config.between_pings();
    if between_pings < config.websocket_ping_interval {
        tracing::warn!(
            "WEBSOCKET_PING_INTERVAL is more than half of WEBSOCKET_TIMEOUT: pings are sent every {between_pings:?}"
        );
    }
    let is_set = |setting: &Option<String>| setting.as_deref().is_some_and(|it| !it.is_empty());
    if is_set(&config.redis_url) && !(is_set(&config.database_url) && is_set(&config.jwt_secret)) {
        tracing::warn!(
            "several nodes are one server only with the same DATABASE_URL and JWT_SECRET for all"
        );
    }
    if !config.dist.join("index.html").is_file() {
        tracing::warn!(folder = %config.dist.display(), "there is no client to serve, only the API");
    }
}

/// How this node talks to others. Redis need not be there yet.
fn bus(config: &Config) -> Result<Bus, StartError> {
    match config.redis_url.as_deref() {
        None | Some("") => Ok(Bus::local()),
        Some(url) => {
            let client = redis::Client::open(url).map_err(|_| StartError::RedisUrl)?;
            let address = client.get_connection_info().addr();
            if let ConnectionAddr::TcpTls { insecure: true, .. } = address {
                return Err(StartError::Setting(
                    "REDIS_URL must not end in #insecure: let SSL_CERT_FILE name the certificate"
                        .to_owned(),
                ));
            }
            Ok(Bus::shared(client))
        }
    }
}

fn jwt_secret(config: &Config) -> Result<Vec<u8>, StartError> {
    match &config.jwt_secret {
        Some(secret) if secret.len() >= auth::JWT_SECRET_MIN_LEN => Ok(secret.clone().into_bytes()),
        Some(secret) if !secret.is_empty() => Err(StartError::ShortSecret),
        _ => auth::load_or_create_jwt_secret(&config.stellar_data).map_err(|source| {
            StartError::Secret {
                folder: config.stellar_data.display().to_string(),
                source,
            }
        }),
    }
}

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
    // Before anything that keeps handles of its figures.
    let metrics = Metrics::get()?;
    let clock = Clock::default();
    clock.set(&pool).await;
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
    let demo = config.demo;
    let state = AppState::new(config, pool, connection_cache, hub, auth, metrics);
    if demo {
        demo::make(&state)
            .await
            .map_err(|error| StartError::Demo(error.to_string()))?;
    }
    Ok(state)
}

fn listen(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let socket = socket2::Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    // A restart need not wait for the old connections' last packets.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    // Accepted connections inherit both: small messages are sent when they are
    // written, and not much waits in the kernel.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        socket.set_tcp_nodelay(true)?;
        socket.set_tcp_notsent_lowat(NOTSENT_LOWAT)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    let listener = TcpListener::from_std(socket.into())?;
    let local_addr = listener.local_addr()?;
    Ok((listener, local_addr))
}

/// The connections that speak HTTP; those that became sockets are the hub's.
#[derive(Default)]
struct Connections {
    tasks: TaskTracker,
    finishing: CancellationToken,
}

impl Connections {
    /// Answers one connection, on a task of its own. If it becomes a WebSocket
    /// the hub goes on with it: on the same task, which takes no more room than
    /// the larger of both.
    fn serve(&self, stream: TcpStream, peer: SocketAddr, app: &Router, hub: &Hub) {
        // As in `listen`. A connection that is gone already fails here, and says
        // so when it is read.
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let _ = stream.set_nodelay(true);
        let (app, slot) = (
            app.clone(),
            UpgradeSlot::<Box<AcceptedConnection>>::default(),
        );
        let upgraded = slot.clone();
        let io = DeferredUpgradeIo::new(stream, slot.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(slot.clone());
            app.clone().oneshot(request)
        });
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT)
            .serve_connection(TokioIo::new(io), service);
        let (unfinished, finishing) = (self.tasks.token(), self.finishing.clone());
        let http = async move {
            let ended = tokio::select! {
                ended = poll_fn(|cx| connection.poll_without_shutdown(cx)) => ended,
                () = finishing.cancelled() => {
                    pin::Pin::new(&mut connection).graceful_shutdown();
                    poll_fn(|cx| connection.poll_without_shutdown(cx)).await
                }
            };
            drop(unfinished);
            if let Err(error) = ended {
                // Peers that go away or send nonsense are no failure of the server.
                tracing::debug!(%error, "a connection broke");
                return None;
            }
            let accepted = upgraded.take()?;
            let parts = connection.into_parts();
            let socket = Socket::new(parts.io.into_inner(), &parts.read_buf, limits::FRAME_BYTES);
            Some((socket, accepted))
        };
        let hub = hub.clone();
        tokio::spawn(http.then(move |upgraded| {
            let serving = upgraded.map(|(socket, accepted)| hub.serve(socket, *accepted));
            OptionFuture::from(serving)
        }));
    }

    /// Lets every connection finish the request that it is at.
    async fn finish(&self) {
        self.finishing.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Does what has to be done from time to time.
fn maintenance_loop(state: AppState) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut upkeep = time::interval(UPKEEP_INTERVAL);
        let mut purge = time::interval(PURGE_INTERVAL);
        loop {
            tokio::select! {
                _ = upkeep.tick() => {
                    state.metrics.upkeep();
                    state.auth.evict_expired();
                }
                _ = purge.tick() => {
                    if let Err(error) = sessions::purge(&state.pool, state.hub.clock().now()).await {
                        tracing::warn!(%error, "cannot throw away ended sessions");
                    }
                    if let Err(error) = state.audit.purge().await {
                        tracing::warn!(%error, "cannot throw away old audit entries");
                    }
                }
            }
        }
    })
}
