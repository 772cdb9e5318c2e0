//! Why the link to Redis breaks, and how long Redis may take. Imports nothing of the bus.

use redis::RedisError;
use std::time::Duration;
use thiserror::Error;
use tokio::time;

/// Redis counts as away when it takes longer to connect or to answer.
pub(super) const REDIS_TIMEOUT: Duration = Duration::from_secs(1);

/// Why the connections ended.
#[derive(Debug, Error)]
pub(super) enum LinkError {
    #[error(transparent)]
    Redis(#[from] RedisError),
    #[error("it does not answer")]
    TimedOut,
    #[error("the database is another one: other names are used")]
    OtherDatabase,
    #[error("the connection was closed")]
    Closed,
}

impl From<time::error::Elapsed> for LinkError {
    fn from(_: time::error::Elapsed) -> Self {
        Self::TimedOut
    }
}
