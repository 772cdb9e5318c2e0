//! Places for answers of any size (`BULK_READS`): snapshots, pages of a canvas and
//! pictures. Whoever has to wait gets the next place in turns of canvases and addresses,
//! so that neither one busy canvas nor one address keeps the others out. It knows no HTTP.

use parking_lot::Mutex;
use shared::ids::CanvasId;
use std::{collections::HashMap, net::IpAddr, sync::Arc, time::Duration};
use thiserror::Error;
use tokio::{sync::oneshot, time::timeout};

/// How long a request waits for a place.
pub(crate) const PLACE_TIMEOUT: Duration = Duration::from_secs(2);
/// Requests that may wait.
const MAX_WAITING: usize = 1024;

/// No place became free in time.
#[derive(Clone, Copy, Debug, Error)]
#[error("too many large answers are being made")]
pub(crate) struct NoPlace;

/// Whose requests share places: those of a canvas, and those of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum ShareKey {
    Canvas(CanvasId),
    Address(IpAddr),
}

/// The shares that one request counts for.
type ShareKeys = [ShareKey; 2];

/// See the module. Cheap to clone; clones share the places.
#[derive(Clone, Debug)]
pub(crate) struct BulkReads(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    free: usize,
    /// Who waits, in the order of arrival.
    waiting: Vec<Waiting>,
    /// Those that hold a place or wait for one.
    shares: HashMap<ShareKey, Share>,
    /// Places given out so far.
    turn: u64,
}

#[derive(Debug)]
struct Waiting {
    keys: ShareKeys,
    place: oneshot::Sender<Place>,
}

#[derive(Debug, Default)]
struct Share {
    places: usize,
    waiting: usize,
    /// The turn in which it last got a place.
    turn: u64,
}

/// A place, until it is dropped.
#[derive(Debug)]
#[must_use]
pub(crate) struct Place {
    /// None once it was passed on.
    of: Option<(BulkReads, ShareKeys)>,
}

impl BulkReads {
    /// With so many places.
    pub(crate) fn new(places: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            free: places,
            waiting: Vec::new(),
            shares: HashMap::new(),
            turn: 0,
        })))
    }

    /// A place for an answer about this canvas to this address (a network, for IPv6).
    ///
    /// # Errors
    /// [`NoPlace`] after [`PLACE_TIMEOUT`], or at once if too many wait.
    pub(crate) async fn acquire(
        &self,
        canvas: CanvasId,
        address: IpAddr,
    ) -> Result<Place, NoPlace> {
        let keys = [ShareKey::Canvas(canvas), ShareKey::Address(address)];
        let granted = {
            let mut state = self.0.lock();
            state.forget_who_left();
            if state.free > 0 && state.waiting.is_empty() {
                state.free -= 1;
                return Ok(state.grant(self, keys));
            }
            if state.waiting.len() >= MAX_WAITING {
                return Err(NoPlace);
            }
            let (place, granted) = oneshot::channel();
            for key in keys {
                state.shares.entry(key).or_default().waiting += 1;
            }
            state.waiting.push(Waiting { keys, place });
            granted
        };
        let waited = timeout(PLACE_TIMEOUT, granted).await;
        // The sender is never dropped before its receiver.
        waited.map_err(|_| NoPlace)?.map_err(|_| NoPlace)
    }
}

impl State {
    /// Removes those who stopped waiting.
    fn forget_who_left(&mut self) {
        let shares = &mut self.shares;
        self.waiting.retain(|waiting| {
            let left = waiting.place.is_closed();
            if left {
                stop_waiting(shares, waiting.keys);
            }
            !left
        });
    }

    /// Counts a place that is given out.
    fn grant(&mut self, bulk_reads: &BulkReads, keys: ShareKeys) -> Place {
        self.turn += 1;
        for key in keys {
            let share = self.shares.entry(key).or_default();
            share.places += 1;
            share.turn = self.turn;
        }
        Place {
            of: Some((bulk_reads.clone(), keys)),
        }
    }

