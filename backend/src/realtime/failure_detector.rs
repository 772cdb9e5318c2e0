//! A failure detector for the other nodes. A node is live until it says that it
//! leaves, or until no message of it has arrived for `MAX_MISSED_TICKS` ticks.
//! Ticks are a second or more apart and happen only while Redis is connected, so
//! that neither a wrong clock nor a pause of this process declares others dead.

use super::node_id::NodeId;
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};

/// A node that was silent for more ticks is gone. Its users leave 5 s later
/// (`user_left`), well within the 36 s of the contract.
const MAX_MISSED_TICKS: u32 = 20;
/// Gone nodes that are remembered; then the memory starts anew.
const MAX_GONE: usize = 1024;

/// The states of the other nodes, behind one lock.
#[derive(Debug)]
pub(crate) struct FailureDetector {
    own: NodeId,
    others: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The live nodes, and for each the ticks since its last message.
    missed_ticks: HashMap<NodeId, u32>,
    gone: HashSet<NodeId>,
}

impl FailureDetector {
    /// Knows no other node yet.
    pub(crate) fn new(own: NodeId) -> Self {
        let others = Mutex::default();
        Self { own, others }
    }

    /// A message of the node arrived.
    pub(crate) fn mark_live(&self, node: NodeId) {
        let mut state = self.others.lock();
        state.gone.remove(&node);
        state.missed_ticks.insert(node, 0);
    }

    /// Whether the node is live. An unknown node is, and is tracked from now on: it
    /// is gone unless a message arrives in time.
    pub(crate) fn is_live(&self, node: NodeId) -> bool {
        if node == self.own {
            return true;
        }
        let mut state = self.others.lock();
        if state.gone.contains(&node) {
            return false;
        }
        state.missed_ticks.entry(node).or_insert(0);
        true
    }

    /// The node said that it leaves.
    pub(crate) fn mark_left(&self, node: NodeId) {
        self.others.lock().remove(node);
    }

    /// Counts a tick and returns the nodes that are gone since then.
    pub(crate) fn tick(&self) -> Vec<NodeId> {
        let mut state = self.others.lock();
        for missed in state.missed_ticks.values_mut() {
            *missed += 1;
        }
        let late: Vec<NodeId> = state
            .missed_ticks
            .iter()
            .filter(|(_, missed)| **missed > MAX_MISSED_TICKS)
            .map(|(node, _)| *node)
            .collect();
        for node in &late {
            state.remove(*node);
        }
        late
    }

    /// The live nodes, without this one.
    pub(crate) fn live(&self) -> Vec<NodeId> {
        self.others.lock().missed_ticks.keys().copied().collect()
    }
}

impl State {
    fn remove(&mut self, node: NodeId) {
        self.missed_ticks.remove(&node);
        if self.gone.len() >= MAX_GONE {
            self.gone.clear();
        }
        self.gone.insert(node);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_node_is_gone_once_and_may_come_back() {
        let (own, other, kept) = (NodeId::random(), NodeId::random(), NodeId::random());
        let nodes = FailureDetector::new(own);
        nodes.mark_live(other);
        assert!(nodes.is_live(own) && nodes.is_live(other) && nodes.is_live(kept));
        for tick in 1..=MAX_MISSED_TICKS {
            assert!(nodes.tick().is_empty(), "{tick}");
            nodes.mark_live(kept);
        }
        assert_eq!(nodes.tick(), [other]);
        assert!(nodes.tick().is_empty());
        assert!(!nodes.is_live(other));
        assert_eq!(nodes.live(), [kept]);
        nodes.mark_live(other);
        assert!(nodes.is_live(other));
        nodes.mark_left(other);
        assert!(!nodes.is_live(other));
    }
}
