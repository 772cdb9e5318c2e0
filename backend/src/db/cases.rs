//! Cases: all open reports of one thing, which a moderator decides.

mod position;
mod target;

pub(crate) use position::ListPosition;
pub(crate) use target::CaseTarget;

use super::{DbError, Result, appeals, moderation_log::user_ref, name_of, named};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use shared::{
    api::{
        moderation::UserRef,
        reports::{CaseState, Outcome, ReportComment, ReportRule},
    },
    ids::{CanvasId, UserId},
    time::Timestamp,
};
use sqlx::{PgExecutor, query, query_scalar};
use std::collections::BTreeMap;

/// How long a claim lasts, in minutes.
const CLAIM_MINUTES: i32 = 15;
/// How long evidence is kept after the decision and its appeal.
const EVIDENCE_KEPT: TimeDelta = TimeDelta::days(90);
/// Cases whose evidence one statement deletes.
pub(crate) const PURGE_BATCH: u64 = 200;

/// Cases of private messages are stored as those of this canvas, which does not exist.
pub(crate) const NO_CANVAS: CanvasId = CanvasId(0);

/// A case, as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct StoredCase {
    pub(crate) id: i64,
    /// [`NO_CANVAS`] for a private message.
    pub(crate) canvas_id: CanvasId,
    pub(crate) target: CaseTarget,
    /// Who is reported.
    pub(crate) reported: Vec<UserId>,
    pub(crate) rules: BTreeMap<ReportRule, i64>,
    pub(crate) reporters: i64,
    pub(crate) state: CaseState,
    /// Who claimed it and until when, where `state` is [`CaseState::Claimed`].
    pub(crate) claimed_by: Option<UserRef>,
    pub(crate) claimed_until: Option<Timestamp>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) outcome_note: String,
    /// JSON of `evidence::StoredEvidence`; none once it was deleted.
    pub(crate) evidence: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) decided_at: Option<Timestamp>,
}

impl StoredCase {
    /// Its position in lists.
    pub(crate) fn position(&self) -> ListPosition {
        ListPosition {
            reporters: self.reporters,
            id: self.id,
        }
    }
}

/// A checked query of [`StoredCase`]s: the statement after its joins, and the arguments.
macro_rules! case_query {
    ($after:tt, $($argument:expr),+ $(,)?) => {
        query!(
            r#"SELECT c.id, c.canvas_id, c.target, c.reported, c.reporters, c.outcome,
                      c.outcome_note, c.evidence, c.created_at, c.decided_at,
                      c.claimed_until, c.claimed_until > clock_timestamp() AS is_claimed,
                      u.id AS "claimer_id?", u.username AS "claimer_username?",
                      u.display_name AS "claimer_display_name?", r.rules
               FROM cases c
               LEFT JOIN users u ON u.id = c.claimed_by
               LEFT JOIN LATERAL (
                   SELECT jsonb_object_agg(rule, number) AS rules FROM (
                       SELECT rule, count(*) AS number FROM reports
                       WHERE case_id = c.id AND withdrawn_at IS NULL GROUP BY rule
                   ) AS counted
               ) AS r ON true "# + $after,
            $($argument),+
        )
        .try_map(|row| {
            let outcome: Option<Outcome> = row.outcome.map(named).transpose()?;
            let is_claimed = outcome.is_none() && row.is_claimed == Some(true);
            let claimer = user_ref(
                row.claimer_id,
                row.claimer_username,
                row.claimer_display_name,
            );
            Ok(StoredCase {
                id: row.id,
                canvas_id: CanvasId(row.canvas_id),
                target: json(row.target)?,
                reported: row.reported.into_iter().map(UserId).collect(),
                rules: row.rules.map(json).transpose()?.unwrap_or_default(),
                reporters: row.reporters,
                state: match outcome {
                    Some(_) => CaseState::Decided,
                    None if is_claimed => CaseState::Claimed,
                    None => CaseState::Open,
                },
                claimed_by: claimer.filter(|_| is_claimed),
                claimed_until: row.claimed_until.filter(|_| is_claimed).map(Timestamp::from),
                outcome,
                outcome_note: row.outcome_note,
                evidence: row.evidence,
                created_at: row.created_at.into(),
                decided_at: row.decided_at.map(Timestamp::from),
            })
        })
    };
}

