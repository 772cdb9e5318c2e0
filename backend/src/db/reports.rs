//! Reports: one person's of one thing.

use super::{DbError, Result, name_of, named};
use chrono::{DateTime, Utc};
use shared::{
    api::reports::{Outcome, Report, ReportRule, ReportState},
    ids::{CanvasId, UserId},
};
use sqlx::{PgExecutor, query, query_scalar};

/// A checked query of [`Report`]s: the statement after its join, and the arguments.
macro_rules! report_query {
    ($after:tt, $($argument:expr),+ $(,)?) => {
        query!(
            r#"SELECT r.id, r.case_id, r.rule, r.created_at, r.withdrawn_at, c.outcome
               FROM reports r JOIN cases c ON c.id = r.case_id "# + $after,
            $($argument),+
        )
        .try_map(|row| {
            let decided: Option<Outcome> = row.outcome.map(named).transpose()?;
            let is_withdrawn = row.withdrawn_at.is_some();
            Ok(Report {
                id: row.id,
                case_id: row.case_id,
                state: match decided {
                    _ if is_withdrawn => ReportState::Withdrawn,
                    Some(_) => ReportState::Decided,
                    None => ReportState::Open,
                },
                outcome: decided.filter(|_| !is_withdrawn),
                rule: named(row.rule)?,
                created_at: row.created_at.into(),
            })
        })
    };
}

/// A user's reports with an id below `before`, newest first.
pub(crate) async fn of_user(
    executor: impl PgExecutor<'_>,
    reporter: UserId,
    before: i64,
    limit: i64,
) -> Result<Vec<Report>> {
    report_query!(
        "WHERE r.reporter_id = $1 AND r.id < $2 ORDER BY r.id DESC LIMIT $3",
        reporter.0,
        before,
        limit,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// A user's report in a case, unless it was withdrawn.
pub(crate) async fn in_case(
    executor: impl PgExecutor<'_>,
    case_id: i64,
    reporter: UserId,
) -> Result<Option<Report>> {
    report_query!(
        "WHERE r.case_id = $1 AND r.reporter_id = $2 AND r.withdrawn_at IS NULL",
        case_id,
        reporter.0,
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// Who reports in a case.
pub(crate) async fn reporters(executor: impl PgExecutor<'_>, case_id: i64) -> Result<Vec<UserId>> {
    query_scalar!(
        r#"SELECT reporter_id AS "reporter_id!" FROM reports
         WHERE case_id = $1 AND withdrawn_at IS NULL AND reporter_id IS NOT NULL"#,
        case_id,
    )
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
    .map(|ids| ids.into_iter().map(UserId).collect())
}

/// What a report refers to.
#[expect(clippy::struct_field_names, reason = "they are ids")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReportIds {
    pub(crate) case_id: i64,
    pub(crate) canvas_id: CanvasId,
    /// None where the user was deleted.
    pub(crate) reporter_id: Option<UserId>,
}

/// What the report `id` refers to; none if there is no such report.
pub(crate) async fn ids(executor: impl PgExecutor<'_>, id: i64) -> Result<Option<ReportIds>> {
    query!(
        "SELECT r.case_id, r.reporter_id, c.canvas_id
         FROM reports r JOIN cases c ON c.id = r.case_id WHERE r.id = $1",
        id,
    )
    .map(|row| ReportIds {
        case_id: row.case_id,
        canvas_id: CanvasId(row.canvas_id),
        reporter_id: row.reporter_id.map(UserId),
    })
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// Locks the user to the end of the transaction, so that their reports are counted one after
/// the other. False if there is no such user.
pub(crate) async fn lock_reporter(executor: impl PgExecutor<'_>, user: UserId) -> Result<bool> {
    let found = query_scalar!(
        r#"SELECT 1 AS "one!" FROM users WHERE id = $1 FOR NO KEY UPDATE"#,
        user.0,
    )
    .fetch_optional(executor)
    .await?;
    Ok(found.is_some())
}

/// When the newest but `count` of the user's reports since `since` was made: while there is
/// one, the user has made more than `count`. Withdrawn ones count too.
pub(crate) async fn nth_newest(
    executor: impl PgExecutor<'_>,
    reporter: UserId,
    since: DateTime<Utc>,
    count: i64,
) -> Result<Option<DateTime<Utc>>> {
    query_scalar!(
        "SELECT created_at FROM reports WHERE reporter_id = $1 AND created_at > $2
         ORDER BY id DESC OFFSET $3 LIMIT 1",
        reporter.0,
        since,
        count,
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// Adds a report to an open case; none if the user reports it already. Called in a
/// transaction that has the case locked, or that opened it.
pub(crate) async fn insert(
    executor: impl PgExecutor<'_>,
    case_id: i64,
    reporter: UserId,
    rule: ReportRule,
    comment: &str,
) -> Result<Option<Report>> {
    let row = query!(
        r#"WITH added AS (
             INSERT INTO reports (case_id, reporter_id, rule, comment) VALUES ($1, $2, $3, $4)
             ON CONFLICT (case_id, reporter_id) WHERE withdrawn_at IS NULL DO NOTHING
             RETURNING id, created_at
           ), counted AS (
             UPDATE cases SET reporters = reporters + 1
             WHERE id = $1 AND EXISTS (SELECT FROM added)
           )
           SELECT id, created_at FROM added"#,
        case_id,
        reporter.0,
        name_of(rule),
        comment,
    )
    .fetch_optional(executor)
    .await?;
    Ok(row.map(|row| Report {
        id: row.id,
        case_id,
        state: ReportState::Open,
        outcome: None,
        rule,
        created_at: row.created_at.into(),
    }))
}

/// Withdraws a report, and returns how many reports its case has left; none if it was
/// withdrawn before. Called in a transaction that has the case locked.
pub(crate) async fn withdraw(executor: impl PgExecutor<'_>, id: i64) -> Result<Option<i64>> {
    query_scalar!(
        "WITH withdrawn AS (
             UPDATE reports SET withdrawn_at = clock_timestamp()
             WHERE id = $1 AND withdrawn_at IS NULL
             RETURNING case_id
         )
         UPDATE cases SET reporters = reporters - 1
         WHERE id = (SELECT case_id FROM withdrawn)
         RETURNING reporters",
        id,
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}
