//! The queue of this tab's durable requests that the server has neither stored
//! nor refused. Pure: the session sends what [`Queue::next`] returns.
//!
//! Requests with the same ordering key (a tile, the chat, the comments) are sent in order,
//! a few at a time. Strokes that were not sent yet are merged, so that a slow
//! connection carries fewer and larger requests. Every request keeps its
//! `op_id`, so that sending it again is idempotent. A request that was sent is
//! not changed any more, unless the server answered that it failed.

use shared::{
    canvas::Coord,
    ids::OpId,
    limits,
    pixels::PixelEdit,
    protocol::{ClientMessage, ClientRequest},
};
use std::collections::{HashMap, HashSet, VecDeque};

/// Most requests that the queue can hold.
pub const CAPACITY: usize = 2_000;
/// Most requests sent and not answered, of all ordering keys together.
const MAX_IN_FLIGHT: usize = 32;
/// Most requests sent and not answered, per ordering key.
const MAX_IN_FLIGHT_PER_KEY: usize = 4;

/// Requests with the same key are sent in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderingKey {
    /// Chat messages.
    Chat,
    /// Comments on tiles.
    Comments,
    /// Operations on one tile.
    Tile(Coord),
}

/// A request in the queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Op {
    /// Idempotency key; stays the same when the request is sent again.
    pub id: OpId,
    /// The request.
    pub message: ClientMessage,
    /// Its ordering key.
    pub ordering_key: OrderingKey,
    /// When the user made it, in milliseconds of the page's clock.
    pub queued_at: i64,
    send_state: SendState,
}

