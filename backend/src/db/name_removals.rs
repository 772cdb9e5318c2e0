//! Removes the names of deleted accounts from stored events, in pieces. Only the names in an
//! event change: its place and its time stay, by which nodes and clients compare histories.

use super::{Result, archive, guests};
use chrono::{DateTime, TimeDelta, Utc};
use shared::ids::{CanvasId, UserId};
use sqlx::{PgConnection, PgExecutor, query, query_scalar};

/// Chat messages that one piece looks at.
const MESSAGES: i64 = 2_000;
/// Comments whose events one piece changes.
const COMMENTS: i64 = 500;
/// Canvases that one piece deletes.
const CANVASES: i64 = 50;
/// Time between the passes: longer than a server takes to notice that a session ended.
const BETWEEN_PASSES: TimeDelta = TimeDelta::minutes(1);

/// What came of one piece of work.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Nothing is due, or other nodes are doing it.
    Nothing,
    /// There may be more. The canvases were deleted.
    Done(Vec<CanvasId>),
    /// The names are to be removed from the pieces of the archive.
    Archived(ArchivedNames),
}

/// Where the names of a user are removed next from the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ArchivedNames {
    pub(crate) user: UserId,
    pub(crate) canvas: CanvasId,
    /// In the pieces that begin before this event.
    pub(crate) before: i64,
}

