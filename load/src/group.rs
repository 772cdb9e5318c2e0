//! A group of people connected to one canvas: most scenarios begin with one.

use crate::{
    client_pool::{ClientPool, ConnectionId, find},
    target::{Canvas, Person, Target},
};
use anyhow::Result;
use std::time::Duration;

/// Time limit of joining, and of every wait for an answer.
pub(crate) const TIMEOUT: Duration = Duration::from_mins(1);

/// How a chat message begins on the wire.
const CHAT: &[u8] = br#"{"type":"canvas_chat_message""#;
const MENTION: &[u8] = br#"{"type":"tile_mention""#;
const ACK: &[u8] = br#"{"type":"ack""#;
const ERROR: &[u8] = br#"{"type":"error""#;
const CONNECTED: &[u8] = br#"{"type":"connected""#;

/// The type of a received message, as far as a scenario needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MessageType {
    Chat,
    Mention,
    Ack,
    Error,
    Connected,
    Other,
}

impl MessageType {
    /// Compares only the beginning of a message, which is faster than reading its JSON.
    pub(crate) fn of(payload: &[u8]) -> Self {
        let kinds = [
            (CHAT, Self::Chat),
            (MENTION, Self::Mention),
            (ACK, Self::Ack),
            (ERROR, Self::Error),
            (CONNECTED, Self::Connected),
        ];
        let found = kinds
            .into_iter()
            .find(|(start, _)| payload.starts_with(start));
        found.map_or(Self::Other, |(_, kind)| kind)
    }
}

/// The value of the first `"seq"` of a message.
pub(crate) fn seq(payload: &[u8]) -> Option<i64> {
    const KEY: &[u8] = br#""seq":"#;
    let begin = find(payload, KEY)? + KEY.len();
    let digits: Vec<u8> = payload[begin..]
        .iter()
        .copied()
        .take_while(u8::is_ascii_digit)
        .collect();
    String::from_utf8(digits).ok()?.parse().ok()
}

/// People connected to one canvas.
pub(crate) struct Group {
    pub(crate) pool: ClientPool,
    pub(crate) canvas: Canvas,
    pub(crate) people: Vec<Person>,
}

impl Group {
    /// Signs in `count` people and lets them join a new canvas.
    pub(crate) fn join(target: &Target, count: usize) -> Result<Self> {
        let people = target.people(count)?;
        let canvas = target.canvas(&people[0], 4)?;
        let mut pool = ClientPool::new()?;
        for person in &people {
            let upgrade = target.upgrade(&canvas, person, None);
            pool.connect(target.address, Some(&upgrade))?;
        }
        let mut group = Self {
            pool,
            canvas,
            people,
        };
        let mut joined = 0;
        let mut on_message = |_: ConnectionId, payload: &[u8]| {
            joined += usize::from(MessageType::of(payload) == MessageType::Connected);
        };
        group
            .pool
            .poll_until("joining", TIMEOUT, &mut on_message, |pool| {
                pool.open() == count
            })?;
        while joined < count {
            group.pool.poll(TIMEOUT, |_, payload| {
                joined += usize::from(MessageType::of(payload) == MessageType::Connected);
            })?;
        }
        group.wait_until_idle()?;
        Ok(group)
    }

    /// Polls until nothing has been received for 300 ms: joins are announced with a delay.
    pub(crate) fn wait_until_idle(&mut self) -> Result<()> {
        let mut before = u64::MAX;
        let mut received = 0;
        while before != received {
            before = received;
            self.pool
                .poll(Duration::from_millis(300), |_, _| received += 1)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_apart_by_their_beginning() {
        let chat = br#"{"type":"canvas_chat_message","seq":417,"message_id":"x"}"#;
        assert_eq!(
            (MessageType::of(chat), seq(chat)),
            (MessageType::Chat, Some(417))
        );
        assert_eq!(MessageType::of(br#"{"type":"pong"}"#), MessageType::Other);
        assert_eq!(seq(br#"{"type":"pong"}"#), None);
    }
}
