//! A message on its way to a connection: its encoded frame, and what the outbox and
//! the metrics need to know of it.

use super::{
    frame::{EncodedFrame, MAX_HEADER, write_header},
    metrics::MessageType,
};
use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;
use shared::{
    ids::{OpId, UserId},
    protocol::{ErrorCode, ErrorMessage, ServerMessage},
};
use std::time::Instant;

/// What a full outbox may do with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// An event or a reply: never dropped.
    Durable,
    /// May be dropped. Of those of the same sender and kind only the newest matters.
    Ephemeral(UserId, &'static str),
}

/// See the module. Cheap to clone; clones share the bytes.
#[derive(Clone, Debug)]
pub(crate) struct OutboundMessage {
    pub(crate) frame: EncodedFrame,
    /// The newest `seq` that the connection has once it got this message.
    pub(crate) seq: Option<i64>,
    pub(crate) class: Class,
    /// `None` for frames that are not counted in the metrics.
    pub(crate) message_type: Option<MessageType>,
    /// When the event was committed, if this node committed it just now.
    pub(crate) committed_at: Option<Instant>,
}

impl OutboundMessage {
    fn new(frame: EncodedFrame, seq: Option<i64>, class: Class) -> Self {
        Self {
            message_type: Some(MessageType::of(frame.as_json())),
            frame,
            seq,
            class,
            committed_at: None,
        }
    }

    /// A durable event with the bytes of the log.
    pub(crate) fn event(seq: i64, body: EncodedFrame) -> Self {
        Self::new(body, Some(seq), Class::Durable)
    }

    /// Frames of the WebSocket protocol, such as a ping, or a part of a frame.
    pub(crate) fn control(wire: Bytes) -> Self {
        Self {
            frame: EncodedFrame::raw(wire),
            seq: None,
            class: Class::Durable,
            message_type: None,
            committed_at: None,
        }
    }

    /// The same event, with the moment of its commit for the delivery latency.
    pub(crate) fn committed(self, committed_at: Option<Instant>) -> Self {
        Self {
            committed_at,
            ..self
        }
    }

    /// A reply, or another message that is never dropped.
    pub(crate) fn reply(message: &ServerMessage) -> Self {
        let seq = match message {
            ServerMessage::Ack(ack) => ack.seq,
            _ => None,
        };
        Self::new(EncodedFrame::of(message), seq, Class::Durable)
    }

    /// A reply that [`ServerMessage`] cannot express exactly.
    pub(crate) fn custom_reply(message: &impl Serialize) -> Self {
        Self::new(EncodedFrame::of(message), None, Class::Durable)
    }

    /// A reply in three pieces, to be written one after the other: `list`, whose
    /// bytes other replies share, takes the place of the empty array `field`.
    pub(crate) fn with_shared_list(
        message: &ServerMessage,
        field: &str,
        list: &Bytes,
    ) -> [Self; 3] {
        let whole = EncodedFrame::of(message).json();
        // Inside a JSON string every quote is escaped, so no text can contain this.
        let empty = format!("\"{field}\":[]");
        // Searched from the end, since little comes behind it.
        let found = whole
            .windows(empty.len())
            .rposition(|w| w == empty.as_bytes());
        let end = found.map_or(whole.len(), |begin| begin + empty.len());
        let (begin, list) = match found {
            Some(_) => (end - "[]".len(), list.clone()),
            None => (end, Bytes::new()),
        };
        let length = begin + list.len() + whole.len() - end;
        let mut first = BytesMut::with_capacity(MAX_HEADER + begin);
        write_header(&mut first, length);
        first.put_slice(&whole[..begin]);
        let first = Self {
            message_type: Some(MessageType::of(&whole)),
            ..Self::control(first.freeze())
        };
        [
            first,
            Self::control(list),
            Self::control(whole.slice(end..)),
        ]
    }

    /// An `error` without a time to wait.
    pub(crate) fn error(code: ErrorCode, message: &str, op_id: Option<OpId>) -> Self {
        Self::reply(&ServerMessage::Error(ErrorMessage {
            code,
            message: message.to_owned(),
            op_id,
            retry_after_ms: None,
            sanction: None,
        }))
    }

    /// An ephemeral message of a user.
    pub(crate) fn ephemeral(sender: UserId, kind: &'static str, message: &ServerMessage) -> Self {
        let class = Class::Ephemeral(sender, kind);
        Self::new(EncodedFrame::of(message), None, class)
    }

    /// An ephemeral message that another node serialized.
    pub(crate) fn relayed(sender: UserId, kind: &'static str, json: &Bytes) -> Self {
        Self::new(json.into(), None, Class::Ephemeral(sender, kind))
    }

    /// A message that is never dropped and that another node serialized.
    pub(crate) fn relayed_reply(json: &Bytes) -> Self {
        Self::new(json.into(), None, Class::Durable)
    }

    /// What the message counts in an outbox, in bytes.
    pub(crate) fn cost(&self) -> usize {
        self.frame.len() + size_of::<Self>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use shared::{
        canvas::Role,
        ids::{CanvasId, ConnectionId, Epoch},
        presence::{ActiveUser, Status},
        protocol::{Connected, Heartbeat, Resume},
    };
    use uuid::Uuid;

    #[test]
    fn pieces_are_the_whole() {
        let message = |users: Vec<ActiveUser>| {
            ServerMessage::Connected(Box::new(Connected {
                connection_id: ConnectionId(Uuid::nil()),
                canvas_id: CanvasId(1),
                user_id: UserId(7),
                username: "ann".to_owned(),
                display_name: r#""active_users":[]"#.to_owned(),
                role: Role::Editor,
                epoch: Epoch(Uuid::nil()),
                seq: 3,
                resume: Resume::Fresh,
                active_users: users,
                locks: Vec::new(),
                sanctions: Vec::new(),
                newcomer_until: None,
                server_time: DateTime::UNIX_EPOCH.into(),
                heartbeat: Heartbeat {
                    interval_ms: 1,
                    timeout_ms: 2,
                },
                blocked: Vec::new(),
            }))
        };
        for count in [0, 1, 3, 400] {
            let users: Vec<ActiveUser> = (0..count)
                .map(|user| ActiveUser {
                    user_id: UserId(user),
                    username: format!("user_{user}"),
                    display_name: "Somebody".to_owned(),
                    is_active: true,
                    status: Status::Online,
                    status_message: String::new(),
                    is_typing: false,
                    editing: None,
                    connections: 1,
                })
                .collect();
            let list = serde_json::to_vec(&users).unwrap().into();
            let pieces =
                OutboundMessage::with_shared_list(&message(Vec::new()), "active_users", &list);
            let wires: Vec<u8> = pieces
                .iter()
                .flat_map(|piece| piece.frame.wire().to_vec())
                .collect();
            let whole = OutboundMessage::reply(&message(users));
            assert_eq!(wires, *whole.frame.wire());
            assert_eq!(pieces[0].message_type, whole.message_type);
        }
    }
}
