//! The moderation log: what was done to keep order on a canvas.

use super::{DbError, Result, name_of, named};
use serde_json::Value;
use shared::{
    api::moderation::{LogLine, ModerationAction, UserRef},
    ids::{CanvasId, UserId},
};
use sqlx::{PgExecutor, query};

/// A new line.
#[derive(Clone, Debug)]
pub(crate) struct NewLine<'a> {
    /// None for an act that concerns the whole server.
    pub(crate) canvas: Option<CanvasId>,
    pub(crate) action: ModerationAction,
    /// Who acted.
    pub(crate) actor: UserId,
    /// On whom, if it was one person.
    pub(crate) target: Option<UserId>,
    /// May be empty.
    pub(crate) reason: &'a str,
    /// A JSON object; what it has depends on the action.
    pub(crate) detail: Value,
}

/// Adds a line. Called in the transaction of the act.
pub(crate) async fn append(executor: impl PgExecutor<'_>, line: &NewLine<'_>) -> Result<()> {
    query!(
        "INSERT INTO moderation_log (canvas_id, action, actor_id, target_id, reason, detail)
         VALUES ($1, $2, $3, $4, $5, $6)",
        line.canvas.map(|canvas| canvas.0),
        name_of(line.action),
        line.actor.0,
        line.target.map(|user| user.0),
        line.reason,
        line.detail,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// The lines of a canvas with an id below `before`, newest first.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    before: i64,
    limit: i64,
    with_actors: bool,
) -> Result<Vec<LogLine>> {
    query!(
        r#"SELECT l.id, l.at, l.action, l.reason, l.detail,
                  a.id AS "actor_id?", a.username AS "actor_username?",
                  a.display_name AS "actor_display_name?",
                  t.id AS "target_id?", t.username AS "target_username?",
                  t.display_name AS "target_display_name?"
           FROM moderation_log l
           LEFT JOIN users a ON a.id = l.actor_id AND $4
           LEFT JOIN users t ON t.id = l.target_id
           WHERE l.canvas_id = $1 AND l.id < $2
           ORDER BY l.id DESC
           LIMIT $3"#,
        canvas.0,
        before,
        limit,
        with_actors,
    )
    .try_map(|row| {
        Ok(LogLine {
            id: row.id,
            at: row.at.into(),
            action: named(row.action)?,
            actor: user_ref(row.actor_id, row.actor_username, row.actor_display_name),
            target: user_ref(row.target_id, row.target_username, row.target_display_name),
            reason: row.reason,
            detail: row.detail,
        })
    })
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// A user of a `LEFT JOIN`.
pub(super) fn user_ref(
    id: Option<i64>,
    username: Option<String>,
    display_name: Option<String>,
) -> Option<UserRef> {
    Some(UserRef {
        user_id: UserId(id?),
        username: username?,
        display_name: display_name?,
    })
}
