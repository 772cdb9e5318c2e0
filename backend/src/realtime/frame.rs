//! One message on its way to a connection: serialized and framed once, shared
//! by all.

use super::metrics::MessageType;
use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;
use shared::{
    ids::{OpId, UserId},
    protocol::{ErrorCode, ErrorMessage, ServerMessage},
};
use std::time::Instant;

/// What may be dropped when a connection cannot keep up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Carries `seq`, or is an answer: never dropped.
    Durable,
    /// Only the newest of each sender and kind matters.
    Ephemeral(UserId, &'static str),
}

/// Bytes before a text of any length (RFC 6455, section 5.2).
const LONGEST_HEAD: usize = 10;
/// The opcode of a text frame, and that the message ends with it.
const TEXT: u8 = 0x81;

/// JSON with the head of its WebSocket frame (RFC 6455, section 5.2) before it,
/// as it goes over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EncodedFrame {
    wire: Bytes,
    head: u8,
}

impl EncodedFrame {
    /// The JSON alone.
    pub(crate) fn json(&self) -> Bytes {
        self.wire.slice(usize::from(self.head)..)
    }

    /// With its head.
    pub(crate) fn wire(&self) -> &Bytes {
        &self.wire
    }

    /// The same, where nothing else is needed of it.
    pub(crate) fn into_wire(self) -> Bytes {
        self.wire
    }

    /// Bytes of JSON.
    pub(crate) fn len(&self) -> usize {
        self.wire.len() - usize::from(self.head)
    }

    /// Serializes with room for the head, so that nothing is copied. Our own
    /// messages always serialize: they have string keys and finite numbers.
    pub(crate) fn of(value: &impl Serialize) -> Self {
        let mut bytes = vec![0; LONGEST_HEAD];
        if serde_json::to_writer(&mut bytes, value).is_err() {
            bytes.truncate(LONGEST_HEAD);
        }
        let mut head = [0; LONGEST_HEAD];
        let length = write_head(&mut head.as_mut_slice(), bytes.len() - LONGEST_HEAD);
        let head = &head[..usize::from(length)];
        let begin = LONGEST_HEAD - head.len();
        bytes[begin..LONGEST_HEAD].copy_from_slice(head);
        Self {
            wire: Bytes::from(bytes).slice(begin..),
            head: length,
        }
    }
}

impl<T: AsRef<[u8]>> From<T> for EncodedFrame {
    fn from(json: T) -> Self {
        let json = json.as_ref();
        let mut wire = BytesMut::with_capacity(LONGEST_HEAD + json.len());
        let head = write_head(&mut wire, json.len());
        wire.put_slice(json);
        Self {
            wire: wire.freeze(),
            head,
        }
    }
}

/// Writes the head of a text frame of a server: how long it is.
fn write_head(to: &mut impl BufMut, length: usize) -> u8 {
    to.put_u8(TEXT);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short), _) if short < 126 => {
            to.put_u8(short);
            2
        }
        (_, Ok(medium)) => {
            to.put_u8(126);
            to.put_u16(medium);
            4
        }
        _ => {
            to.put_u8(127);
            to.put_u64(length as u64);
            10
        }
    }
}

/// A message ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct OutboundMessage {
    /// What is sent.
    pub(crate) text: EncodedFrame,
    /// The `seq` that counts as delivered with it.
    pub(crate) seq: Option<i64>,
    /// Whether it may be dropped.
    pub(crate) class: Class,
    /// Its type, for the figures; none is not counted.
    pub(crate) kind: Option<MessageType>,
    /// When it was committed, if that was just now.
    pub(crate) committed: Option<Instant>,
}

impl OutboundMessage {
    fn new(text: EncodedFrame, seq: Option<i64>, class: Class) -> Self {
        Self {
            kind: Some(MessageType::of(&text.wire[usize::from(text.head)..])),
            text,
            seq,
            class,
            committed: None,
        }
    }

    /// A durable event as it is in the log.
    pub(crate) fn event(seq: i64, text: EncodedFrame) -> Self {
        Self::new(text, Some(seq), Class::Durable)
    }

    /// Whole frames of the protocol's own, such as a ping, or pieces of one.
    pub(crate) fn control(wire: Bytes) -> Self {
        Self {
            text: EncodedFrame { wire, head: 0 },
            seq: None,
            class: Class::Durable,
            kind: None,
            committed: None,
        }
    }

