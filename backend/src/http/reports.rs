//! Reports: anybody signed in reports what they may read. All open reports of one thing are
//! one case, whose evidence is frozen when the first comes. A report changes nothing else.

use super::{
    bulk,
    canvases::{check_rate, read_canvas, readable},
    client_addr::ClientAddr,
    error::{ApiError, Resource},
    extract::{AuthUser, CanvasPath, Query, id_path},
    json_body::Json,
    openapi::{
        Body, CellBody, ChangesReport, Limited, MakesReport, QueryOnly, ReadsOwn,
        ReportsDirectMessage,
    },
    pagination::{cursor, page, page_size},
};
use crate::{
    cell_log::HeldPermit,
    config::Switch,
    db::{
        self, Lease, Pool,
        cases::{self, CaseTarget, NO_CANVAS, NewCase},
        conversations, direct_messages, reports, users,
    },
    evidence::{self, CaseEvidence},
    state::AppState,
};
use axum::{Json as JsonBody, extract::State, http::StatusCode};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use shared::{
    api::{
        Canvas, Page, User,
        conversations::DirectMessage,
        reports::{CaseState, NewReport, Outcome, Report, ReportRule, ReportTarget},
    },
    canvas::{Coord, Grid},
    ids::{CanvasId, UserId},
    limits,
    protocol::{CaseOpened, CaseUpdated, ServerMessage},
    text,
};
use std::{sync::Arc, time::Duration};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Reports of one person in [`WINDOW`].
const REPORTS: i64 = 20;
/// The same of a guest.
const GUEST_REPORTS: i64 = 3;
/// See [`REPORTS`].
const WINDOW: TimeDelta = TimeDelta::days(1);
/// Cases of one canvas that are not decided.
const MAX_CASES: i64 = 2_000;
/// The same of cases that guests opened, so that these leave room for others.
const MAX_GUEST_CASES: i64 = 1_000;
/// How long to wait where there are too many.
const FULL_WAIT: Duration = Duration::from_hours(1);
/// How often a report is tried again whose case was decided at the same moment.
const TRIES: usize = 4;

id_path!(
    /// `{report_id}` of the path; 404 for anything but a number.
    ReportPath, "report_id", Resource::Report
);

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(create_private))
        .routes(routes!(list))
        .routes(routes!(withdraw))
}

/// Reports something to the moderators
#[utoipa::path(post, path = "/canvases/{canvas_id}/reports", tag = "reports", request_body = NewReport,
    params(("canvas_id" = i64, Path)),
    responses((status = 201, body = Report, description = "Reported"),
        (status = 200, body = Report, description = "Reported by the same person before"),
        MakesReport, CellBody, Limited))]
async fn create(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    CanvasPath(id): CanvasPath,
    client: ClientAddr,
    Json(body): Json<NewReport>,
) -> Result<(StatusCode, JsonBody<Report>), ApiError> {
    let comment = comment(&body)?;
    check_rate(&state, session.user_id())?;
    let reads = &state.pools.reads;
    let access = readable(reads, id, Some(session.user_id())).await?;
    if let Some(ban) = access.ban {
        return Err(ApiError::Sanctioned(ban));
    }
    let canvas = read_canvas(reads, id, Some(session.user_id())).await?;
    let reporter = users::find(reads, session.user_id())
        .await?
        .ok_or(ApiError::Unauthenticated)?;
    let target = resolve(&state, &canvas, &reporter, &body.target).await?;
    let draft = ReportDraft {
        source: Source::Canvas(&canvas),
        reporter: &reporter,
        target: &target,
        wire_target: &body.target,
        rule: body.rule,
        comment: &comment,
    };
    report(&state, client, &draft).await
}

/// Reports a private message to the admins; for who takes part in its conversation
#[utoipa::path(post, path = "/reports", tag = "reports", request_body = NewReport,
    responses((status = 201, body = Report, description = "Reported"),
        (status = 200, body = Report, description = "Reported by the same person before"),
        ReportsDirectMessage, Body, Limited))]
