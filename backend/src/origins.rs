//! Which pages may act with the cookie: those of this server's own host, of `PUBLIC_URL` and of
//! `ALLOWED_ORIGINS`. It reads headers and knows no routes.

use crate::{
    config::{Config, List, Origin},
    rate_limit::quota,
};
use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, HeaderName, header, request::Parts},
};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use ipnet::IpNet;
use std::net::SocketAddr;

/// Log lines about refused origins, 30 a minute: whoever is refused writes them.
const LOG_LINES: Quota = quota(30, 30);
/// Characters of a header in such a line.
const LOG_LENGTH: usize = 200;
/// The host that the client used, as a proxy tells it.
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Compares the `Origin` of requests.
pub(crate) struct Origins {
    /// `ALLOWED_ORIGINS` and `PUBLIC_URL`.
    allowed: Vec<Origin>,
    trusted_proxies: List<IpNet>,
    log: DefaultDirectRateLimiter,
}

impl Origins {
    /// With the origins of the configuration.
    pub(crate) fn new(config: &Config) -> Self {
        let public = config.public_url.iter();
        Self {
            allowed: config
                .allowed_origins
                .iter()
                .chain(public)
                .cloned()
                .collect(),
            trusted_proxies: config.trusted_proxies.clone(),
            log: RateLimiter::direct(LOG_LINES),
        }
    }

    /// Whether the request comes from a page that may act with the cookie. A refusal is
    /// logged with what was compared, since the cause is mostly a proxy's configuration.
    pub(crate) fn allow(&self, parts: &Parts) -> bool {
        let Some(sent) = parts.headers.get(header::ORIGIN) else {
            return false;
        };
        let sent = String::from_utf8_lossy(sent.as_bytes());
        let own_hosts: Vec<&str> = self.own_hosts(parts).collect();
        let is_allowed = sent.parse::<Origin>().is_ok_and(|origin| {
            self.allowed.contains(&origin) || own_hosts.iter().any(|host| origin.is_of_host(host))
        });
        if !is_allowed && self.log.check().is_ok() {
            let origin: String = sent.chars().take(LOG_LENGTH).collect();
            let host: String = own_hosts.join(", ").chars().take(LOG_LENGTH).collect();
            tracing::warn!(
                ?origin,
                ?host,
                "refused a request with the cookie: the Origin is not of this Host; behind a proxy \
                 that changes the Host, PUBLIC_URL must name the address that browsers use"
            );
        }
        is_allowed
    }

    /// The hosts by which the client may have addressed the server: that of the request, and
    /// what a trusted proxy says. A page cannot make a browser send other ones.
    fn own_hosts<'a>(&self, parts: &'a Parts) -> impl Iterator<Item = &'a str> {
        let host = match parts.uri.authority() {
            Some(authority) => Some(authority.as_str()),
            None => text(&parts.headers, &header::HOST).next(),
        };
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let is_proxy = peer.is_some_and(|ConnectInfo(peer)| {
            let ip = peer.ip().to_canonical();
            self.trusted_proxies
                .iter()
                .any(|proxies| proxies.contains(&ip))
        });
        let forwarded = is_proxy.then(|| text(&parts.headers, &X_FORWARDED_HOST));
        let forwarded = forwarded.into_iter().flatten();
        let forwarded = forwarded.flat_map(|value| value.split(',')).map(str::trim);
        host.into_iter().chain(forwarded)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> + use<'a> {
    let values = headers.get_all(name).iter();
    values.filter_map(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;
    use clap::Parser;

    const PROXY: [u8; 4] = [10, 0, 0, 1];

    fn allows(config: &[&str], peer: [u8; 4], headers: &[(&str, &str)]) -> bool {
        let config = ["stellar-canvas"].iter().chain(config);
        let origins = Origins::new(&Config::try_parse_from(config).unwrap());
        let mut request = Request::builder().uri("/api/v1/users/me");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        parts
            .extensions
            .insert(ConnectInfo(SocketAddr::from((peer, 1))));
        origins.allow(&parts)
    }

    #[test]
    fn pages_of_the_own_host_and_of_allowed_origins_may_act() {
        let allowed = [
            "--allowed-origins",
            "https://friend.example/, HTTP://A.example:80",
        ];
        for (origin, good) in [
            ("http://canvas.example:8080", true),
            ("https://Canvas.example:8080", true),
            ("http://canvas.example", false),
            ("http://canvas.example:8080.evil.example", false),
            ("https://friend.example", true),
            ("http://friend.example", false),
            ("http://a.example", true),
            ("https://evil.example", false),
            ("ftp://canvas.example:8080", false),
            ("null", false),
            ("", false),
        ] {
            let headers = [("host", "canvas.example:8080"), ("origin", origin)];
            assert_eq!(allows(&allowed, PROXY, &headers), good, "{origin}");
        }
        assert!(!allows(&allowed, PROXY, &[("host", "canvas.example:8080")]));
    }

    #[test]
    fn default_ports_may_be_left_out() {
        for (host, origin) in [
            ("canvas.example", "https://canvas.example:443"),
            ("canvas.example:80", "http://canvas.example"),
        ] {
            assert!(allows(&[], PROXY, &[("host", host), ("origin", origin)]));
        }
        let other = [
            ("host", "canvas.example:80"),
            ("origin", "https://canvas.example"),
        ];
        assert!(!allows(&[], PROXY, &other));
    }

    #[test]
    fn a_proxy_that_changes_the_host_is_settled() {
        let headers = [
            ("host", "canvas.example"),
            ("origin", "https://canvas.example:8443"),
        ];
        assert!(!allows(&[], PROXY, &headers));
        let public = ["--public-url", "https://canvas.example:8443/"];
        assert!(allows(&public, PROXY, &headers));
        let told = [
            headers.as_slice(),
            &[("x-forwarded-host", "other.example, canvas.example:8443")],
        ]
        .concat();
        assert!(!allows(&[], PROXY, &told));
        let trusted = ["--trusted-proxies", "10.0.0.0/8"];
        assert!(allows(&trusted, PROXY, &told));
        assert!(!allows(&trusted, [192, 0, 2, 1], &told));
    }
}