fn json<T: serde::de::DeserializeOwned>(value: Value) -> sqlx::Result<T> {
    serde_json::from_value(value).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// A case; none if there is no such case.
pub(crate) async fn find(executor: impl PgExecutor<'_>, id: i64) -> Result<Option<StoredCase>> {
    case_query!("WHERE c.id = $1", id)
        .fetch_optional(executor)
        .await
        .map_err(DbError::from)
}

/// The same, locked to the end of the transaction.
pub(crate) async fn lock(executor: impl PgExecutor<'_>, id: i64) -> Result<Option<StoredCase>> {
    case_query!("WHERE c.id = $1 FOR NO KEY UPDATE OF c", id)
        .fetch_optional(executor)
        .await
        .map_err(DbError::from)
}

/// Cases after a position, most reporters first: of one canvas, or of all.
pub(crate) async fn list(
    executor: impl PgExecutor<'_>,
    canvas: Option<CanvasId>,
    state: Option<CaseState>,
    after: ListPosition,
    limit: i64,
) -> Result<Vec<StoredCase>> {
    let state = state.map(name_of);
    // A statement for each kind of list, so that each has its index.
    match canvas {
        Some(canvas) => {
            case_query!(
                "WHERE c.canvas_id = $1 AND (c.reporters, c.id) < ($2, $3)
                   AND ($4::text IS NULL OR $4 = CASE
                        WHEN c.outcome IS NOT NULL THEN 'decided'
                        WHEN c.claimed_until > clock_timestamp() THEN 'claimed'
                        ELSE 'open' END)
                 ORDER BY c.reporters DESC, c.id DESC
                 LIMIT $5",
                canvas.0,
                after.reporters,
                after.id,
                state,
                limit,
            )
            .fetch_all(executor)
            .await
        }
        None => {
            case_query!(
                "WHERE (c.reporters, c.id) < ($1, $2)
                   AND ($3::text IS NULL OR $3 = CASE
                        WHEN c.outcome IS NOT NULL THEN 'decided'
                        WHEN c.claimed_until > clock_timestamp() THEN 'claimed'
                        ELSE 'open' END)
                 ORDER BY c.reporters DESC, c.id DESC
                 LIMIT $4",
                after.reporters,
                after.id,
                state,
                limit,
            )
            .fetch_all(executor)
            .await
        }
    }
    .map_err(DbError::from)
}

/// A new case.
pub(crate) struct NewCase<'a> {
    pub(crate) canvas_id: CanvasId,
    pub(crate) target: &'a CaseTarget,
    pub(crate) reported: &'a [UserId],
    /// Whether a guest makes the first report.
    pub(crate) by_guest: bool,
    /// See [`StoredCase::evidence`].
    pub(crate) evidence: &'a str,
}

