//! One message on its way to a connection: serialized once, shared by all.

use super::figures::Kind;
use bytes::Bytes;
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

/// A text message ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// JSON.
    pub(crate) text: Bytes,
    /// The `seq` that counts as delivered with it.
    pub(crate) seq: Option<i64>,
    /// Whether it may be dropped.
    pub(crate) class: Class,
    /// Its type, for the figures.
    pub(crate) kind: Kind,
    /// When it was committed, if that was just now.
    pub(crate) committed: Option<Instant>,
}

impl Frame {
    fn new(text: Bytes, seq: Option<i64>, class: Class) -> Self {
        Self {
            kind: Kind::of(&text),
            text,
            seq,
            class,
            committed: None,
        }
    }

    /// A durable event as it is in the log.
    pub(crate) fn event(seq: i64, text: Bytes) -> Self {
        Self::new(text, Some(seq), Class::Durable)
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
        Self::new(json(message), seq, Class::Durable)
    }

    /// An answer that is no [`ServerMessage`] to the letter.
    pub(crate) fn answer(message: &impl Serialize) -> Self {
        Self::new(json(message), None, Class::Durable)
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
        Self::new(json(message), None, Class::Ephemeral(sender, kind))
    }

    /// The same, serialized by another node.
    pub(crate) fn passed_on(sender: UserId, kind: &'static str, text: Bytes) -> Self {
        Self::new(text, None, Class::Ephemeral(sender, kind))
    }

    /// An answer or words, serialized by another node.
    pub(crate) fn words(text: Bytes) -> Self {
        Self::new(text, None, Class::Durable)
    }

    /// What it takes in a queue, in bytes.
    pub(crate) fn cost(&self) -> usize {
        self.text.len() + size_of::<Self>()
    }
}

/// Our own messages always serialize: they have string keys and finite numbers.
pub(crate) fn json(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).unwrap_or_default().into()
}
