//! Conversations: the private messages of two users, and what each of the two has of them.
//! Whoever changes a conversation or stores a message in it locks its row first.

mod position;
mod requests;

pub(crate) use position::ListPosition;
pub(crate) use requests::{Accepted, accept, preference_towards, share_a_canvas, waiting_requests};

use super::{DbError, Result};
use chrono::{DateTime, Utc};
use shared::{
    api::{
        conversations::{Conversation, ConversationState, DirectMessage},
        moderation::UserRef,
    },
    ids::{ConversationId, MessageId, OpId, UserId},
};
use sqlx::{PgConnection, PgExecutor, query, query_scalar};
use uuid::Uuid;

/// A private message as it is stored.
pub(super) struct MessageRow {
    pub(super) conversation_id: i64,
    pub(super) seq: i64,
    pub(super) message_id: Uuid,
    pub(super) sender_id: i64,
    pub(super) op_id: Option<String>,
    pub(super) text: String,
    pub(super) is_removed: bool,
    pub(super) created_at: DateTime<Utc>,
}

impl MessageRow {
    pub(super) fn into_message(self) -> DirectMessage {
        DirectMessage {
            message_id: MessageId(self.message_id),
            conversation_id: ConversationId(self.conversation_id),
            seq: self.seq,
            sender_id: UserId(self.sender_id),
            text: self.text,
            removed: self.is_removed,
            created_at: self.created_at.into(),
            // Only what was parsed is stored.
            op_id: self.op_id.and_then(|op_id| op_id.parse::<OpId>().ok()),
        }
    }
}

/// A conversation in its user's list.
pub(crate) struct Listed {
    pub(crate) position: ListPosition,
    pub(crate) conversation: Conversation,
}

/// A checked query of [`Listed`]s: what selects the rows `m` of `conversation_members`, and the
/// arguments, of which the first is the user.
macro_rules! conversation_query {
    ($members:tt, $($argument:expr),+ $(,)?) => {
        query!(
            r#"SELECT c.id AS "id!", c.asked_by, c.created_at AS "created_at!",
                      m.unread AS "unread!", m.listed_at AS "listed_at!",
                      u.id AS "with_id!", u.username AS "username!",
                      u.display_name AS "display_name!",
                      EXISTS (SELECT FROM user_blocks b
                              WHERE b.user_id = $1 AND b.blocked_id = u.id) AS "is_blocked!",
                      d.seq AS "seq?", d.message_id AS "message_id?",
                      d.sender_id AS "sender_id?", d.op_id AS "op_id?", d.text AS "text?",
                      d.removed_at IS NOT NULL AS "is_removed!", d.created_at AS "sent_at?"
               FROM ("# + $members + r#") AS m
               JOIN LATERAL (
                   SELECT * FROM conversations WHERE id = m.conversation_id LIMIT 1
               ) AS c ON true
               JOIN LATERAL (
                   SELECT * FROM users
                   WHERE id = CASE WHEN c.low_id = $1 THEN c.high_id ELSE c.low_id END LIMIT 1
               ) AS u ON true
               LEFT JOIN LATERAL (
                   SELECT * FROM direct_messages
                   WHERE conversation_id = c.id AND seq = c.last_seq LIMIT 1
               ) AS d ON true
               ORDER BY m.listed_at DESC, m.conversation_id DESC"#,
            $($argument),+
        )
        .map(|row| {
            let message = row.seq.zip(row.message_id).zip(row.sender_id);
            let message = message.zip(row.text).zip(row.sent_at);
            let (id, op_id, is_removed) = (row.id, row.op_id, row.is_removed);
            let last_message = message.map(|((((seq, message_id), sender_id), text), at)| {
                MessageRow {
                    conversation_id: id,
                    seq,
                    message_id,
                    sender_id,
                    op_id,
                    text,
                    is_removed,
                    created_at: at,
                }
                .into_message()
            });
            Listed {
                position: ListPosition {
                    at: row.listed_at.timestamp_micros(),
                    id,
                },
                conversation: Conversation {
                    id: ConversationId(id),
                    with: UserRef {
                        user_id: UserId(row.with_id),
                        username: row.username,
                        display_name: row.display_name,
                    },
                    state: match (row.is_blocked, row.asked_by) {
                        (true, _) => ConversationState::Blocked,
                        (false, Some(_)) => ConversationState::Request,
                        (false, None) => ConversationState::Open,
                    },
                    last_message,
                    unread_count: row.unread,
                    created_at: row.created_at.into(),
                },
            }
        })
    };
}

