//! How the server connects to PostgreSQL: which connections are encrypted. What is set in
//! each session is in `pools`.

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::{env, net::IpAddr, str::FromStr};
use url::Url;

/// How connections of the server call themselves in `pg_stat_activity`. The number is that of the
/// migration from which on servers read archived events; earlier ones have no number, by which
/// those of now know that one is connected (`db::archive`).
pub(crate) const APPLICATION_NAME: &str = "stellar-canvas/25";

/// The parameters of a URL that name the certificates that are trusted.
const ROOT_CERTIFICATE: [&str; 3] = ["sslrootcert", "ssl-root-cert", "ssl-ca"];

/// How to connect to the database at `url`.
///
/// Plain text goes to this machine only, unless `sslmode=disable` allows it: to another
/// host `prefer` (the default) and `allow` mean `require`. As in libpq, `require` checks
/// the certificate where `sslrootcert` says which ones are trusted.
///
/// # Errors
/// [`sqlx::Error::Configuration`] when `url` is not a URL of PostgreSQL.
pub(crate) fn connect_options(url: &str) -> sqlx::Result<PgConnectOptions> {
    let mut options = PgConnectOptions::from_str(url)?
        .application_name(APPLICATION_NAME)
        // PgBouncer refuses this startup parameter, and floats are sent in binary.
        .extra_float_digits(None);
    let host = options.get_host();
    if let Some(address) = host.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
        let address = address.to_owned();
        options = options.host(&address);
    }
    let is_socket = options.get_socket().is_some() || options.get_host().starts_with('/');
    let mode = match options.get_ssl_mode() {
        _ if is_socket => PgSslMode::Disable,
        PgSslMode::Allow | PgSslMode::Prefer if !is_this_machine(options.get_host()) => {
            PgSslMode::Require
        }
        mode => mode,
    };
    let mode = match mode {
        PgSslMode::Require if names_root_certificate(url) => PgSslMode::VerifyCa,
        mode => mode,
    };
    Ok(options.ssl_mode(mode))
}

/// The files with certificates and keys that `url` names, each with its parameter.
pub(crate) fn certificate_files(url: &str) -> Vec<(String, String)> {
    let Ok(url) = Url::parse(url) else {
        return Vec::new();
    };
    url.query_pairs()
        .filter(|(name, value)| {
            let names_a_file = ["sslcert", "ssl-cert", "sslkey", "ssl-key"].contains(&&**name)
                || ROOT_CERTIFICATE.contains(&&**name);
            // The parameter may also hold the certificate itself.
            names_a_file && !value.trim_start().starts_with("-----BEGIN")
        })
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

fn names_root_certificate(url: &str) -> bool {
    let in_url = Url::parse(url).is_ok_and(|url| {
        url.query_pairs()
            .any(|(name, value)| ROOT_CERTIFICATE.contains(&&*name) && !value.is_empty())
    });
    in_url || env::var_os("PGSSLROOTCERT").is_some_and(|file| !file.is_empty())
}

fn is_this_machine(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> String {
        format!("{:?}", connect_options(url).unwrap().get_ssl_mode())
    }

    #[test]
    fn plain_text_to_another_host_must_be_allowed() {
        for host in [
            "db.internal",
            "10.0.0.7",
            "[2001:db8::7]",
            "localhost.example",
        ] {
            assert_eq!(mode(&format!("postgres://u@{host}/d")), "Require");
            for asked in ["prefer", "allow", "require"] {
                let url = format!("postgres://u@{host}/d?sslmode={asked}");
                assert_eq!(mode(&url), "Require", "{url}");
            }
            let url = format!("postgres://u@{host}/d?sslmode=disable");
            assert_eq!(mode(&url), "Disable");
            let url = format!("postgres://u@{host}/d?sslmode=verify-full");
            assert_eq!(mode(&url), "VerifyFull");
        }
        // The parameter `host` counts, and not the one it replaces.
        assert_eq!(mode("postgres://u@localhost/d?host=db.internal"), "Require");
    }

    #[test]
    fn this_machine_may_be_reached_in_plain_text() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.8.8.8", "[::1]"] {
            assert_eq!(mode(&format!("postgres://u@{host}/d")), "Prefer", "{host}");
        }
        let socket = "postgres://u@localhost/d?host=/run/postgresql&sslmode=require";
        assert_eq!(mode(socket), "Disable");
        assert_eq!(mode("postgres://u@%2Frun%2Fpostgresql/d"), "Disable");
    }

    #[test]
    fn a_named_certificate_is_used() {
        let url = "postgres://u@db.internal/d?sslrootcert=/etc/ca.pem";
        assert_eq!(mode(url), "VerifyCa");
        let url = "postgres://u@db.internal/d?sslmode=verify-full&sslrootcert=/etc/ca.pem";
        assert_eq!(mode(url), "VerifyFull");
        let files = certificate_files(&format!("{url}&sslkey=-----BEGIN"));
        assert_eq!(files, [("sslrootcert".into(), "/etc/ca.pem".into())]);
    }

    #[test]
    fn an_ipv6_address_loses_its_brackets() {
        let options = connect_options("postgres://u@[::1]:5433/d").unwrap();
        assert_eq!(options.get_host(), "::1");
    }
}
