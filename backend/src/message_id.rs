//! The ids of chat messages. An id ends with the message's `seq`, so that a message is found by
//! its place in the log, and no index of ids slows down the writers. For everybody else an id
//! is opaque.

use shared::ids::MessageId;
use uuid::{Builder, Uuid};

/// The version of these UUIDs (RFC 9562, section 5.8: custom).
const VERSION: usize = 8;
/// Digits of an id's end that are the `seq`.
pub(crate) const SEQ_DIGITS: usize = 12;

/// A new id for the message with this `seq`: 48 bits of time, 26 random ones, 48 of `seq`.
pub(crate) fn new(seq: i64) -> MessageId {
    let mut bytes = Uuid::now_v7().into_bytes();
    let [_, _, low @ ..] = seq.to_be_bytes();
    // What is random in a UUID of version 7 stands at its end.
    bytes[6..10].copy_from_slice(&rand::random::<[u8; 4]>());
    bytes[10..].copy_from_slice(&low);
    MessageId(Builder::from_custom_bytes(bytes).into_uuid())
}

/// The `seq` of the message. `None` for ids from before they contained it.
pub(crate) fn seq(id: MessageId) -> Option<i64> {
    if id.0.get_version_num() != VERSION {
        return None;
    }
    let (_, end) = id.0.as_u64_pair();
    i64::try_from(end & 0xffff_ffff_ffff).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_contains_its_seq() {
        for number in [1, 0x1234_5678_9abc] {
            let (id, other) = (new(number), new(number));
            assert_ne!(id, other);
            assert_eq!(seq(id), Some(number));
            let end = format!("{number:0SEQ_DIGITS$x}");
            assert!(id.to_string().ends_with(&end), "{id}");
        }
        assert_eq!(seq(MessageId(Uuid::now_v7())), None);
    }
}