/// A user's conversations that are not hidden after a position, the newest message first.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    user: UserId,
    after: ListPosition,
    limit: i64,
) -> Result<Vec<Listed>> {
    conversation_query!(
        r#"SELECT * FROM conversation_members
           WHERE user_id = $1 AND NOT is_hidden
             AND (listed_at, conversation_id) < ($2::timestamptz, $3::bigint)
           ORDER BY listed_at DESC, conversation_id DESC LIMIT $4"#,
        user.0,
        after.time(),
        after.id,
        limit,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// The conversation with this id as the user sees it; none if it is not the user's.
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    user: UserId,
    conversation: ConversationId,
) -> Result<Option<Conversation>> {
    conversation_query!(
        "SELECT * FROM conversation_members WHERE user_id = $1 AND conversation_id = $2",
        user.0,
        conversation.0,
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
    .map(|found| found.map(|listed| listed.conversation))
}

/// The conversation of two users.
pub(crate) async fn of_pair(
    executor: impl PgExecutor<'_>,
    one: UserId,
    other: UserId,
) -> Result<Option<ConversationId>> {
    query_scalar!(
        "SELECT id FROM conversations WHERE low_id = $1 AND high_id = $2",
        one.0.min(other.0),
        one.0.max(other.0),
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
    .map(|id| id.map(ConversationId))
}

/// Begins a conversation, which the other user's list has not before there is a message.
/// `is_request`: whether the first message will be a request. None if there is one already.
pub(crate) async fn insert(
    executor: impl PgExecutor<'_>,
    user: UserId,
    other: UserId,
    is_request: bool,
) -> Result<Option<ConversationId>> {
    query_scalar!(
        r#"WITH begun AS (
               INSERT INTO conversations (low_id, high_id, asked_by) VALUES ($1, $2, $3)
               ON CONFLICT DO NOTHING
               RETURNING id, created_at
           ), members AS (
               INSERT INTO conversation_members (conversation_id, user_id, is_hidden, listed_at)
               SELECT begun.id, member.user_id, member.user_id <> $4, begun.created_at
               FROM begun, (VALUES ($1::bigint), ($2::bigint)) AS member (user_id)
           )
           SELECT id AS "id!" FROM begun"#,
        user.0.min(other.0),
        user.0.max(other.0),
        is_request.then_some(user.0),
        user.0,
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
    .map(|id| id.map(ConversationId))
}

/// Messages that the user did not read, in all conversations that are not hidden.
pub(crate) async fn unread_count(executor: impl PgExecutor<'_>, user: UserId) -> Result<i64> {
    query_scalar!(
        r#"SELECT coalesce(sum(unread), 0)::bigint AS "count!" FROM conversation_members
           WHERE user_id = $1 AND unread > 0 AND NOT is_hidden"#,
        user.0,
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
}

/// Whether the user takes part in a conversation.
pub(crate) async fn is_member(
    executor: impl PgExecutor<'_>,
    user: UserId,
    conversation: ConversationId,
) -> Result<bool> {
    query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM conversation_members WHERE conversation_id = $1 AND user_id = $2
           ) AS "is_member!""#,
        conversation.0,
        user.0,
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
}

/// The other user of a conversation, and whether one of the two blocks the other. `None` if the
/// first one takes no part in it.
pub(crate) async fn other(
    executor: impl PgExecutor<'_>,
    user: UserId,
    conversation: ConversationId,
) -> Result<Option<(UserId, bool)>> {
    query!(
        r#"SELECT c.other_id AS "other_id!", EXISTS (
               SELECT FROM user_blocks b
               WHERE (b.user_id = $2 AND b.blocked_id = c.other_id)
                  OR (b.user_id = c.other_id AND b.blocked_id = $2)) AS "is_blocked!"
           FROM (
               SELECT CASE WHEN low_id = $2 THEN high_id ELSE low_id END AS other_id
               FROM conversations WHERE id = $1 AND $2 IN (low_id, high_id)
           ) AS c"#,
        conversation.0,
        user.0,
    )
    .map(|row| (UserId(row.other_id), row.is_blocked))
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// Shows a conversation in the user's list, or leaves it out until something new comes. False
/// if the user takes no part in it.
pub(crate) async fn set_hidden(
    executor: impl PgExecutor<'_>,
    user: UserId,
    conversation: ConversationId,
    is_hidden: bool,
) -> Result<bool> {
    query!(
        "UPDATE conversation_members SET is_hidden = $3
         WHERE conversation_id = $1 AND user_id = $2",
        conversation.0,
        user.0,
        is_hidden,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(|done| done.rows_affected() > 0)
}

/// Notes that a user read a conversation up to `seq`, and returns up to where it is read now,
/// and whether that is more than before. `None` if the user takes no part in it. Called in a
/// transaction.
pub(crate) async fn mark_read(
    connection: &mut PgConnection,
    user: UserId,
    conversation: ConversationId,
    seq: i64,
) -> Result<Option<(i64, bool)>> {
    // No message is stored between this and the count of those that are unread.
    let last_seq = query_scalar!(
        "SELECT last_seq FROM conversations
         WHERE id = $1 AND $2 IN (low_id, high_id) FOR NO KEY UPDATE",
        conversation.0,
        user.0,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(last_seq) = last_seq else {
        return Ok(None);
    };
    let seq = seq.min(last_seq);
    let moved = query!(
        "UPDATE conversation_members SET read_seq = $3, unread = (
             SELECT count(*) FROM direct_messages
             WHERE conversation_id = $1 AND seq > $3 AND sender_id <> $2 AND removed_at IS NULL)
         WHERE conversation_id = $1 AND user_id = $2 AND read_seq < $3",
        conversation.0,
        user.0,
        seq,
    )
    .execute(connection)
    .await?;
    Ok(Some((seq, moved.rows_affected() > 0)))
}
