//! The moderation log: what was done to keep order on a canvas.

use super::{DbError, Result, name_of};
use serde_json::Value;
use shared::{
    api::moderation::ModerationAction,
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
