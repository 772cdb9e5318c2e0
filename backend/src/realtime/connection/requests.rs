//! Handling of a client's messages: those that concern only the connection are
//! answered here, all others are passed to the room.

use super::{Connection, Disconnect, writing::ReplayError};
use crate::realtime::{metrics::MessageMetrics, outbound::OutboundMessage, room::Command};
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use shared::{
    ids::OpId,
    limits,
    protocol::{
        Ack, ClientMessage, CloseReason, DecodeError, ErrorCode, ErrorMessage, Pong,
        PresenceChange, ServerMessage, decode, decode_without_canvas,
    },
    time::Timestamp,
};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// When the newest messages arrived that could not be decoded.
#[derive(Debug, Default)]
pub(super) struct InvalidMessages(VecDeque<Instant>);

impl InvalidMessages {
    /// Adds one. True if `limits::INVALID_MESSAGES` of them arrived within the
    /// window.
    fn note(&mut self, now: Instant) -> bool {
        let window = Duration::from_millis(limits::INVALID_WINDOW_MS);
        self.0.push_back(now);
        if self.0.len() > limits::INVALID_MESSAGES {
            self.0.pop_front();
        }
        self.0.len() == limits::INVALID_MESSAGES
            && self.0.front().is_some_and(|first| now - *first < window)
    }
}

/// Pings and pongs of the WebSocket protocol that a peer may send within
/// [`CONTROL_WINDOW`]. They cost an answer and no client needs more than a few.
const MAX_CONTROL_FRAMES: u32 = 500;
/// See [`MAX_CONTROL_FRAMES`].
const CONTROL_WINDOW: Duration = Duration::from_secs(10);

/// The pings and pongs of the current window.
#[derive(Debug)]
pub(super) struct ControlFrames {
    since: Instant,
    count: u32,
}

impl ControlFrames {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            since: now,
            count: 0,
        }
    }

    /// Adds one. True if there are too many in this window.
    pub(super) fn note(&mut self, now: Instant) -> bool {
        if now - self.since >= CONTROL_WINDOW {
            *self = Self::new(now);
        }
        self.count += 1;
        self.count > MAX_CONTROL_FRAMES
    }
}

impl Connection {
    /// Handles one text message. Returns an error only where the connection has to
    /// end.
    pub(super) async fn on_text(&mut self, text: &str) -> Result<(), Disconnect> {
        self.membership.hub.registry().message_rates().count_in();
        self.log.messages_in += 1;
        let decoded = match self.canvas_id {
            Some(_) => decode(text),
            None => decode_without_canvas(text),
        };
        let request = match decoded {
            Ok(request) => request,
            Err(error) => {
                MessageMetrics::get().count_received(None);
                self.decode_failed(&error);
                return Ok(());
            }
        };
        MessageMetrics::get().count_received(Some(&request.message));
        let op_id = request.op_id;
        if let Err(wait) = self.check_rate(&request.message) {
            self.rate_limited(wait, op_id);
            return Ok(());
        }
        match &request.message {
            ClientMessage::Ping { timestamp } | ClientMessage::Heartbeat { timestamp } => {
                let server_time = self.membership.hub.clock().now().into();
                self.outbox.push(pong(text, timestamp, server_time, op_id));
                Ok(())
            }
            ClientMessage::Hello {
                client_name,
                device,
            } => {
                self.handle.set_hello(client_name, device);
                self.ack("hello", op_id);
                Ok(())
            }
            ClientMessage::AuthRefresh { token } => self.refresh(token.clone(), op_id).await,
            ClientMessage::RequestUpdate { last_seq } => {
                self.request_update(*last_seq, op_id).await
            }
            ClientMessage::UserPresence(change) => {
                if let PresenceChange::Status {
                    status_message: Some(message),
                    ..
                } = change
                {
                    // For later connections. The room tells the members.
                    self.membership
                        .hub
                        .status_messages()
                        .set(self.user_id, message);
                }
                let command =
                    Command::Request(self.membership.connection_id, Box::new(request), None);
                self.send_to_room(command).await
            }
            ClientMessage::TileMention { .. } => {
                let command =
                    Command::Request(self.membership.connection_id, Box::new(request), None);
                self.send_to_room(command).await
            }
            ClientMessage::DirectMessageSend { .. }
            | ClientMessage::DirectMessageRead { .. }
            | ClientMessage::DirectTyping { .. } => self.queue_direct(request).await,
            ClientMessage::CanvasChat { .. }
            | ClientMessage::ChatEdit { .. }
            | ClientMessage::ChatRemove { .. }
            | ClientMessage::CommentCreate { .. }
            | ClientMessage::CommentUpdate { .. }
            | ClientMessage::CommentRemove { .. }
            | ClientMessage::TileCreate { .. }
            | ClientMessage::TilePaint { .. }
            | ClientMessage::TileUpdate { .. }
            | ClientMessage::TileLike { .. }
            | ClientMessage::TileDelete { .. }
            | ClientMessage::TileLock { .. }
            | ClientMessage::TileUnlock { .. } => {
                let permit = self.acquire_in_flight().await?;
                let command = Command::Request(
                    self.membership.connection_id,
                    Box::new(request),
                    Some(permit),
                );
                self.send_to_room(command).await
            }
        }
    }

