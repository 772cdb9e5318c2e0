//! Notifications: they are made in the transaction of what they tell of, which delivers them
//! after its commit. Whoever changes those of a user locks the user's box, those of several
//! users in the order of their ids, as the last locks of the transaction.

mod add;
mod list;
mod stored;
mod words;

use super::{DbError, Result};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::{api::notifications::Notification, ids::UserId, limits};
use sqlx::{PgExecutor, query, query_scalar};

pub(crate) use add::{NewNotification, NotificationTarget, add};
pub(crate) use list::{Change, changes, list, unread, versions_before};
pub(crate) use words::{Quoted, replace_all_words, replace_words};

/// Notifications that one statement of [`purge`] looks at.
const PURGED: i64 = 2_000;

/// A notification to be delivered to its user, and the version and count that go with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutgoingNotification {
    pub(crate) user: UserId,
    pub(crate) unread: Unread,
    pub(crate) notification: Notification,
}

/// How many of a user's notifications are unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unread {
    /// Of two counts of one user the one with the higher version is newer.
    pub(crate) version: i64,
    pub(crate) count: i64,
}

/// As much of a text as a notification has.
fn excerpt(text: &str) -> &str {
    let end = text.char_indices().nth(limits::NOTIFICATION_TEXT);
    end.map_or(text, |(end, _)| &text[..end])
}

/// How many of a user's notifications are unread.
pub(crate) async fn unread_count(executor: impl PgExecutor<'_>, user: UserId) -> Result<i64> {
    query_scalar!(r#"SELECT unread_notifications($1) AS "count!""#, user.0)
        .fetch_one(executor)
        .await
        .map_err(DbError::from)
}

/// Which notifications of a user were read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ReadSelector<'a> {
    /// All up to this id.
    UpTo(i64),
    /// Those with these ids, as far as they are the user's.
    Ids(&'a [i64]),
    /// That of this conversation.
    Conversation(i64),
}

/// Marks notifications as read. Returns how many are unread afterwards, which is to be
/// delivered after the commit; none where nothing changed. In a transaction it is called after
/// everything else that locks rows.
pub(crate) async fn mark_read(
    executor: impl PgExecutor<'_>,
    user: UserId,
    selector: ReadSelector<'_>,
) -> Result<Option<Unread>> {
    let (up_to, these, conversation) = match selector {
        ReadSelector::UpTo(id) => (Some(id), None, None),
        ReadSelector::Ids(ids) => (None, Some(ids), None),
        ReadSelector::Conversation(id) => (None, None, Some(id)),
    };
    query!(
        r#"SELECT version AS "version!", unread_count AS "unread_count!"
         FROM read_notifications($1, $2, $3, $4)"#,
        user.0,
        up_to,
        these,
        conversation,
    )
    .map(|row| Unread {
        version: row.version,
        count: row.unread_count,
    })
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// Deletes some of the notifications that were made before `oldest`. Returns how many; there
/// are no more once it is none.
pub(crate) async fn purge(executor: impl PgExecutor<'_>, oldest: DateTime<Utc>) -> Result<u64> {
    // Ids are given in the order of time.
    query!(
        "DELETE FROM notifications WHERE id IN (
             SELECT id FROM (
                 SELECT id, created_at FROM notifications ORDER BY id LIMIT $2
             ) AS first WHERE created_at < $1
         )",
        oldest,
        PURGED,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(|done| done.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let long = "ä".repeat(limits::NOTIFICATION_TEXT + 1);
        assert_eq!(excerpt(&long).chars().count(), limits::NOTIFICATION_TEXT);
        let short = "ä".repeat(limits::NOTIFICATION_TEXT);
        assert_eq!(excerpt(&short), short);
    }
}
