//! The client's address and scheme, by the forwarding headers of trusted proxies.

use crate::state::AppState;
use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, request::Parts},
};
use ipnet::IpNet;
use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

/// Who sent a request, by address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientAddr {
    /// The client's address.
    pub(crate) ip: IpAddr,
    /// Whether the client uses https.
    pub(crate) https: bool,
}

impl FromRequestParts<AppState> for ClientAddr {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        let ip = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
        let mut addr = forwarded(ip, &parts.headers, &state.config.trusted_proxies);
        addr.https |= state.config.is_public_https();
        Ok(addr)
    }
}

/// Uses the forwarding headers if the connection comes from a trusted proxy.
fn forwarded(ip: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> ClientAddr {
    let ip = ip.to_canonical();
    let trusts = |ip: &IpAddr| trusted.iter().any(|proxies| proxies.contains(ip));
    if !trusts(&ip) {
        return ClientAddr { ip, https: false };
    }
    // Each proxy appends the address it saw. The last one that is not a trusted
    // proxy is the client; what stands before it the client may have made up.
    let client = headers
        .get_all("x-forwarded-for")
        .iter()
        .rev()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.rsplit(','))
        .map_while(|entry| entry.trim().parse::<IpAddr>().ok())
        .map(|entry| entry.to_canonical())
        .find(|entry| !trusts(entry));
    let https = headers
        .get_all("x-forwarded-proto")
        .iter()
        .next_back()
        .and_then(|value| value.to_str().ok()?.rsplit(',').next())
        .is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https"));
    ClientAddr {
        ip: client.unwrap_or(ip),
        https,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderName;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn only_headers_of_trusted_proxies_count() {
        let proxy = IpAddr::from([10, 0, 0, 1]);
        let other = IpAddr::from([203, 0, 113, 9]);
        let sent = headers(&[
            ("x-forwarded-for", "1.2.3.4, 198.51.100.7, 10.0.0.1"),
            ("x-forwarded-proto", "https"),
        ]);
        let through = forwarded(proxy, &sent, &[proxy.into()]);
        assert_eq!(through.ip, IpAddr::from([198, 51, 100, 7]));
        assert!(through.https);
        let direct = forwarded(other, &sent, &[proxy.into()]);
        assert_eq!((direct.ip, direct.https), (other, false));
        let silent = forwarded(proxy, &HeaderMap::new(), &[proxy.into()]);
        assert_eq!((silent.ip, silent.https), (proxy, false));
        let network = "10.0.0.0/8".parse().unwrap();
        assert_eq!(forwarded(proxy, &sent, &[network]), through);
    }
}