    /// Answers a message that could not be decoded; too many of them close the
    /// connection.
    fn decode_failed(&mut self, error: &DecodeError) {
        let counts = matches!(
            error.code,
            ErrorCode::InvalidJson | ErrorCode::UnknownType | ErrorCode::InvalidMessage
        );
        let frame = OutboundMessage::error(error.code, &error.message, error.op_id);
        self.outbox.push(frame);
        if counts && self.invalid.note(Instant::now()) {
            self.outbox.close(CloseReason::RateLimited);
        }
    }

    /// Counts a message among all that the user does on this node.
    fn check_rate(&mut self, message: &ClientMessage) -> Result<(), Duration> {
        let hub = &self.membership.hub;
        if !hub.settings().rate_limits {
            return Ok(());
        }
        let user = self.user_id;
        let rates = self.rates.get_or_insert_with(|| hub.rate_limits().of(user));
        rates.check_message(message)
    }

    fn rate_limited(&self, wait: Duration, op_id: Option<OpId>) {
        let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.answer(&ServerMessage::Error(ErrorMessage {
            code: ErrorCode::RateLimited,
            message: "too many requests of this kind".to_owned(),
            op_id,
            retry_after_ms: Some(wait.max(1)),
            sanction: None,
        }));
    }

    /// Replaces the connection's token by a newer one of the same user.
    async fn refresh(&mut self, token: String, op_id: Option<OpId>) -> Result<(), Disconnect> {
        let refreshed = (self.verify_token)(token).await;
        let own = refreshed.filter(|refreshed| refreshed.user_id == self.user_id);
        if let Some(refreshed) = own {
            self.expires_at = refreshed.expires_at;
            self.handle.set_session(refreshed.session_id);
            self.membership.hub.registry().check_session(&self.handle);
            self.ack("auth_refresh", op_id);
        } else {
            let message = "the token is not valid for this user";
            let error = OutboundMessage::error(ErrorCode::Unauthenticated, message, op_id);
            self.outbox.push(error);
        }
        Ok(())
    }

    /// Replays the events after `last_seq` up to the newest that was sent to this
    /// connection. Newer ones wait in the outbox meanwhile, in front of the `ack`.
    /// Nothing is replayed to a client that is too far behind.
    async fn request_update(
        &mut self,
        last_seq: i64,
        op_id: Option<OpId>,
    ) -> Result<(), Disconnect> {
        if self.outbox.written_seq().saturating_sub(last_seq) > limits::RESUME_EVENTS {
            let message = "too many events are missing: fetch the snapshot";
            let error = OutboundMessage::error(ErrorCode::TooFarBehind, message, op_id);
            self.outbox.push(error);
            return Ok(());
        }
        let (rest, sent) = self.outbox.pause();
        self.socket.queue(rest);
        match self.replay(last_seq, sent).await {
            Ok(()) => self.ack("request_update", op_id),
            Err(ReplayError::Unavailable) => {
                let message = "the database is away";
                let error = OutboundMessage::error(ErrorCode::Unavailable, message, op_id);
                self.outbox.push(error);
            }
            Err(ReplayError::Disconnected(disconnect)) => return Err(disconnect),
        }
        // The answer is in the outbox, and is drained like everything else.
        self.outbox.resume();
        Ok(())
    }

