//! Rate limits of HTTP requests and joins, by address, user name and user. It knows no HTTP;
//! callers turn the wait into an answer.
//! The limits of messages on a WebSocket are `realtime::rate_limit`.

mod keyed;
mod sign_in;
mod users;

pub(crate) use keyed::{KeyedLimiter, quota};
pub(crate) use sign_in::{SignInLimits, SignInRefusal};
pub(crate) use users::UserLimits;

use std::net::IpAddr;

/// The address to count by: that of an IPv6 host is its /64 network, since one host
/// can use all of its addresses.
pub(crate) fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_counts_as_one() {
        let a: IpAddr = "2001:db8:1:2::1".parse().unwrap();
        let b: IpAddr = "2001:db8:1:2:ffff::9".parse().unwrap();
        assert_eq!(network(a), network(b));
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        assert_eq!(network(mapped), IpAddr::from([192, 0, 2, 1]));
    }
}