impl Op {
    /// As it is sent and kept.
    pub fn request(&self) -> ClientRequest {
        ClientRequest {
            op_id: Some(self.id),
            message: self.message.clone(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SendState {
    /// Never sent.
    Fresh,
    /// Sent on this connection and not answered.
    Sent,
    /// Sent on an earlier connection; it is not known whether the server stored
    /// it.
    Unknown,
    /// The server answered that it could not do it now and that the client may
    /// retry.
    Failed,
}

/// The result of [`Queue::push`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// Queued with its own id.
    New,
    /// Merged into the queued request with this id.
    Merged(OpId),
    /// Not queued: the queue is full.
    Full,
}

/// The queue, oldest request first.
#[derive(Debug, Default)]
pub struct Queue {
    ops: VecDeque<Op>,
    paused_until: i64,
    /// Until when requests of an ordering key are not sent.
    held: HashMap<OrderingKey, i64>,
    /// Sends one request at a time after a failure of the server, until the
    /// queue is empty.
    one_at_a_time: bool,
}

/// The ordering key of a durable request; none for an ephemeral one.
pub fn ordering_key(message: &ClientMessage) -> Option<OrderingKey> {
    let key = || match message {
        ClientMessage::CommentCreate { .. }
        | ClientMessage::CommentUpdate { .. }
        | ClientMessage::CommentRemove { .. } => OrderingKey::Comments,
        _ => message.cell().map_or(OrderingKey::Chat, OrderingKey::Tile),
    };
    message.is_durable().then(key)
}

impl Queue {
    /// The number of requests.
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Whether there are no requests.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// The requests, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Op> {
        self.ops.iter()
    }

    /// Finds a request by its id.
    pub fn get(&self, id: OpId) -> Option<&Op> {
        self.ops.iter().find(|op| op.id == id)
    }

    /// Queues a durable request, or merges it into the last one of its tile.
    pub fn push(
        &mut self,
        id: OpId,
        ordering_key: OrderingKey,
        message: ClientMessage,
        now: i64,
    ) -> Pushed {
        if let Some(merged) = self.merge(ordering_key, &message) {
            return Pushed::Merged(merged);
        }
        if self.ops.len() >= CAPACITY {
            return Pushed::Full;
        }
        self.ops.push_back(Op {
            id,
            message,
            ordering_key,
            queued_at: now,
            send_state: SendState::Fresh,
        });
        Pushed::New
    }

    /// Queues a request of an earlier page, which that page may have sent
    /// already. Returns false if the queue is full or has the request already.
    pub fn push_recovered(
        &mut self,
        id: OpId,
        ordering_key: OrderingKey,
        message: ClientMessage,
        queued_at: i64,
    ) -> bool {
        if self.ops.len() >= CAPACITY || self.get(id).is_some() {
            return false;
        }
        self.ops.push_back(Op {
            id,
            message,
            ordering_key,
            queued_at,
            send_state: SendState::Unknown,
        });
        true
    }

    /// Merges a stroke into the last request of its tile, if that is a stroke,
    /// was never sent and has room. An undo is merged into the stroke that it
    /// takes back, or into another undo of the same operation. Returns the id of
    /// that request.
    fn merge(&mut self, ordering_key: OrderingKey, message: &ClientMessage) -> Option<OpId> {
        let ClientMessage::TilePaint {
            pixels: more,
            undo_of: takes_back,
            ..
        } = message
        else {
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
        let ClientMessage::TilePaint {
            pixels, undo_of, ..
        } = &mut last.message
        else {
            return None;
        };
        if takes_back != undo_of && *takes_back != Some(last.id) {
            return None;
        }
        if pixels.len() + more.len() > *limits::PAINT_PIXELS.end() {
            return None;
        }
        pixels.extend_from_slice(more);
        Some(last.id)
    }

    /// The indices of a tile's pixels that queued strokes paint.
    pub fn painted_pixels(&self, at: Coord) -> HashSet<u16> {
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

    /// The next request to send, which counts as sent from here on; none if the
    /// limits of requests in flight are reached or the queue is paused.
    pub fn next(&mut self, now: i64) -> Option<ClientRequest> {
        if now < self.paused_until {
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
        let max_in_flight = if self.one_at_a_time { 1 } else { MAX_IN_FLIGHT };
        if in_flight.values().sum::<usize>() >= max_in_flight {
            return None;
        }
        let held = &mut self.held;
        held.retain(|_, until| now < *until);
        let full = |ordering_key| {
            held.contains_key(&ordering_key)
                || in_flight
                    .get(&ordering_key)
                    .is_some_and(|&n| n >= MAX_IN_FLIGHT_PER_KEY)
        };
        let op = self
            .ops
            .iter_mut()
            .find(|op| op.send_state != SendState::Sent && !full(op.ordering_key))?;
        op.send_state = SendState::Sent;
        Some(op.request())
    }

    /// Until when the queue is paused after a failure (milliseconds of the
    /// page's clock); none if it is empty or not paused.
    pub fn paused_until(&self, now: i64) -> Option<i64> {
        (!self.ops.is_empty() && now < self.paused_until).then_some(self.paused_until)
    }

    /// Removes a request that was stored or refused. Failed strokes before it
    /// in the same tile will be sent after it; the pixels that it painted are
    /// removed from them, so that the later stroke stays on top. So are failed
    /// changes of a comment that it covers. Returns the request, and the ids of
    /// those that were removed because nothing is left of them.
    pub fn remove(&mut self, id: OpId) -> Option<(Op, Vec<OpId>)> {
        let index = self.ops.iter().position(|op| op.id == id)?;
        let op = self.ops.remove(index)?;
        let mut emptied = Vec::new();
        if let ClientMessage::TilePaint { pixels, .. } = &op.message {
            let overpainted: HashSet<u16> = pixels.iter().map(|edit| edit.0).collect();
            for earlier in self.ops.iter_mut().take(index) {
                if earlier.ordering_key == op.ordering_key
                    && earlier.send_state == SendState::Failed
                    && let ClientMessage::TilePaint { pixels, .. } = &mut earlier.message
                {
                    pixels.retain(|PixelEdit(index, _)| !overpainted.contains(index));
                    if pixels.is_empty() {
                        emptied.push(earlier.id);
                    }
                }
            }
        }
        if let ClientMessage::CommentUpdate {
            comment_id,
            text,
            resolved,
        } = &op.message
        {
            let is_covered = |earlier: &&Op| {
                let ClientMessage::CommentUpdate {
                    comment_id: id,
                    text: old_text,
                    resolved: old_resolved,
                } = &earlier.message
                else {
                    return false;
                };
                id == comment_id
                    && earlier.send_state == SendState::Failed
                    && (old_text.is_none() || text.is_some())
                    && (old_resolved.is_none() || resolved.is_some())
            };
            let earlier = self.ops.iter().take(index).filter(is_covered);
            emptied.extend(earlier.map(|op| op.id));
        }
        self.ops.retain(|op| !emptied.contains(&op.id));
        if self.ops.is_empty() {
            self.one_at_a_time = false;
        }
        Some((op, emptied))
    }

    /// Keeps a request for another attempt after the server could not do it,
    /// and pauses the queue until the time `until`. Returns false if there is
    /// no such request.
    pub fn postpone(&mut self, id: OpId, until: i64) -> bool {
        let Some(op) = self.ops.iter_mut().find(|op| op.id == id) else {
            return false;
        };
        op.send_state = SendState::Failed;
        self.paused_until = self.paused_until.max(until);
        self.one_at_a_time = true;
        true
    }

    /// Keeps a request for another attempt after the server refused it for a
    /// while only, and sends none of its ordering key until the time `until`.
    pub fn hold(&mut self, id: OpId, until: i64) {
        if let Some(op) = self.ops.iter_mut().find(|op| op.id == id) {
            op.send_state = SendState::Failed;
            self.held.insert(op.ordering_key, until);
        }
    }

    /// Sends what [`Self::hold`] keeps as soon as possible.
    pub fn release(&mut self) {
        self.held.clear();
    }

    /// Marks sent requests for being sent again. Called when the connection is
    /// lost.
    pub fn disconnected(&mut self) {
        for op in &mut self.ops {
            if op.send_state == SendState::Sent {
                op.send_state = SendState::Unknown;
            }
        }
        self.paused_until = 0;
        self.one_at_a_time = false;
    }

    /// Stops merging into the queued requests, because another page may take
    /// them over and send them.
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
