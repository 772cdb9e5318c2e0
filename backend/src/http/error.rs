//! Every refusal of the HTTP interface, as RFC 9457 `application/problem+json` with
//! a `code` for programs.

mod from_layers;
mod resource;

pub(crate) use resource::{Entry, Resource};

use super::cookie::REMOVE_COOKIE;
use crate::audit;
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use shared::{
    api::sanctions::SanctionBrief,
    api::{FieldError, Problem},
    canvas::Refusal,
};
use std::{borrow::Cow, fmt::Display, sync::Arc, time::Duration};
use thiserror::Error;

/// Why a request is refused.
#[derive(Debug, Error)]
pub(crate) enum ApiError {
    /// No credential, or one that is not valid (any more).
    #[error("sign in first")]
    Unauthenticated,
    /// The cookie's token is not valid any more; the answer removes the cookie.
    #[error("sign in again")]
    StaleCookie,
    /// Wrong user name or password; the answer does not say which.
    #[error("wrong user name or password")]
    InvalidCredentials,
    /// Their role does not allow it.
    #[error("you may not do this")]
    Forbidden,
    /// The other user takes no private message of this one.
    #[error("the other user takes no message from you")]
    NotWanted,
    /// A sanction forbids it.
    #[error("a sanction forbids this: {}", .0.reason)]
    Sanctioned(Box<SanctionBrief>),
    /// A guest has to register first, since somebody who is banned came from the same browser
    /// or network; until then, if it ends by itself.
    #[error("register first: somebody who is banned came from here")]
    RegistrationRequired(Option<Duration>),
    /// The sanction is not in force any more.
    #[error("the sanction is over")]
    SanctionOver,
    /// The canvas takes no guests.
    #[error("guests may not join this canvas")]
    GuestsNotAllowed,
    /// More than newcomers may do; worth a retry after this time.
    #[error("this is more than newcomers may do")]
    Newcomer(Duration),
    /// The canvas takes one message of each user in a time; worth a retry after this time.
    #[error("the canvas is in slow mode")]
    SlowMode(Duration),
    /// Only moderators and people with a given role may write, for this time.
    #[error("the canvas is locked down")]
    LockedDown(Duration),
    /// The cookie was sent from a page of another origin.
    #[error("requests with a cookie are only taken from this server's own pages")]
    OriginNotAllowed,
    /// There is no such resource.
    #[error("there is no such {0}")]
    NotFound(Resource),
    /// A page was requested, but the folder of the client has none.
    #[error("there is no browser client in DIST, only the API at /api/v1")]
    NoClient,
    /// The route has no such method.
    #[error("this address does not know that method")]
    MethodNotAllowed,
    /// Another user has the user name.
    #[error("this user name is taken")]
    UsernameTaken,
    /// The user has a password already.
    #[error("this account is registered already")]
    AlreadyRegistered,
    /// Another rewrite of the canvas is running.
    #[error("another rewrite is running on this canvas")]
    RewriteRunning,
    /// The rewrite was undone before.
    #[error("this was undone already")]
    AlreadyUndone,
    /// A rewrite would change more than [`shared::limits::REWRITTEN_TILES`] tiles.
    #[error("this would change more than 4096 tiles")]
    TooLarge,
    /// A film would have more tiles, or larger frames, than are made at once.
    #[error("this is too large to be made at once: ask for an export")]
    FilmTooLarge,
    /// An export would have larger frames than it may have.
    #[error("this is too large: at most 2097152 pixels, and 8192 a side, after scaling")]
    ExportTooLarge,
    /// The user has an export that is not finished; worth a retry after this time.
    #[error("another export of yours is being made")]
    ExportRunning(Duration),
    /// The cell has as many comments as it may have.
    #[error("there are 1000 comments on this cell already")]
    TooManyComments,
    /// A list has as many entries as it may have.
    #[error("there are too many {0}s already")]
    ListFull(Entry),
    /// The case or the appeal was decided.
    #[error("this was decided already")]
    AlreadyDecided,
    /// Another moderator has the case.
    #[error("another moderator is dealing with this case")]
    Claimed,
    /// There is an appeal against the sanction.
    #[error("there was an appeal against this sanction already")]
    AlreadyAppealed,
    /// The rules of the canvas refuse a tile operation.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Invalid fields of the body or the query.
    #[error("{}", summary(.0))]
    Validation(Vec<FieldError>),
    /// More than the route takes: 4 KiB for signing in, 1 MiB elsewhere.
    #[error("the body is too large")]
    BodyTooLarge,
    /// The body did not arrive in time.
    #[error("the body did not arrive in time")]
    BodyTooSlow,
    /// More than [`shared::limits::IMAGE_SIDE`] pixels a side.
    #[error("the picture would have more than 8192 pixels a side")]
    ImageTooLarge,
    /// Too many requests; worth a retry after this time.
    #[error("too many requests")]
    RateLimited(Duration),
    /// Too many WebSocket connections of this user, address or server.
    #[error("too many connections")]
    TooManyConnections(Duration),
    /// The server is at its limit; worth a retry after this time.
    #[error("the server carries no more for the moment")]
    Overloaded(Duration),
    /// The server is shutting down.
    #[error("the server is about to stop")]
    Draining,
    /// The database does not answer.
    #[error("the database is away")]
    Unavailable,
    /// A fault of the server. The cause is logged and not sent.
    #[error("something went wrong on the server")]
    Internal(#[source] Option<Box<dyn std::error::Error + Send + Sync>>),
}

impl ApiError {
    /// One invalid field.
    pub(crate) fn invalid(field: impl Into<String>, message: impl Display) -> Self {
        Self::Validation(vec![FieldError {
            field: field.into(),
            message: message.to_string(),
        }])
    }

