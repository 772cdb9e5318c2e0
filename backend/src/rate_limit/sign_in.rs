//! The limits of signing in, by network, user name and session.

use super::{KeyedLimiter, network, quota};
use shared::ids::SessionId;
use std::{net::IpAddr, time::Duration};

/// The limits of signing in. A whole class behind one address stays below them;
/// guessing passwords does not.
pub(crate) struct SignInLimits {
    on: bool,
    guests: KeyedLimiter<IpAddr>,
    registrations: KeyedLimiter<IpAddr>,
    logins: KeyedLimiter<IpAddr>,
    failures: KeyedLimiter<(String, IpAddr)>,
    failures_anywhere: KeyedLimiter<String>,
    confirmations: KeyedLimiter<SessionId>,
}

impl SignInLimits {
    /// In force, or allowing everything.
    pub(crate) fn new(on: bool) -> Self {
        Self {
            on,
            guests: KeyedLimiter::new(quota(600, 500)),
            registrations: KeyedLimiter::new(quota(300, 300)),
            logins: KeyedLimiter::new(quota(300, 300)),
            failures: KeyedLimiter::new(quota(6, 10)),
            failures_anywhere: KeyedLimiter::new(quota(6, 100)),
            confirmations: KeyedLimiter::new(quota(6, 10)),
        }
    }

    /// Counts a new guest from this address.
    ///
    /// # Errors
    /// How long to wait; so for all limits below.
    pub(crate) fn guest(&self, ip: IpAddr) -> Result<(), Duration> {
        if self.on {
            self.guests.check(&network(ip))?;
        }
        Ok(())
    }

    /// Counts a registration from this address.
    pub(crate) fn register(&self, ip: IpAddr) -> Result<(), Duration> {
        if self.on {
            self.registrations.check(&network(ip))?;
        }
        Ok(())
    }

    /// Counts an attempt to sign in as `username`. While it lasts it counts as failed,
    /// so that guesses cannot be made all at once.
    ///
    /// # Errors
    /// [`SignInRefusal`]; nothing is counted against the name then.
    pub(crate) fn log_in(
        &self,
        ip: IpAddr,
        username: &str,
    ) -> Result<SignInAttempt<'_>, SignInRefusal> {
        if !self.on {
            return Ok(SignInAttempt {
                limits: self,
                failure_key: None,
            });
        }
        let (username, network) = (username.to_lowercase(), network(ip));
        self.logins
            .check(&network)
            .map_err(SignInRefusal::Network)?;
        let key = (username, network);
        self.failures.check(&key).map_err(SignInRefusal::Name)?;
        if let Err(wait) = self.failures_anywhere.check(&key.0) {
            self.failures.refund(&key);
            return Err(SignInRefusal::Name(wait));
        }
        Ok(SignInAttempt {
            limits: self,
            failure_key: Some(FailureKey::Name(key.0, key.1)),
        })
    }

    /// Counts an attempt to confirm one's own password in a session. Failures count against
    /// the session alone: whoever stole one guesses no faster than by signing in, and keeps out
    /// neither the account's owner nor anybody in the same network.
    ///
    /// # Errors
    /// How long to wait.
    pub(crate) fn confirm(&self, session: SessionId) -> Result<SignInAttempt<'_>, Duration> {
        if self.on {
            self.confirmations.check(&session)?;
        }
        Ok(SignInAttempt {
            limits: self,
            failure_key: self.on.then_some(FailureKey::Session(session)),
        })
    }

    /// Frees what idle keys hold; called by the maintenance loop.
    pub(crate) fn evict_idle(&self) {
        self.guests.evict_idle();
        self.registrations.evict_idle();
        self.logins.evict_idle();
        self.failures.evict_idle();
        self.failures_anywhere.evict_idle();
        self.confirmations.evict_idle();
    }
}

/// Why an attempt to sign in is refused, and how long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignInRefusal {
    /// Too many attempts from this network, whatever the name.
    Network(Duration),
    /// Too many failures with this name, from this network or from anywhere. They do
    /// not keep out the owner of the name: see `http::auth`.
    Name(Duration),
}

impl SignInRefusal {
    /// How long to wait.
    pub(crate) fn wait(self) -> Duration {
        match self {
            Self::Network(wait) | Self::Name(wait) => wait,
        }
    }
}

/// An attempt to sign in. It counts as failed until it is dropped, and for good after
/// [`SignInAttempt::failed`].
#[must_use = "it counts as failed while it lasts"]
pub(crate) struct SignInAttempt<'a> {
    limits: &'a SignInLimits,
    failure_key: Option<FailureKey>,
}

/// What the failure of an attempt is counted against.
#[derive(Debug)]
enum FailureKey {
    /// The name and the network.
    Name(String, IpAddr),
    /// The session in which a password is confirmed.
    Session(SessionId),
}

impl SignInAttempt<'_> {
    /// The password was wrong.
    pub(crate) fn failed(mut self) {
        self.failure_key = None;
    }
}

impl Drop for SignInAttempt<'_> {
    fn drop(&mut self) {
        match self.failure_key.take() {
            Some(FailureKey::Name(username, network)) => {
                self.limits.failures_anywhere.refund(&username);
                self.limits.failures.refund(&(username, network));
            }
            Some(FailureKey::Session(session)) => self.limits.confirmations.refund(&session),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_count_by_name_whatever_its_case() {
        let limits = SignInLimits::new(true);
        let ip = IpAddr::from([192, 0, 2, 1]);
        for _ in 0..10 {
            limits.log_in(ip, "Ann").unwrap().failed();
        }
        assert!(limits.log_in(ip, "ann").is_err());
        assert!(limits.log_in(ip, "bob").is_ok());
        assert!(limits.log_in(IpAddr::from([192, 0, 2, 2]), "ann").is_ok());
        for _ in 0..100 {
            drop(limits.log_in(ip, "carl").unwrap());
        }
        // Those that run count.
        let running: Vec<_> = (0..20)
            .map_while(|_| limits.log_in(ip, "dora").ok())
            .collect();
        assert_eq!(running.len(), 10);
        drop(running);
        assert!(limits.log_in(ip, "dora").is_ok());
        assert!(SignInLimits::new(false).log_in(ip, "ann").is_ok());
    }

    #[test]
    fn wrong_confirmations_count_against_their_session() {
        let limits = SignInLimits::new(true);
        let ip = IpAddr::from([192, 0, 2, 1]);
        let [stolen, own] = [1, 2].map(|n| SessionId(uuid::Uuid::from_u128(n)));
        for _ in 0..10 {
            limits.confirm(stolen).unwrap().failed();
        }
        assert!(limits.confirm(stolen).is_err());
        for _ in 0..20 {
            drop(limits.confirm(own).unwrap());
        }
        assert!(limits.log_in(ip, "ann").is_ok());
        assert!(SignInLimits::new(false).confirm(stolen).is_ok());
    }

    #[test]
    fn refusals_of_one_network_use_up_nothing_elsewhere() {
        let limits = SignInLimits::new(true);
        let there = |n: u8| IpAddr::from([198, 51, 100, n]);
        for _ in 0..200 {
            if let Ok(attempt) = limits.log_in(there(1), "ann") {
                attempt.failed();
            }
        }
        for n in 2..11 {
            for _ in 0..10 {
                limits.log_in(there(n), "ann").unwrap().failed();
            }
        }
        // Ten networks have used up what the name has anywhere.
        assert!(matches!(
            limits.log_in(there(11), "ann"),
            Err(SignInRefusal::Name(wait)) if wait <= Duration::from_secs(10)
        ));
        assert!(limits.log_in(there(11), "bob").is_ok());
    }
}
