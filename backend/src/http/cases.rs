//! Cases, for the moderators of their canvas and for admins: list, read, claim, decide. Who
//! made the reports is told to admins alone.

use super::{
    admin::Admin,
    bulk,
    canvases::{check_rate, role},
    client_addr::ClientAddr,
    error::{ApiError, Resource},
    extract::{AuthUser, CanvasPath, Query, id_path},
    json_body::Json,
    openapi::{Body, ChangesCase, Limited, QueryOnly, ReadsCanvas, ReadsCase, Watches},
    pagination::{cursor, page_size},
};
use crate::{
    auth::Session,
    db::{
        self, Pool, access,
        cases::{self, CaseTarget, ListPosition, NO_CANVAS, StoredCase},
        moderation_log::{self, NewLine},
        notifications::{self, NewNotification, NotificationTarget},
        reports, users,
    },
    evidence::{self, Names, StoredEvidence},
    state::AppState,
};
use axum::{Json as JsonBody, extract::State, response::Response};
use serde::Deserialize;
use serde_json::json;
use shared::{
    api::{
        Page,
        moderation::{ModerationAction, UserRef},
        notifications::NotificationKind,
        reports::{Case, CaseState, DecideCase, ReportTarget},
    },
    canvas::{Rank, Role},
    ids::{CanvasId, UserId},
    limits,
    protocol::{CaseUpdated, ServerMessage},
    text,
    time::Timestamp,
};
use std::{collections::HashSet, sync::Arc};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Cases read at a time: the evidence of one may have 300 KB.
const AT_ONCE: i64 = 2;
/// Reports that are shown with a case.
const MAX_COMMENTS: i64 = 200;

id_path!(
    /// `{case_id}` of the path; 404 for anything but a number.
    CasePath, "case_id", Resource::Case
);

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(list_all))
        .routes(routes!(get))
        .routes(routes!(claim))
        .routes(routes!(decide))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// `open`, `claimed` or `decided`
    state: Option<CaseState>,
    /// How many, 50 by default
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `next_cursor` of the page before
    cursor: Option<String>,
}

/// The cases of a canvas, most reporters first; for its moderators
#[utoipa::path(get, path = "/canvases/{canvas_id}/cases", tag = "cases",
    params(("canvas_id" = i64, Path), ListQuery),
    responses((status = 200, body = Page<Case>, description = "A page"), ReadsCanvas, QueryOnly))]
async fn list(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    CanvasPath(id): CanvasPath,
    client: ClientAddr,
    Query(query): Query<ListQuery>,
) -> Result<Response, ApiError> {
    if role(&state.pools.reads, id, session.user_id()).await? < Role::Moderator {
        return Err(ApiError::Forbidden);
    }
    page(&state, client, Some(id), query).await
}

/// The cases of all canvases, most reporters first; for admins
#[utoipa::path(get, path = "/admin/cases", tag = "cases", operation_id = "list_all", params(ListQuery),
    responses((status = 200, body = Page<Case>, description = "A page"), Watches, QueryOnly))]
async fn list_all(
    State(state): State<AppState>,
    _: Admin,
    client: ClientAddr,
    Query(query): Query<ListQuery>,
) -> Result<Response, ApiError> {
    page(&state, client, None, query).await
}

async fn page(
    state: &AppState,
    client: ClientAddr,
    canvas: Option<CanvasId>,
    query: ListQuery,
) -> Result<Response, ApiError> {
    let limit = page_size(query.limit)?;
    let after = cursor(query.cursor.as_deref())?.unwrap_or(ListPosition::START);
    // Lists of all canvases take turns as those of one more canvas.
    let permit = bulk::permit(state, canvas.unwrap_or(CanvasId(0)), client).await?;
    let (reads, wanted) = (state.pools.reads.clone(), query.state);
    let read: bulk::ReadItems<ListPosition> = Arc::new(move |after, count| {
        let reads = reads.clone();
        Box::pin(async move {
            let found = cases::list(&reads, canvas, wanted, after, count).await?;
            let positions: Vec<ListPosition> = found.iter().map(StoredCase::position).collect();
            let shown = show(&reads, found).await?.into_iter();
            let items = positions.into_iter().zip(shown);
            items.map(|(at, case)| bulk::item(at, &case)).collect()
        })
    });
    let cursor = |at: ListPosition| at.to_string();
    bulk::page(permit, after, limit, AT_ONCE, cursor, read).await
}

