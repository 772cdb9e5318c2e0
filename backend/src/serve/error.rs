//! Why the server cannot start.

use private_postgres::Error as PostgresError;
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
    Postgres(#[from] PostgresError),
    /// `DATABASE_URL` is not an address of PostgreSQL.
    #[error("DATABASE_URL must be an address that begins with postgres://")]
    DatabaseUrl,
    /// `REDIS_URL` is not an address of Redis.
    #[error("REDIS_URL must be an address that begins with redis:// or rediss://")]
    RedisUrl,
    /// The database's answer shows that a setting is wrong.
    #[error("cannot use the database of DATABASE_URL: {0}")]
    Unusable(String),
    /// Between server and database is a pooler that mixes sessions.
    #[error(
        "DATABASE_URL leads to a pooler that gives each transaction another connection: set its pool_mode to session, or connect to PostgreSQL itself"
    )]
    Pooler,
    /// The migrations failed, or the schema is too new.
    #[error("cannot bring the database up to date: {0}")]
    Migrate(String),
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

impl StartError {
    /// Whether starting again is useless until somebody changes the configuration. The
    /// server then ends with exit code 2, otherwise with 1.
    pub fn is_configuration(&self) -> bool {
        match self {
            Self::Setting(_)
            | Self::ShortSecret
            | Self::Secret { .. }
            | Self::DatabaseUrl
            | Self::RedisUrl
            | Self::Unusable(_)
            | Self::Pooler
            | Self::Listen { .. } => true,
            Self::Postgres(error) => !matches!(
                error,
                // A subcommand may use the data folder for the moment.
                PostgresError::InUse { .. }
                    | PostgresError::Create { .. }
                    | PostgresError::LeftBehind { .. }
                    | PostgresError::Start { .. }
                    | PostgresError::Cancelled
            ),
            Self::Migrate(_) | Self::Demo(_) | Self::Metrics(_) => false,
        }
    }
}