async fn create_private(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    client: ClientAddr,
    Json(body): Json<NewReport>,
) -> Result<(StatusCode, JsonBody<Report>), ApiError> {
    let comment = comment(&body)?;
    let user = session.user_id();
    check_rate(&state, user)?;
    let ReportTarget::DirectMessage { message_id } = body.target else {
        return Err(ApiError::invalid("target", "is reported on its canvas"));
    };
    let reads = &state.pools.reads;
    let message = direct_messages::find(reads, user, message_id)
        .await?
        .ok_or(ApiError::NotFound(Resource::Message))?;
    let other = conversations::other(reads, user, message.conversation_id).await?;
    let (other, _) = other.ok_or(ApiError::NotFound(Resource::Message))?;
    let reporter = users::find(reads, user)
        .await?
        .ok_or(ApiError::Unauthenticated)?;
    let draft = ReportDraft {
        source: Source::DirectMessage(&message),
        reporter: &reporter,
        target: &CaseTarget::DirectMessage {
            message_id,
            users: [user, other],
        },
        wire_target: &body.target,
        rule: body.rule,
        comment: &comment,
    };
    report(&state, client, &draft).await
}

/// The comment of a report.
fn comment(body: &NewReport) -> Result<String, ApiError> {
    let comment = body.comment.as_deref().unwrap_or_default();
    let comment = text::clean(comment, &limits::REPORT_COMMENT)
        .map_err(|error| ApiError::invalid("comment", error))?;
    if body.rule == ReportRule::Other && comment.is_empty() {
        return Err(ApiError::invalid("comment", "is required with this rule"));
    }
    Ok(comment)
}

/// Makes a report, or finds the one that the person made before.
async fn report(
    state: &AppState,
    client: ClientAddr,
    draft: &ReportDraft<'_>,
) -> Result<(StatusCode, JsonBody<Report>), ApiError> {
    for _ in 0..TRIES {
        if let Some(report) = own_report(state, draft).await? {
            return Ok((StatusCode::OK, JsonBody(report)));
        }
        match file(state, client, draft).await? {
            FileOutcome::Filed(report) => return Ok((StatusCode::CREATED, JsonBody(report))),
            FileOutcome::Retry => {}
        }
    }
    Err(ApiError::Overloaded(Duration::from_secs(1)))
}

/// Where what is reported stands.
enum Source<'a> {
    Canvas(&'a Canvas),
    DirectMessage(&'a DirectMessage),
}

impl ReportDraft<'_> {
    fn canvas_id(&self) -> CanvasId {
        match self.source {
            Source::Canvas(canvas) => canvas.id,
            Source::DirectMessage(_) => NO_CANVAS,
        }
    }

    async fn evidence(
        &self,
        state: &AppState,
        now: DateTime<Utc>,
        permit: &HeldPermit,
    ) -> db::Result<CaseEvidence> {
        let reads = &state.pools.reads;
        match self.source {
            Source::Canvas(canvas) => {
                let (index, log) = (&state.event_index, &state.log);
                evidence::gather(reads, index, log, canvas, self.target, now, permit).await
            }
            Source::DirectMessage(message) => evidence::of_direct_message(reads, message).await,
        }
    }
}

/// A report that is to be made.
struct ReportDraft<'a> {
    source: Source<'a>,
    reporter: &'a User,
    target: &'a CaseTarget,
    wire_target: &'a ReportTarget,
    rule: ReportRule,
    comment: &'a str,
}

/// What is reported, if it exists.
async fn resolve(
    state: &AppState,
    canvas: &Canvas,
    reporter: &User,
    target: &ReportTarget,
) -> Result<CaseTarget, ApiError> {
    let reads = &state.pools.reads;
    match target {
        ReportTarget::Tile { x, y } => {
            let at = cell(canvas, *x, *y)?;
            // What was deleted can be reported too.
            if !db::evidence::has_cell(reads, canvas.id, at).await? {
                return Err(ApiError::NotFound(Resource::Tile));
            }
            Ok(CaseTarget::Tile { x: at.x, y: at.y })
        }
        ReportTarget::Area { x0, y0, x1, y1 } => {
            let (from, to) = (cell(canvas, *x0, *y0)?, cell(canvas, *x1, *y1)?);
            if to.x < from.x || to.y < from.y {
                return Err(ApiError::invalid("target", "must not end before it begins"));
            }
            if (to.x - from.x + 1) * (to.y - from.y + 1) > limits::REPORT_AREA {
                let most = limits::REPORT_AREA;
                let message = format!("must have at most {most} tiles");
                return Err(ApiError::invalid("target", message));
            }
            Ok(CaseTarget::Area {
                x0: from.x,
                y0: from.y,
                x1: to.x,
                y1: to.y,
            })
        }
        ReportTarget::Message { message_id } => {
            let found = state.log.message(reads, canvas.id, *message_id).await?;
            found.ok_or(ApiError::NotFound(Resource::Message))?;
            Ok(CaseTarget::Message {
                message_id: *message_id,
            })
        }
        ReportTarget::Comment { comment_id } => {
            let found = db::comments::find(reads, *comment_id).await?;
            found
                .filter(|comment| comment.canvas_id == canvas.id)
                .ok_or(ApiError::NotFound(Resource::Comment))?;
            Ok(CaseTarget::Comment {
                comment_id: *comment_id,
            })
        }
        ReportTarget::DirectMessage { .. } => Err(ApiError::invalid("target", "is on no canvas")),
        ReportTarget::User { username } => {
            // No user has an invalid name.
            let name = text::username(username).map_err(|_| ApiError::NotFound(Resource::User))?;
            let user = users::by_name(reads, &name)
                .await?
                .ok_or(ApiError::NotFound(Resource::User))?;
            if user.id == reporter.id {
                return Err(ApiError::invalid("target", "must be somebody else"));
            }
            Ok(CaseTarget::User { user_id: user.id })
        }
        ReportTarget::Canvas => Ok(CaseTarget::Canvas),
    }
}

