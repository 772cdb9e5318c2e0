//! The other nodes, as far as this one has heard of them. Silence is counted in
//! looks, a second or more apart, and only while others could be heard: so
//! neither a clock nor a node that stood still for a while can be wrong about
//! the others.

use super::node_id::NodeId;
use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Looks without a word after which a node is gone. What it then takes until
/// its users have left (`user_left` follows 5 s later) stays below the
/// contract's 36 s by far.
const MAX_MISSED_TICKS: u32 = 20;
/// Nodes remembered as gone.
const MAX_GONE: usize = 1024;

/// See the module.
#[derive(Debug)]
pub(crate) struct FailureDetector {
    own: NodeId,
    others: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Looks since a node was heard.
    missed_ticks: HashMap<NodeId, u32>,
    gone: HashSet<NodeId>,
}

impl FailureDetector {
    /// None but this one.
    pub(crate) fn new(own: NodeId) -> Self {
        let others = Mutex::default();
        Self { own, others }
    }

    /// A node said something.
    pub(crate) fn mark_live(&self, node: NodeId) {
        let mut state = self.lock();
        state.gone.remove(&node);
        state.missed_ticks.insert(node, 0);
    }

    /// Whether what was kept of a node counts. One of which nothing was heard
    /// yet has its time to speak.
    pub(crate) fn is_live(&self, node: NodeId) -> bool {
        if node == self.own {
            return true;
        }
        let mut state = self.lock();
        if state.gone.contains(&node) {
            return false;
        }
        state.missed_ticks.entry(node).or_insert(0);
        true
    }

    /// A node said that it goes.
    pub(crate) fn mark_left(&self, node: NodeId) {
        self.lock().forget(node);
    }

    /// Counts a look: the nodes that have been silent for too many, each once.
    pub(crate) fn tick(&self) -> Vec<NodeId> {
        let mut state = self.lock();
        for missed_ticks in state.missed_ticks.values_mut() {
            *missed_ticks += 1;
        }
        let late = state
            .missed_ticks
            .iter()
            .filter(|(_, missed_ticks)| **missed_ticks > MAX_MISSED_TICKS);
        let late: Vec<NodeId> = late.map(|(node, _)| *node).collect();
        for node in &late {
            state.forget(*node);
        }
        late
    }

    /// The nodes that are there.
    pub(crate) fn live(&self) -> Vec<NodeId> {
        self.lock().missed_ticks.keys().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget(&mut self, node: NodeId) {
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
