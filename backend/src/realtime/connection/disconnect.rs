//! The end of a connection: why it ends, what the peer is sent, and its line in
//! the log.

use super::{CLOSE_TIMEOUT, Connection};
use crate::realtime::registry::ConnectionHandle;
use shared::protocol::CloseReason;
use std::{fmt::Display, sync::Arc, time::Instant};
use tokio::time::timeout;
use tracing::Span;

/// What the log says of a connection. A span is made for each line, and only where the line
/// is logged: kept for as long as the connection is open, it would cost memory and time.
pub(super) struct ConnectionLog {
    connection: Arc<ConnectionHandle>,
    opened: Instant,
    pub(super) messages_in: u64,
}

impl ConnectionLog {
    pub(super) fn start(connection: Arc<ConnectionHandle>) -> Self {
        let log = Self {
            connection,
            opened: Instant::now(),
            messages_in: 0,
        };
        tracing::debug!(parent: &log.span(), "opened");
        log
    }

    /// Logs a failure of the server that need not end the connection.
    pub(super) fn failure(&self, error: &dyn Display, what: &str) {
        tracing::warn!(parent: &self.span(), %error, "{what}");
    }

    fn closed(&self, reason: &str, messages_out: u64) {
        let seconds = self.opened.elapsed().as_secs_f64();
        let messages_in = self.messages_in;
        tracing::debug!(parent: &self.span(), reason, seconds, messages_in, messages_out, "closed");
    }

    fn span(&self) -> Span {
        let connection = &self.connection;
        tracing::info_span!(
            parent: None,
            "connection",
            connection_id = %connection.connection_id,
            user_id = %connection.identity.user_id,
            canvas_id = connection.canvas_id.map(tracing::field::display),
            client_type = connection.client_type.name(),
        )
    }
}

/// Why a connection ends.
#[derive(Debug)]
pub(super) enum Disconnect {
    /// The server closes it.
    Close(CloseReason),
    /// The peer violated the WebSocket protocol: the close code and reason.
    ProtocolError(u16, &'static str),
    /// The peer sent a close frame; tungstenite has queued the answer.
    ClosedByPeer,
    /// The TCP connection broke, or the peer was silent for too long.
    Lost,
    /// The peer did not read for too long.
    WriteTimeout,
}

impl Disconnect {
    /// What a failed read means.
    pub(super) fn from_read(error: &tungstenite::Error) -> Self {
        websocket::close_code(error).map_or(Self::Lost, |(code, reason)| {
            Self::ProtocolError(code, reason)
        })
    }

    /// The label `reason` of `stellar_closes_total`, and the log's field.
    fn label(&self) -> &'static str {
        match self {
            Self::Close(reason) => label(*reason),
            Self::ProtocolError(_, reason) => reason,
            Self::ClosedByPeer => "client",
            Self::Lost => "gone",
            Self::WriteTimeout => "stuck",
        }
    }

    /// Code and reason of the close frame to send, if any.
    fn close_frame(&self) -> Option<(u16, String)> {
        match self {
            Self::Close(reason) => Some((reason.code(), reason.to_string())),
            Self::ProtocolError(code, reason) => Some((*code, (*reason).to_owned())),
            Self::ClosedByPeer | Self::Lost | Self::WriteTimeout => None,
        }
    }
}

fn label(reason: CloseReason) -> &'static str {
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

impl Connection {
    /// Counts and logs the end, leaves the room, and performs the closing
    /// handshake (RFC 6455, section 7.1.2) where the peer can still be reached.
    pub(super) async fn close_handshake(mut self, disconnect: Disconnect) {
        let reason = disconnect.label();
        metrics::counter!("stellar_closes_total", "reason" => reason).increment(1);
        let (rest, _) = self.outbox.pause();
        self.socket.queue(rest);
        self.log.closed(reason, self.outbox.detach());
        if matches!(disconnect, Disconnect::Lost | Disconnect::WriteTimeout) {
            return;
        }
        let Self {
            mut socket,
            membership,
            ..
        } = self;
        // Other members see the user leave before this peer has answered.
        drop(membership);
        let handshake = async {
            if let Some((code, reason)) = disconnect.close_frame() {
                socket.queue_close(code, &reason);
                if socket.flush().await.is_err() {
                    return;
                }
            }
            socket.wait_for_close().await;
        };
        // A peer that does not answer in time is disconnected.
        let _ = timeout(CLOSE_TIMEOUT, handshake).await;
    }
}
