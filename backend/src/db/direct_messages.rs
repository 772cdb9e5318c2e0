//! Private messages: storing them in the order of their conversation, reading and removing them.

use super::{DbError, Result, conversations::MessageRow, named};
use chrono::{DateTime, Utc};
use shared::{
    api::{conversations::DirectMessage, notifications::DirectMessages},
    ids::{ConversationId, MessageId, OpId, UserId},
};
use sqlx::{PgConnection, PgExecutor, query, query_as};

/// Rows from which one statement deletes removed words.
pub(crate) const PURGE_BATCH: u64 = 500;

/// A checked query of [`MessageRow`]s `d`: the statement after its columns, and the arguments.
macro_rules! message_query {
    ($after:tt, $($argument:expr),+ $(,)?) => {
        query_as!(
            MessageRow,
            r#"SELECT d.conversation_id, d.seq, d.message_id, d.sender_id, d.op_id, d.text,
                      d.removed_at IS NOT NULL AS "is_removed!", d.created_at "# + $after,
            $($argument),+
        )
        .map(MessageRow::into_message)
    };
}

/// What storing a message needs of its conversation, read under the conversation's lock.
pub(crate) struct LockedConversation {
    /// The user who does not write.
    pub(crate) other: UserId,
    /// The newest message's `seq`, 0 before the first, and when it was stored.
    pub(crate) last_seq: i64,
    pub(crate) last_at: Option<DateTime<Utc>>,
    /// The user who asked for it, while it is a request.
    pub(crate) asked_by: Option<UserId>,
    /// Whether one of the two blocks the other.
    pub(crate) is_blocked: bool,
    /// Whether the other's account was deleted.
    pub(crate) is_other_deleted: bool,
    /// From whom the sender takes messages.
    pub(crate) own_preference: DirectMessages,
    /// From whom the other takes messages.
    pub(crate) preference: DirectMessages,
    /// The strictest preference under which the other wrote here or accepted.
    pub(crate) consent: i16,
    /// Whether the sender has sanctions that were not lifted.
    pub(crate) has_sanctions: bool,
    /// The database's time.
    pub(crate) now: DateTime<Utc>,
}

/// How strict a preference is, as it is stored.
pub(crate) fn strictness(preference: DirectMessages) -> i16 {
    match preference {
        DirectMessages::Everybody => 0,
        DirectMessages::SharedCanvas => 1,
        DirectMessages::Nobody => 2,
    }
}

/// Locks a conversation to the end of the transaction: until then nobody else, on any node,
/// stores a message in it. `None` if the user takes no part in such a conversation.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    user: UserId,
    conversation: ConversationId,
) -> Result<Option<LockedConversation>> {
    query!(
        r#"SELECT c.other_id AS "other_id!", c.last_seq AS "last_seq!", c.last_at,
                  c.asked_by, c.now AS "now!", m.consent AS "consent!",
                  EXISTS (SELECT FROM user_blocks b
                      WHERE (b.user_id = $2 AND b.blocked_id = c.other_id)
                         OR (b.user_id = c.other_id AND b.blocked_id = $2)) AS "is_blocked!",
                  EXISTS (SELECT FROM users u
                      WHERE u.id = c.other_id AND u.deleted_at IS NOT NULL) AS "is_deleted!",
                  coalesce((SELECT direct_messages FROM preferences WHERE user_id = $2),
                           'everybody') AS "own_preference!",
                  coalesce((SELECT direct_messages FROM preferences WHERE user_id = c.other_id),
                           'everybody') AS "preference!",
                  EXISTS (SELECT FROM sanctions s
                      WHERE s.user_id = $2 AND s.lifted_at IS NULL) AS "has_sanctions!"
           FROM (
               SELECT *, CASE WHEN low_id = $2 THEN high_id ELSE low_id END AS other_id,
                      clock_timestamp() AS now
               FROM conversations WHERE id = $1 AND $2 IN (low_id, high_id) FOR NO KEY UPDATE
           ) AS c
           JOIN LATERAL (
               SELECT consent FROM conversation_members
               WHERE conversation_id = c.id AND user_id = c.other_id LIMIT 1
           ) AS m ON true"#,
        conversation.0,
        user.0,
    )
    .try_map(|row| {
        Ok(LockedConversation {
            other: UserId(row.other_id),
            last_seq: row.last_seq,
            last_at: row.last_at,
            asked_by: row.asked_by.map(UserId),
            is_blocked: row.is_blocked,
            is_other_deleted: row.is_deleted,
            own_preference: named(row.own_preference)?,
            preference: named(row.preference)?,
            consent: row.consent,
            has_sanctions: row.has_sanctions,
            now: row.now,
        })
    })
    .fetch_optional(connection)
    .await
    .map_err(DbError::from)
}

