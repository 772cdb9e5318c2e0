//! The replies to durable requests of connections.

use crate::realtime::{
    outbound::OutboundMessage,
    write::{Done, WriteError},
};
use std::time::Duration;

use shared::{
    ids::OpId,
    protocol::{Ack, ErrorCode, ErrorMessage, ServerMessage},
};

/// The `ack` of a request that was carried out.
pub(super) fn ack(op_id: Option<OpId>, request_type: &str, done: Done) -> OutboundMessage {
    OutboundMessage::reply(&ServerMessage::Ack(Ack {
        op_id,
        seq: done.seq,
        timestamp: done.timestamp,
        request: request_type.to_owned(),
        version: done.version,
        tile_id: done.tile_id,
        like_count: done.like_count,
        message_id: None,
        comment_id: done.comment_id,
    }))
}

/// Whole milliseconds, at least one.
fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1)
}

/// The `error` of a request that was not carried out.
pub(super) fn refusal(op_id: Option<OpId>, error: &WriteError) -> OutboundMessage {
    let (code, retry_after_ms) = match error {
        WriteError::Refused(refusal) => (refusal.code(), None),
        WriteError::Sanctioned(_) => (ErrorCode::Sanctioned, None),
        WriteError::Newcomer(wait) => (ErrorCode::Newcomer, Some(millis(*wait))),
        WriteError::SlowMode(wait) => (ErrorCode::SlowMode, Some(millis(*wait))),
        WriteError::LockedDown(wait) => (ErrorCode::LockedDown, Some(millis(*wait))),
        WriteError::MessageNotFound => (ErrorCode::MessageNotFound, None),
        WriteError::CommentNotFound => (ErrorCode::CommentNotFound, None),
        WriteError::InvalidField(..) | WriteError::TooManyComments => {
            (ErrorCode::InvalidMessage, None)
        }
        WriteError::Busy => (ErrorCode::RateLimited, Some(1000)),
        WriteError::Unavailable | WriteError::CanvasNotFound => {
            (ErrorCode::Unavailable, Some(1000))
        }
        // No rewrite comes from a socket.
        WriteError::RewriteStopped | WriteError::Internal => (ErrorCode::Internal, None),
    };
    let sanction = match error {
        WriteError::Sanctioned(sanction) => Some(sanction.clone()),
        _ => None,
    };
    OutboundMessage::reply(&ServerMessage::Error(ErrorMessage {
        code,
        message: error.to_string(),
        op_id,
        retry_after_ms,
        sanction,
    }))
}
