//! What the pools learned about the database from their connections.

use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// Time between two replacements of connections that do not answer.
const REPLACE_INTERVAL: Duration = Duration::from_millis(250);

/// Shared by all pools of one database.
#[derive(Debug, Default)]
pub(crate) struct Health(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Connections made before this are replaced: one of them was broken.
    broken: Option<Instant>,
    /// Connections last used before this are tested: one did not answer.
    silent: Option<Instant>,
    /// When the last connection that did not answer was replaced.
    replaced: Option<Instant>,
}

impl Health {
    /// A connection is broken; so may be all that were made until now.
    pub(super) fn distrust(&self) {
        tracing::info!("a database connection is broken; older ones are replaced");
        self.0.lock().broken = Some(Instant::now());
    }

    /// Whether a connection made then is known to be of no use.
    pub(super) fn is_distrusted(&self, made: Instant) -> bool {
        Some(made) <= self.0.lock().broken
    }

    /// A connection did not answer: the others are tested before they are used again.
    pub(super) fn suspect(&self) {
        self.0.lock().silent = Some(Instant::now());
    }

    /// Whether a connection last used then has to be tested.
    pub(super) fn is_suspected(&self, used: Instant) -> bool {
        Some(used) <= self.0.lock().silent
    }

    /// Whether a connection that did not answer may be replaced now.
    pub(super) fn may_replace(&self) -> bool {
        let now = Instant::now();
        let mut state = self.0.lock();
        let may = state
            .replaced
            .is_none_or(|replaced| now - replaced >= REPLACE_INTERVAL);
        if may {
            state.replaced = Some(now);
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_broken_connection_condemns_those_as_old() {
        let health = Health::default();
        let old = Instant::now();
        let new = old + Duration::from_mins(1);
        health.suspect();
        assert!(!health.is_distrusted(old));
        assert!(health.is_suspected(old));
        assert!(!health.is_suspected(new));
        health.distrust();
        assert!(health.is_distrusted(old));
        assert!(!health.is_distrusted(new));
    }

    #[test]
    fn silent_connections_are_replaced_a_few_a_second() {
        let health = Health::default();
        assert!(health.may_replace());
        assert!(!health.may_replace());
    }
}