    /// The same of an event that was committed at this moment.
    pub(crate) fn committed(self, at: Option<Instant>) -> Self {
        Self {
            committed: at,
            ..self
        }
    }

    /// An answer to one connection.
    pub(crate) fn reply(message: &ServerMessage) -> Self {
        let seq = match message {
            ServerMessage::Ack(ack) => ack.seq,
            _ => None,
        };
        Self::new(EncodedFrame::of(message), seq, Class::Durable)
    }

    /// An answer that is no [`ServerMessage`] to the letter.
    pub(crate) fn answer(message: &impl Serialize) -> Self {
        Self::new(EncodedFrame::of(message), None, Class::Durable)
    }

    /// An answer in pieces, in order: `list`, which others have in their
    /// answers too, stands where the message has an empty `field`.
    pub(crate) fn around(message: &ServerMessage, field: &str, list: &Bytes) -> [Self; 3] {
        let whole = EncodedFrame::of(message).json();
        // Inside a JSON string every quote is escaped: no text looks like this.
        let empty = format!("\"{field}\":[]");
        // Little comes behind it, which is quicker to look through.
        let found = whole
            .windows(empty.len())
            .rposition(|w| w == empty.as_bytes());
        let end = found.map_or(whole.len(), |begin| begin + empty.len());
        let (begin, list) = match found {
            Some(_) => (end - "[]".len(), list.clone()),
            None => (end, Bytes::new()),
        };
        let length = begin + list.len() + whole.len() - end;
        let mut first = BytesMut::with_capacity(LONGEST_HEAD + begin);
        write_head(&mut first, length);
        first.put_slice(&whole[..begin]);
        let first = Self {
            kind: Some(MessageType::of(&whole)),
            ..Self::control(first.freeze())
        };
        [
            first,
            Self::control(list),
            Self::control(whole.slice(end..)),
        ]
    }

    /// A refusal.
    pub(crate) fn error(code: ErrorCode, message: &str, op_id: Option<OpId>) -> Self {
        Self::reply(&ServerMessage::Error(ErrorMessage {
            code,
            message: message.to_owned(),
            op_id,
            retry_after_ms: None,
        }))
    }

    /// Something of which only the newest by this sender matters.
    pub(crate) fn ephemeral(sender: UserId, kind: &'static str, message: &ServerMessage) -> Self {
        Self::new(
            EncodedFrame::of(message),
            None,
            Class::Ephemeral(sender, kind),
        )
    }

    /// The same, serialized by another node.
    pub(crate) fn passed_on(sender: UserId, kind: &'static str, text: &Bytes) -> Self {
        Self::new(text.into(), None, Class::Ephemeral(sender, kind))
    }

    /// An answer or words, serialized by another node.
    pub(crate) fn words(text: &Bytes) -> Self {
        Self::new(text.into(), None, Class::Durable)
    }

    /// What it takes in a queue, in bytes.
    pub(crate) fn cost(&self) -> usize {
        self.text.len() + size_of::<Self>()
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
                server_time: DateTime::UNIX_EPOCH.into(),
                heartbeat: Heartbeat {
                    interval_ms: 1,
                    timeout_ms: 2,
                },
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
            let pieces = OutboundMessage::around(&message(Vec::new()), "active_users", &list);
            let wires: Vec<u8> = pieces
                .iter()
                .flat_map(|piece| piece.text.wire().to_vec())
                .collect();
            let whole = OutboundMessage::reply(&message(users));
            assert_eq!(wires, *whole.text.wire());
            assert_eq!(pieces[0].kind, whole.kind);
        }
    }

    #[test]
    fn texts_of_every_length_have_the_head_of_their_frame() {
        for (length, head) in [
            (0, vec![0x81, 0]),
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65_535, vec![0x81, 126, 255, 255]),
            (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let text = "x".repeat(length);
            let framed = EncodedFrame::from(&text);
            assert_eq!(framed.wire()[..head.len()], head);
            assert_eq!((framed.len(), framed.json()), (length, text.into()));
        }
        let message = "a message";
        let framed = EncodedFrame::of(&message);
        assert_eq!(framed, EncodedFrame::from(framed.json()));
        assert_eq!(framed.json(), r#""a message""#);
    }
}
