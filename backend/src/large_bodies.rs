//! The memory of large request bodies that are being received, so that many of them at once take
//! a bounded part of the server's. Nearly all bodies are small and do not count. It knows no
//! HTTP.

use tokio::sync::{Semaphore, SemaphorePermit};

/// Bytes of all bodies, what is not counted left out.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// Bytes of each body that are not counted.
const UNCOUNTED_BYTES: usize = 16 * 1024;
/// Bytes that are counted as one.
const PAGE: usize = 4 * 1024;

/// See the module.
#[derive(Debug)]
pub(crate) struct LargeBodies(Semaphore);

impl LargeBodies {
    /// Nothing of it is taken.
    pub(crate) fn new() -> Self {
        Self(Semaphore::new(MAX_BYTES / PAGE))
    }
}

/// What one body takes, until it is dropped.
#[derive(Debug, Default)]
pub(crate) struct BodyMemory<'a>(Option<SemaphorePermit<'a>>);

impl<'a> BodyMemory<'a> {
    /// Takes what a body of so many bytes needs. False if there is not as much: nothing changes
    /// then.
    pub(crate) fn reserve(&mut self, bytes: usize, all: &'a LargeBodies) -> bool {
        let wanted = bytes.saturating_sub(UNCOUNTED_BYTES).div_ceil(PAGE);
        let taken = self.0.as_ref().map_or(0, SemaphorePermit::num_permits);
        let missing = u32::try_from(wanted.saturating_sub(taken)).unwrap_or(u32::MAX);
        if missing == 0 {
            return true;
        }
        let Ok(more) = all.0.try_acquire_many(missing) else {
            return false;
        };
        match &mut self.0 {
            Some(memory) => memory.merge(more),
            none => *none = Some(more),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_bodies_are_free_and_large_ones_share() {
        let all = LargeBodies::new();
        let mut small = BodyMemory::default();
        let mut large = BodyMemory::default();
        assert!(small.reserve(UNCOUNTED_BYTES, &all));
        assert!(large.reserve(MAX_BYTES / 2, &all));
        assert!(large.reserve(MAX_BYTES, &all));
        let mut last = BodyMemory::default();
        assert!(last.reserve(UNCOUNTED_BYTES + 4 * PAGE, &all));
        assert!(!last.reserve(UNCOUNTED_BYTES + 4 * PAGE + 1, &all));
        assert!(small.reserve(UNCOUNTED_BYTES, &all));
        drop(large);
        assert!(last.reserve(MAX_BYTES, &all));
        drop(last);
        assert_eq!(all.0.available_permits(), MAX_BYTES / PAGE);
    }
}
