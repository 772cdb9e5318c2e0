//! From where users come: the browsers that they have used and their networks, both as
//! digests, and whether a guest has to register since somebody who is banned used the same.

use super::{DbError, Result};
use chrono::{DateTime, Utc};
use shared::ids::{CanvasId, UserId};
use sqlx::{PgConnection, PgExecutor, query, query_scalar};

/// Browsers, and networks, that are kept of one user at most.
const MAX_OF_USER: i64 = 64;
/// Rows that one statement of [`purge`] deletes at most.
const PURGE_BATCH: i64 = 1_000;

/// A digest of something that a user comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    /// The cookie `device` of a browser.
    Device(Vec<u8>),
    /// The address, or the /64 network of IPv6, with a key.
    Network(Vec<u8>),
}

/// Notes that these users came from there just now.
pub(crate) async fn note(connection: &mut PgConnection, uses: &[(UserId, Origin)]) -> Result<()> {
    let (mut device_users, mut devices) = (Vec::new(), Vec::new());
    let (mut network_users, mut networks) = (Vec::new(), Vec::new());
    for (user, origin) in uses {
        match origin {
            Origin::Device(digest) => {
                device_users.push(user.0);
                devices.push(digest.clone());
            }
            Origin::Network(digest) => {
                network_users.push(user.0);
                networks.push(digest.clone());
            }
        }
    }
    if !devices.is_empty() {
        query!(
            "INSERT INTO user_devices (user_id, device, last_used_at)
             SELECT DISTINCT u.id, used.device, clock_timestamp()
             FROM unnest($1::bigint[], $2::bytea[]) AS used (user_id, device)
             JOIN LATERAL (SELECT id FROM users WHERE id = used.user_id LIMIT 1) AS u ON true
             WHERE (SELECT count(*) FROM user_devices d WHERE d.user_id = u.id) < $3
                OR EXISTS (SELECT FROM user_devices d
                           WHERE d.user_id = u.id AND d.device = used.device)
             ON CONFLICT (user_id, device) DO UPDATE SET last_used_at = excluded.last_used_at",
            &device_users,
            &devices,
            MAX_OF_USER,
        )
        .execute(&mut *connection)
        .await?;
    }
    if !networks.is_empty() {
        query!(
            "INSERT INTO user_networks (user_id, network, last_used_at)
             SELECT DISTINCT u.id, used.network, clock_timestamp()
             FROM unnest($1::bigint[], $2::bytea[]) AS used (user_id, network)
             JOIN LATERAL (SELECT id FROM users WHERE id = used.user_id LIMIT 1) AS u ON true
             WHERE (SELECT count(*) FROM user_networks n WHERE n.user_id = u.id) < $3
                OR EXISTS (SELECT FROM user_networks n
                           WHERE n.user_id = u.id AND n.network = used.network)
             ON CONFLICT (user_id, network) DO UPDATE SET last_used_at = excluded.last_used_at",
            &network_users,
            &networks,
            MAX_OF_USER,
        )
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// Keeps with a ban from which networks its user came since `oldest`. What they use later
/// does not count.
pub(crate) async fn remember_networks(
    connection: &mut PgConnection,
    sanction_id: i64,
    user: UserId,
    oldest: DateTime<Utc>,
) -> Result<()> {
    query!(
        "INSERT INTO ban_networks (network, sanction_id)
         SELECT network, $1 FROM user_networks WHERE user_id = $2 AND last_used_at > $3",
        sanction_id,
        user.0,
        oldest,
    )
    .execute(connection)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Who asks, as far as a guest can be recognized.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guest {
    /// None for one who is not made yet.
    pub(crate) user: Option<UserId>,
    /// The digest of the browser's cookie, for one who is not made yet.
    pub(crate) device: Option<Vec<u8>>,
    /// The digest of the network; none for addresses that are no network.
    pub(crate) network: Option<Vec<u8>>,
}

/// A ban of somebody else for which a guest has to register.
pub(crate) struct GuestRefusal {
    /// When that is over by itself; none for an open end.
    pub(crate) ends_at: Option<DateTime<Utc>>,
}

/// Whether a guest has to register first: the account was made while a ban was in force
/// that still is, in a browser which the banned user has used; or the network is one from
/// which a user came who was banned after `since`, and the guest has no role that was
/// given by name. Bans of this canvas count, and those from the whole server.
pub(crate) async fn refusal(
    executor: impl PgExecutor<'_>,
    canvas: Option<CanvasId>,
    guest: &Guest,
    since: DateTime<Utc>,
) -> Result<Option<GuestRefusal>> {
    query!(
        r#"WITH asked AS (
             SELECT coalesce(u.made_on_device, $3::bytea) AS device,
                    coalesce(u.created_at, 'infinity') AS made_at
             FROM (SELECT 1) AS one LEFT JOIN users u ON u.id = $2
         ), bans AS (
             SELECT b.expires_at FROM asked
             JOIN user_devices d ON d.device = asked.device
             JOIN sanctions b ON b.user_id = d.user_id AND b.kind = 'ban' AND b.lifted_at IS NULL
             WHERE (b.canvas_id = $1 OR b.canvas_id IS NULL) AND b.user_id IS DISTINCT FROM $2
               AND b.issued_at <= asked.made_at
               AND coalesce(b.expires_at > clock_timestamp(), true)
             UNION ALL
             SELECT least(b.expires_at, b.issued_at + (clock_timestamp() - $5::timestamptz)) FROM ban_networks n
             JOIN sanctions b ON b.id = n.sanction_id AND b.kind = 'ban' AND b.lifted_at IS NULL
             WHERE n.network = $4
               AND (b.canvas_id = $1 OR b.canvas_id IS NULL) AND b.user_id IS DISTINCT FROM $2
               AND b.issued_at > $5
               AND coalesce(b.expires_at > clock_timestamp(), true)
         )
         SELECT expires_at FROM bans
         WHERE NOT EXISTS (SELECT FROM canvas_members WHERE canvas_id = $1 AND user_id = $2)
           AND NOT EXISTS (SELECT FROM canvases WHERE id = $1 AND owner_id = $2)
           AND NOT EXISTS (SELECT FROM users WHERE id = $2 AND (
               password_hash IS NOT NULL OR is_admin OR is_named_admin))
         ORDER BY expires_at DESC NULLS FIRST LIMIT 1"#,
        canvas.map(|canvas| canvas.0),
        guest.user.map(|user| user.0),
        guest.device.as_deref(),
        guest.network.as_deref(),
        since,
    )
    .map(|row| GuestRefusal {
        ends_at: row.expires_at,
    })
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// Whether a ban of anybody was not lifted.
pub(crate) async fn any_bans(executor: impl PgExecutor<'_>) -> Result<bool> {
    query_scalar!(
        r#"SELECT EXISTS (
             SELECT FROM sanctions WHERE kind = 'ban' AND lifted_at IS NULL
         ) AS "any!""#
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
}

/// Notes in which browser a guest was made.
pub(crate) async fn set_made_on(
    executor: impl PgExecutor<'_>,
    user: UserId,
    device: &[u8],
) -> Result<()> {
    query!(
        "UPDATE users SET made_on_device = $2 WHERE id = $1",
        user.0,
        device,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Deletes browsers and networks that were not used since these times, some of each.
pub(crate) async fn purge(
    connection: &mut PgConnection,
    devices_before: DateTime<Utc>,
    networks_before: DateTime<Utc>,
) -> Result<()> {
    query!(
        "DELETE FROM user_devices WHERE ctid = ANY (ARRAY (
             SELECT ctid FROM user_devices WHERE last_used_at < $1
             ORDER BY last_used_at LIMIT $2))",
        devices_before,
        PURGE_BATCH,
    )
    .execute(&mut *connection)
    .await?;
    query!(
        "DELETE FROM user_networks WHERE ctid = ANY (ARRAY (
             SELECT ctid FROM user_networks WHERE last_used_at < $1
             ORDER BY last_used_at LIMIT $2))",
        networks_before,
        PURGE_BATCH,
    )
    .execute(&mut *connection)
    .await?;
    query!(
        "DELETE FROM ban_networks n USING sanctions s
         WHERE s.id = n.sanction_id AND s.issued_at < $1",
        networks_before,
    )
    .execute(connection)
    .await
    .map_err(DbError::from)
    .map(drop)
}
