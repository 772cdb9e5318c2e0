//! What errors of HTTP requests mean for the session.

use super::effect::{FetchError, Network, RefusalCause};
use crate::{api::ApiError, browser};

/// What an error says about the canvas: only a code of this server says anything.
pub(super) fn fetch_error(error: &ApiError) -> FetchError {
    match error.code() {
        "unauthenticated" | "forbidden" | "sanctioned" => FetchError::Forbidden,
        "canvas_not_found" => FetchError::NotFound,
        _ if error.is_blocked() => FetchError::Blocked,
        _ => FetchError::Unavailable,
    }
}

/// What the network is like after an error, or without one.
pub(super) fn network(error: Option<&ApiError>) -> Network {
    Network {
        online: browser::is_online(),
        retry_after_ms: error.and_then(ApiError::retry_after_ms).unwrap_or(0),
        random: browser::random(),
    }
}

/// Why a connection is refused, from the answer to the same request over HTTP.
pub(super) fn refusal_cause(error: Option<&ApiError>) -> RefusalCause {
    let Some(error) = error else {
        return RefusalCause::None;
    };
    match error.code() {
        "unauthenticated" => RefusalCause::SignedOut,
        "forbidden" | "canvas_not_found" => RefusalCause::NoAccess(fetch_error(error)),
        "sanctioned" => RefusalCause::Banned,
        code @ ("guests_not_allowed" | "registration_required") => RefusalCause::NoGuests {
            must_register: code == "registration_required",
        },
        "origin_not_allowed" => RefusalCause::WrongAddress,
        "too_many_connections" => RefusalCause::TooManyConnections,
        "overloaded" => RefusalCause::Overloaded,
        _ if error.status() == Some(429) => RefusalCause::RateLimited,
        _ if error.is_blocked() => RefusalCause::Blocked,
        _ => RefusalCause::Unreachable {
            online: browser::is_online(),
        },
    }
}