/// The message that the user stored under this `op_id` before.
pub(crate) async fn prior(
    executor: impl PgExecutor<'_>,
    user: UserId,
    conversation: ConversationId,
    op_id: OpId,
) -> Result<Option<DirectMessage>> {
    message_query!(
        "FROM direct_messages d
         WHERE d.conversation_id = $1 AND d.sender_id = $2
           AND d.op_id IS NOT NULL AND d.op_id::uuid = $3",
        conversation.0,
        user.0,
        op_id.uuid(),
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// Stores a message, and shows the conversation to both. Called under [`lock`].
pub(crate) async fn insert(
    connection: &mut PgConnection,
    message: &DirectMessage,
    at: DateTime<Utc>,
    asked_by: Option<UserId>,
    consent: i16,
) -> Result<()> {
    query!(
        "WITH sent AS (
             INSERT INTO direct_messages
                 (conversation_id, seq, message_id, sender_id, op_id, text, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
         ), counted AS (
             UPDATE conversations SET last_seq = $2, last_at = $7, asked_by = $8 WHERE id = $1
         )
         UPDATE conversation_members SET listed_at = $7, is_hidden = false,
             unread = unread + CASE WHEN user_id = $4 THEN 0 ELSE 1 END,
             consent = CASE WHEN user_id = $4 THEN greatest(consent, $9) ELSE consent END
         WHERE conversation_id = $1",
        message.conversation_id.0,
        message.seq,
        message.message_id.0,
        message.sender_id.0,
        message.op_id.map(|op_id| op_id.to_string()),
        message.text,
        at,
        asked_by.map(|user| user.0),
        consent,
    )
    .execute(connection)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Messages before `before_seq`, newest first.
pub(crate) async fn before(
    executor: impl PgExecutor<'_>,
    conversation: ConversationId,
    after_seq: i64,
    before_seq: i64,
    limit: i64,
) -> Result<Vec<DirectMessage>> {
    message_query!(
        "FROM direct_messages d
         WHERE d.conversation_id = $1 AND d.seq > $2 AND d.seq < $3 ORDER BY d.seq DESC LIMIT $4",
        conversation.0,
        after_seq,
        before_seq,
        limit,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// Messages after `after_seq` and before `before_seq`, oldest first.
pub(crate) async fn after(
    executor: impl PgExecutor<'_>,
    conversation: ConversationId,
    after_seq: i64,
    before_seq: i64,
    limit: i64,
) -> Result<Vec<DirectMessage>> {
    message_query!(
        "FROM direct_messages d
         WHERE d.conversation_id = $1 AND d.seq > $2 AND d.seq < $3 ORDER BY d.seq LIMIT $4",
        conversation.0,
        after_seq,
        before_seq,
        limit,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// Messages of all conversations with higher ids than `after`, which are about those stored
/// later, and the two users of each. Those of a conversation are in its order.
pub(crate) async fn stored_since(
    executor: impl PgExecutor<'_>,
    after: MessageId,
    limit: i64,
) -> Result<Vec<(DirectMessage, [UserId; 2])>> {
    query!(
        r#"SELECT d.conversation_id, d.seq, d.message_id, d.sender_id, d.op_id, d.text,
                  d.removed_at IS NOT NULL AS "is_removed!", d.created_at, c.low_id, c.high_id
           FROM (
               SELECT * FROM direct_messages WHERE message_id > $1 ORDER BY message_id LIMIT $2
           ) AS d
           JOIN conversations c ON c.id = d.conversation_id
           ORDER BY d.message_id"#,
        after.0,
        limit,
    )
    .map(|row| {
        let message = MessageRow {
            conversation_id: row.conversation_id,
            seq: row.seq,
            message_id: row.message_id,
            sender_id: row.sender_id,
            op_id: row.op_id,
            text: row.text,
            is_removed: row.is_removed,
            created_at: row.created_at,
        };
        let users = [UserId(row.low_id), UserId(row.high_id)];
        (message.into_message(), users)
    })
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// A message of one of the user's conversations.
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    user: UserId,
    message: MessageId,
) -> Result<Option<DirectMessage>> {
    message_query!(
        "FROM direct_messages d JOIN conversations c ON c.id = d.conversation_id
         WHERE d.message_id = $1 AND $2 IN (c.low_id, c.high_id)",
        message.0,
        user.0,
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// The message and those before it, at most `limit`, oldest first, with the words of those that
/// were removed: for evidence alone.
pub(crate) async fn with_removed_words(
    executor: impl PgExecutor<'_>,
    conversation: ConversationId,
    up_to: i64,
    limit: i64,
) -> Result<Vec<DirectMessage>> {
    let messages = query_as!(
        MessageRow,
        r#"SELECT conversation_id, seq, message_id, sender_id, op_id,
                  coalesce(removed_text, text) AS "text!",
                  removed_at IS NOT NULL AS "is_removed!", created_at
           FROM direct_messages WHERE conversation_id = $1 AND seq <= $2
           ORDER BY seq DESC LIMIT $3"#,
        conversation.0,
        up_to,
        limit,
    )
    .map(MessageRow::into_message)
    .fetch_all(executor)
    .await?;
    Ok(messages.into_iter().rev().collect())
}

/// Takes the words out of a message. Called under [`lock`].
pub(crate) async fn remove(
    connection: &mut PgConnection,
    message: &DirectMessage,
    now: DateTime<Utc>,
) -> Result<()> {
    query!(
        "WITH removed AS (
             UPDATE direct_messages SET text = '', removed_text = text, removed_at = $4
             WHERE conversation_id = $1 AND seq = $2
         )
         UPDATE conversation_members SET unread = unread - 1
         WHERE conversation_id = $1 AND user_id <> $3 AND read_seq < $2 AND unread > 0",
        message.conversation_id.0,
        message.seq,
        message.sender_id.0,
        now,
    )
    .execute(connection)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Deletes the words of messages that were removed before `oldest`. Returns of how many.
pub(crate) async fn purge_removed_words(
    executor: impl PgExecutor<'_>,
    oldest: DateTime<Utc>,
) -> Result<u64> {
    query!(
        "UPDATE direct_messages SET removed_text = NULL WHERE message_id IN (
             SELECT message_id FROM direct_messages
             WHERE removed_text IS NOT NULL AND removed_at < $1
             ORDER BY removed_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED)",
        oldest,
        i64::try_from(PURGE_BATCH).unwrap_or(i64::MAX),
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(|done| done.rows_affected())
}
