//! Configuration: one struct, every field a flag and an environment variable. The
//! doc comments of its fields are the text of `--help`.

mod values;

pub use values::{ArchiveAge, List, Origin};

use chrono::TimeDelta;
use clap::{Parser, ValueEnum};
use ipnet::IpNet;
use std::{
    fmt, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};
use values::networks;

/// Stellar Canvas: a collaborative canvas server.
#[derive(Clone, Parser)]
#[command(name = "stellar-canvas", version)]
pub struct Config {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, env = "BIND", default_value = "127.0.0.1:8080")]
    pub bind: SocketAddr,

    /// PostgreSQL to use, over TLS unless it is on this machine or the URL has sslmode=disable;
    /// without one the server starts a private one in its data folder
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    pub database_url: Option<String>,

    /// File with the address of PostgreSQL, instead of the address
    #[arg(long, env = "DATABASE_URL_FILE", global = true)]
    pub database_url_file: Option<PathBuf>,

    /// Connections to PostgreSQL at most
    #[arg(long, env = "DATABASE_MAX_CONNECTIONS", default_value_t = 16,
          value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub database_max_connections: u32,

    /// Redis by which several nodes on one PostgreSQL are one server, over TLS with rediss://;
    /// without it there is one node
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    pub redis_url: Option<String>,

    /// File with the address of Redis, instead of the address
    #[arg(long, env = "REDIS_URL_FILE")]
    pub redis_url_file: Option<PathBuf>,

    /// Secret that signs tokens, 32 bytes or more; without one it is made and kept in the data folder
    #[arg(long, env = "JWT_SECRET", hide_env_values = true)]
    pub jwt_secret: Option<String>,

    /// File with the secret that signs tokens, instead of the secret
    #[arg(long, env = "JWT_SECRET_FILE")]
    pub jwt_secret_file: Option<PathBuf>,

    /// Seconds that a token is valid
    #[arg(long, env = "TOKEN_TTL", default_value = "2592000", value_parser = seconds)]
    pub token_ttl: Duration,

    /// Address of the server as browsers see it, such as `https://canvas.example`: the origin of its
    /// pages; with https cookies are Secure and browsers are told to stay with https
    #[arg(long, env = "PUBLIC_URL")]
    pub public_url: Option<Origin>,

    /// Origins besides the server's own whose pages may use the cookie and read answers, comma-separated
    #[arg(
        long,
        env = "ALLOWED_ORIGINS",
        default_value = "",
        hide_default_value = true
    )]
    pub allowed_origins: List<Origin>,

    /// Addresses or networks of proxies whose X-Forwarded-… headers are believed, comma-separated
    #[arg(long, env = "TRUSTED_PROXIES", default_value = "", hide_default_value = true,
          value_parser = networks)]
    pub trusted_proxies: List<IpNet>,

    /// Address on which /metrics is served; without one it is served at BIND, to this machine
    /// and to the networks of trusted proxies alone, and not through a proxy
    #[arg(long, env = "METRICS_BIND")]
    pub metrics_bind: Option<SocketAddr>,

    /// Data folder: the private PostgreSQL and the made secret
    #[arg(long, env = "STELLAR_DATA", default_value = ".data", global = true)]
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

    /// Seconds between the first 503 of /readyz and the end of the WebSockets when the server stops:
    /// longer than a load balancer takes to notice
    #[arg(long, env = "DRAIN_DELAY", default_value = "1", value_parser = seconds_or_none)]
    pub drain_delay: Duration,

    /// Large answers (snapshots, pages of a canvas, pictures) that are made at once
    #[arg(long, env = "BULK_READS", default_value_t = 4 * processors(),
          value_parser = at_least_one)]
    pub bulk_reads: usize,

    /// Bytes of all files of exports at most; one user's have a quarter of it
    #[arg(long, env = "EXPORTS_MAX_BYTES", default_value_t = 4 << 30,
          value_parser = clap::value_parser!(i64).range(1 << 20..))]
    pub exports_max_bytes: i64,

    /// HTTP connections at most, those that are WebSockets not counted
    #[arg(long, env = "HTTP_MAX_CONNECTIONS", default_value_t = 10_000,
          value_parser = at_least_one)]
    pub http_max_connections: usize,

    /// HTTP connections from one address at most
    #[arg(long, env = "HTTP_MAX_CONNECTIONS_PER_IP", default_value_t = 1_000,
          value_parser = at_least_one)]
    pub http_max_connections_per_ip: usize,

    /// Whether requests are limited in rate
    #[arg(long, env = "RATE_LIMITS", default_value = "on")]
    pub rate_limits: Switch,

    /// Names of users who are admins, comma-separated; nobody can register them over HTTP. Further
    /// admins are made with `stellar-canvas admin`
    #[arg(
        long,
        env = "ADMIN_USERS",
        default_value = "",
        hide_default_value = true
    )]
    pub admin_users: List<String>,

    /// Hours after a ban in which guests from the network of the banned user have to register; 0 for
    /// none
    #[arg(long, env = "BAN_NETWORK_HOURS", default_value_t = 24,
          value_parser = clap::value_parser!(u32).range(0..=8760))]
    pub ban_network_hours: u32,

    /// Days after which events are moved to the compressed archive in the database; 0 for at once,
    /// or never
    #[arg(long, env = "ARCHIVE_AFTER_DAYS", default_value = "30")]
    pub archive_after_days: ArchiveAge,

    /// Events of a canvas that are not archived, however old they are: its newest. Below 10000,
    /// clients that were away for long are answered from the archive
    #[arg(long, env = "ARCHIVE_KEEP_EVENTS", default_value_t = 50_000,
          value_parser = clap::value_parser!(i64).range(1..))]
    pub archive_keep_events: i64,

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

    /// How long after a ban guests from the same network have to register.
    pub(crate) fn ban_network_time(&self) -> TimeDelta {
        TimeDelta::hours(self.ban_network_hours.into())
    }

    /// Whether `ADMIN_USERS` has this name; user names do not distinguish case.
    pub(crate) fn names_admin(&self, username: &str) -> bool {
        let is_it = |admin: &String| admin.eq_ignore_ascii_case(username);
        self.admin_users.iter().any(is_it)
    }

    /// Whether browsers come by https, as `PUBLIC_URL` says.
    pub(crate) fn is_public_https(&self) -> bool {
        self.public_url.as_ref().is_some_and(Origin::is_https)
    }

    /// Reads the settings that are given as files (`JWT_SECRET_FILE` and others).
    ///
    /// # Errors
    /// One sentence where a setting is given both ways, or the file cannot be read or is empty.
    pub(crate) fn read_files(&mut self) -> Result<(), String> {
        for (name, value, file) in [
            (
                "DATABASE_URL",
                &mut self.database_url,
                &self.database_url_file,
            ),
            ("REDIS_URL", &mut self.redis_url, &self.redis_url_file),
            ("JWT_SECRET", &mut self.jwt_secret, &self.jwt_secret_file),
        ] {
            let Some(file) = file else { continue };
            if value.is_some() {
                return Err(format!("{name} and {name}_FILE are both given"));
            }
            *value = Some(read_value(name, file)?);
        }
        Ok(())
    }
}

/// The content of a file of `NAME_FILE`, without the line end that editors add.
fn read_value(name: &str, file: &Path) -> Result<String, String> {
    let content = fs::read_to_string(file)
        .map_err(|error| format!("cannot read {name}_FILE {}: {error}", file.display()))?;
    let value = content.trim();
    if value.is_empty() {
        return Err(format!("{name}_FILE {} is empty", file.display()));
    }
    Ok(value.to_owned())
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

/// Like [`seconds`], and 0.
fn seconds_or_none(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(0.0) => Ok(Duration::ZERO),
        _ => seconds(text),
    }
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(_) => Err("not a number".to_owned()),
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