fn cell(canvas: &Canvas, x: i64, y: i64) -> Result<Coord, ApiError> {
    let grid = Grid {
        width: canvas.width,
        height: canvas.height,
        tile_size: canvas.tile_size,
        palette: canvas.palette.len(),
    };
    let at = i32::try_from(x).ok().zip(i32::try_from(y).ok());
    at.map(|(x, y)| Coord { x, y })
        .filter(|at| grid.contains(*at))
        .ok_or(ApiError::Refused(shared::canvas::Refusal::OutOfBounds))
}

/// The report of the same thing that the person made before, if its case is open.
async fn own_report(state: &AppState, draft: &ReportDraft<'_>) -> Result<Option<Report>, ApiError> {
    let reads = &state.pools.reads;
    let Some(case) = cases::open_case(reads, draft.canvas_id(), draft.target).await? else {
        return Ok(None);
    };
    Ok(reports::in_case(reads, case, draft.reporter.id).await?)
}

/// The outcome of one attempt to file a report.
enum FileOutcome {
    Filed(Report),
    /// To be tried again: the case was opened or decided by others meanwhile, or the same
    /// person reported the thing twice at once.
    Retry,
}

async fn file(
    state: &AppState,
    client: ClientAddr,
    draft: &ReportDraft<'_>,
) -> Result<FileOutcome, ApiError> {
    let reads = &state.pools.reads;
    let canvas = draft.canvas_id();
    check_count(state, reads, draft.reporter).await?;
    let open = cases::open_case(reads, canvas, draft.target).await?;
    let evidence = if open.is_some() {
        None
    } else {
        check_room(state, draft).await?;
        state
            .user_limits
            .case(client.ip)
            .map_err(ApiError::RateLimited)?;
        let permit: HeldPermit = Arc::new(bulk::compute_permit(state, canvas, client).await?);
        let now = state.hub.clock().now();
        Some(draft.evidence(state, now, &permit).await?)
    };
    let mut transaction = state.pool.begin().await?;
    if !reports::lock_reporter(&mut transaction, draft.reporter.id).await? {
        return Err(ApiError::Unauthenticated);
    }
    check_count_locked(state, &mut transaction, draft.reporter).await?;
    let opened = match &evidence {
        Some(gathered) => {
            let evidence = serde_json::to_string(&gathered.evidence).map_err(ApiError::internal)?;
            let case = NewCase {
                canvas_id: canvas,
                target: draft.target,
                reported: &gathered.reported,
                by_guest: draft.reporter.is_guest,
                evidence: &evidence,
            };
            cases::insert(&mut transaction, &case).await?
        }
        None => None,
    };
    let case = match opened {
        Some(case) => Some(case),
        None => cases::open_case(&mut transaction, canvas, draft.target).await?,
    };
    let Some(case) = case else {
        return Ok(FileOutcome::Retry);
    };
    let locked = cases::lock(&mut transaction, case).await?;
    if locked.is_none_or(|case| case.state == CaseState::Decided) {
        return Ok(FileOutcome::Retry);
    }
    let added = reports::insert(
        &mut transaction,
        case,
        draft.reporter.id,
        draft.rule,
        draft.comment,
    );
    let Some(report) = added.await? else {
        return Ok(FileOutcome::Retry);
    };
    transaction.commit().await?;
    if opened.is_some() && canvas != NO_CANVAS {
        let message = ServerMessage::CaseOpened(CaseOpened {
            case_id: case,
            canvas_id: canvas,
            target: draft.wire_target.clone(),
            rule: draft.rule,
            timestamp: report.created_at,
        });
        state.hub.send_to_moderators(canvas, &message);
    }
    Ok(FileOutcome::Filed(report))
}

