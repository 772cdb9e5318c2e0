//! Checks the configuration before anything is started, and reads from it what other
//! parts are made of: the bus and the secret.

use super::StartError;
use crate::{auth, config::Config, db, realtime::Bus};
use redis::ConnectionAddr;
use shared::text;
use std::fs;

/// Refuses settings that cannot work.
///
/// # Errors
/// One sentence that names the setting.
pub(super) fn check(config: &Config) -> Result<(), StartError> {
    for (name, most) in [
        (
            "WEBSOCKET_MAX_CONNECTIONS",
            config.websocket_max_connections,
        ),
        (
            "WEBSOCKET_MAX_CONNECTIONS_PER_USER",
            config.websocket_max_connections_per_user,
        ),
        (
            "WEBSOCKET_MAX_CONNECTIONS_PER_IP",
            config.websocket_max_connections_per_ip,
        ),
    ] {
        if most == 0 {
            return Err(StartError::Setting(format!("{name} must be at least 1")));
        }
    }
    if let Some(url) = config.database_url.as_deref().filter(|url| !url.is_empty())
        && !url.starts_with("postgres://")
        && !url.starts_with("postgresql://")
    {
        return Err(StartError::DatabaseUrl);
    }
    for (name, path) in config
        .database_url
        .iter()
        .flat_map(|url| db::certificate_files(url))
    {
        // Read by each connection; missing later is a failure of the connection.
        fs::File::open(&path).map_err(|error| {
            StartError::Setting(format!(
                "cannot read {name} {path} of DATABASE_URL: {error}"
            ))
        })?;
    }
    Ok(())
}

/// Logs settings that work, but hardly as they were meant.
pub(super) fn warn(config: &Config) {
    let between_pings = config.between_pings();
    if between_pings < config.websocket_ping_interval {
        tracing::warn!(
            "WEBSOCKET_PING_INTERVAL is more than half of WEBSOCKET_TIMEOUT: pings are sent every {between_pings:?}"
        );
    }
    let is_set = |setting: &Option<String>| setting.as_deref().is_some_and(|it| !it.is_empty());
    if is_set(&config.redis_url) && !(is_set(&config.database_url) && is_set(&config.jwt_secret)) {
        tracing::warn!(
            "several nodes are one server only with the same DATABASE_URL and JWT_SECRET for all"
        );
    }
    for name in &*config.admin_users {
        if !text::username(name).is_ok_and(|username| username == *name) {
            tracing::warn!(name, "ADMIN_USERS has a name that no user can have");
        }
    }
    if !config.dist.join("index.html").is_file() {
        tracing::warn!(folder = %config.dist.display(), "there is no client to serve, only the API");
    }
}

/// The connection to other nodes. It connects later: Redis may be down at the start.
///
/// # Errors
/// `RedisUrl`, or `Setting` for an address that turns off the check of certificates.
pub(super) fn bus(config: &Config) -> Result<Bus, StartError> {
    match config.redis_url.as_deref() {
        None | Some("") => Ok(Bus::local()),
        Some(url) => {
            let client = redis::Client::open(url).map_err(|_| StartError::RedisUrl)?;
            let address = client.get_connection_info().addr();
            if let ConnectionAddr::TcpTls { insecure: true, .. } = address {
                return Err(StartError::Setting(
                    "REDIS_URL must not end in #insecure: let SSL_CERT_FILE name the certificate"
                        .to_owned(),
                ));
            }
            Ok(Bus::shared(client))
        }
    }
}

/// The secret that signs tokens: `JWT_SECRET`, or the one in the data folder.
///
/// # Errors
/// `ShortSecret`, or `Secret` if it cannot be stored.
pub(super) fn jwt_secret(config: &Config) -> Result<Vec<u8>, StartError> {
    match &config.jwt_secret {
        Some(secret) if secret.len() >= auth::JWT_SECRET_MIN_LEN => Ok(secret.clone().into_bytes()),
        Some(secret) if !secret.is_empty() => Err(StartError::ShortSecret),
        _ => auth::load_or_create_jwt_secret(&config.stellar_data).map_err(|source| {
            StartError::Secret {
                folder: config.stellar_data.display().to_string(),
                source,
            }
        }),
    }
}