/// Does a piece of one account's removal that is due at `now`. Nodes that do this at the same
/// time take different accounts. Called in a transaction.
pub(crate) async fn do_piece(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Progress> {
    let due = query!(
        "SELECT user_id, deletes_canvases, canvas_id, before_seq, comments_before_seq,
                pieces_before_seq, passes_left
         FROM name_removals
         WHERE due_at <= $1 ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED",
        now,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(due) = due else {
        return Ok(Progress::Nothing);
    };
    let user = UserId(due.user_id);
    if due.deletes_canvases {
        let deleted = delete_canvases(&mut *connection, user).await?;
        if !deleted.is_empty() {
            return Ok(Progress::Done(deleted));
        }
    }
    if due.canvas_id.is_none() {
        rename_in_moderation_log(connection, user).await?;
    }
    if let Some(canvas) = due.canvas_id
        && due.comments_before_seq.or(due.before_seq).is_some()
        && !archive::try_lock(&mut *connection, CanvasId(canvas)).await?
    {
        // Somebody archives events of the canvas, which takes a moment.
        return Ok(Progress::Done(Vec::new()));
    }
    if let (Some(canvas), Some(before)) = (due.canvas_id, due.comments_before_seq) {
        rename_in_comments(connection, user, CanvasId(canvas), before).await?;
        return Ok(Progress::Done(Vec::new()));
    }
    let (Some(canvas), Some(before)) = (due.canvas_id, due.before_seq) else {
        // After those of the hot table, which may have moved meanwhile.
        if let (Some(canvas), Some(before)) = (due.canvas_id, due.pieces_before_seq) {
            return Ok(Progress::Archived(ArchivedNames {
                user,
                canvas: CanvasId(canvas),
                before,
            }));
        }
        match next_canvas(connection, user, due.canvas_id).await? {
            Some(canvas) => begin_canvas(connection, user, canvas).await?,
            None => end_pass(connection, user, due.passes_left, now).await?,
        }
        return Ok(Progress::Done(Vec::new()));
    };
    let before = rename_in_chat(connection, user, CanvasId(canvas), before).await?;
    query!(
        "UPDATE name_removals SET before_seq = $2 WHERE user_id = $1",
        user.0,
        before,
    )
    .execute(connection)
    .await?;
    Ok(Progress::Done(Vec::new()))
}

/// Replaces the user's name in the lines that name several people. Those that name one refer to
/// the user's row.
async fn rename_in_moderation_log(connection: &mut PgConnection, user: UserId) -> Result<()> {
    query!(
        "UPDATE moderation_log l SET detail = jsonb_set(l.detail, '{usernames}', (
             SELECT jsonb_agg(u.username ORDER BY named.place)
             FROM jsonb_array_elements_text(l.detail -> 'user_ids') WITH ORDINALITY
                 AS named (id, place)
             JOIN users u ON u.id = named.id::bigint))
         WHERE l.action IN ('rewrite', 'rewrite_undone')
           AND l.detail -> 'user_ids' @> to_jsonb($1::bigint) AND l.detail ? 'usernames'",
        user.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Goes on with another canvas. Its access version becomes another one, and with it the `ETag` of
/// its snapshot, in which the user may be named. Nothing else is locked while the canvas is.
async fn begin_canvas(connection: &mut PgConnection, user: UserId, canvas: i64) -> Result<()> {
    query!(
        "UPDATE name_removals SET canvas_id = $2, before_seq = $3, comments_before_seq = $3,
                pieces_before_seq = $3
         WHERE user_id = $1",
        user.0,
        canvas,
        i64::MAX,
    )
    .execute(&mut *connection)
    .await?;
    query!(
        "UPDATE canvases SET access_changes = access_changes + 1 WHERE id = $1",
        canvas,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes some of the user's canvases, and returns them; none if there are none left.
pub(crate) async fn delete_canvases(
    executor: impl PgExecutor<'_>,
    user: UserId,
) -> Result<Vec<CanvasId>> {
    let deleted = query_scalar!(
        "DELETE FROM canvases WHERE id IN (
             SELECT id FROM canvases WHERE owner_id = $1 ORDER BY id LIMIT $2)
         RETURNING id",
        user.0,
        CANVASES,
    )
    .fetch_all(executor)
    .await?;
    Ok(deleted.into_iter().map(CanvasId).collect())
}

/// The next canvas after this one on which the user has events; without the index of events
/// by user (`migrations/README.md`), the next of all canvases.
async fn next_canvas(
    connection: &mut PgConnection,
    user: UserId,
    after: Option<i64>,
) -> Result<Option<i64>> {
    let after = after.unwrap_or(i64::MIN);
    let next = if guests::can_purge(&mut *connection).await? {
        query_scalar!(
            r#"SELECT canvas_id AS "canvas_id!" FROM (
                   (SELECT canvas_id FROM canvas_events WHERE actor_id = $1 AND canvas_id > $2
                    ORDER BY actor_id, canvas_id, op_id LIMIT 1)
                   UNION ALL
                   (SELECT canvas_id FROM archived_actors WHERE actor_id = $1 AND canvas_id > $2
                    ORDER BY canvas_id LIMIT 1)
               ) AS next
               ORDER BY 1 LIMIT 1"#,
            user.0,
            after,
        )
        .fetch_optional(connection)
        .await?
    } else {
        query_scalar!(
            "SELECT id FROM canvases WHERE id > $1 ORDER BY id LIMIT 1",
            after,
        )
        .fetch_optional(connection)
        .await?
    };
    Ok(next)
}

/// Notes where the removal of a user's names from the pieces of a canvas goes on; `None` at the
/// end.
pub(crate) async fn go_on_in_archive(
    connection: &mut PgConnection,
    user: UserId,
    before: Option<i64>,
) -> Result<()> {
    query!(
        "UPDATE name_removals SET pieces_before_seq = $2 WHERE user_id = $1",
        user.0,
        before,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes the names from the user's messages among the next ones before `before`. Returns
/// where to go on; `None` at the end. A message that somebody else changes at the same time
/// keeps that change.
async fn rename_in_chat(
    connection: &mut PgConnection,
    user: UserId,
    canvas: CanvasId,
    before: i64,
) -> Result<Option<i64>> {
    // In JSON, quotes inside of a text are escaped, so that no text looks like a field.
    let looked = query!(
        r#"WITH looked AS (
             SELECT seq, actor_id FROM canvas_events
             WHERE canvas_id = $1 AND kind = 'canvas_chat_message' AND seq < $2
             ORDER BY seq DESC LIMIT $3
         ), renamed AS (
             UPDATE canvas_events e
             SET body = regexp_replace(regexp_replace(e.body,
                     '"sender_username":"([^"\\]|\\.)*"',
                     '"sender_username":' || to_json(u.username)),
                     '"sender_display_name":"([^"\\]|\\.)*"',
                     '"sender_display_name":' || to_json(u.display_name))
             FROM looked l, users u
             WHERE l.actor_id = $4 AND e.canvas_id = $1 AND e.seq = l.seq AND u.id = $4
               AND position('"sender_username":' || to_json(u.username) in e.body) = 0
         )
         SELECT count(*) AS "count!", min(seq) AS first FROM looked"#,
        canvas.0,
        before,
        MESSAGES,
        user.0,
    )
    .fetch_one(connection)
    .await?;
    Ok(looked.first.filter(|_| looked.count == MESSAGES))
}

/// Removes the names from the events of the user's next comments before `before`, and notes
/// where to go on. Events of the same comments that came later repeat the names of these.
async fn rename_in_comments(
    connection: &mut PgConnection,
    user: UserId,
    canvas: CanvasId,
    before: i64,
) -> Result<()> {
    let looked = query!(
        r#"WITH looked AS (
             SELECT seq FROM comments
             WHERE author_id = $1 AND canvas_id = $2 AND seq < $3
             ORDER BY seq DESC LIMIT $4
         ), renamed AS (
             UPDATE canvas_events e
             SET body = regexp_replace(e.body,
                     '"username":"([^"\\]|\\.)*","display_name":"([^"\\]|\\.)*"',
                     '"username":' || to_json(u.username)
                         || ',"display_name":' || to_json(u.display_name))
             FROM looked l, users u
             WHERE e.canvas_id = $2 AND e.seq = l.seq AND e.kind = 'comment_created' AND u.id = $1
               AND position('"username":' || to_json(u.username) in e.body) = 0
         )
         SELECT count(*) AS "count!", min(seq) AS first FROM looked"#,
        user.0,
        canvas.0,
        before,
        COMMENTS,
    )
    .fetch_one(&mut *connection)
    .await?;
    query!(
        "UPDATE name_removals SET comments_before_seq = $2 WHERE user_id = $1",
        user.0,
        looked.first.filter(|_| looked.count == COMMENTS),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a pass. After the last, nodes are told to forget the names that they have in memory.
async fn end_pass(
    connection: &mut PgConnection,
    user: UserId,
    passes_left: i32,
    now: DateTime<Utc>,
) -> Result<()> {
    let next = (passes_left > 1).then(|| now + BETWEEN_PASSES);
    query!(
        "UPDATE name_removals SET canvas_id = NULL, before_seq = NULL, comments_before_seq = NULL,
                pieces_before_seq = NULL, due_at = $2,
                passes_left = passes_left - 1
         WHERE user_id = $1",
        user.0,
        next,
    )
    .execute(&mut *connection)
    .await?;
    query!(
        "UPDATE users SET renamed_at = clock_timestamp() WHERE id = $1",
        user.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}
