//! The words that notifications quote, when they are edited or removed.

use super::excerpt;
use crate::db::{DbError, Result};
use shared::ids::{MessageId, UserId};
use sqlx::{PgExecutor, query};
use uuid::Uuid;

/// What a notification quotes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Quoted {
    /// A chat message, or a private one.
    Message(MessageId),
    /// A comment.
    Comment(i64),
}

/// Replaces the words that notifications quote: by others, or by none where they were removed.
/// Called in the transaction of the change, as the last statement that locks anything but
/// [`super::add()`].
pub(crate) async fn replace_words(
    executor: impl PgExecutor<'_>,
    quoted: Quoted,
    text: &str,
) -> Result<()> {
    replace_all_words(executor, &[(quoted, text)], &[]).await
}

/// The same for several words at once. `told` are the users whom the same transaction is going
/// to tell of something: their boxes are locked together with those of the users whose
/// notifications change.
pub(crate) async fn replace_all_words(
    executor: impl PgExecutor<'_>,
    words: &[(Quoted, &str)],
    told: &[UserId],
) -> Result<()> {
    if words.is_empty() {
        return Ok(());
    }
    let quoted = words.iter().map(|(quoted, _)| quoted);
    let (messages, comments): (Vec<Option<Uuid>>, Vec<Option<i64>>) = quoted
        .map(|quoted| match quoted {
            Quoted::Message(id) => (Some(id.0), None),
            Quoted::Comment(id) => (None, Some(*id)),
        })
        .unzip();
    let texts: Vec<&str> = words.iter().map(|(_, text)| excerpt(text)).collect();
    let told: Vec<i64> = told.iter().map(|user| user.0).collect();
    query!(
        "WITH quoting AS MATERIALIZED (
             SELECT n.id, n.user_id, q.text
             FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS q (message_id, comment_id, text)
             CROSS JOIN LATERAL (
                 SELECT id, user_id FROM notifications WHERE message_id = q.message_id
                 UNION ALL
                 SELECT id, user_id FROM notifications WHERE comment_id = q.comment_id
             ) AS n
         ), locked AS (
             INSERT INTO notification_boxes AS b (user_id)
             SELECT u.id
             FROM (SELECT user_id FROM quoting UNION SELECT unnest($4::bigint[])) AS concerned
             JOIN users u ON u.id = concerned.user_id
             WHERE EXISTS (SELECT FROM quoting)
             ORDER BY u.id
             ON CONFLICT (user_id) DO UPDATE SET version = b.version
             RETURNING user_id
         )
         UPDATE notifications n SET text = q.text FROM quoting q
         WHERE n.id = q.id AND n.user_id IN (SELECT user_id FROM locked)",
        &messages as &[Option<Uuid>],
        &comments as &[Option<i64>],
        &texts as &[&str],
        &told,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(drop)
}
