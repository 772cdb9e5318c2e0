//! Why connections end, as the peer and as the figures are told.

use crate::realtime::wire;
use axum::Error;
use shared::protocol::CloseReason;

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

/// What a failed read says about the peer.
pub(super) fn broken(error: &Error) -> End {
    wire::fault(error).map_or(End::Gone, |(code, reason)| End::Broken(code, reason))
}