/// The cases as moderators see them.
async fn show(reads: &Pool, stored: Vec<StoredCase>) -> Result<Vec<Case>, ApiError> {
    let mut read = Vec::with_capacity(stored.len());
    let mut wanted = HashSet::new();
    for mut case in stored {
        let evidence = case.evidence.take();
        let evidence: Option<StoredEvidence> = evidence
            .map(|json| serde_json::from_str(&json).map_err(ApiError::internal))
            .transpose()?;
        if let Some(evidence) = &evidence {
            wanted.extend(evidence.users());
        }
        if let CaseTarget::User { user_id } = case.target {
            wanted.insert(user_id);
        }
        if let CaseTarget::DirectMessage { users, .. } = case.target {
            wanted.extend(users);
        }
        read.push((case, evidence));
    }
    let wanted: Vec<UserId> = wanted.into_iter().collect();
    let found = users::refs(reads, &wanted).await?.into_iter();
    let names: Names = found.map(|user| (user.user_id, user)).collect();
    let shown = read.into_iter().map(|(case, evidence)| Case {
        id: case.id,
        canvas_id: Some(case.canvas_id).filter(|canvas| *canvas != NO_CANVAS),
        people: takes_part(&case, &names),
        target: wire_target(&case.target, &names),
        rules: case.rules,
        reporters: case.reporters,
        state: case.state,
        claimed_by: case.claimed_by,
        claimed_until: case.claimed_until,
        outcome: case.outcome,
        outcome_note: case.outcome_note,
        evidence: evidence.map(|evidence| evidence.show(&names)),
        created_at: case.created_at,
        decided_at: case.decided_at,
        comments: None,
    });
    Ok(shown.collect())
}

/// The names of who takes part in the conversation of a private message.
fn takes_part(case: &StoredCase, names: &Names) -> Option<Vec<UserRef>> {
    let CaseTarget::DirectMessage { users, .. } = case.target else {
        return None;
    };
    Some(users.map(|user| evidence::name(names, user)).into())
}

fn wire_target(target: &CaseTarget, names: &Names) -> ReportTarget {
    match *target {
        CaseTarget::Tile { x, y } => ReportTarget::Tile {
            x: x.into(),
            y: y.into(),
        },
        CaseTarget::Area { x0, y0, x1, y1 } => ReportTarget::Area {
            x0: x0.into(),
            y0: y0.into(),
            x1: x1.into(),
            y1: y1.into(),
        },
        CaseTarget::Message { message_id } => ReportTarget::Message { message_id },
        CaseTarget::Comment { comment_id } => ReportTarget::Comment { comment_id },
        CaseTarget::DirectMessage { message_id, .. } => ReportTarget::DirectMessage { message_id },
        CaseTarget::User { user_id } => ReportTarget::User {
            username: evidence::name(names, user_id).username,
        },
        CaseTarget::Canvas => ReportTarget::Canvas,
    }
}

/// The same for one case.
async fn show_one(reads: &Pool, case: StoredCase) -> Result<Case, ApiError> {
    let mut shown = show(reads, vec![case]).await?;
    shown.pop().ok_or(ApiError::NotFound(Resource::Case))
}

/// A case, and the rank of a user on its canvas.
///
/// # Errors
/// `NotFound` without such a case, and for all but admins where the canvas was deleted;
/// `Forbidden` for who is no moderator.
async fn moderated(
    state: &AppState,
    session: &Session,
    id: i64,
) -> Result<(StoredCase, Rank), ApiError> {
    let reads = &state.pools.reads;
    let case = cases::find(reads, id)
        .await?
        .ok_or(ApiError::NotFound(Resource::Case))?;
    let access = access::find(reads, case.canvas_id, Some(session.user_id())).await?;
    let rank = match access {
        // A banned moderator has no role meanwhile.
        Some(access) if access.role >= Some(Role::Moderator) => access.rank(),
        Some(_) => return Err(ApiError::Forbidden),
        None if super::admin::is_admin(state, session) => Rank::Admin,
        // Private messages are for admins alone.
        None if case.canvas_id == NO_CANVAS => return Err(ApiError::Forbidden),
        None => return Err(ApiError::NotFound(Resource::Case)),
    };
    Ok((case, rank))
}

/// A case with what its reports say
#[utoipa::path(get, path = "/cases/{case_id}", tag = "cases", params(("case_id" = i64, Path)),
    responses((status = 200, body = Case, description = "The case"), ReadsCase))]
async fn get(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    CasePath(id): CasePath,
) -> Result<JsonBody<Case>, ApiError> {
    let (case, rank) = moderated(&state, &session, id).await?;
    let reads = &state.pools.reads;
    let comments = cases::comments(reads, id, rank == Rank::Admin, MAX_COMMENTS).await?;
    let mut case = show_one(reads, case).await?;
    case.comments = Some(comments);
    Ok(JsonBody(case))
}

/// Refuses who reports in the case or is reported.
async fn check_unconcerned(
    state: &AppState,
    case: &StoredCase,
    user: UserId,
) -> Result<(), ApiError> {
    let is_reporter = reports::in_case(&state.pools.reads, case.id, user).await?;
    if is_reporter.is_some() || case.reported.contains(&user) {
        return Err(ApiError::Forbidden);
    }
    Ok(())
}

