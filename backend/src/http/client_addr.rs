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
    sync::Once,
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
        warn_of_ignored_headers(ip, &parts.headers, &state.config.trusted_proxies);
        let mut addr = forwarded(ip, &parts.headers, &state.config.trusted_proxies);
        addr.https |= state.config.is_public_https();
        Ok(addr)
    }
}

/// Logs once that a peer sends forwarding headers and is not trusted: behind a proxy that is
/// missing in `TRUSTED_PROXIES` everybody has the proxy's address.
fn warn_of_ignored_headers(ip: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) {
    static LOGGED: Once = Once::new();
    if headers.contains_key("x-forwarded-for") && !LOGGED.is_completed() {
        let ip = ip.to_canonical();
        if !trusted.iter().any(|proxies| proxies.contains(&ip)) {
            LOGGED.call_once(|| {
                tracing::warn!(%ip, "X-Forwarded-For is ignored: TRUSTED_PROXIES does not have its sender");
            });
        }
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
    // proxy is the client; what stands before it the client may have made up, and
    // also what stands before an entry that is no address.
    let mut client = ip;
    let entries = headers.get_all("x-forwarded-for").iter().rev();
    // Not as text: one byte that is not ASCII must not hide the other entries.
    let entries = entries.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
    // Empty entries of a list are ignored (RFC 9110, section 5.6.1).
    for entry in entries.map(<[u8]>::trim_ascii).filter(|it| !it.is_empty()) {
        let Some(address) = address(entry) else { break };
        client = address;
        if !trusts(&client) {
            break;
        }
    }
    let https = headers
        .get_all("x-forwarded-proto")
        .iter()
        .next_back()
        .and_then(|value| value.to_str().ok()?.rsplit(',').next())
        .is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https"));
    ClientAddr { ip: client, https }
}

/// An entry of `X-Forwarded-For`: an address, with or without a port. An IPv6 address
/// with a port is in brackets.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let entry = str::from_utf8(entry).ok()?.trim_matches('"');
    let bracketed = || entry.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || entry.parse::<SocketAddr>().ok().map(|addr| addr.ip());
    let address: Option<IpAddr> = entry.parse().ok().or_else(with_port).or_else(bracketed);
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

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

    #[test]
    fn the_rightmost_entry_that_is_no_proxy_is_the_client_however_it_is_written() {
        let proxy = IpAddr::from([10, 0, 0, 1]);
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        for (sent, client) in [
            ("203.0.113.7", "203.0.113.7"),
            ("203.0.113.7:4711", "203.0.113.7"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("\"[2001:db8::1]:4711\"", "2001:db8::1"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("[::ffff:203.0.113.7]:4711", "203.0.113.7"),
            ("1.2.3.4, 203.0.113.7:4711, 10.9.9.9:80", "203.0.113.7"),
            ("1.2.3.4, 203.0.113.7 , [fd00::1]:80,", "203.0.113.7"),
            ("1.2.3.4,, ,203.0.113.7", "203.0.113.7"),
            // What stands before an entry that is no address is not believed.
            ("1.2.3.4, unknown", "10.0.0.1"),
            ("1.2.3.4, unknown, 10.9.9.9", "10.9.9.9"),
            ("1.2.3.4, 999.1.1.1:80", "10.0.0.1"),
            ("1.2.3.4, 203.0.113.7:99999", "10.0.0.1"),
            ("", "10.0.0.1"),
            // A client inside of the trusted networks.
            ("10.3.3.3, 10.9.9.9", "10.3.3.3"),
        ] {
            let headers = headers(&[("x-forwarded-for", sent)]);
            let client: IpAddr = client.parse().unwrap();
            assert_eq!(forwarded(proxy, &headers, &trusted).ip, client, "{sent}");
        }
        let lines = headers(&[
            ("x-forwarded-for", "1.2.3.4"),
            ("x-forwarded-for", "203.0.113.7:4711"),
            ("x-forwarded-for", "10.9.9.9"),
            ("forwarded", "for=192.0.2.1"),
        ]);
        let client = IpAddr::from([203, 0, 113, 7]);
        assert_eq!(forwarded(proxy, &lines, &trusted).ip, client);
        // A byte that is not ASCII does not hide what the proxy appended.
        let mut odd = HeaderMap::new();
        let value = HeaderValue::from_bytes(b"\xff, 203.0.113.7").unwrap();
        odd.insert("x-forwarded-for", value);
        assert_eq!(forwarded(proxy, &odd, &trusted).ip, client);
    }
}
