//! What can go wrong in the database, in the terms of its callers.

use std::{io, sync::Arc};
use thiserror::Error;

/// The result of a query.
pub(crate) type Result<T> = std::result::Result<T, DbError>;

/// Why a query failed. Cheap to clone, since one query may answer many callers.
#[derive(Clone, Debug, Error)]
pub(crate) enum DbError {
    /// The database is unreachable or refuses for a while, so that the same
    /// request may succeed later.
    #[error(transparent)]
    Unavailable(Arc<sqlx::Error>),
    /// Another user has this name.
    #[error("the username is taken")]
    UsernameTaken,
    /// The same operation is in the log already.
    #[error("the operation was carried out already")]
    DuplicateOperation,
    /// Everything else, which is a fault of the server.
    #[error(transparent)]
    Internal(Arc<sqlx::Error>),
}

impl DbError {
    /// The database did not answer in time.
    pub(crate) fn timed_out() -> Self {
        Self::from(sqlx::Error::Io(io::ErrorKind::TimedOut.into()))
    }

    /// Whether it is a definite sign that the connections to the database are of no use:
    /// one broke, or its server ended the session or is a standby.
    pub(crate) fn is_definite(&self) -> bool {
        let (Self::Unavailable(error) | Self::Internal(error)) = self else {
            return false;
        };
        is_definite(error)
    }

    /// Whether the database ended the session before it carried out the statement, and with
    /// it the transaction, which can be begun again: PostgreSQL was told to stop, or the
    /// session had ended before and took no statement.
    pub(crate) fn is_session_end(&self) -> bool {
        let Self::Unavailable(error) = self else {
            return false;
        };
        match &**error {
            sqlx::Error::Io(error) => error.kind() == io::ErrorKind::BrokenPipe,
            // A commit that was carried out is answered before the session ends.
            sqlx::Error::Database(error) => error.code().as_deref() == Some("57P01"),
            _ => false,
        }
    }

    /// Whether it is [`DbError::Unavailable`].
    pub(crate) fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        let constraint = error.as_database_error().and_then(|e| e.constraint());
        match constraint {
            Some("users_username_key") => Self::UsernameTaken,
            Some("canvas_events_op_id_key") => Self::DuplicateOperation,
            _ if is_unavailable(&error) => Self::Unavailable(Arc::new(error)),
            _ => Self::Internal(Arc::new(error)),
        }
    }
}

/// See [`DbError::is_definite`].
pub(super) fn is_definite(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed => true,
        // PostgreSQL's appendix A: connection exceptions (08), shutdown and crash (57P01 to
        // 57P03), and a read-only transaction.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            code.starts_with("08") || matches!(&*code, "57P01" | "57P02" | "57P03" | "25006")
        }),
        _ => false,
    }
}

/// Whether the database is unreachable or refuses for a while.
pub(super) fn is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => true,
        // PostgreSQL's appendix A. By class: connection exceptions (08),
        // insufficient resources such as a full disk (53), operator
        // intervention such as a shutdown (57), system errors (58). Then
        // read-only transaction, idle timeout, lock timeout, serialization
        // failure, deadlock, refused logins (28…), missing database, and a
        // database that allows no connections.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            ["08", "53", "57", "58"].contains(&code.get(..2).unwrap_or_default())
                || matches!(
                    &*code,
                    "25006"
                        | "25P03"
                        | "55P03"
                        | "40001"
                        | "40P01"
                        | "28000"
                        | "28P01"
                        | "3D000"
                        | "55000"
                )
        }),
        _ => false,
    }
}
