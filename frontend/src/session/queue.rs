//! One's own durable requests until the server has stored or refused them.
//! Pure: the session sends what [`Queue::next`] gives, and keeps the rest.
//!
//! Requests of one lane (one tile, or the chat) are sent in their order, a few
//! at a time; strokes that wait for their turn are joined, so that a slow line
//! carries fewer and larger requests. Every request keeps its `op_id` for
//! life, so sending it again is harmless. One that was ever sent is not
//! changed any more, except after the server said that it failed.

use shared::{
    canvas::Coord,
    ids::OpId,
    limits,
    pixels::PixelEdit,
    protocol::{ClientMessage, ClientRequest},
};
use std::collections::{HashMap, HashSet, VecDeque};

/// Requests that may wait at most.
pub const CAPACITY: usize = 2_000;
/// Requests sent and not answered, of all lanes.
const WINDOW: usize = 32;
/// Requests sent and not answered, of one lane.
const KEY_WINDOW: usize = 4;

/// What must stay in order among itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderingKey {
    /// What is said.
    Chat,
    /// What happens to one tile.
    Tile(Coord),
}

/// A request that is not stored yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Op {
    /// Its id for life.
    pub id: OpId,
    /// What is asked.
    pub message: ClientMessage,
    /// Of which lane.
    pub ordering_key: OrderingKey,
    /// When it was asked first, milliseconds since 1970.
    pub asked_at: i64,
    send_state: SendState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SendState {
    /// Never sent.
    Fresh,
    /// Sent on this connection, not answered.
    Sent,
    /// Sent once, on a connection that broke: its fate is not known.
    Unknown,
    /// The server said that it could not, and to ask again.
    Failed,
}

/// What became of a request that was to be queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It waits under its own id.
    New,
    /// It became part of this one, which waits.
    Joined(OpId),
    /// There is no room.
    Full,
}

/// The requests, oldest first.
#[derive(Debug, Default)]
pub struct Queue {
    ops: VecDeque<Op>,
    hold_until: i64,
    /// One at a time, since the server had trouble; until nothing waits.
    careful: bool,
}

/// The lane of a durable request; none for an ephemeral one.
pub fn ordering_key(message: &ClientMessage) -> Option<OrderingKey> {
    let key = || message.cell().map_or(OrderingKey::Chat, OrderingKey::Tile);
    message.is_durable().then(key)
}