/// Refuses a report beyond the daily number, before anything is read for it.
async fn check_count(state: &AppState, reads: &Pool, reporter: &User) -> Result<(), ApiError> {
    let mut lease = reads.acquire().await?;
    let checked = check_count_locked(state, &mut lease, reporter).await;
    lease.done();
    checked
}

/// The same under the lock of the person, who may be making others at the same moment.
async fn check_count_locked(
    state: &AppState,
    lease: &mut Lease,
    reporter: &User,
) -> Result<(), ApiError> {
    if state.config.rate_limits == Switch::Off {
        return Ok(());
    }
    let most = if reporter.is_guest {
        GUEST_REPORTS
    } else {
        REPORTS
    };
    let now = state.hub.clock().now();
    let oldest = reports::nth_newest(lease, reporter.id, now - WINDOW, most - 1).await?;
    match oldest {
        Some(oldest) => {
            let wait = (oldest + WINDOW - now).to_std().unwrap_or_default();
            Err(ApiError::RateLimited(wait.max(Duration::from_secs(1))))
        }
        None => Ok(()),
    }
}

/// Refuses to open a case where too many are not decided.
async fn check_room(state: &AppState, draft: &ReportDraft<'_>) -> Result<(), ApiError> {
    let undecided = cases::undecided(&state.pools.reads, draft.canvas_id(), MAX_CASES);
    let (all, by_guests) = undecided.await?;
    if all >= MAX_CASES || (draft.reporter.is_guest && by_guests >= MAX_GUEST_CASES) {
        return Err(ApiError::RateLimited(FULL_WAIT));
    }
    Ok(())
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// How many, 50 by default
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `next_cursor` of the page before
    cursor: Option<String>,
}

/// One's own reports, newest first
#[utoipa::path(get, path = "/users/me/reports", tag = "reports", params(ListQuery),
    responses((status = 200, body = Page<Report>, description = "A page"), ReadsOwn, QueryOnly))]
async fn list(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    Query(query): Query<ListQuery>,
) -> Result<JsonBody<Page<Report>>, ApiError> {
    let limit = page_size(query.limit)?;
    let before = cursor(query.cursor.as_deref())?.unwrap_or(i64::MAX);
    let reads = &state.pools.reads;
    let found = reports::of_user(reads, session.user_id(), before, limit + 1).await?;
    Ok(JsonBody(page(found, limit, |last| last.id.to_string())))
}

/// Withdraws a report while it is open
#[utoipa::path(delete, path = "/reports/{report_id}", tag = "reports",
    params(("report_id" = i64, Path)),
    responses((status = 204, description = "Withdrawn"), ChangesReport, Limited))]
async fn withdraw(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    ReportPath(id): ReportPath,
) -> Result<StatusCode, ApiError> {
    check_rate(&state, session.user_id())?;
    take_back(&state, id, session.user_id()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Withdraws a report. A case that nobody reports any more is decided by that.
async fn take_back(state: &AppState, id: i64, user: UserId) -> Result<(), ApiError> {
    let mut transaction = state.pool.begin().await?;
    let report = reports::ids(&mut transaction, id)
        .await?
        .ok_or(ApiError::NotFound(Resource::Report))?;
    if report.reporter_id != Some(user) {
        return Err(ApiError::Forbidden);
    }
    let case = cases::lock(&mut transaction, report.case_id)
        .await?
        .ok_or(ApiError::NotFound(Resource::Report))?;
    let current = reports::in_case(&mut transaction, case.id, user).await?;
    if current.is_none_or(|current| current.id != id) {
        // It was withdrawn before.
        return Ok(());
    }
    if case.state == CaseState::Decided {
        return Err(ApiError::AlreadyDecided);
    }
    let left = reports::withdraw(&mut transaction, id).await?;
    if left != Some(0) {
        return Ok(transaction.commit().await?);
    }
    let outcome = Outcome::NoViolation;
    let at = cases::decide(&mut transaction, case.id, outcome, "", None).await?;
    transaction.commit().await?;
    if report.canvas_id == NO_CANVAS {
        return Ok(());
    }
    let message = ServerMessage::CaseUpdated(CaseUpdated {
        case_id: case.id,
        canvas_id: report.canvas_id,
        state: CaseState::Decided,
        outcome: Some(outcome),
        timestamp: at.into(),
    });
    state.hub.send_to_moderators(report.canvas_id, &message);
    Ok(())
}
