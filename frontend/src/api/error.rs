//! Why a request failed, and what its answer said about that.

use shared::api::{FieldError, Problem};
use thiserror::Error;

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ApiError {
    /// The server could not be reached in time, or its response could not be read.
    #[error("the server cannot be reached")]
    Unreachable,
    /// Something other than this server answered, such as a proxy with a page of its own: the
    /// body is no problem with a `code`. Says nothing about the user or the canvas.
    #[error("the server cannot be reached")]
    Foreign {
        /// The HTTP status.
        status: u16,
        /// `Retry-After`, if it was given in seconds.
        retry_after_ms: Option<u32>,
    },
    /// The server refused; the problem's `code` says why.
    #[error("{}", .problem.detail)]
    Refused {
        /// The body.
        problem: Box<Problem>,
        /// `Retry-After`, if it was given in seconds.
        retry_after_ms: Option<u32>,
    },
}

impl ApiError {
    /// The HTTP status, if the server answered.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Unreachable | Self::Foreign { .. } => None,
            Self::Refused { problem, .. } => Some(problem.status),
        }
    }

    /// The problem's code; `unreachable` if the server did not answer.
    pub fn code(&self) -> &str {
        match self {
            Self::Unreachable | Self::Foreign { .. } => "unreachable",
            Self::Refused { problem, .. } => &problem.code,
        }
    }

    /// The fields of the request that are wrong; empty if it is not about fields.
    pub fn fields(&self) -> &[FieldError] {
        match self {
            Self::Unreachable | Self::Foreign { .. } => &[],
            Self::Refused { problem, .. } => &problem.errors,
        }
    }

    /// Whether this server says that nobody is signed in. Not so a 401 of a proxy.
    pub fn is_signed_out(&self) -> bool {
        self.code() == "unauthenticated"
    }

    /// Whether something on the way refuses the request, in place of the server.
    pub fn is_blocked(&self) -> bool {
        matches!(self, Self::Foreign { status, .. } if matches!(status, 401 | 403 | 407 | 511))
    }

    /// How long the answer asks to wait before the next attempt, in milliseconds.
    pub fn retry_after_ms(&self) -> Option<u32> {
        match self {
            Self::Unreachable => None,
            Self::Foreign { retry_after_ms, .. } | Self::Refused { retry_after_ms, .. } => {
                *retry_after_ms
            }
        }
    }
}
