//! Why the server cannot start.

use std::{io, net::SocketAddr};
use thiserror::Error;

/// Why the server cannot start, in one sentence.
#[derive(Debug, Error)]
pub enum StartError {
    /// A setting has a value that cannot work.
    #[error("{0}")]
    Setting(String),
    /// `JWT_SECRET` is too short.
    #[error("JWT_SECRET must have at least 32 bytes")]
    ShortSecret,
    /// The generated secret cannot be stored.
    #[error("cannot keep the secret in {folder}: {source}")]
    Secret {
        /// The data folder.
        folder: String,
        /// The system's error.
        source: io::Error,
    },
    /// The private PostgreSQL does not start.
    #[error(transparent)]
    Postgres(#[from] private_postgres::Error),
    /// `DATABASE_URL` is not an address of PostgreSQL.
    #[error("DATABASE_URL must be an address that begins with postgres://")]
    DatabaseUrl,
    /// `REDIS_URL` is not an address of Redis.
    #[error("REDIS_URL must be an address that begins with redis:// or rediss://")]
    RedisUrl,
    /// The database cannot be reached.
    #[error("cannot reach the database: {0}")]
    Unreachable(String),
    /// The migrations failed.
    #[error("cannot bring the database up to date: {0}")]
    Migrate(sqlx::Error),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's error.
        source: io::Error,
    },
    /// The demonstration canvas cannot be created.
    #[error("cannot make the demonstration canvas: {0}")]
    Demo(String),
    /// The metrics cannot be set up.
    #[error("cannot set up the metrics: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
}
