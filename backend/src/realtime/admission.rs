//! How many connections there are, and may be.

use shared::ids::UserId;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use thiserror::Error;

/// Why a connection was not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AdmissionError {
    /// The user or the address has too many already.
    #[error("too many connections")]
    TooMany,
    /// The server has too many already.
    #[error("the server carries no more connections")]
    Overloaded,
    /// The server is going down.
    #[error("the server is going down")]
    Draining,
}

/// The caps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caps {
    pub(crate) total: usize,
    pub(crate) per_user: usize,
    pub(crate) per_ip: usize,
}

#[derive(Debug, Default)]
struct Counts {
    total: usize,
    users: HashMap<UserId, usize>,
    addresses: HashMap<IpAddr, usize>,
}

/// Counts connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Admissions(Arc<Mutex<Counts>>);

/// One connection's place; given back when dropped.
#[derive(Debug)]
pub struct Admission {
    counts: Admissions,
    user: UserId,
    address: IpAddr,
}

impl Admissions {
    /// Takes a place.
    pub(crate) fn admit(
        &self,
        caps: Caps,
        user: UserId,
        address: IpAddr,
    ) -> Result<Admission, AdmissionError> {
        let mut counts = self.lock();
        if counts.total >= caps.total {
            return Err(AdmissionError::Overloaded);
        }
        let of_user = counts.users.get(&user).copied().unwrap_or_default();
        let of_address = counts.addresses.get(&address).copied().unwrap_or_default();
        if of_user >= caps.per_user || of_address >= caps.per_ip {
            return Err(AdmissionError::TooMany);
        }
        counts.total += 1;
        *counts.users.entry(user).or_default() += 1;
        *counts.addresses.entry(address).or_default() += 1;
        metrics::gauge!("stellar_connections").increment(1.0);
        Ok(Admission {
            counts: self.clone(),
            user,
            address,
        })
    }

    /// How many places are taken.
    pub(crate) fn total(&self) -> usize {
        self.lock().total
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut counts = self.counts.lock();
        counts.total -= 1;
        if let Some(count) = counts.users.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                counts.users.remove(&self.user);
            }
        }
        if let Some(count) = counts.addresses.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.addresses.remove(&self.address);
            }
        }
        metrics::gauge!("stellar_connections").decrement(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn places_are_limited_and_given_back() {
        let caps = Caps {
            total: 3,
            per_user: 2,
            per_ip: 3,
        };
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let places = Admissions::default();
        let first = places.admit(caps, UserId(1), here).unwrap();
        let _second = places.admit(caps, UserId(1), here).unwrap();
        let refused = places.admit(caps, UserId(1), here);
        assert_eq!(refused.unwrap_err(), AdmissionError::TooMany);
        let _third = places.admit(caps, UserId(2), here).unwrap();
        let refused = places.admit(caps, UserId(3), here);
        assert_eq!(refused.unwrap_err(), AdmissionError::Overloaded);
        drop(first);
        assert!(places.admit(caps, UserId(1), here).is_ok());
        assert_eq!(places.total(), 2);
    }
}
