//! Configuration: one struct, every field a flag and an environment variable. The
//! doc comments of its fields are the text of `--help`.

use clap::{Parser, ValueEnum};
use ipnet::IpNet;
use std::{
    fmt,
    net::{AddrParseError, IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

/// Stellar Canvas: a collaborative canvas server.
#[derive(Clone, Parser)]
#[command(name = "stellar-canvas", version)]
pub struct Config {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, env = "BIND", default_value = "127.0.0.1:8080")]
    pub bind: SocketAddr,

    /// PostgreSQL to use; without one the server starts a private one in its data folder
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,

    /// Connections to PostgreSQL at most
    #[arg(long, env = "DATABASE_MAX_CONNECTIONS", default_value_t = 16,
          value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub database_max_connections: u32,

    /// Redis by which several nodes on one PostgreSQL are one server, over TLS with rediss://;
    /// without it there is one node
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    pub redis_url: Option<String>,

    /// Secret that signs tokens, 32 bytes or more; without one it is made and kept in the data folder
    #[arg(long, env = "JWT_SECRET", hide_env_values = true)]
    pub jwt_secret: Option<String>,

    /// Seconds that a token is valid
    #[arg(long, env = "TOKEN_TTL", default_value = "2592000", value_parser = seconds)]
    pub token_ttl: Duration,

    /// Origins besides the server's own whose pages may use the cookie, comma-separated
    #[arg(long, env = "ALLOWED_ORIGINS", value_delimiter = ',')]
    pub allowed_origins: Vec<String>,

    /// Addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, comma-separated
    #[arg(long, env = "TRUSTED_PROXIES", value_delimiter = ',', value_parser = network)]
    pub trusted_proxies: Vec<IpNet>,

    /// Data folder: the private PostgreSQL and the made secret
    #[arg(long, env = "STELLAR_DATA", default_value = ".data")]
    pub stellar_data: PathBuf,

    /// Folder of the built browser client
    #[arg(long, env = "DIST", default_value = "dist")]
    pub dist: PathBuf,

    /// Seconds between WebSocket pings, ± 20 %; half of the timeout at most
    #[arg(long, env = "WEBSOCKET_PING_INTERVAL", default_value = "10", value_parser = seconds)]
    pub websocket_ping_interval: Duration,

    /// Seconds of silence after which a peer is dropped
    #[arg(long, env = "WEBSOCKET_TIMEOUT", default_value = "20", value_parser = seconds)]
    pub websocket_timeout: Duration,

    /// WebSocket connections at most
    #[arg(long, env = "WEBSOCKET_MAX_CONNECTIONS", default_value_t = 18_000)]
    pub websocket_max_connections: usize,

    /// WebSocket connections of one user at most
    #[arg(long, env = "WEBSOCKET_MAX_CONNECTIONS_PER_USER", default_value_t = 50)]
    pub websocket_max_connections_per_user: usize,

    /// WebSocket connections from one address at most
    #[arg(
        long,
        env = "WEBSOCKET_MAX_CONNECTIONS_PER_IP",
        default_value_t = 1_000
    )]
    pub websocket_max_connections_per_ip: usize,

    /// Whether requests are limited in rate
    #[arg(long, env = "RATE_LIMITS", default_value = "on")]
    pub rate_limits: Switch,

    /// Names of the users who may use /admin, comma-separated
    #[arg(long, env = "ADMIN_USERS", value_delimiter = ',')]
    pub admin_users: Vec<String>,

    /// How log lines are written to standard error
    #[arg(long, env = "LOG_FORMAT", default_value = "pretty")]
    pub log_format: LogFormat,

    /// Make a demonstration canvas where there is no canvas yet
    #[arg(long, env = "DEMO")]
    pub demo: bool,
}

impl Config {
    /// Time between WebSocket pings, ± 20 %: at most half of the timeout, so that a
    /// peer has time to answer.
    pub(crate) fn between_pings(&self) -> Duration {
        self.websocket_ping_interval.min(self.websocket_timeout / 2)
    }
}

/// `on` or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// Switched on.
    On,
    /// Switched off.
    Off,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// An address (a network of one) or a network such as `10.0.0.0/8`. IPv4 addresses
/// mapped to IPv6 become IPv4, as the addresses they are compared with.
fn network(text: &str) -> Result<IpNet, AddrParseError> {
    match text.parse::<IpNet>() {
        Ok(network) => Ok(network),
        Err(_) => Ok(IpNet::from(text.parse::<IpAddr>()?.to_canonical())),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds")?;
    if seconds > 0.0 {
        Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
    } else {
        Err("must be more than 0 seconds".to_owned())
    }
}

impl fmt::Debug for Config {
    /// Without the secrets, and without addresses that may contain one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("bind", &self.bind)
            .field("private_database", &self.database_url.is_none())
            .field("shared", &self.redis_url.is_some())
            .field("stellar_data", &self.stellar_data)
            .field("dist", &self.dist)
            .finish_non_exhaustive()
    }
}
