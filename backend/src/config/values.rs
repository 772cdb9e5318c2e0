//! Values of settings that are more than one number or text: lists, origins, networks.

use axum::http::uri::Authority;
use ipnet::IpNet;
use std::{
    error::Error,
    net::{AddrParseError, IpAddr},
    ops::Deref,
    str::FromStr,
};

/// How old an event is when it may be archived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArchiveAge {
    /// At least so many days.
    Days(u32),
    /// Nothing is archived.
    Never,
}

impl FromStr for ArchiveAge {
    type Err = ArchiveAgeError;

    fn from_str(text: &str) -> Result<Self, ArchiveAgeError> {
        match text.parse() {
            Ok(days) if days <= MAX_ARCHIVE_DAYS => Ok(Self::Days(days)),
            Err(_) if text == "never" => Ok(Self::Never),
            Ok(_) | Err(_) => Err(ArchiveAgeError),
        }
    }
}

/// A hundred years.
const MAX_ARCHIVE_DAYS: u32 = 36_500;

/// Neither a number of days nor `never`.
#[derive(Debug, thiserror::Error)]
#[error("neither a number of days up to {MAX_ARCHIVE_DAYS} nor \"never\"")]
pub struct ArchiveAgeError;

/// A setting with several values, comma-separated. White space around them and empty ones
/// are ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List<T>(Vec<T>);

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> List<T> {
    fn parse<E: Error + Send + Sync + 'static>(
        text: &str,
        entry: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Self, ListError> {
        let entries = text.split(',').map(str::trim).filter(|it| !it.is_empty());
        entries
            .map(|text| {
                entry(text).map_err(|error| ListError {
                    entry: text.to_owned(),
                    error: Box::new(error),
                })
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl<T: FromStr<Err: Error + Send + Sync + 'static>> FromStr for List<T> {
    type Err = ListError;

    fn from_str(text: &str) -> Result<Self, ListError> {
        Self::parse(text, T::from_str)
    }
}

/// An entry of a [`List`] that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{entry:?}: {error}")]
pub struct ListError {
    entry: String,
    error: Box<dyn Error + Send + Sync>,
}

/// An http or https origin (RFC 6454): scheme, host and, where it is not the scheme's own, port,
/// in lower case. A slash after it is ignored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// As browsers send it in `Origin`.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is an origin of the host (with its port, as in `Host`).
    pub(crate) fn is_of_host(&self, host: &str) -> bool {
        let (own, port) = match self.0.strip_prefix("https://") {
            Some(own) => (own, ":443"),
            None => (self.0.strip_prefix("http://").unwrap_or(&self.0), ":80"),
        };
        let host = host.strip_suffix(port).unwrap_or(host);
        own.eq_ignore_ascii_case(host)
    }

    /// Whether its pages come by https.
    pub(crate) fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

/// A text is not an [`Origin`].
#[derive(Debug, thiserror::Error)]
#[error("is no origin like https://canvas.example")]
pub struct NoOrigin;

impl FromStr for Origin {
    type Err = NoOrigin;

    fn from_str(text: &str) -> Result<Self, NoOrigin> {
        let text = text.trim().to_ascii_lowercase();
        let text = text.strip_suffix('/').unwrap_or(&text);
        let (scheme, host) = text.split_once("://").ok_or(NoOrigin)?;
        let port = match scheme {
            "http" => ":80",
            "https" => ":443",
            _ => return Err(NoOrigin),
        };
        let authority: Authority = host.parse().map_err(|_| NoOrigin)?;
        if authority.host().is_empty() || host.contains('@') || host.contains('*') {
            return Err(NoOrigin);
        }
        let host = host.strip_suffix(port).unwrap_or(host);
        Ok(Self(format!("{scheme}://{host}")))
    }
}

/// Addresses (networks of one) and networks such as `10.0.0.0/8`. IPv4 addresses
/// mapped to IPv6 become IPv4, as the addresses they are compared with.
pub(super) fn networks(text: &str) -> Result<List<IpNet>, ListError> {
    List::parse(text, |entry| match entry.parse::<IpNet>() {
        Ok(network) => Ok(network),
        Err(_) => Ok::<_, AddrParseError>(entry.parse::<IpAddr>()?.to_canonical().into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_ignore_white_space_and_empty_entries() {
        let list = networks(" 10.0.0.0/8, 127.0.0.1 ,,::ffff:192.0.2.1,").unwrap();
        assert_eq!(list.len(), 3);
        for (address, trusted) in [
            ("10.9.8.7", true),
            ("127.0.0.1", true),
            ("192.0.2.1", true),
            ("127.0.0.2", false),
        ] {
            let address: IpAddr = address.parse().unwrap();
            let found = list.iter().any(|network| network.contains(&address));
            assert_eq!(found, trusted, "{address}");
        }
        assert!(networks("").unwrap().is_empty());
        assert!(" , ".parse::<List<Origin>>().unwrap().is_empty());
        let error = networks("10.0.0.1, proxy").unwrap_err();
        assert_eq!(error.to_string(), "\"proxy\": invalid IP address syntax");
    }

    #[test]
    fn origins_are_kept_as_browsers_send_them() {
        for (given, kept) in [
            ("https://A.example", "https://a.example"),
            ("https://a.example:443/", "https://a.example"),
            ("http://localhost:8080/", "http://localhost:8080"),
            ("http://[::1]:1", "http://[::1]:1"),
        ] {
            assert_eq!(given.parse::<Origin>().unwrap().as_str(), kept);
        }
        for bad in [
            "",
            "a.example",
            "ftp://a.example",
            "https://",
            "https://a/b",
            "*",
            "https://*.example",
            "https://u@a",
        ] {
            assert!(bad.parse::<Origin>().is_err(), "{bad}");
        }
    }
}
