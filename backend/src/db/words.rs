//! Replaces and removes the stored words of messages and comments. No other module does.

use super::{
    DbError, Result,
    notifications::{self, Quoted},
};
use crate::{
    message_id,
    words::{Source, TextRevision},
};
use shared::ids::{CanvasId, MessageId, UserId};
use sqlx::{PgConnection, PgExecutor, query, query_as};
use std::collections::BTreeMap;

/// A chat message of the log.
#[derive(Clone, Debug)]
pub(crate) struct LoggedMessage {
    pub(crate) seq: i64,
    /// What is stored of it.
    pub(crate) body: String,
}

/// Words that are replaced or removed.
#[derive(Clone, Debug)]
pub(crate) struct Rewording {
    /// What is stored from now on of the event that said them.
    pub(crate) body: String,
    pub(crate) revision: TextRevision,
}

/// The rewordings of a transaction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rewordings {
    /// By the `seq` of the event that said the words; of several, the last.
    pub(crate) of: BTreeMap<i64, Rewording>,
    /// The `seq` of the newest event that announces one.
    pub(crate) last_seq: i64,
}

/// The messages of the hot table with these ids, or at these `seq`s; those that do not exist are
/// missing.
///
/// Each is looked up by itself, for the reason given at [`super::log::prior_results`].
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    ids: &[MessageId],
    seqs: &[i64],
) -> Result<Vec<LoggedMessage>> {
    let (mut old, mut placed, mut places) = (Vec::new(), Vec::new(), Vec::new());
    for id in ids {
        match message_id::seq(*id) {
            Some(place) => {
                placed.push(id.to_string());
                places.push(place);
            }
            None => old.push(id.to_string()),
        }
    }
    query_as!(
        LoggedMessage,
        // Ids of version 7 do not contain their `seq`, and have an index.
        r#"SELECT found.seq AS "seq!", found.body AS "body!"
           FROM unnest($2::text[]) AS asked (id),
           LATERAL (
               SELECT seq, body FROM canvas_events
               WHERE canvas_id = $1 AND kind = 'canvas_chat_message'
                 AND substr(body, 45, 36) = asked.id AND substr(body, 59, 1) = '7'
                 AND to_regclass('canvas_events_old_message_id_idx') IS NOT NULL
               LIMIT 1
           ) AS found
           UNION ALL
           SELECT found.seq, found.body
           FROM unnest($4::text[], $5::bigint[]) AS asked (id, seq),
           LATERAL (
               SELECT seq, body FROM canvas_events
               WHERE canvas_id = $1 AND seq = asked.seq AND kind = 'canvas_chat_message'
                 AND substr(body, 45, 36) = asked.id
               LIMIT 1
           ) AS found
           UNION ALL
           SELECT seq, body FROM canvas_events
           WHERE canvas_id = $1 AND seq = ANY($3) AND kind = 'canvas_chat_message'"#,
        canvas.0,
        &old,
        seqs,
        &placed,
        &places,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// Replaces the words in the events that said them; events that repeat them need no change.
/// For archived events the new words are kept apart until they are moved into the piece, and the
/// row that may still be in the hot table changes as well. Called under the canvas's lock, in the
/// transaction of the events that tell of it.
pub(crate) async fn save(
    connection: &mut PgConnection,
    canvas: CanvasId,
    rewordings: &Rewordings,
) -> Result<()> {
    if rewordings.of.is_empty() {
        return Ok(());
    }
    let seqs: Vec<i64> = rewordings.of.keys().copied().collect();
    let bodies = rewordings.of.values();
    let bodies: Vec<&str> = bodies.map(|rewording| rewording.body.as_str()).collect();
    query!(
        "WITH reworded AS (
             UPDATE canvas_events e SET body = new.body
             FROM unnest($2::bigint[], $3::text[]) AS new (seq, body)
             WHERE e.canvas_id = $1 AND e.seq = new.seq
         ), archived AS (
             INSERT INTO archive_rewordings (canvas_id, seq, body)
             SELECT $1, new.seq, new.body
             FROM unnest($2::bigint[], $3::text[]) AS new (seq, body)
             JOIN canvases c ON c.id = $1 AND new.seq <= c.archived_seq
             ON CONFLICT (canvas_id, seq) DO UPDATE SET body = excluded.body
         )
         UPDATE canvases SET last_removal = $4 WHERE id = $1",
        canvas.0,
        &seqs,
        &bodies as &[&str],
        rewordings.last_seq,
    )
    .execute(connection)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Replaces the words in the notifications that quote them. Called after everything else in the
/// transaction, before it tells the users `told` of something.
pub(crate) async fn save_quoted(
    connection: &mut PgConnection,
    rewordings: &Rewordings,
    told: &[UserId],
) -> Result<()> {
    let revisions = rewordings.of.values().map(|rewording| &rewording.revision);
    let words: Vec<(Quoted, &str)> = revisions
        .map(|revision| match revision.source {
            Source::Message(id) => (Quoted::Message(id), revision.text.as_str()),
            Source::Comment(id) => (Quoted::Comment(id.0), revision.text.as_str()),
        })
        .collect();
    notifications::replace_all_words(connection, &words, told).await
}