/// Whether somebody else who is not outranked has claimed the case.
async fn is_claimed_by_other(
    state: &AppState,
    case: &StoredCase,
    user: UserId,
    rank: Rank,
) -> Result<bool, ApiError> {
    let claimer = case.claimed_by.as_ref().map(|claimer| claimer.user_id);
    let Some(claimer) = claimer.filter(|claimer| *claimer != user) else {
        return Ok(false);
    };
    if case.canvas_id == NO_CANVAS {
        // Both are admins.
        return Ok(true);
    }
    let access = access::find(&state.pools.reads, case.canvas_id, Some(claimer)).await?;
    Ok(access.is_some_and(|access| access.rank() >= rank))
}

/// Claims a case for 15 minutes
#[utoipa::path(post, path = "/cases/{case_id}/claim", tag = "cases", params(("case_id" = i64, Path)),
    responses((status = 200, body = Case, description = "Claimed"), ChangesCase, Limited))]
async fn claim(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    CasePath(id): CasePath,
) -> Result<JsonBody<Case>, ApiError> {
    let user = session.user_id();
    check_rate(&state, user)?;
    let (case, _) = moderated(&state, &session, id).await?;
    // They would only keep the others from it.
    check_unconcerned(&state, &case, user).await?;
    let mut transaction = state.pool.begin().await?;
    let case = cases::lock(&mut transaction, id)
        .await?
        .ok_or(ApiError::NotFound(Resource::Case))?;
    if case.state == CaseState::Decided {
        return Err(ApiError::AlreadyDecided);
    }
    if case
        .claimed_by
        .is_some_and(|claimer| claimer.user_id != user)
    {
        return Err(ApiError::Claimed);
    }
    cases::claim(&mut transaction, id, user).await?;
    let claimed = cases::find(&mut transaction, id)
        .await?
        .ok_or(ApiError::NotFound(Resource::Case))?;
    transaction.commit().await?;
    notify_moderators(&state, &claimed, state.hub.clock().now().into());
    show_one(&state.pools.reads, claimed).await.map(JsonBody)
}

/// Decides a case
#[utoipa::path(post, path = "/cases/{case_id}/decide", tag = "cases", request_body = DecideCase,
    params(("case_id" = i64, Path)),
    responses((status = 200, body = Case, description = "Decided"), ChangesCase, Body, Limited))]
async fn decide(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    CasePath(id): CasePath,
    Json(body): Json<DecideCase>,
) -> Result<JsonBody<Case>, ApiError> {
    let note = text::clean(&body.note.unwrap_or_default(), &limits::CASE_NOTE)
        .map_err(|error| ApiError::invalid("note", error))?;
    let user = session.user_id();
    check_rate(&state, user)?;
    let (case, rank) = moderated(&state, &session, id).await?;
    check_unconcerned(&state, &case, user).await?;
    let mut transaction = state.pool.begin().await?;
    let case = cases::lock(&mut transaction, id)
        .await?
        .ok_or(ApiError::NotFound(Resource::Case))?;
    if case.state == CaseState::Decided {
        return Err(ApiError::AlreadyDecided);
    }
    if is_claimed_by_other(&state, &case, user, rank).await? {
        return Err(ApiError::Claimed);
    }
    let at = cases::decide(&mut transaction, id, body.outcome, &note, Some(user)).await?;
    // Everybody reads the log: it has neither the note nor who is concerned.
    let exists = access::find(&mut transaction, case.canvas_id, None).await?;
    let line = NewLine {
        canvas: exists.as_ref().map(|_| case.canvas_id),
        action: ModerationAction::CaseDecided,
        actor: user,
        target: None,
        reason: "",
        detail: json!({
            "case_id": id,
            "outcome": body.outcome,
            "kind": case.target.kind(),
        }),
    };
    moderation_log::append(&mut transaction, &line).await?;
    let decided = cases::find(&mut transaction, id)
        .await?
        .ok_or(ApiError::NotFound(Resource::Case))?;
    let reporters = reports::reporters(&mut transaction, id).await?.into_iter();
    let new = reporters.map(|reporter| NewNotification {
        user: reporter,
        kind: NotificationKind::CaseDecided,
        canvas: exists.as_ref().map(|_| case.canvas_id),
        by: Some(user),
        target: NotificationTarget::default(),
        count: 1,
        text: db::name_of(body.outcome),
        is_read: false,
    });
    let new: Vec<NewNotification> = new.collect();
    let outgoing = notifications::add(&mut transaction, &new).await?;
    transaction.commit().await?;
    notify_moderators(&state, &decided, at.into());
    state.hub.notifier().notify(outgoing);
    show_one(&state.pools.reads, decided).await.map(JsonBody)
}

/// Sends the canvas's moderators the state of a case.
fn notify_moderators(state: &AppState, case: &StoredCase, timestamp: Timestamp) {
    if case.canvas_id == NO_CANVAS {
        return;
    }
    let message = ServerMessage::CaseUpdated(CaseUpdated {
        case_id: case.id,
        canvas_id: case.canvas_id,
        state: case.state,
        outcome: case.outcome,
        timestamp,
    });
    state.hub.send_to_moderators(case.canvas_id, &message);
}
