//! What a room says in one turn: it is collected, and handed to every outbox
//! in one piece at the end of the turn. Under load a turn has many messages,
//! and each member still takes one write.

use super::{Member, Room};
use crate::realtime::{frame::OutboundMessage, outbox::SharedBatch};
use shared::ids::ConnectionId;

/// Members served before others than this room have a turn.
const YIELD_EVERY: usize = 128;

/// For whom something is.
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
    /// Letters of the turns before.
    flushed: u64,
}

impl FanoutBuffer {
    pub(super) fn to_all(&mut self, frame: OutboundMessage) {
        self.messages.push((Audience::All, frame));
    }

    pub(super) fn to_others(&mut self, but: ConnectionId, frame: OutboundMessage) {
        self.messages.push((Audience::Others(but), frame));
    }

    pub(super) fn to_one(&mut self, connection: ConnectionId, frame: OutboundMessage) {
        self.messages.push((Audience::One(connection), frame));
    }

    /// Letters so far: what comes later is for those who are there now.
    pub(super) fn count(&self) -> u64 {
        self.flushed + self.messages.len() as u64
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

/// The messages of one turn.
struct FanoutBatch {
    messages: Vec<(Audience, OutboundMessage)>,
    /// Letters before them.
    begin: u64,
    /// Those who get something else than all others, sorted.
    named: Vec<ConnectionId>,
    common: SharedBatch,
    /// Sockets that took the common batch and are not counted yet.
    written: u64,
}

impl FanoutBatch {
    fn new(messages: Vec<(Audience, OutboundMessage)>, begin: u64) -> Self {
        let named = messages.iter().filter_map(|(to, _)| match to {
            Audience::All => None,
            Audience::Others(one) | Audience::One(one) => Some(*one),
        });
        let mut named: Vec<ConnectionId> = named.collect();
        named.sort_unstable();
        let common = messages
            .iter()
            .filter(|(to, _)| !matches!(to, Audience::One(_)))
            .map(|(_, frame)| frame.clone());
        Self {
            common: SharedBatch::new(common.collect()),
            messages,
            begin,
            named,
            written: 0,
        }
    }

    fn give(&mut self, id: ConnectionId, member: &Member) {
        if member.since <= self.begin && self.named.binary_search(&id).is_err() {
            self.written += u64::from(member.outbox.push_shared(&self.common));
            return;
        }
        let own = (self.begin..)
            .zip(&self.messages)
            .filter(|(place, (to, _))| {
                let is_meant = match to {
                    Audience::All => true,
                    Audience::Others(but) => *but != id,
                    Audience::One(one) => *one == id,
                };
                is_meant && *place >= member.since
            })
            .map(|(_, (_, frame))| frame.clone())
            .collect();
        member.outbox.extend(own);
    }
}

impl Room {
    /// Hands out what was said. Others have a turn in between.
    pub(super) async fn flush(&mut self) {
        let Some(mut batch) = self.fanout.take_batch() else {
            return;
        };
        for (place, (id, member)) in self.members.iter().enumerate() {
            if place > 0 && place.is_multiple_of(YIELD_EVERY) {
                self.record_sent(&mut batch);
                tokio::task::yield_now().await;
            }
            batch.give(*id, member);
        }
        self.record_sent(&mut batch);
    }

    /// The same at once, where something must not come before it.
    pub(super) fn flush_now(&mut self) {
        if let Some(mut batch) = self.fanout.take_batch() {
            for (id, member) in &self.members {
                batch.give(*id, member);
            }
            self.record_sent(&mut batch);
        }
    }

    fn record_sent(&self, batch: &mut FanoutBatch) {
        let stats = batch.common.stats();
        stats.record_written(batch.written);
        self.message_rates.count_out(stats.total() * batch.written);
        batch.written = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn texts(member: &Member) -> Vec<String> {
        let taken = member.outbox.try_drain().into_iter();
        let frames = taken.flat_map(|taken| taken.frames);
        let text = |frame: OutboundMessage| String::from_utf8(frame.text.json().to_vec()).unwrap();
        frames.map(text).collect()
    }

    #[test]
    fn everybody_gets_what_is_meant_for_them_and_came_after_them() {
        let [ann, bob, eve] = [1, 2, 3].map(|n| ConnectionId(Uuid::from_u128(n)));
        let frame = |text: &str| OutboundMessage::event(0, text.into());
        let mut fanout = FanoutBuffer::default();
        fanout.to_all(frame("1"));
        let early = Member::for_tests(0);
        let late = Member::for_tests(fanout.count());
        fanout.to_others(ann, frame("2"));
        fanout.to_one(ann, frame("3"));
        fanout.to_all(frame("4"));
        let mut batch = fanout.take_batch().unwrap();
        for (id, member, expected) in [
            (ann, &early, ["1", "3", "4"].as_slice()),
            (bob, &early, &["1", "2", "4"]),
            (eve, &late, &["2", "4"]),
        ] {
            batch.give(id, member);
            assert_eq!(texts(member), expected);
        }
        assert!(fanout.take_batch().is_none());
        assert_eq!(fanout.count(), 4);
    }
}
