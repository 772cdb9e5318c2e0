//! Counts HTTP connections, in total and by address.

use crate::{config::Config, http::Refused, rate_limit::network};
use ipnet::IpNet;
use parking_lot::Mutex;
use std::{collections::HashMap, net::IpAddr, sync::Arc};

/// The connections that are counted, and their limits.
#[derive(Debug)]
pub(super) struct ConnectionCounts {
    max: usize,
    max_per_address: usize,
    /// Many people share the address of a proxy.
    proxies: Vec<IpNet>,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A counted connection, until it is dropped.
#[derive(Debug)]
pub(super) struct Counted {
    counts: Arc<ConnectionCounts>,
    address: IpAddr,
}

impl ConnectionCounts {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            max: config.http_max_connections,
            max_per_address: config.http_max_connections_per_ip,
            proxies: config.trusted_proxies.to_vec(),
            counts: Mutex::default(),
        }
    }

    /// Counts a connection.
    ///
    /// # Errors
    /// Which limit is reached.
    pub(super) fn count(self: &Arc<Self>, peer: IpAddr) -> Result<Counted, Refused> {
        let peer = peer.to_canonical();
        let is_proxy = self.proxies.iter().any(|proxies| proxies.contains(&peer));
        let address = network(peer);
        let mut counts = self.counts.lock();
        if counts.total >= self.max {
            return Err(Refused::Server);
        }
        let of_address = counts.by_address.entry(address).or_default();
        if *of_address >= self.max_per_address && !is_proxy {
            return Err(Refused::Address);
        }
        *of_address += 1;
        counts.total += 1;
        Ok(Counted {
            counts: self.clone(),
            address,
        })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.counts.counts.lock();
        counts.total -= 1;
        if let Some(of_address) = counts.by_address.get_mut(&self.address) {
            *of_address -= 1;
            if *of_address == 0 {
                counts.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn counts(arguments: &[&str]) -> Arc<ConnectionCounts> {
        let all = [&["stellar-canvas"], arguments].concat();
        Arc::new(ConnectionCounts::new(&Config::parse_from(all)))
    }

    #[test]
    fn an_address_has_its_limit_and_a_network_is_one_address() {
        let counts = counts(&["--http-max-connections-per-ip", "2"]);
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let first = counts.count(ip("2001:db8:1:2::1")).unwrap();
        let _second = counts.count(ip("2001:db8:1:2::2")).unwrap();
        let refused = counts.count(ip("2001:db8:1:2::3")).unwrap_err();
        assert_eq!(refused, Refused::Address);
        assert!(counts.count(ip("2001:db8:1:3::1")).is_ok());
        drop(first);
        assert!(counts.count(ip("2001:db8:1:2::3")).is_ok());
    }

    #[test]
    fn a_trusted_proxy_is_only_bound_by_the_total() {
        let counts = counts(&[
            "--http-max-connections",
            "3",
            "--http-max-connections-per-ip",
            "1",
            "--trusted-proxies",
            "10.0.0.0/8",
        ]);
        let proxy = IpAddr::from([10, 0, 0, 7]);
        let held: Vec<Counted> = (0..3).map(|_| counts.count(proxy).unwrap()).collect();
        assert_eq!(counts.count(proxy).unwrap_err(), Refused::Server);
        drop(held);
        assert!(counts.counts.lock().by_address.is_empty());
    }
}