    /// A fault of the server, with its cause for the log.
    pub(crate) fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(Some(cause.into()))
    }

    /// The error of work that several requests waited for. Only one of them can have
    /// the error itself; the others get one with the same answer.
    pub(super) fn from_shared(error: Arc<Self>) -> Self {
        Arc::try_unwrap(error).unwrap_or_else(|error| match *error {
            Self::NotFound(resource) => Self::NotFound(resource),
            Self::Unavailable => Self::Unavailable,
            Self::Overloaded(wait) => Self::Overloaded(wait),
            _ => Self::Internal(None),
        })
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Unauthenticated | Self::StaleCookie | Self::InvalidCredentials => {
                StatusCode::UNAUTHORIZED
            }
            Self::Forbidden
            | Self::NotWanted
            | Self::Sanctioned(_)
            | Self::RegistrationRequired(_)
            | Self::GuestsNotAllowed
            | Self::LockedDown(_)
            | Self::OriginNotAllowed
            | Self::Refused(Refusal::Forbidden) => StatusCode::FORBIDDEN,
            Self::NotFound(_) | Self::NoClient | Self::Refused(Refusal::TileNotFound) => {
                StatusCode::NOT_FOUND
            }
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::UsernameTaken
            | Self::AlreadyRegistered
            | Self::RewriteRunning
            | Self::AlreadyUndone
            | Self::ListFull(_)
            | Self::SanctionOver
            | Self::AlreadyDecided
            | Self::Claimed
            | Self::AlreadyAppealed
            | Self::Refused(Refusal::TileExists | Refusal::VersionConflict(_)) => {
                StatusCode::CONFLICT
            }
            Self::Refused(Refusal::TileLocked) => StatusCode::LOCKED,
            Self::Refused(Refusal::OutOfBounds | Refusal::Pixels(_))
            | Self::Validation(_)
            | Self::TooLarge
            | Self::FilmTooLarge
            | Self::ExportTooLarge
            | Self::TooManyComments
            | Self::ImageTooLarge => StatusCode::UNPROCESSABLE_ENTITY,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::RateLimited(_)
            | Self::TooManyConnections(_)
            | Self::ExportRunning(_)
            | Self::Newcomer(_)
            | Self::SlowMode(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Overloaded(_) | Self::Draining | Self::Unavailable => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The `code` of the problem.
    fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated | Self::StaleCookie => "unauthenticated",
            Self::InvalidCredentials => "invalid_credentials",
            Self::Forbidden | Self::Refused(Refusal::Forbidden) => "forbidden",
            Self::NotWanted => "not_wanted",
            Self::Sanctioned(_) => "sanctioned",
            Self::RegistrationRequired(_) => "registration_required",
            Self::SanctionOver => "sanction_over",
            Self::GuestsNotAllowed => "guests_not_allowed",
            Self::Newcomer(_) => "newcomer",
            Self::SlowMode(_) => "slow_mode",
            Self::LockedDown(_) => "locked_down",
            Self::OriginNotAllowed => "origin_not_allowed",
            Self::NotFound(Resource::Address) | Self::NoClient => "not_found",
            Self::NotFound(Resource::Canvas) => "canvas_not_found",
            Self::NotFound(Resource::Tile) | Self::Refused(Refusal::TileNotFound) => {
                "tile_not_found"
            }
            Self::NotFound(Resource::Message) => "message_not_found",
            Self::NotFound(Resource::User) => "user_not_found",
            Self::NotFound(Resource::Connection) => "connection_not_found",
            Self::NotFound(Resource::Session) => "session_not_found",
            Self::NotFound(Resource::Invite) => "invite_not_found",
            Self::NotFound(Resource::Sanction) => "sanction_not_found",
            Self::NotFound(Resource::Rewrite) => "rewrite_not_found",
            Self::NotFound(Resource::Comment) => "comment_not_found",
            Self::NotFound(Resource::Report) => "report_not_found",
            Self::NotFound(Resource::Case) => "case_not_found",
            Self::NotFound(Resource::Appeal) => "appeal_not_found",
            Self::NotFound(Resource::Conversation) => "conversation_not_found",
            Self::NotFound(Resource::Export) => "export_not_found",
            Self::ExportRunning(_) => "export_running",
            Self::AlreadyDecided => "already_decided",
            Self::Claimed => "claimed",
            Self::AlreadyAppealed => "already_appealed",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::UsernameTaken => "username_taken",
            Self::AlreadyRegistered => "already_registered",
            Self::RewriteRunning => "rewrite_running",
            Self::AlreadyUndone => "already_undone",
            Self::TooLarge | Self::FilmTooLarge | Self::ExportTooLarge => "too_large",
            Self::TooManyComments => "invalid_message",
            Self::ListFull(Entry::Block) => "too_many_blocks",
            Self::ListFull(Entry::Invite) => "too_many_invites",
            Self::Refused(Refusal::TileExists) => "tile_exists",
            Self::Refused(Refusal::VersionConflict(_)) => "version_conflict",
            Self::Refused(Refusal::TileLocked) => "tile_locked",
            Self::Refused(Refusal::OutOfBounds) => "out_of_bounds",
            Self::Refused(Refusal::Pixels(_)) | Self::Validation(_) => "validation_failed",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyTooSlow => "body_too_slow",
            Self::ImageTooLarge => "image_too_large",
            Self::RateLimited(_) => "rate_limited",
            Self::TooManyConnections(_) => "too_many_connections",
            Self::Overloaded(_) => "overloaded",
            Self::Draining => "draining",
            Self::Unavailable => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// The status and the body.
    pub(super) fn problem(&self) -> (StatusCode, Problem) {
        let status = self.status();
        let problem = Problem {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or_default().to_owned(),
            status: status.as_u16(),
            code: self.code().to_owned(),
            detail: self.to_string(),
            errors: self.errors(),
            sanction: match self {
                Self::Sanctioned(sanction) => Some((**sanction).clone()),
                _ => None,
            },
            retry_after_ms: match self {
                Self::RegistrationRequired(wait) => wait.map(millis),
                Self::Newcomer(wait) | Self::SlowMode(wait) | Self::LockedDown(wait) => {
                    Some(millis(*wait).max(1))
                }
                _ => None,
            },
        };
        (status, problem)
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited(wait)
            | Self::TooManyConnections(wait)
            | Self::ExportRunning(wait)
            | Self::Newcomer(wait)
            | Self::SlowMode(wait)
            | Self::Overloaded(wait) => Some(*wait),
            Self::Draining | Self::Unavailable => Some(Duration::from_secs(1)),
            _ => None,
        }
    }

    fn errors(&self) -> Vec<FieldError> {
        match self {
            Self::Validation(errors) => errors.clone(),
            Self::Refused(refusal @ Refusal::Pixels(_)) => vec![FieldError {
                field: "pixels".to_owned(),
                message: refusal.to_string(),
            }],
            _ => Vec::new(),
        }
    }
}

/// Milliseconds, rounded up.
fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

/// What `Retry-After` says: whole seconds (RFC 9110, section 10.2.3), rounded up. At least
/// one, since the time may have come between the refusal and the answer.
fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

fn summary(errors: &[FieldError]) -> Cow<'static, str> {
    match errors {
        [] => Cow::Borrowed("the request cannot be read"),
        [first, ..] => Cow::Owned(format!("{}: {}", first.field, first.message)),
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let Self::Internal(Some(cause)) = &self {
            tracing::error!(error = %cause, "a request failed");
        }
        let (status, problem) = self.problem();
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"stellar-canvas\""),
            );
        }
        if matches!(self, Self::StaleCookie) {
            headers.insert(header::SET_COOKIE, HeaderValue::from_static(REMOVE_COOKIE));
        }
        if let Some(wait) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        response
    }
}

impl audit::ErrorCode for ApiError {
    fn code(&self) -> &'static str {
        Self::code(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_at_least_one_second() {
        let of = |wait| {
            let response = ApiError::RateLimited(wait).into_response();
            response.headers()[header::RETRY_AFTER].clone()
        };
        assert_eq!(of(Duration::ZERO), "1");
        assert_eq!(of(Duration::from_millis(1)), "1");
        assert_eq!(of(Duration::from_millis(1_001)), "2");
    }
}
