//! Appeals against sanctions. An appeal is changed under the lock of its sanction's scope
//! (`sanctions::lock_scope`).

use super::{DbError, Result, name_of};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::Value;
use shared::{
    api::{
        moderation::UserRef,
        sanctions::{Appeal, AppealMessage, AppealState},
    },
    canvas::Rank,
    ids::{CanvasId, UserId},
    time::Timestamp,
};
use sqlx::{PgExecutor, query, query_scalar};

/// How long after a sanction there may be an appeal.
pub(crate) const WINDOW: TimeDelta = TimeDelta::days(30);
/// How long admins wait until they see an appeal that is not answered, in days.
const UNANSWERED_DAYS: i32 = 7;

/// An appeal, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct StoredAppeal {
    pub(crate) id: i64,
    pub(crate) sanction_id: i64,
    pub(crate) state: AppealState,
    created_at: Timestamp,
    decided_at: Option<Timestamp>,
    messages: Vec<StoredMessage>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct StoredMessage {
    author: Option<UserRef>,
    by_sanctioned: bool,
    text: String,
    at: Timestamp,
}

impl StoredAppeal {
    /// From the JSON of a query.
    pub(super) fn parse(json: Value) -> sqlx::Result<Self> {
        serde_json::from_value(json).map_err(|error| sqlx::Error::Decode(error.into()))
    }

    /// How many messages there are.
    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }

    /// As it is shown: with the names of moderators only to moderators, and never to the
    /// sanctioned user.
    pub(crate) fn shown(&self, moderates: bool) -> Appeal {
        let messages = self.messages.iter().map(|message| AppealMessage {
            author: (moderates || message.by_sanctioned)
                .then(|| message.author.clone())
                .flatten(),
            text: message.text.clone(),
            at: message.at,
        });
        Appeal {
            id: self.id,
            sanction_id: self.sanction_id,
            state: self.state,
            messages: messages.collect(),
            created_at: self.created_at,
            decided_at: self.decided_at,
            sanction: None,
        }
    }
}

