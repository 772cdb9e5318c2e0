//! A semaphore for answers of any size (`BULK_READS`): snapshots, pages of a canvas and
//! pictures. Requests that wait get permits in turns of canvases and addresses, so that
//! neither one busy canvas nor one address keeps the others out. Answers that are computed,
//! such as pictures, leave some permits to those that are only read. It knows no HTTP.

use parking_lot::Mutex;
use shared::ids::CanvasId;
use std::{collections::HashMap, net::IpAddr, sync::Arc, time::Duration};
use thiserror::Error;
use tokio::{sync::oneshot, time::timeout};

/// How long a request waits for a permit.
pub(crate) const PERMIT_TIMEOUT: Duration = Duration::from_secs(2);
/// Requests that may wait.
const MAX_WAITING: usize = 1024;

/// No permit became free within [`PERMIT_TIMEOUT`], or too many requests wait.
#[derive(Clone, Copy, Debug, Error)]
#[error("too many large answers are being made")]
pub(crate) struct BulkReadsBusy;

/// Whose requests share permits: those of a canvas, and those of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum ShareKey {
    Canvas(CanvasId),
    Address(IpAddr),
}

/// The shares that one request counts for.
type ShareKeys = [ShareKey; 2];

/// What a permit is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// An answer that is sent as it is read.
    Reading,
    /// What takes much of a processor before it is sent: pictures, films, replays of cells.
    Computing,
}

/// The semaphore. Cheap to clone; clones share the permits.
#[derive(Clone, Debug)]
pub(crate) struct BulkReads(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    free: usize,
    /// Permits for [`Work::Computing`] that are held, and how many may be.
    computing: usize,
    max_computing: usize,
    /// Requests that wait, in the order of arrival.
    waiting: Vec<Waiting>,
    /// The shares that hold a permit or wait for one.
    shares: HashMap<ShareKey, Share>,
    /// Permits given out so far.
    turn: u64,
}

#[derive(Debug)]
struct Waiting {
    keys: ShareKeys,
    work: Work,
    permit: oneshot::Sender<BulkPermit>,
}

#[derive(Debug, Default)]
struct Share {
    permits: usize,
    waiting: usize,
    /// The turn in which it last got a permit.
    turn: u64,
}

/// A permit. Dropping it gives it back.
#[derive(Debug)]
#[must_use]
pub(crate) struct BulkPermit {
    /// None once it was given back without being dropped.
    of: Option<(BulkReads, ShareKeys, Work)>,
}

impl BulkReads {
    /// With so many permits, of which a quarter is not for [`Work::Computing`].
    pub(crate) fn new(permits: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            free: permits,
            computing: 0,
            max_computing: permits - permits / 4,
            waiting: Vec::new(),
            shares: HashMap::new(),
            turn: 0,
        })))
    }

    /// A permit for an answer about this canvas to this address (a network, for IPv6).
    ///
    /// # Errors
    /// [`BulkReadsBusy`] after [`PERMIT_TIMEOUT`], or at once if too many wait.
    pub(crate) async fn acquire(
        &self,
        canvas: CanvasId,
        address: IpAddr,
        work: Work,
    ) -> Result<BulkPermit, BulkReadsBusy> {
        let keys = [ShareKey::Canvas(canvas), ShareKey::Address(address)];
        let granted = {
            let mut state = self.0.lock();
            state.remove_cancelled();
            if state.waiting.len() >= MAX_WAITING {
                return Err(BulkReadsBusy);
            }
            let (permit, granted) = oneshot::channel();
            for key in keys {
                state.shares.entry(key).or_default().waiting += 1;
            }
            state.waiting.push(Waiting { keys, work, permit });
            state.grant_free_permits(self);
            granted
        };
        let waited = timeout(PERMIT_TIMEOUT, granted).await;
        // The sender is never dropped before its receiver.
        waited
            .map_err(|_| BulkReadsBusy)?
            .map_err(|_| BulkReadsBusy)
    }
}

impl State {
    /// Removes requests whose future was dropped while they waited.
    fn remove_cancelled(&mut self) {
        let shares = &mut self.shares;
        self.waiting.retain(|waiting| {
            let is_cancelled = waiting.permit.is_closed();
            if is_cancelled {
                stop_waiting(shares, waiting.keys);
            }
            !is_cancelled
        });
    }

    /// Makes a permit and counts it.
    fn grant(&mut self, bulk_reads: &BulkReads, keys: ShareKeys, work: Work) -> BulkPermit {
        self.turn += 1;
        self.free -= 1;
        self.computing += usize::from(work == Work::Computing);
        for key in keys {
            let share = self.shares.entry(key).or_default();
            share.permits += 1;
            share.turn = self.turn;
        }
        BulkPermit {
            of: Some((bulk_reads.clone(), keys, work)),
        }
    }

