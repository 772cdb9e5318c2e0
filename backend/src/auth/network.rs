//! Networks as they are stored: keyed digests, from which nobody without the server's secret
//! learns an address.

use crate::rate_limit::network;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::net::IpAddr;

/// What is digested before the address, so that the digests differ from everything else
/// that is made with the secret.
const LABEL: &[u8] = b"stellar-canvas network ";

/// Makes digests of networks.
pub(super) struct NetworkDigests(Option<Hmac<Sha256>>);

impl NetworkDigests {
    pub(super) fn new(secret: &[u8]) -> Self {
        // HMAC takes keys of any length.
        let mac = Hmac::<Sha256>::new_from_slice(secret).ok();
        Self(mac.map(|mac| mac.chain_update(LABEL)))
    }

    /// The digest of an IPv4 address, or of the /64 network of an IPv6 one; none for
    /// addresses that many unrelated users share or that say nothing.
    pub(super) fn digest(&self, address: IpAddr) -> Option<Vec<u8>> {
        let network = network(address);
        if !is_network(network) {
            return None;
        }
        let mac = self.0.clone()?;
        let mac = mac.chain_update(network.to_string());
        Some(mac.finalize().into_bytes().to_vec())
    }
}

/// Whether an address stands for the network of somebody: not loopback, private,
/// link-local, or shared by the customers of a carrier (RFC 6598).
fn is_network(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            let is_shared = a == 100 && (64..128).contains(&b);
            !(ip.is_loopback()
                || ip.is_private()
                || ip.is_link_local()
                || ip.is_unspecified()
                || is_shared)
        }
        IpAddr::V6(ip) => {
            !(ip.is_loopback()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
                || ip.is_unspecified())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_is_a_64_and_local_addresses_are_none() {
        let digests = NetworkDigests::new(b"a secret of thirty-two characters");
        let digest = |text: &str| digests.digest(text.parse().unwrap());
        assert_eq!(digest("203.0.113.7"), digest("::ffff:203.0.113.7"));
        assert_ne!(digest("203.0.113.7"), digest("203.0.113.8"));
        assert_eq!(digest("2001:db8::1"), digest("2001:db8::ffff:1"));
        assert_ne!(digest("2001:db8::1"), digest("2001:db8:0:1::1"));
        let other = NetworkDigests::new(b"another secret of so many letters");
        assert_ne!(digest("203.0.113.7"), other.digest([203, 0, 113, 7].into()));
        for local in [
            "127.0.0.1",
            "127.9.9.9",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.1.1",
            "100.64.0.1",
            "100.127.255.255",
            "0.0.0.0",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
        ] {
            assert_eq!(digest(local), None, "{local}");
        }
        for public in ["100.63.0.1", "100.128.0.1", "172.32.0.1", "198.51.100.1"] {
            assert!(digest(public).is_some(), "{public}");
        }
    }
}