/// Opens a case without reporters, and returns its id; none if the thing has an open case.
pub(crate) async fn insert(
    executor: impl PgExecutor<'_>,
    new: &NewCase<'_>,
) -> Result<Option<i64>> {
    let reported: Vec<i64> = new.reported.iter().map(|user| user.0).collect();
    let target = serde_json::to_value(new.target).unwrap_or_default();
    query_scalar!(
        "INSERT INTO cases (canvas_id, target, target_key, reported, by_guest, evidence)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (canvas_id, target_key) WHERE outcome IS NULL DO NOTHING
         RETURNING id",
        new.canvas_id.0,
        target,
        new.target.key(),
        &reported,
        new.by_guest,
        new.evidence,
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// The open case of a thing.
pub(crate) async fn open_case(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    target: &CaseTarget,
) -> Result<Option<i64>> {
    query_scalar!(
        "SELECT id FROM cases WHERE canvas_id = $1 AND target_key = $2 AND outcome IS NULL",
        canvas.0,
        target.key(),
    )
    .fetch_optional(executor)
    .await
    .map_err(DbError::from)
}

/// Whether there is such a case on a canvas; without a canvas, anywhere.
pub(crate) async fn is_at(
    executor: impl PgExecutor<'_>,
    id: i64,
    canvas: Option<CanvasId>,
) -> Result<bool> {
    query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM cases WHERE id = $1 AND ($2::bigint IS NULL OR canvas_id = $2)
           ) AS "exists!""#,
        id,
        canvas.map(|canvas| canvas.0),
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
}

/// How many cases of a canvas are not decided, and how many of those a guest opened. Neither
/// is counted beyond `limit`.
pub(crate) async fn undecided(
    executor: impl PgExecutor<'_>,
    canvas: CanvasId,
    limit: i64,
) -> Result<(i64, i64)> {
    let counted = query!(
        r#"SELECT count(*) AS "all!", count(*) FILTER (WHERE by_guest) AS "by_guests!"
           FROM (SELECT by_guest FROM cases WHERE canvas_id = $1 AND outcome IS NULL LIMIT $2) AS c"#,
        canvas.0,
        limit,
    )
    .fetch_one(executor)
    .await?;
    Ok((counted.all, counted.by_guests))
}

/// Gives a case to a moderator for a while. Called under [`lock`].
pub(crate) async fn claim(executor: impl PgExecutor<'_>, id: i64, claimer: UserId) -> Result<()> {
    query!(
        "UPDATE cases SET claimed_by = $2,
                claimed_until = clock_timestamp() + make_interval(mins => $3)
         WHERE id = $1",
        id,
        claimer.0,
        CLAIM_MINUTES,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(drop)
}

/// Decides a case; without a moderator, because nobody reports it any more. Called under
/// [`lock`].
pub(crate) async fn decide(
    executor: impl PgExecutor<'_>,
    id: i64,
    outcome: Outcome,
    note: &str,
    moderator: Option<UserId>,
) -> Result<DateTime<Utc>> {
    query_scalar!(
        r#"UPDATE cases SET outcome = $2, outcome_note = $3, decided_by = $4,
                decided_at = clock_timestamp()
           WHERE id = $1
           RETURNING decided_at AS "decided_at!""#,
        id,
        name_of(outcome),
        note,
        moderator.map(|user| user.0),
    )
    .fetch_one(executor)
    .await
    .map_err(DbError::from)
}

/// What the reports of a case say, oldest first, at most `limit`: those with a comment, or,
/// with their authors, all of them.
pub(crate) async fn comments(
    executor: impl PgExecutor<'_>,
    id: i64,
    with_reporters: bool,
    limit: i64,
) -> Result<Vec<ReportComment>> {
    query!(
        r#"SELECT r.comment, r.rule, r.created_at, u.id AS "reporter_id?",
                  u.username AS "reporter_username?", u.display_name AS "reporter_display_name?"
           FROM reports r
           LEFT JOIN users u ON u.id = r.reporter_id AND $2
           WHERE r.case_id = $1 AND r.withdrawn_at IS NULL AND (r.comment <> '' OR $2)
           ORDER BY r.id
           LIMIT $3"#,
        id,
        with_reporters,
        limit,
    )
    .try_map(|row| {
        Ok(ReportComment {
            text: row.comment,
            rule: named(row.rule)?,
            created_at: row.created_at.into(),
            reporter: user_ref(
                row.reporter_id,
                row.reporter_username,
                row.reporter_display_name,
            ),
        })
    })
    .fetch_all(executor)
    .await
    .map_err(DbError::from)
}

/// Deletes the evidence of cases that were decided long enough before `now`, and whose
/// appeals, if there are any, were too. It stays while there may be an appeal against a
/// sanction that came of the case. Returns of how many.
pub(crate) async fn purge_evidence(
    executor: impl PgExecutor<'_>,
    now: DateTime<Utc>,
) -> Result<u64> {
    query!(
        "UPDATE cases SET evidence = NULL WHERE id IN (
             SELECT c.id FROM cases c
             WHERE c.evidence IS NOT NULL AND c.decided_at < $1
               AND NOT EXISTS (
                   SELECT FROM sanctions s LEFT JOIN appeals a ON a.sanction_id = s.id
                   WHERE s.case_id = c.id AND CASE
                       WHEN a.id IS NULL THEN s.kind <> 'warning' AND s.issued_at >= $3
                       ELSE coalesce(a.decided_at >= $1, true) END)
             ORDER BY c.decided_at LIMIT $2
             FOR NO KEY UPDATE SKIP LOCKED)",
        now - EVIDENCE_KEPT,
        i64::try_from(PURGE_BATCH).unwrap_or(i64::MAX),
        now - appeals::WINDOW,
    )
    .execute(executor)
    .await
    .map_err(DbError::from)
    .map(|done| done.rows_affected())
}
