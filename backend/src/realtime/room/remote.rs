//! How far this room and the other nodes know each other's presence. Every change
//! of a node's presence on a canvas has a version, and is published with the
//! version before it, so that a receiver notices a missing change. Only the
//! bookkeeping is here: what is published, read and applied is in `cluster`.

use crate::realtime::{node_id::NodeId, presence_store::PresenceSnapshot};
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Polls at which a node may be missing in Redis before its connections are
/// removed. After Redis lost its data, each node writes its part again.
const MAX_MISSING_POLLS: u32 = 3;

/// What to do with a published change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delta {
    /// It is known already.
    Stale,
    /// It follows the last known one.
    Next,
    /// A change before it is missing: the snapshot has to be read.
    Gap,
}

/// See the module.
#[derive(Debug)]
pub(super) struct RemotePresence {
    own: NodeId,
    /// The source of versions, shared by all rooms of this node.
    versions: Arc<AtomicU64>,
    /// The version of this room's last change; 0 before the first.
    version: u64,
    /// The version of each other node up to which its changes are applied.
    applied: HashMap<NodeId, u64>,
    /// The versions in Redis at the last poll.
    polled: HashMap<NodeId, u64>,
    /// For nodes with connections here that Redis does not have: at how many polls.
    missing: HashMap<NodeId, u32>,
    is_reading: bool,
    /// A change was missed while the snapshot was being read.
    read_again: bool,
    /// This room's own part of the snapshot has to be written again.
    rewrite: bool,
}

impl RemotePresence {
    /// Nothing is known of the other nodes yet.
    pub(super) fn new(own: NodeId, versions: Arc<AtomicU64>) -> Self {
        Self {
            own,
            versions,
            version: 0,
            applied: HashMap::new(),
            polled: HashMap::new(),
            missing: HashMap::new(),
            is_reading: false,
            read_again: false,
            rewrite: false,
        }
    }

    /// The version of this room's last change; 0 if there was none.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// Begins another change: the version before it, and its own.
    pub(super) fn next_version(&mut self) -> (u64, u64) {
        let previous = self.version;
        self.version = self.versions.fetch_add(1, Ordering::Relaxed) + 1;
        (previous, self.version)
    }

    /// Takes over the versions of the snapshot that the room opened with.
    pub(super) fn start_from(&mut self, versions: HashMap<NodeId, u64>) {
        self.applied = versions;
    }

    /// What to do with a change that another node published.
    pub(super) fn check(&self, node: NodeId, previous: u64, version: u64) -> Delta {
        let applied = self.applied_version(node);
        if version <= applied {
            Delta::Stale
        } else if previous == applied {
            Delta::Next
        } else {
            Delta::Gap
        }
    }

    /// Everything of this node up to `version` is applied.
    pub(super) fn mark_applied(&mut self, node: NodeId, version: u64) {
        self.applied.insert(node, version);
    }

    /// The other nodes of which the snapshot is not older than what was applied,
    /// with their versions.
    pub(super) fn fresh_nodes(&self, snapshot: &PresenceSnapshot) -> HashMap<NodeId, u64> {
        let versions = snapshot.versions.iter();
        versions
            .filter(|(node, version)| {
                **node != self.own && **version >= self.applied_version(**node)
            })
            .map(|(node, version)| (*node, *version))
            .collect()
    }

    /// Asks to read the snapshot. False if a read is running; it is then repeated
    /// when that one ends.
    pub(super) fn begin_read(&mut self) -> bool {
        if self.is_reading {
            self.read_again = true;
            return false;
        }
        self.is_reading = true;
        true
    }

    /// A read ended. True if another one is needed.
    pub(super) fn end_read(&mut self) -> bool {
        self.is_reading = false;
        std::mem::take(&mut self.read_again)
    }

    /// The next snapshot that is read has this room's part written again.
    pub(super) fn request_rewrite(&mut self) {
        self.rewrite = true;
    }

    /// Whether this room's part has to be written again; only once.
    pub(super) fn take_rewrite(&mut self) -> bool {
        std::mem::take(&mut self.rewrite)
    }

    /// Takes the versions in Redis. True if a change was missed: one that was in
    /// Redis at the last poll already is not applied, though it was published
    /// before.
    pub(super) fn observe_versions(&mut self, versions: HashMap<NodeId, u64>) -> bool {
        let before = std::mem::replace(&mut self.polled, versions);
        before.iter().any(|(node, version)| {
            *node != self.own && self.applied.get(node).is_none_or(|a| a < version)
        })
    }

    /// Counts the polls at which these nodes, which have connections on the canvas,
    /// were missing in Redis. Returns those that were missing too often.
    pub(super) fn count_missing(&mut self, nodes: HashSet<NodeId>) -> Vec<NodeId> {
        let mut gone = Vec::new();
        for node in nodes {
            if self.polled.contains_key(&node) {
                self.missing.remove(&node);
                continue;
            }
            let missing = self.missing.entry(node).or_insert(0);
            *missing += 1;
            if *missing >= MAX_MISSING_POLLS {
                gone.push(node);
            }
        }
        gone
    }

    /// Removes a node that is gone.
    pub(super) fn remove_node(&mut self, node: NodeId) {
        self.applied.remove(&node);
        self.polled.remove(&node);
        self.missing.remove(&node);
    }

    fn applied_version(&self, node: NodeId) -> u64 {
        self.applied.get(&node).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remote() -> (NodeId, RemotePresence) {
        let own = NodeId::random();
        (NodeId::random(), RemotePresence::new(own, Arc::default()))
    }

    #[test]
    fn a_missing_change_is_noticed_by_the_version_before_it() {
        let (node, mut remote) = remote();
        assert_eq!(remote.check(node, 0, 5), Delta::Next);
        remote.mark_applied(node, 5);
        assert_eq!(remote.check(node, 0, 5), Delta::Stale);
        assert_eq!(remote.check(node, 5, 8), Delta::Next);
        assert_eq!(remote.check(node, 8, 9), Delta::Gap);
    }

    #[test]
    fn a_change_counts_as_missed_at_the_second_poll() {
        let (node, mut remote) = remote();
        let polled = || HashMap::from([(node, 3)]);
        assert!(!remote.observe_versions(polled()));
        assert!(remote.observe_versions(polled()));
        remote.mark_applied(node, 3);
        assert!(!remote.observe_versions(polled()));
    }

    #[test]
    fn a_node_may_be_missing_for_a_few_polls() {
        let (node, mut remote) = remote();
        let nodes = || HashSet::from([node]);
        for _ in 1..MAX_MISSING_POLLS {
            assert!(remote.count_missing(nodes()).is_empty());
        }
        remote.observe_versions(HashMap::from([(node, 1)]));
        assert!(remote.count_missing(nodes()).is_empty());
        remote.observe_versions(HashMap::new());
        for _ in 1..MAX_MISSING_POLLS {
            assert!(remote.count_missing(nodes()).is_empty());
        }
        assert_eq!(remote.count_missing(nodes()), [node]);
    }

    #[test]
    fn a_read_that_was_asked_for_during_another_follows_it() {
        let (_, mut remote) = remote();
        assert!(remote.begin_read());
        assert!(!remote.begin_read());
        assert!(remote.end_read());
        assert!(remote.begin_read());
        assert!(!remote.end_read());
    }
}
