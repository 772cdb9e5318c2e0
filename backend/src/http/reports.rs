//! Reports: anybody signed in reports what they may read. All open reports of one thing are
//! one case, whose evidence is frozen when the first comes. A report changes nothing else.

mod filing;
mod target;

use super::{
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
    db::{
        cases::{self, CaseTarget, NO_CANVAS},
        conversations, direct_messages, reports, users,
    },
    state::AppState,
};
use axum::{Json as JsonBody, extract::State, http::StatusCode};
use filing::{ReportDraft, Source, report};
use serde::Deserialize;
use shared::{
    api::{
        Page,
        reports::{CaseState, NewReport, Outcome, Report, ReportRule, ReportTarget},
    },
    ids::UserId,
    limits,
    protocol::{CaseUpdated, ServerMessage},
    text,
};
use target::resolve;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

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
