//! The other nodes, as far as this one has heard of them. Silence is counted in
//! looks, a second or more apart, and only while others could be heard: so
//! neither a clock nor a node that stood still for a while can be wrong about
//! the others.

use super::bus::NodeId;
use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Looks without a word after which a node is gone. What it then takes until
/// its users have left (`user_left` follows 5 s later) stays below the
/// contract's 36 s by far.
const SILENCE: u32 = 20;
/// Nodes remembered as gone.
const GONE: usize = 1024;

/// See the module.
#[derive(Debug)]
pub(crate) struct Nodes {
    own: NodeId,
    others: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Looks since a node was heard.
    quiet: HashMap<NodeId, u32>,
    gone: HashSet<NodeId>,
}

impl Nodes {
    /// None but this one.
    pub(crate) fn new(own: NodeId) -> Self {
        let others = Mutex::default();
        Self { own, others }
    }

    /// A node said something.
    pub(crate) fn heard(&self, node: NodeId) {
        let mut state = self.lock();
        state.gone.remove(&node);
        state.quiet.insert(node, 0);
    }

    /// Whether what was kept of a node counts. One of which nothing was heard
    /// yet has its time to speak.
    pub(crate) fn takes(&self, node: NodeId) -> bool {
        if node == self.own {
            return true;
        }
        let mut state = self.lock();
        if state.gone.contains(&node) {
            return false;
        }
        state.quiet.entry(node).or_insert(0);
        true
    }

    /// A node said that it goes.
    pub(crate) fn leaves(&self, node: NodeId) {
        self.lock().forget(node);
    }

    /// Counts a look: the nodes that have been silent for too many, each once.
    pub(crate) fn look(&self) -> Vec<NodeId> {
        let mut state = self.lock();
        for quiet in state.quiet.values_mut() {
            *quiet += 1;
        }
        let late = state.quiet.iter().filter(|(_, quiet)| **quiet > SILENCE);
        let late: Vec<NodeId> = late.map(|(node, _)| *node).collect();
        for node in &late {
            state.forget(*node);
        }
        late
    }

    /// The nodes that are there.
    pub(crate) fn all(&self) -> Vec<NodeId> {
        self.lock().quiet.keys().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget(&mut self, node: NodeId) {
        self.quiet.remove(&node);
        if self.gone.len() >= GONE {
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
        let (own, other, kept) = (NodeId::new(), NodeId::new(), NodeId::new());
        let nodes = Nodes::new(own);
        nodes.heard(other);
        assert!(nodes.takes(own) && nodes.takes(other) && nodes.takes(kept));
        for look in 1..=SILENCE {
            assert!(nodes.look().is_empty(), "{look}");
            nodes.heard(kept);
        }
        assert_eq!(nodes.look(), [other]);
        assert!(nodes.look().is_empty());
        assert!(!nodes.takes(other));
        assert_eq!(nodes.all(), [kept]);
        nodes.heard(other);
        assert!(nodes.takes(other));
        nodes.leaves(other);
        assert!(!nodes.takes(other));
    }
}