    fn ack(&self, kind: &str, op_id: Option<OpId>) {
        self.answer(&ServerMessage::Ack(Ack {
            op_id,
            request: kind.to_owned(),
            ..Ack::default()
        }));
    }

    fn answer(&self, message: &ServerMessage) {
        self.outbox.push(OutboundMessage::reply(message));
    }
}

/// The answer to a ping. A numeric `timestamp` is copied as text: parsed and
/// written again, it could lose digits.
fn pong(
    text: &str,
    timestamp: &Value,
    server_time: Timestamp,
    op_id: Option<OpId>,
) -> OutboundMessage {
    #[derive(Deserialize)]
    struct Sent<'a> {
        #[serde(borrow)]
        timestamp: &'a RawValue,
    }
    #[derive(Serialize)]
    struct ExactPong<'a> {
        r#type: &'static str,
        timestamp: &'a RawValue,
        server_time: Timestamp,
        #[serde(skip_serializing_if = "Option::is_none")]
        op_id: Option<OpId>,
    }
    // Fails where the field occurs twice; then the decoded value is sent, which is
    // the last one.
    match serde_json::from_str::<Sent>(text) {
        Ok(Sent { timestamp: exact }) if timestamp.is_number() => {
            OutboundMessage::custom_reply(&ExactPong {
                r#type: "pong",
                timestamp: exact,
                server_time,
                op_id,
            })
        }
        Ok(_) | Err(_) => OutboundMessage::reply(&ServerMessage::Pong(Pong {
            timestamp: timestamp.clone(),
            server_time,
            op_id,
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Utc;

    #[test]
    fn numbers_come_back_as_they_were_written() {
        for number in [
            "123456789012345678901234567890",
            "0.12345678901234567890123",
            "1E5",
            "1e400",
            "-1e400",
            "-0",
            "1.10",
            "\"a \\n\"",
        ] {
            let text = format!(r#"{{"type":"ping","timestamp":{number}}}"#);
            let ClientMessage::Ping { timestamp } = decode(&text).unwrap().message else {
                panic!("{text} is no ping");
            };
            let frame = pong(&text, &timestamp, Utc::now().into(), None);
            let said = String::from_utf8_lossy(&frame.frame.json()).into_owned();
            let start = format!(r#"{{"type":"pong","timestamp":{number},"server_time":"#);
            assert!(said.starts_with(&start), "{said}");
        }
    }

    #[test]
    fn control_frames_are_limited_per_window() {
        let start = Instant::now();
        let mut frames = ControlFrames::new(start);
        for second in 0..3 {
            let now = start + CONTROL_WINDOW * second;
            assert!((0..MAX_CONTROL_FRAMES).all(|_| !frames.note(now)));
        }
        assert!(frames.note(start + CONTROL_WINDOW * 2));
    }

    #[test]
    fn twenty_within_the_window_are_too_many() {
        let start = Instant::now();
        let mut slow = InvalidMessages::default();
        for n in 0..100 {
            assert!(!slow.note(start + Duration::from_millis(n * 600)));
        }
        let mut fast = InvalidMessages::default();
        let verdicts: Vec<bool> = (0..20)
            .map(|n| fast.note(start + Duration::from_millis(n * 10)))
            .collect();
        assert_eq!(verdicts.iter().filter(|too_many| **too_many).count(), 1);
        assert!(verdicts[19]);
    }
}