    /// Gives each free permit to the request whose canvas and address hold the fewest permits;
    /// among equal ones, to the one whose last turn is longest ago, then to the oldest.
    fn grant_free_permits(&mut self, bulk_reads: &BulkReads) {
        while self.free > 0
            && let Some(next) = self.next_index()
        {
            let Waiting { keys, work, permit } = self.waiting.remove(next);
            stop_waiting(&mut self.shares, keys);
            if let Err(mut permit) = permit.send(self.grant(bulk_reads, keys, work)) {
                // The request was just cancelled. The lock is held here, and dropping the
                // permit would take it again.
                permit.of = None;
                self.release(keys, work);
            }
        }
    }

    /// The index in `waiting` of the request that gets the next permit.
    fn next_index(&self) -> Option<usize> {
        let may_compute = self.computing < self.max_computing;
        let may_have = |index: &usize| {
            let waiting = self.waiting.get(*index);
            waiting.is_some_and(|it| it.work == Work::Reading || may_compute)
        };
        let indices = (0..self.waiting.len()).filter(may_have);
        indices.min_by_key(|index| {
            let shares = self.waiting[*index].keys.map(|key| {
                let share = self.shares.get(&key);
                share.map_or((0, 0), |share| (share.permits, share.turn))
            });
            let permits = shares[0].0 + shares[1].0;
            (permits, shares[0].1.max(shares[1].1), *index)
        })
    }

    /// Counts a permit that is given back.
    fn release(&mut self, keys: ShareKeys, work: Work) {
        self.free += 1;
        self.computing -= usize::from(work == Work::Computing);
        for key in keys {
            if let Some(share) = self.shares.get_mut(&key) {
                share.permits -= 1;
            }
            remove_idle(&mut self.shares, key);
        }
    }
}

fn stop_waiting(shares: &mut HashMap<ShareKey, Share>, keys: ShareKeys) {
    for key in keys {
        if let Some(share) = shares.get_mut(&key) {
            share.waiting -= 1;
        }
        remove_idle(shares, key);
    }
}

fn remove_idle(shares: &mut HashMap<ShareKey, Share>, key: ShareKey) {
    let idle = |share: &Share| share.permits == 0 && share.waiting == 0;
    if shares.get(&key).is_some_and(idle) {
        shares.remove(&key);
    }
}

impl Drop for BulkPermit {
    fn drop(&mut self) {
        if let Some((bulk_reads, keys, work)) = self.of.take() {
            let mut state = bulk_reads.0.lock();
            state.release(keys, work);
            state.remove_cancelled();
            state.grant_free_permits(&bulk_reads);
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

    /// A permit for an answer that is only read.
    async fn read(reads: &BulkReads, canvas: i64, last: u8) -> Result<BulkPermit, BulkReadsBusy> {
        let address = address(last);
        reads
            .acquire(CanvasId(canvas), address, Work::Reading)
            .await
    }

    async fn compute(reads: &BulkReads) -> Result<BulkPermit, BulkReadsBusy> {
        reads
            .acquire(CanvasId(1), address(1), Work::Computing)
            .await
    }

    /// The indices of requests that wait for the only permit, in the order in which they get it.
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
                    let permit = read(&reads, *canvas, *ip).await;
                    order.lock().push(index);
                    drop(permit.unwrap());
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
    async fn a_cancelled_waiter_gets_no_permit_and_none_is_lost() {
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
    async fn computing_leaves_permits_to_reading() {
        let reads = BulkReads::new(8);
        let mut computing = Vec::new();
        while let Some(permit) = compute(&reads).now_or_never() {
            computing.push(permit.unwrap());
        }
        assert_eq!(computing.len(), 6);
        let mut waiting = Box::pin(compute(&reads));
        assert!((&mut waiting).now_or_never().is_none());
        // A request that may have a permit does not wait behind one that may not.
        let read = [read(&reads, 1, 1).await, read(&reads, 2, 2).await];
        assert!(read.iter().all(Result::is_ok));
        drop(read);
        assert!((&mut waiting).now_or_never().is_none());
        computing.pop();
        drop(waiting.await.unwrap());
        drop(computing);
        assert_eq!(reads.0.lock().free, 8);
        assert_eq!(reads.0.lock().computing, 0);
        // A few permits are for everything.
        let few = BulkReads::new(3);
        let all = [
            compute(&few).await,
            compute(&few).await,
            compute(&few).await,
        ];
        assert!(all.iter().all(Result::is_ok));
    }
}