/// Makes an appeal; none if there is one. Returns its id.
pub(crate) async fn insert(
    executor: impl PgExecutor<'_>,
    sanction_id: i64,
    user: UserId,
    text: &str,
) -> Result<Option<i64>> {
    query_scalar!(
        r#"WITH made AS (
             INSERT INTO appeals (sanction_id) VALUES ($1)
             ON CONFLICT (sanction_id) DO NOTHING
             RETURNING id
           ), said AS (
             INSERT INTO appeal_messages (appeal_id, author_id, by_sanctioned, text)
             SELECT id, $2, true, $3 FROM made
           )
           SELECT id AS "id!" FROM made"#,
        sanction_id,
        user.0,
        text,
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// Which sanction an appeal is against; none if there is no such appeal.
pub(crate) async fn sanction_of(executor: impl PgExecutor<'_>, id: i64) -> Result<Option<i64>> {
    query_scalar!("SELECT sanction_id FROM appeals WHERE id = $1", id)
        .fetch_optional(executor)
        .await
        .map_err(DbError::from)
}

/// Adds a message.
pub(crate) async fn say(
    executor: impl PgExecutor<'_>,
    id: i64,
    author: UserId,
    by_sanctioned: bool,
    text: &str,
) -> Result<()> {
    query!(
        "INSERT INTO appeal_messages (appeal_id, author_id, by_sanctioned, text)
         VALUES ($1, $2, $3, $4)",
        id,
        author.0,
        by_sanctioned,
        text,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Decides an appeal. The sanction is changed by its own statements.
pub(crate) async fn decide(
    executor: impl PgExecutor<'_>,
    id: i64,
    state: AppealState,
    moderator: UserId,
) -> Result<()> {
    query!(
        "UPDATE appeals SET state = $2, decided_by = $3, decided_at = clock_timestamp()
         WHERE id = $1",
        id,
        name_of(state),
        moderator.0,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Has a sanction end earlier.
pub(crate) async fn shorten(
    executor: impl PgExecutor<'_>,
    sanction_id: i64,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    query!(
        "UPDATE sanctions SET expires_at = $2 WHERE id = $1 AND lifted_at IS NULL",
        sanction_id,
        expires_at,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Which appeals are listed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AppealFilter {
    /// Those of a canvas.
    Canvas(CanvasId),
    /// Those that concern admins: of sanctions on the whole server, those of canvases that
    /// were not answered for [`UNANSWERED_DAYS`], and those that nobody else on their canvas
    /// may decide.
    Admins,
}

/// The sanctions of appeals with an id below `before`, the newest appeal first.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    filter: AppealFilter,
    state: Option<AppealState>,
    before: i64,
    limit: i64,
) -> Result<Vec<i64>> {
    let state = state.map(name_of);
    match filter {
        AppealFilter::Canvas(canvas) => {
            query_scalar!(
                "SELECT a.sanction_id FROM sanctions s JOIN appeals a ON a.sanction_id = s.id
                 WHERE s.canvas_id = $1 AND a.id < $2 AND ($3::text IS NULL OR a.state = $3)
                 ORDER BY a.id DESC LIMIT $4",
                canvas.0,
                before,
                state,
                limit,
            )
            .fetch_all(executor)
            .await
        }
        AppealFilter::Admins => {
            query_scalar!(
                "SELECT a.sanction_id FROM appeals a
                 JOIN sanctions s ON s.id = a.sanction_id
                 LEFT JOIN canvases c ON c.id = s.canvas_id
                 WHERE a.id < $1 AND ($2::text IS NULL OR a.state = $2)
                   AND (s.canvas_id IS NULL
                        OR (c.id IS NOT NULL AND a.state = 'waiting'
                            AND (coalesce((SELECT max(m.at) FROM appeal_messages m
                                           WHERE m.appeal_id = a.id AND NOT m.by_sanctioned),
                                          a.created_at)
                                     < clock_timestamp() - make_interval(days => $4)
                                 OR (s.issued_by = c.owner_id AND NOT EXISTS (
                                         SELECT FROM canvas_members m
                                         WHERE m.canvas_id = c.id AND m.role = 'moderator')))))
                 ORDER BY a.id DESC LIMIT $3",
                before,
                state,
                limit,
                UNANSWERED_DAYS,
            )
            .fetch_all(executor)
            .await
        }
    }
    .map_err(DbError::from)
}

/// Whether somebody other than the issuer of a sanction may decide an appeal against it: a
/// moderator or the owner of its canvas who ranks above the sanctioned user, or an admin.
/// Deleted accounts decide nothing.
pub(crate) async fn has_other_decider(
    executor: impl PgExecutor<'_>,
    canvas: Option<CanvasId>,
    issuer: UserId,
    sanctioned: UserId,
    sanctioned_rank: Rank,
) -> Result<bool> {
    query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM users u
               WHERE (u.is_admin OR u.is_named_admin) AND u.id <> ALL ($2) AND $3 <> 'admin'
           ) OR EXISTS (
               SELECT FROM canvases c JOIN users u ON u.id = c.owner_id
               WHERE c.id = $1 AND u.id <> ALL ($2) AND u.deleted_at IS NULL
                 AND $3 IN ('other', 'moderator')
           ) OR EXISTS (
               SELECT FROM canvas_members m JOIN users u ON u.id = m.user_id
               WHERE m.canvas_id = $1 AND m.role = 'moderator' AND u.id <> ALL ($2)
                 AND u.deleted_at IS NULL AND $3 = 'other'
           ) AS "exists!""#,
        canvas.map(|canvas| canvas.0),
        &[issuer.0, sanctioned.0][..],
        match sanctioned_rank {
            Rank::Other => "other",
            Rank::Moderator => "moderator",
            Rank::Owner => "owner",
            Rank::Admin => "admin",
        },
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
}
