//! What users want to be told, and who may write to them. Who changed nothing has no row.

use super::{Result, name_of, named};
use shared::{
    api::notifications::{NotificationKind, NotifySwitches, Preferences, UpdatePreferences},
    ids::UserId,
};
use sqlx::{PgConnection, PgExecutor, query};

/// The preferences from their row.
fn preferences(notify_off: &[String], direct_messages: String) -> sqlx::Result<Preferences> {
    let is_on = |kind| !notify_off.contains(&name_of(kind));
    Ok(Preferences {
        notify: NotifySwitches {
            tile_liked: is_on(NotificationKind::TileLiked),
            tile_painted: is_on(NotificationKind::TilePainted),
            comment: is_on(NotificationKind::Comment),
            reply: is_on(NotificationKind::Reply),
            mention: is_on(NotificationKind::Mention),
            direct_message: is_on(NotificationKind::DirectMessage),
        },
        direct_messages: named(direct_messages)?,
    })
}

/// A user's preferences.
pub(crate) async fn find(executor: impl PgExecutor<'_>, user: UserId) -> Result<Preferences> {
    let found = query!(
        "SELECT notify_off, direct_messages FROM preferences WHERE user_id = $1",
        user.0
    )
    .try_map(|row| preferences(&row.notify_off, row.direct_messages))
    .fetch_optional(executor)
    .await?;
    Ok(found.unwrap_or_default())
}

/// Changes a user's preferences, and returns them as they are then. Called in a transaction,
/// which locks them, so that changes at the same time are merged.
pub(crate) async fn update(
    connection: &mut PgConnection,
    user: UserId,
    change: &UpdatePreferences,
) -> Result<Preferences> {
    query!(
        "INSERT INTO preferences (user_id) VALUES ($1)
         ON CONFLICT (user_id) DO UPDATE SET notify_off = preferences.notify_off",
        user.0,
    )
    .execute(&mut *connection)
    .await?;
    let mut now = find(&mut *connection, user).await?;
    let switches = change.notify.unwrap_or_default();
    let notify = &mut now.notify;
    let mut off = Vec::new();
    for (kind, switch, wanted) in [
        (
            NotificationKind::TileLiked,
            &mut notify.tile_liked,
            switches.tile_liked,
        ),
        (
            NotificationKind::TilePainted,
            &mut notify.tile_painted,
            switches.tile_painted,
        ),
        (
            NotificationKind::Comment,
            &mut notify.comment,
            switches.comment,
        ),
        (NotificationKind::Reply, &mut notify.reply, switches.reply),
        (
            NotificationKind::Mention,
            &mut notify.mention,
            switches.mention,
        ),
        (
            NotificationKind::DirectMessage,
            &mut notify.direct_message,
            switches.direct_message,
        ),
    ] {
        *switch = wanted.unwrap_or(*switch);
        if !*switch {
            off.push(name_of(kind));
        }
    }
    if let Some(wanted) = change.direct_messages {
        now.direct_messages = wanted;
    }
    query!(
        "UPDATE preferences SET notify_off = $2, direct_messages = $3 WHERE user_id = $1",
        user.0,
        &off,
        name_of(now.direct_messages),
    )
    .execute(connection)
    .await?;
    Ok(now)
}
