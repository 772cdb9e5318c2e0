//! How often canvases are listed and searched, which needs no sign-in. It knows no HTTP.

use crate::rate_limit::{KeyedLimiter, network, quota};
use governor::Quota;
use shared::ids::UserId;
use std::{net::IpAddr, sync::Arc, thread, time::Duration};
use thiserror::Error;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Lists of one user, or of one address without sign-in. A start page asks for a few, and
/// a search for one at each pause of typing.
const LISTS: Quota = quota(600, 120);
/// How long a search waits until others have ended.
const SEARCH_TIMEOUT: Duration = Duration::from_secs(2);

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Reader {
    User(UserId),
    Address(IpAddr),
}

/// Too many searches are running.
#[derive(Clone, Copy, Debug, Error)]
#[error("too many searches are running")]
pub(crate) struct TooManySearches;

/// See the module.
pub(crate) struct ListLimits {
    lists: Option<KeyedLimiter<Reader>>,
    searches: Arc<Semaphore>,
}

impl ListLimits {
    /// Limited in rate or not. Searches, which may have to look at every canvas, take at
    /// most half of the processors in either case.
    pub(crate) fn new(is_rate_limited: bool) -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Self {
            lists: is_rate_limited.then(|| KeyedLimiter::new(LISTS)),
            searches: Arc::new(Semaphore::new((processors / 2).max(1))),
        }
    }

    /// Counts a list for this user, or for this address where nobody is signed in.
    ///
    /// # Errors
    /// How long to wait.
    pub(crate) fn list(&self, user: Option<UserId>, address: IpAddr) -> Result<(), Duration> {
        let reader = user.map_or(Reader::Address(network(address)), Reader::User);
        match &self.lists {
            Some(lists) => lists.check(&reader),
            None => Ok(()),
        }
    }

    /// A permit for one search, which holds it to its end: whoever asked may be gone before.
    ///
    /// # Errors
    /// [`TooManySearches`] after [`SEARCH_TIMEOUT`].
    pub(crate) async fn search(&self) -> Result<OwnedSemaphorePermit, TooManySearches> {
        let permit = self.searches.clone().acquire_owned();
        let permit = timeout(SEARCH_TIMEOUT, permit).await;
        permit
            .map_err(|_| TooManySearches)?
            .map_err(|_| TooManySearches)
    }

    /// Frees what idle keys hold; called by the maintenance loop.
    pub(crate) fn evict_idle(&self) {
        if let Some(lists) = &self.lists {
            lists.evict_idle();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visitors_count_by_address_and_users_by_themselves() {
        let limits = ListLimits::new(true);
        let here = IpAddr::from([192, 0, 2, 1]);
        let listed = (0..1000).take_while(|_| limits.list(None, here).is_ok());
        assert!((120..200).contains(&listed.count()));
        assert!(limits.list(None, IpAddr::from([192, 0, 2, 2])).is_ok());
        assert!(limits.list(Some(UserId(1)), here).is_ok());
        let off = ListLimits::new(false);
        assert!((0..1000).all(|_| off.list(None, here).is_ok()));
    }

    #[tokio::test]
    async fn searches_beyond_half_of_the_processors_wait() {
        let limits = ListLimits::new(false);
        let mut running = Vec::new();
        while limits.searches.available_permits() > 0 {
            running.push(limits.search().await.unwrap());
        }
        assert!(limits.search().await.is_err());
        drop(running);
        assert!(limits.search().await.is_ok());
    }
}
