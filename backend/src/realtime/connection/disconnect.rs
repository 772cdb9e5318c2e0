//! A connection's line in the log, and why it ends, as the peer, the log and
//! the figures are told.

use crate::realtime::registry::ConnectionHandle;
use shared::protocol::CloseReason;
use std::{fmt::Display, time::Instant};
use tracing::Span;

/// A connection's span and what it counts. The span is the parent of what is
/// logged, instead of being entered with every message.
pub(super) struct Log {
    span: Span,
    opened: Instant,
    pub(super) messages_in: u64,
}

impl Log {
    pub(super) fn start(connection: &ConnectionHandle) -> Self {
        let span = tracing::info_span!(
            parent: None,
            "connection",
            connection_id = %connection.connection_id,
            user_id = %connection.identity.user_id,
            canvas_id = %connection.canvas_id,
            client_type = connection.client_type.name(),
        );
        tracing::debug!(parent: &span, "opened");
        Self {
            span,
            opened: Instant::now(),
            messages_in: 0,
        }
    }

    /// Something of the server's failed; the connection may go on.
    pub(super) fn failure(&self, error: &dyn Display, what: &str) {
        tracing::warn!(parent: &self.span, %error, "{what}");
    }

    pub(super) fn closed(&self, reason: &str, messages_out: u64) {
        let seconds = self.opened.elapsed().as_secs_f64();
        let messages_in = self.messages_in;
        tracing::debug!(parent: &self.span, reason, seconds, messages_in, messages_out, "closed");
    }
}

/// Why a connection ends without more words.
#[derive(Debug)]
pub(super) enum Disconnect {
    /// The server says good-bye.
    Close(CloseReason),
    /// The peer broke the protocol.
    ProtocolError(u16, &'static str),
    /// The peer said good-bye; the answer is on its way already.
    ClosedByPeer,
    /// The peer is gone, or silent for too long.
    Lost,
    /// The peer does not read.
    WriteTimeout,
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
pub(super) fn read_error(error: &tungstenite::Error) -> Disconnect {
    websocket::close_code(error).map_or(Disconnect::Lost, |(code, reason)| {
        Disconnect::ProtocolError(code, reason)
    })
}
