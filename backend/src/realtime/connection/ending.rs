//! Why connections end, as the peer and as the figures are told.

use axum::Error;
use shared::protocol::CloseReason;
use tungstenite::error::{CapacityError, ProtocolError};

/// Why a connection ends without more words.
#[derive(Debug)]
pub(super) enum End {
    /// The server says good-bye.
    Close(CloseReason),
    /// The peer broke the protocol.
    Broken(u16, &'static str),
    /// The peer said good-bye; the answer is on its way already.
    Closed,
    /// The peer is gone, or does not read.
    Gone,
}

/// The reason as a metric's label.
pub(super) fn label(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Done => "done",
        CloseReason::Binary => "binary",
        CloseReason::GoingAway(_) => "going_away",
        CloseReason::TokenExpired => "token_expired",
        CloseReason::Revoked => "revoked",
        CloseReason::Kicked => "kicked",
        CloseReason::Banned => "banned",
        CloseReason::CanvasDeleted => "canvas_deleted",
        CloseReason::RateLimited => "rate_limited",
        CloseReason::SlowConsumer => "slow_consumer",
        CloseReason::Overloaded => "overloaded",
        CloseReason::Internal => "internal",
    }
}

/// What a failed read says about the peer (RFC 6455 section 7.4.1).
pub(super) fn broken(error: &Error) -> End {
    let source = std::error::Error::source(error);
    match source.and_then(|error| error.downcast_ref::<tungstenite::Error>()) {
        Some(tungstenite::Error::Capacity(CapacityError::MessageTooLong { .. })) => {
            End::Broken(1009, "message too big")
        }
        Some(tungstenite::Error::Utf8(_)) => End::Broken(1007, "invalid UTF-8"),
        Some(tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => {
            End::Gone
        }
        Some(tungstenite::Error::Protocol(_)) => End::Broken(1002, "protocol error"),
        _ => End::Gone,
    }
}
