//! The fan-out buffer: the messages that a room sends within one step of its
//! task, and how they reach the members' outboxes. At the end of the step each
//! member gets all of its messages with one push, and so mostly with one write
//! to its socket, however many messages there are.

use super::members::Members;
use crate::realtime::{
    metrics::MessageRates,
    outbound::OutboundMessage,
    outbox::{Outbox, SharedBatch},
};
use shared::ids::ConnectionId;

/// Members served before the task yields to other tasks.
const YIELD_EVERY: usize = 128;

/// Which members a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Audience {
    All,
    /// All but this one.
    Others(ConnectionId),
    One(ConnectionId),
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct FanoutBuffer {
    messages: Vec<(Audience, OutboundMessage)>,
    /// The number of messages of all earlier batches.
    flushed: u64,
}

impl FanoutBuffer {
    /// Buffers a message for every member.
    pub(super) fn broadcast(&mut self, message: OutboundMessage) {
        self.messages.push((Audience::All, message));
    }

    /// Buffers a message for every member but this one.
    pub(super) fn broadcast_except(&mut self, but: ConnectionId, message: OutboundMessage) {
        self.messages.push((Audience::Others(but), message));
    }

    /// Buffers a message for one member.
    pub(super) fn send_to(&mut self, connection: ConnectionId, message: OutboundMessage) {
        self.messages.push((Audience::One(connection), message));
    }

    /// The number of messages so far. A member gets the messages after the
    /// position at which it joined.
    pub(super) fn position(&self) -> u64 {
        self.flushed + self.messages.len() as u64
    }

    /// Pushes the buffered messages into the members' outboxes, and yields after
    /// every [`YIELD_EVERY`] members.
    pub(super) async fn flush(&mut self, members: &Members, rates: &MessageRates) {
        let Some(mut batch) = self.take_batch() else {
            return;
        };
        for (index, (id, member)) in members.iter().enumerate() {
            if index > 0 && index.is_multiple_of(YIELD_EVERY) {
                batch.record_sent(rates);
                tokio::task::yield_now().await;
            }
            batch.send(*id, member.joined_at, &member.outbox);
        }
        batch.record_sent(rates);
    }

    /// The same without yielding.
    pub(super) fn flush_now(&mut self, members: &Members, rates: &MessageRates) {
        if let Some(mut batch) = self.take_batch() {
            for (id, member) in members.iter() {
                batch.send(*id, member.joined_at, &member.outbox);
            }
            batch.record_sent(rates);
        }
    }

    fn take_batch(&mut self) -> Option<FanoutBatch> {
        if self.messages.is_empty() {
            return None;
        }
        let messages = std::mem::take(&mut self.messages);
        let begin = self.flushed;
        self.flushed += messages.len() as u64;
        Some(FanoutBatch::new(messages, begin))
    }
}

/// The messages of one step.
struct FanoutBatch {
    messages: Vec<(Audience, OutboundMessage)>,
    /// The position of the first message.
    begin: u64,
    /// Connections that do not get exactly the common messages, sorted.
    named: Vec<ConnectionId>,
    /// The messages for everybody who is not named.
    common: SharedBatch,
    /// Sockets that took the common messages at once and are not counted in the
    /// metrics yet.
    written: u64,
}

impl FanoutBatch {
    fn new(messages: Vec<(Audience, OutboundMessage)>, begin: u64) -> Self {
        let named = messages.iter().filter_map(|(audience, _)| match audience {
            Audience::All => None,
            Audience::Others(one) | Audience::One(one) => Some(*one),
        });
        let mut named: Vec<ConnectionId> = named.collect();
        named.sort_unstable();
        let common = messages
            .iter()
            .filter(|(audience, _)| !matches!(audience, Audience::One(_)))
            .map(|(_, message)| message.clone());
        Self {
            common: SharedBatch::new(common.collect()),
            messages,
            begin,
            named,
            written: 0,
        }
    }

    /// Pushes the messages for the connection `id`, which joined at the position
    /// `joined_at`.
    fn send(&mut self, id: ConnectionId, joined_at: u64, outbox: &Outbox) {
        if joined_at <= self.begin && self.named.binary_search(&id).is_err() {
            self.written += u64::from(outbox.push_shared(&self.common));
            return;
        }
        let own = (self.begin..)
            .zip(&self.messages)
            .filter(|(position, (audience, _))| {
                let is_meant = match audience {
                    Audience::All => true,
                    Audience::Others(but) => *but != id,
                    Audience::One(one) => *one == id,
                };
                is_meant && *position >= joined_at
            })
            .map(|(_, (_, message))| message.clone())
            .collect();
        outbox.extend(own);
    }

    /// Counts what was written since the last call.
    fn record_sent(&mut self, rates: &MessageRates) {
        let stats = self.common.stats();
        stats.record_written(self.written);
        rates.count_out(stats.total() * self.written);
        self.written = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn texts(outbox: &Outbox) -> Vec<String> {
        let drained = outbox.try_drain().into_iter();
        let messages = drained.flat_map(|drained| drained.messages);
        let text =
            |message: OutboundMessage| String::from_utf8(message.frame.json().to_vec()).unwrap();
        messages.map(text).collect()
    }

    #[test]
    fn everybody_gets_what_is_meant_for_them_and_came_after_them() {
        let [ann, bob, eve] = [1, 2, 3].map(|n| ConnectionId(Uuid::from_u128(n)));
        let message = |text: &str| OutboundMessage::event(0, text.into());
        let mut fanout = FanoutBuffer::default();
        fanout.broadcast(message("1"));
        let (early, late) = (0, fanout.position());
        fanout.broadcast_except(ann, message("2"));
        fanout.send_to(ann, message("3"));
        fanout.broadcast(message("4"));
        let mut batch = fanout.take_batch().unwrap();
        for (id, joined_at, expected) in [
            (ann, early, ["1", "3", "4"].as_slice()),
            (bob, early, &["1", "2", "4"]),
            (eve, late, &["2", "4"]),
        ] {
            let outbox = Outbox::default();
            batch.send(id, joined_at, &outbox);
            assert_eq!(texts(&outbox), expected);
        }
        assert!(fanout.take_batch().is_none());
        assert_eq!(fanout.position(), 4);
    }
}
