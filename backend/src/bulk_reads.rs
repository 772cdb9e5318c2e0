//! Places for answers of any size (`BULK_READS`): snapshots, pages of a canvas and
//! pictures. Whoever has to wait gets the next place in turns of canvases and addresses,
//! so that neither one busy canvas nor one address keeps the others out. What is computed, as
//! pictures are, leaves some places to what is only read. It knows no HTTP.

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

/// What a place is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// An answer that is sent as it is read.
    Reading,
    /// What takes much of a processor before it is sent: pictures, films, replays of cells.
    Computing,
}

/// See the module. Cheap to clone; clones share the places.
#[derive(Clone, Debug)]
pub(crate) struct BulkReads(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    free: usize,
    /// Places for [`Work::Computing`] that are held, and how many may be.
    computing: usize,
    max_computing: usize,
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
    work: Work,
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
    /// None once it was taken back.
    of: Option<(BulkReads, ShareKeys, Work)>,
}

impl BulkReads {
    /// With so many places, of which a quarter is not for [`Work::Computing`].
    pub(crate) fn new(places: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            free: places,
            computing: 0,
            max_computing: places - places / 4,
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
        work: Work,
    ) -> Result<Place, NoPlace> {
        let keys = [ShareKey::Canvas(canvas), ShareKey::Address(address)];
        let granted = {
            let mut state = self.0.lock();
            state.forget_who_left();
            if state.waiting.len() >= MAX_WAITING {
                return Err(NoPlace);
            }
            let (place, granted) = oneshot::channel();
            for key in keys {
                state.shares.entry(key).or_default().waiting += 1;
            }
            state.waiting.push(Waiting { keys, work, place });
            state.grant_free_places(self);
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
    fn grant(&mut self, bulk_reads: &BulkReads, keys: ShareKeys, work: Work) -> Place {
        self.turn += 1;
        self.free -= 1;
        self.computing += usize::from(work == Work::Computing);
        for key in keys {
            let share = self.shares.entry(key).or_default();
            share.places += 1;
            share.turn = self.turn;
        }
        Place {
            of: Some((bulk_reads.clone(), keys, work)),
        }
    }

    /// Gives free places to whoever is next: whose canvas and address hold the fewest places,
    /// then whose last turn is longest ago, then who came first.
    fn grant_free_places(&mut self, bulk_reads: &BulkReads) {
        while self.free > 0
            && let Some(next) = self.who_is_next()
        {
            let Waiting { keys, work, place } = self.waiting.remove(next);
            stop_waiting(&mut self.shares, keys);
            if let Err(mut place) = place.send(self.grant(bulk_reads, keys, work)) {
                // Whoever waited has just left. The lock is held: the place must not be
                // given back by being dropped.
                place.of = None;
                self.release(keys, work);
            }
        }
    }

    /// Which of those who wait is next.
    fn who_is_next(&self) -> Option<usize> {
        let may_compute = self.computing < self.max_computing;
        let may_have = |index: &usize| {
            let waiting = self.waiting.get(*index);
            waiting.is_some_and(|it| it.work == Work::Reading || may_compute)
        };
        let indices = (0..self.waiting.len()).filter(may_have);
        indices.min_by_key(|index| {
            let shares = self.waiting[*index].keys.map(|key| {
                let share = self.shares.get(&key);
                share.map_or((0, 0), |share| (share.places, share.turn))
            });
            let places = shares[0].0 + shares[1].0;
            (places, shares[0].1.max(shares[1].1), *index)
        })
    }

    /// Counts a place that is given back.
    fn release(&mut self, keys: ShareKeys, work: Work) {
        self.free += 1;
        self.computing -= usize::from(work == Work::Computing);
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
        if let Some((bulk_reads, keys, work)) = self.of.take() {
            let mut state = bulk_reads.0.lock();
            state.release(keys, work);
            state.forget_who_left();
            state.grant_free_places(&bulk_reads);
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

    /// A place for an answer that is only read.
    async fn read(reads: &BulkReads, canvas: i64, last: u8) -> Result<Place, NoPlace> {
        let address = address(last);
        reads
            .acquire(CanvasId(canvas), address, Work::Reading)
            .await
    }

    async fn compute(reads: &BulkReads) -> Result<Place, NoPlace> {
        reads
            .acquire(CanvasId(1), address(1), Work::Computing)
            .await
    }

    /// Who gets a place, in this order, of those who wait for the only one.
    async fn order(waiting: &[(i64, u8)]) -> Vec<usize> {
        let reads = BulkReads::new(1);
        let held = read(&reads, 100, 100).await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut all: Vec<_> = waiting
            .iter()
            .enumerate()
            .map(|(index, (canvas, ip))| {
                let (reads, order) = (reads.clone(), order.clone());
                async move {
                    let place = read(&reads, *canvas, *ip).await;
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
        let held = read(&reads, 1, 1).await.unwrap();
        let mut gone = Box::pin(read(&reads, 1, 1));
        assert!((&mut gone).now_or_never().is_none());
        drop(gone);
        drop(held);
        let held = read(&reads, 2, 1).await.unwrap();
        assert!(read(&reads, 2, 1).now_or_never().is_none());
        drop(held);
        assert!(reads.0.lock().shares.is_empty());
        assert_eq!(reads.0.lock().free, 1);
    }

    #[tokio::test]
    async fn nobody_waits_for_long() {
        let reads = BulkReads::new(1);
        let _held = read(&reads, 1, 1).await.unwrap();
        assert!(read(&reads, 1, 2).await.is_err());
    }

    #[tokio::test]
    async fn what_is_computed_leaves_places_to_what_is_read() {
        let reads = BulkReads::new(8);
        let mut computing = Vec::new();
        while let Some(place) = compute(&reads).now_or_never() {
            computing.push(place.unwrap());
        }
        assert_eq!(computing.len(), 6);
        let mut waiting = Box::pin(compute(&reads));
        assert!((&mut waiting).now_or_never().is_none());
        // Who may have a place does not wait behind who may not.
        let read = [read(&reads, 1, 1).await, read(&reads, 2, 2).await];
        assert!(read.iter().all(Result::is_ok));
        drop(read);
        assert!((&mut waiting).now_or_never().is_none());
        computing.pop();
        drop(waiting.await.unwrap());
        drop(computing);
        assert_eq!(reads.0.lock().free, 8);
        assert_eq!(reads.0.lock().computing, 0);
        // A few places are for everything.
        let few = BulkReads::new(3);
        let all = [
            compute(&few).await,
            compute(&few).await,
            compute(&few).await,
        ];
        assert!(all.iter().all(Result::is_ok));
    }
}
