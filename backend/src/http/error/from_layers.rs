//! Turns the errors of the layers below into refusals. Nothing else does.

use super::{ApiError, Resource};
use crate::{
    auth::AuthError,
    bulk_reads::BulkReadsBusy,
    db::DbError,
    list_limits::TooManySearches,
    realtime::{DirectError, WriteError},
};
use std::time::Duration;

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(error) => {
                tracing::warn!(%error, "a request found the database away");
                Self::Unavailable
            }
            DbError::UsernameTaken => Self::UsernameTaken,
            DbError::DuplicateOperation | DbError::Internal(_) => Self::internal(error),
        }
    }
}

/// For transactions that a handler begins and commits.
impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        DbError::from(error).into()
    }
}

impl From<TooManySearches> for ApiError {
    fn from(TooManySearches: TooManySearches) -> Self {
        Self::Overloaded(Duration::from_secs(2))
    }
}

impl From<BulkReadsBusy> for ApiError {
    fn from(BulkReadsBusy: BulkReadsBusy) -> Self {
        Self::Overloaded(Duration::from_secs(2))
    }
}

impl From<WriteError> for ApiError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Refused(refusal) => Self::Refused(refusal),
            WriteError::Sanctioned(sanction) => Self::Sanctioned(sanction),
            WriteError::CanvasNotFound => Self::NotFound(Resource::Canvas),
            WriteError::Newcomer(wait) => Self::Newcomer(wait),
            WriteError::SlowMode(wait) => Self::SlowMode(wait),
            WriteError::LockedDown(wait) => Self::LockedDown(wait),
            WriteError::MessageNotFound => Self::NotFound(Resource::Message),
            WriteError::CommentNotFound => Self::NotFound(Resource::Comment),
            WriteError::InvalidField(field, problem) => Self::invalid(field, problem),
            WriteError::TooManyComments => Self::TooManyComments,
            WriteError::Busy => Self::RateLimited(Duration::from_secs(1)),
            WriteError::Unavailable => Self::Unavailable,
            // Only the task of a rewrite is told that it was stopped.
            WriteError::RewriteStopped | WriteError::Internal => Self::Internal(None),
        }
    }
}

impl From<DirectError> for ApiError {
    fn from(error: DirectError) -> Self {
        match error {
            DirectError::ConversationNotFound => Self::NotFound(Resource::Conversation),
            DirectError::MessageNotFound => Self::NotFound(Resource::Message),
            DirectError::Forbidden => Self::Forbidden,
            DirectError::NotWanted => Self::NotWanted,
            DirectError::Sanctioned(sanction) => Self::Sanctioned(sanction),
            DirectError::Full(wait) => Self::RateLimited(wait),
            DirectError::Database(error) => error.into(),
        }
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::InvalidCredential => Self::Unauthenticated,
            AuthError::Overloaded(wait) => Self::Overloaded(wait),
            AuthError::Database(error) => error.into(),
            AuthError::Internal(cause) => Self::Internal(Some(cause)),
        }
    }
}