impl Queue {
    /// How many requests wait for their answer.
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Whether everything is stored.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// The requests, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Op> {
        self.ops.iter()
    }

    /// One request.
    pub fn get(&self, id: OpId) -> Option<&Op> {
        self.ops.iter().find(|op| op.id == id)
    }

    /// Queues a durable request.
    pub fn push(
        &mut self,
        id: OpId,
        ordering_key: OrderingKey,
        message: ClientMessage,
        now: i64,
    ) -> Pushed {
        if let Some(joined) = self.join(ordering_key, &message) {
            return Pushed::Joined(joined);
        }
        if self.ops.len() >= CAPACITY {
            return Pushed::Full;
        }
        self.ops.push_back(Op {
            id,
            message,
            ordering_key,
            asked_at: now,
            send_state: SendState::Fresh,
        });
        Pushed::New
    }

    /// Takes over a request of an earlier page, whose fate is not known.
    pub fn push_recovered(
        &mut self,
        id: OpId,
        ordering_key: OrderingKey,
        message: ClientMessage,
        asked_at: i64,
    ) -> bool {
        if self.ops.len() >= CAPACITY || self.get(id).is_some() {
            return false;
        }
        self.ops.push_back(Op {
            id,
            message,
            ordering_key,
            asked_at,
            send_state: SendState::Unknown,
        });
        true
    }

    /// Joins a stroke to the last one of its tile, if that was never sent.
    fn join(&mut self, ordering_key: OrderingKey, message: &ClientMessage) -> Option<OpId> {
        let ClientMessage::TilePaint { pixels: more, .. } = message else {
            return None;
        };
        let last = self
            .ops
            .iter_mut()
            .rev()
            .find(|op| op.ordering_key == ordering_key)?;
        if last.send_state != SendState::Fresh {
            return None;
        }
        let ClientMessage::TilePaint { pixels, .. } = &mut last.message else {
            return None;
        };
        if pixels.len() + more.len() > *limits::PAINT_PIXELS.end() {
            return None;
        }
        pixels.extend_from_slice(more);
        Some(last.id)
    }

    /// The pixels of a tile that are painted by what waits.
    pub fn painted(&self, at: Coord) -> HashSet<u16> {
        let ops = self
            .ops
            .iter()
            .filter(|op| op.ordering_key == OrderingKey::Tile(at));
        ops.filter_map(|op| {
            let ClientMessage::TilePaint { pixels, .. } = &op.message else {
                return None;
            };
            Some(pixels)
        })
        .flatten()
        .map(|edit| edit.0)
        .collect()
    }

    /// The next request to send, if any may be sent now.
    pub fn next(&mut self, now: i64) -> Option<ClientRequest> {
        if now < self.hold_until {
            return None;
        }
        let mut in_flight: HashMap<OrderingKey, usize> = HashMap::new();
        for op in self
            .ops
            .iter()
            .filter(|op| op.send_state == SendState::Sent)
        {
            *in_flight.entry(op.ordering_key).or_default() += 1;
        }
        let window = if self.careful { 1 } else { WINDOW };
        if in_flight.values().sum::<usize>() >= window {
            return None;
        }
        let full = |ordering_key| {
            in_flight
                .get(&ordering_key)
                .is_some_and(|&n| n >= KEY_WINDOW)
        };
        let op = self
            .ops
            .iter_mut()
            .find(|op| op.send_state != SendState::Sent && !full(op.ordering_key))?;
        op.send_state = SendState::Sent;
        Some(ClientRequest {
            op_id: Some(op.id),
            message: op.message.clone(),
        })
    }

    /// When [`Queue::next`] may give something again, if it is held back.
    pub fn held_until(&self, now: i64) -> Option<i64> {
        (!self.ops.is_empty() && now < self.hold_until).then_some(self.hold_until)
    }

    /// The request is stored, or ended for good: takes it out. Where earlier
    /// strokes of the same tile failed for now and will come after it, what
    /// it painted over is taken out of them, so that the later stroke stays
    /// on top. Gives it with the ids of strokes of which nothing was left.
    pub fn take(&mut self, id: OpId) -> Option<(Op, Vec<OpId>)> {
        let index = self.ops.iter().position(|op| op.id == id)?;
        let op = self.ops.remove(index)?;
        let mut gone = Vec::new();
        if let ClientMessage::TilePaint { pixels, .. } = &op.message {
            let over: HashSet<u16> = pixels.iter().map(|edit| edit.0).collect();
            for earlier in self.ops.iter_mut().take(index) {
                if earlier.ordering_key == op.ordering_key
                    && earlier.send_state == SendState::Failed
                    && let ClientMessage::TilePaint { pixels, .. } = &mut earlier.message
                {
                    pixels.retain(|PixelEdit(index, _)| !over.contains(index));
                    if pixels.is_empty() {
                        gone.push(earlier.id);
                    }
                }
            }
            self.ops.retain(|op| !gone.contains(&op.id));
        }
        if self.ops.is_empty() {
            self.careful = false;
        }
        Some((op, gone))
    }

    /// The server could not now: the request stays, and nothing is sent until
    /// `until`. False if there is no such request.
    pub fn postpone(&mut self, id: OpId, until: i64) -> bool {
        let Some(op) = self.ops.iter_mut().find(|op| op.id == id) else {
            return false;
        };
        op.send_state = SendState::Failed;
        self.hold_until = self.hold_until.max(until);
        self.careful = true;
        true
    }

    /// The connection broke: what was sent must be sent again.
    pub fn disconnected(&mut self) {
        for op in &mut self.ops {
            if op.send_state == SendState::Sent {
                op.send_state = SendState::Unknown;
            }
        }
        self.hold_until = 0;
        self.careful = false;
    }

    /// From now on nothing is joined to what waits: another page may send it.
    pub fn freeze(&mut self) {
        for op in &mut self.ops {
            if op.send_state == SendState::Fresh {
                op.send_state = SendState::Unknown;
            }
        }
    }
}

#[cfg(test)]
mod tests;