    /// Gives a place that became free to whoever is next: whose canvas and address hold
    /// the fewest places, then whose last turn is longest ago, then who came first.
    fn pass_on(&mut self, bulk_reads: &BulkReads) {
        self.forget_who_left();
        loop {
            let next = (0..self.waiting.len()).min_by_key(|index| {
                let shares = self.waiting[*index].keys.map(|key| {
                    let share = self.shares.get(&key);
                    share.map_or((0, 0), |share| (share.places, share.turn))
                });
                let places = shares[0].0 + shares[1].0;
                (places, shares[0].1.max(shares[1].1), *index)
            });
            let Some(next) = next else {
                self.free += 1;
                return;
            };
            let Waiting { keys, place } = self.waiting.remove(next);
            stop_waiting(&mut self.shares, keys);
            match place.send(self.grant(bulk_reads, keys)) {
                Ok(()) => return,
                Err(mut place) => {
                    // Whoever waited has just left. The lock is held: the place must not
                    // be given back by being dropped.
                    place.of = None;
                    self.release(keys);
                }
            }
        }
    }

    /// Counts a place that is given back.
    fn release(&mut self, keys: ShareKeys) {
        for key in keys {
            if let Some(share) = self.shares.get_mut(&key) {
                share.places -= 1;
            }
            forget_idle(&mut self.shares, key);
        }
    }
}

fn stop_waiting(shares: &mut HashMap<ShareKey, Share>, keys: ShareKeys) {
    for key in keys {
        if let Some(share) = shares.get_mut(&key) {
            share.waiting -= 1;
        }
        forget_idle(shares, key);
    }
}

fn forget_idle(shares: &mut HashMap<ShareKey, Share>, key: ShareKey) {
    let idle = |share: &Share| share.places == 0 && share.waiting == 0;
    if shares.get(&key).is_some_and(idle) {
        shares.remove(&key);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some((bulk_reads, keys)) = self.of.take() {
            let mut state = bulk_reads.0.lock();
            state.release(keys);
            state.pass_on(&bulk_reads);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{FutureExt, future::join_all};

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    /// Who gets a place, in this order, of those who wait for the only one.
    async fn order(waiting: &[(i64, u8)]) -> Vec<usize> {
        let reads = BulkReads::new(1);
        let held = reads.acquire(CanvasId(100), address(100)).await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut all: Vec<_> = waiting
            .iter()
            .enumerate()
            .map(|(index, (canvas, ip))| {
                let (reads, order) = (reads.clone(), order.clone());
                async move {
                    let place = reads.acquire(CanvasId(*canvas), address(*ip)).await;
                    order.lock().push(index);
                    drop(place.unwrap());
                }
                .boxed()
            })
            .collect();
        for one in &mut all {
            assert!(one.now_or_never().is_none());
        }
        drop(held);
        join_all(all).await;
        let order = order.lock();
        order.clone()
    }

    #[tokio::test]
    async fn addresses_take_turns() {
        let one_floods = [(1, 1), (1, 1), (2, 1), (3, 1), (4, 2)];
        let order = order(&one_floods).await;
        assert_eq!(order[..2], [0, 4]);
    }

    #[tokio::test]
    async fn canvases_take_turns() {
        let order = order(&[(1, 1), (1, 2), (1, 3), (2, 4)]).await;
        assert_eq!(order[..2], [0, 3]);
    }

    #[tokio::test]
    async fn who_left_gets_no_place_and_none_is_lost() {
        let reads = BulkReads::new(1);
        let held = reads.acquire(CanvasId(1), address(1)).await.unwrap();
        let mut gone = Box::pin(reads.acquire(CanvasId(1), address(1)));
        assert!((&mut gone).now_or_never().is_none());
        drop(gone);
        drop(held);
        let held = reads.acquire(CanvasId(2), address(1)).await.unwrap();
        assert!(
            reads
                .acquire(CanvasId(2), address(1))
                .now_or_never()
                .is_none()
        );
        drop(held);
        assert!(reads.0.lock().shares.is_empty());
        assert_eq!(reads.0.lock().free, 1);
    }

    #[tokio::test]
    async fn nobody_waits_for_long() {
        let reads = BulkReads::new(1);
        let _held = reads.acquire(CanvasId(1), address(1)).await.unwrap();
        assert!(reads.acquire(CanvasId(1), address(2)).await.is_err());
    }
}
