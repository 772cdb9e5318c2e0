//! Password hashes: Argon2id (RFC 9106), computed on blocking threads, a few at a
//! time. It knows no users.

use super::AuthError;
use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};
use std::{sync::Arc, thread, time::Duration};
use tokio::{sync::Semaphore, task, time};

/// Verified where there is no such user, so that the answer takes as long.
const DUMMY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c3RlbGxhci1jYW52YXMhIQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// How long a request waits for a permit before it is answered with 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Requests that may wait for each permit. One hash takes tens of milliseconds, so that
/// those who come last still get their turn in time.
const WAITING_PER_PERMIT: usize = 32;
/// The `Retry-After` of a client that got no permit.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Hashes and verifies passwords. One hash takes 19 MiB and tens of milliseconds,
/// so their number at a time is limited.
pub(crate) struct Passwords {
    permits: Arc<Semaphore>,
    /// One for each request that has a permit or waits for one.
    slots: Arc<Semaphore>,
}

impl Passwords {
    /// With permits for half of the processors: the others serve those who are signed in.
    pub(crate) fn new() -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Self::with_permits((processors / 2).max(1))
    }

    fn with_permits(permits: usize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(permits)),
            slots: Arc::new(Semaphore::new(permits * (1 + WAITING_PER_PERMIT))),
        }
    }

    /// The PHC string of the password with a new salt.
    ///
    /// # Errors
    /// `Overloaded` without a permit in time; `Internal` if hashing fails.
    pub(crate) async fn hash(&self, password: String) -> Result<String, AuthError> {
        self.with_permit(move || {
            Argon2::default()
                .hash_password(password.as_bytes())
                .map(|hash: PasswordHash| hash.to_string())
        })
        .await?
        .map_err(|error| AuthError::internal(error.to_string()))
    }

    /// Whether this is the password of the hash. Without a hash it never is, but
    /// takes as long.
    ///
    /// # Errors
    /// As [`Self::hash`].
    pub(crate) async fn verify(
        &self,
        password: String,
        hash: Option<String>,
    ) -> Result<bool, AuthError> {
        self.with_permit(move || {
            // A user whom no password signs in has a text that is no hash.
            let known = hash
                .as_deref()
                .and_then(|hash| PasswordHash::new(hash).ok());
            let is_known = known.is_some();
            let hash = known.map_or_else(|| PasswordHash::new(DUMMY), Ok);
            let matches = hash.is_ok_and(|hash| {
                Argon2::default()
                    .verify_password(password.as_bytes(), &hash)
                    .is_ok()
            });
            is_known && matches
        })
        .await
    }

    /// Runs `work` on a blocking thread. The permit is held by the work: it goes on if the
    /// client hangs up and the caller is dropped.
    async fn with_permit<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AuthError> {
        let overloaded = || AuthError::Overloaded(RETRY_AFTER);
        let slot = self.slots.clone().try_acquire_owned();
        let slot = slot.map_err(|_| overloaded())?;
        let permit = time::timeout(ACQUIRE_TIMEOUT, self.permits.clone().acquire_owned())
            .await
            .map_err(|_| overloaded())?
            .map_err(AuthError::internal)?;
        task::spawn_blocking(move || {
            let done = work();
            drop((permit, slot));
            done
        })
        .await
        .map_err(AuthError::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::sync::mpsc;

    #[tokio::test]
    async fn only_the_right_password_is_right() {
        let passwords = Passwords::new();
        let hash = passwords.hash("correct horse".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        let verify = |password: &str, hash: Option<&str>| {
            passwords.verify(password.to_owned(), hash.map(str::to_owned))
        };
        assert!(verify("correct horse", Some(&hash)).await.unwrap());
        assert!(!verify("wrong horse", Some(&hash)).await.unwrap());
        assert!(!verify("correct horse", None).await.unwrap());
        assert!(!verify("!", Some("!")).await.unwrap());
    }

    #[tokio::test]
    async fn work_keeps_its_permit_when_its_caller_is_gone() {
        let passwords = Passwords::with_permits(1);
        let (end, ended) = mpsc::channel::<()>();
        let mut abandoned = Box::pin(passwords.with_permit(move || {
            // Ends when the test drops `end`.
            let _ = ended.recv();
        }));
        assert!((&mut abandoned).now_or_never().is_none());
        drop(abandoned);
        let next = passwords.with_permit(|| ());
        let mut next = Box::pin(next);
        assert!((&mut next).now_or_never().is_none());
        drop(end);
        next.await.unwrap();
    }

    #[tokio::test]
    async fn who_would_wait_too_long_is_refused_at_once() {
        let passwords = Passwords::with_permits(1);
        let _permit = passwords.permits.clone().acquire_owned().await.unwrap();
        let mut waiting: Vec<_> = (0..=WAITING_PER_PERMIT)
            .map(|_| Box::pin(passwords.with_permit(|| ())))
            .collect();
        for one in &mut waiting {
            assert!(one.now_or_never().is_none());
        }
        let refused = passwords.with_permit(|| ()).await;
        assert!(matches!(refused, Err(AuthError::Overloaded(_))));
    }

    #[test]
    fn the_dummy_costs_as_much_as_a_hash() {
        let dummy = PasswordHash::new(DUMMY).unwrap();
        let real = Argon2::default().hash_password(b"x").unwrap();
        assert_eq!(dummy.params, real.params);
        assert_eq!(dummy.hash.unwrap().len(), real.hash.unwrap().len());
    }
}
