//! Where a request comes from, seen through trusted proxies.

use crate::state::AppState;
use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, request::Parts},
};
use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

/// The other end of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientAddr {
    /// The client's address.
    pub(crate) ip: IpAddr,
    /// Whether the client speaks https.
    pub(crate) https: bool,
}

impl FromRequestParts<AppState> for ClientAddr {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        let ip = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
        Ok(seen(ip, &parts.headers, &state.config.trusted_proxies))
    }
}

/// Believes the forwarding headers of trusted proxies, and of nobody else.
fn seen(ip: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> ClientAddr {
    let ip = ip.to_canonical();
    let trusts = |ip: &IpAddr| trusted.iter().any(|proxy| proxy.to_canonical() == *ip);
    if !trusts(&ip) {
        return ClientAddr { ip, https: false };
    }
    // Each proxy adds whom it saw at the end: the last that is no proxy of ours
    // is the client, and what stands before it is only said.
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
    fn only_trusted_proxies_are_believed() {
        let proxy = IpAddr::from([10, 0, 0, 1]);
        let stranger = IpAddr::from([203, 0, 113, 9]);
        let forwarded = headers(&[
            ("x-forwarded-for", "1.2.3.4, 198.51.100.7, 10.0.0.1"),
            ("x-forwarded-proto", "https"),
        ]);
        let through = seen(proxy, &forwarded, &[proxy]);
        assert_eq!(through.ip, IpAddr::from([198, 51, 100, 7]));
        assert!(through.https);
        let direct = seen(stranger, &forwarded, &[proxy]);
        assert_eq!((direct.ip, direct.https), (stranger, false));
        let silent = seen(proxy, &HeaderMap::new(), &[proxy]);
        assert_eq!((silent.ip, silent.https), (proxy, false));
    }
}
