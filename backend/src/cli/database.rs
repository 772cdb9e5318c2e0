//! The database for a subcommand: `DATABASE_URL`, the private PostgreSQL of the server that runs
//! now, or that of the data folder, started for the moment.

use super::CommandError;
use crate::{config::Config, db, embedded_postgres};
use private_postgres::{Error, PrivatePostgres};
use sqlx::PgConnection;
use std::{fmt::Display, time::Duration};
use tokio::time::{self, Instant};

/// How long the server that uses the data folder may take to start its PostgreSQL.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// Between two polls whether it has started.
const START_POLL: Duration = Duration::from_millis(50);
/// How long connecting and migrating may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the PostgreSQL that was started for the moment may take to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(12);

/// The database, until [`close`](Self::close).
pub(super) struct CommandDatabase {
    url: String,
    /// Present if it was started for this command.
    postgres: Option<PrivatePostgres>,
}

impl CommandDatabase {
    /// Finds the database, or starts it. A data folder without a database gets one.
    ///
    /// # Errors
    /// One sentence.
    pub(super) async fn open(config: &Config) -> Result<Self, CommandError> {
        if let Some(url) = config.database_url.as_ref().filter(|url| !url.is_empty()) {
            return Ok(Self {
                url: url.clone(),
                postgres: None,
            });
        }
        let started = Instant::now();
        loop {
            match embedded_postgres::start(&config.stellar_data).await {
                Ok(postgres) => {
                    return Ok(Self {
                        url: postgres.url().to_owned(),
                        postgres: Some(postgres),
                    });
                }
                // A server uses it. It may still be starting, or stopping.
                Err(error @ Error::InUse { .. }) => {
                    if let Some(url) = private_postgres::running_url(&config.stellar_data) {
                        return Ok(Self {
                            url,
                            postgres: None,
                        });
                    }
                    if started.elapsed() > START_TIMEOUT {
                        return Err(CommandError::new(error));
                    }
                    time::sleep(START_POLL).await;
                }
                Err(error) => return Err(CommandError::new(error)),
            }
        }
    }

    /// The same, but a data folder without a database is refused and stays as it is.
    ///
    /// # Errors
    /// One sentence.
    pub(super) async fn open_existing(config: &Config) -> Result<Self, CommandError> {
        let is_named = config
            .database_url
            .as_ref()
            .is_some_and(|it| !it.is_empty());
        let folder = &config.stellar_data;
        if !is_named && !folder.join("postgres/cluster").exists() {
            return Err(CommandError::new(format!(
                "there is no database in {}: STELLAR_DATA or DATABASE_URL must name one",
                folder.display()
            )));
        }
        Self::open(config).await
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// A connection to the database as it is.
    ///
    /// # Errors
    /// One sentence.
    pub(super) async fn connect_unchanged(&self) -> Result<PgConnection, CommandError> {
        time::timeout(CONNECT_TIMEOUT, db::connect(&self.url))
            .await
            .map_err(|_| CommandError::new("the database does not answer"))?
            .map_err(cannot_use)
    }

    /// A connection to the database with an up-to-date schema.
    ///
    /// # Errors
    /// One sentence.
    pub(super) async fn connect(&self) -> Result<PgConnection, CommandError> {
        let connect = async {
            db::migrate(&self.url).await.map_err(cannot_use)?;
            db::connect(&self.url).await.map_err(cannot_use)
        };
        time::timeout(CONNECT_TIMEOUT, connect)
            .await
            .map_err(|_| CommandError::new("the database does not answer"))?
    }

    /// Stops what was started.
    pub(super) async fn close(self) {
        if let Some(postgres) = self.postgres {
            embedded_postgres::stop(postgres, STOP_TIMEOUT).await;
        }
    }
}

pub(super) fn cannot_use(error: impl Display) -> CommandError {
    CommandError::new(format!("cannot use the database: {error}"))
}
