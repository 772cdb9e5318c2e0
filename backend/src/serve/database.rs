//! Waits for the database at the start, and brings its schema up to date. Only what the
//! database says about the settings ends the wait: a wrong password, no TLS.

use super::StartError;
use crate::db::{self, SchemaError};
use backon::{BackoffBuilder, ExponentialBuilder};
use std::{
    io,
    time::{Duration, Instant},
};
use tokio::time;

/// How long the database may take to answer one attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// The pause after the first attempt; it doubles up to [`MAX_PAUSE`].
const MIN_PAUSE: Duration = Duration::from_millis(100);
/// Short, since everybody waits for this server while the database is back.
const MAX_PAUSE: Duration = Duration::from_secs(1);
/// The pause after a lock was not granted: what waits behind a migration gets its turn.
const LOCK_PAUSE: Duration = Duration::from_secs(2);
/// Between two log lines that say the same.
const LOG_INTERVAL: Duration = Duration::from_secs(30);

/// Why an attempt failed.
enum Failure {
    /// No connection.
    Connect(sqlx::Error),
    /// No answer within [`ATTEMPT_TIMEOUT`].
    Silent,
    /// A pooler without sessions.
    Pooler,
    /// The schema.
    Schema(SchemaError),
}

/// Connects and migrates, as often as it takes. Calls `away` after the first attempt that
/// failed. Cancel it by dropping it.
///
/// # Errors
/// What waiting does not mend: [`StartError::Unusable`], `Pooler`, `Migrate`.
pub(super) async fn wait_until_usable(
    url: &str,
    away: impl FnOnce() + Send,
) -> Result<(), StartError> {
    let mut away = Some(away);
    let mut pauses = pauses();
    let mut said: Option<(String, Instant)> = None;
    loop {
        let failure = match attempt(url).await {
            Ok(()) => break,
            Err(failure) => failure.classify()?,
        };
        if let Some(away) = away.take() {
            away();
        }
        let is_news = said
            .as_ref()
            .is_none_or(|(before, at)| *before != failure.reason || at.elapsed() >= LOG_INTERVAL);
        if is_news {
            tracing::warn!("waiting for the database: {}", failure.reason);
            said = Some((failure.reason, Instant::now()));
        }
        let pause = pauses.next().unwrap_or(MAX_PAUSE);
        time::sleep(failure.pause.unwrap_or(pause)).await;
    }
    if said.is_some() {
        tracing::info!("the database is there");
    }
    Ok(())
}

fn pauses() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default()
        .with_min_delay(MIN_PAUSE)
        .with_max_delay(MAX_PAUSE)
        .with_jitter()
        .without_max_times()
        .build()
}

async fn attempt(url: &str) -> Result<(), Failure> {
    match time::timeout(ATTEMPT_TIMEOUT, db::keeps_sessions(url)).await {
        Ok(Ok(true)) => {}
        Ok(Ok(false)) => return Err(Failure::Pooler),
        Ok(Err(error)) => return Err(Failure::Connect(error)),
        Err(_) => return Err(Failure::Silent),
    }
    db::migrate(url).await.map_err(Failure::Schema)?;
    Ok(())
}

/// A failure after which connecting is tried again.
struct TransientFailure {
    /// For the log.
    reason: String,
    /// Another pause than the usual one.
    pause: Option<Duration>,
}

impl Failure {
    /// A transient failure, or the error that ends the start.
    fn classify(self) -> Result<TransientFailure, StartError> {
        let transient = |reason: String| TransientFailure {
            reason,
            pause: None,
        };
        match self {
            Self::Pooler => Err(StartError::Pooler),
            Self::Silent => Ok(transient("it does not answer".to_owned())),
            Self::Connect(error) if is_about_settings(&error) => {
                Err(StartError::Unusable(reason(&error)))
            }
            Self::Connect(error) => Ok(transient(reason(&error))),
            Self::Schema(error) if error.is_locked() => Ok(TransientFailure {
                reason: "a migration waits for a lock of another transaction or node".to_owned(),
                pause: Some(LOCK_PAUSE),
            }),
            Self::Schema(error) if error.is_transient() => Ok(transient(error.to_string())),
            Self::Schema(error) => Err(StartError::Migrate(error.to_string())),
        }
    }
}

/// What the database said, without what sqlx adds; else the error.
fn reason(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        error => error.to_string(),
    }
}

/// Whether the database's answer means that a setting is wrong.
fn is_about_settings(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Configuration(_) | sqlx::Error::Tls(_) => true,
        // How rustls refuses a certificate. A clock that is wrong after a restart of the
        // machine is set soon.
        sqlx::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
            let refused = error.get_ref().and_then(|it| it.downcast_ref());
            !matches!(
                refused,
                Some(rustls::Error::InvalidCertificate(
                    rustls::CertificateError::NotValidYet
                        | rustls::CertificateError::NotValidYetContext { .. }
                ))
            )
        }
        // PostgreSQL's appendix A: refused logins (28…), no such database. 08P01 is how
        // PgBouncer refuses a parameter; it has the same code for much that passes.
        sqlx::Error::Database(error) => match error.code().as_deref() {
            Some("28000" | "28P01" | "3D000") => true,
            Some("08P01") => error.message().starts_with("unsupported startup parameter"),
            _ => false,
        },
        _ => false,
    }
}
