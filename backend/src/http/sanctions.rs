//! The API of sanctions: issuing, listing, lifting and confirming them. Each act is one
//! transaction under the lock of its scope (a canvas or the server), so that on a canvas it has
//! a position in the order of events.

mod issuing;
mod rank;

pub(super) use rank::{acting_rank, target_rank};

use super::{
    admin::Admin,
    canvases::{check_rate, role},
    client_addr::ClientAddr,
    error::{ApiError, Resource},
    extract::{AuthUser, CanvasPath, Query, SanctionPath, SessionUser},
    json_body::{Json, OptionalJson},
    openapi::{
        Body, ConfirmsSanction, IssuesSanction, LiftsSanction, Limited, QueryOnly, ReadsCanvas,
        ReadsOwn, SanctionsOnServer, Watches,
    },
    pagination::{cursor, page, page_size},
};
use crate::{
    audit::{Action, AuditEntry},
    db::{
        self, Lease,
        moderation_log::{self, NewLine},
        sanctions::{self, Filter, SanctionRecord},
    },
    state::AppState,
};
use axum::{Json as JsonBody, extract::State, http::StatusCode};
use issuing::put_in_force;
use serde::Deserialize;
use serde_json::json;
use shared::{
    api::{
        Page,
        moderation::ModerationAction,
        sanctions::{CreateSanction, LiftSanction, Sanction, SanctionKind},
    },
    canvas::{Rank, Role},
    ids::{CanvasId, UserId},
    text,
};
use std::ops::RangeInclusive;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Characters of the reason of a lift.
const LIFT_REASON: RangeInclusive<usize> = 0..=500;
/// Why a warning ended that its user confirmed.
const CONFIRMED: &str = "confirmed";

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(issue, list))
        .routes(routes!(issue_on_server, list_of_server))
        .routes(routes!(own))
        .routes(routes!(lift))
        .routes(routes!(confirm))
}

/// Sanctions somebody on a canvas
#[utoipa::path(post, path = "/canvases/{canvas_id}/sanctions", tag = "sanctions", request_body = CreateSanction,
    params(("canvas_id" = i64, Path)),
    responses((status = 201, body = Sanction, description = "In force"), IssuesSanction, Body, Limited))]
async fn issue(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    CanvasPath(id): CanvasPath,
    addr: ClientAddr,
    Json(body): Json<CreateSanction>,
) -> Result<(StatusCode, JsonBody<Sanction>), ApiError> {
    let entry = AuditEntry::new(Action::Sanction, addr.ip)
        .by(session.user_id())
        .on(id);
    let issued = put_in_force(&state, Some(id), session.user_id(), body).await;
    answer(&state, entry, issued)
}

/// Sanctions somebody on the whole server
#[utoipa::path(post, path = "/admin/sanctions", tag = "sanctions", request_body = CreateSanction,
    responses((status = 201, body = Sanction, description = "In force"), SanctionsOnServer, Body, Limited))]
async fn issue_on_server(
    State(state): State<AppState>,
    Admin(admin): Admin,
    addr: ClientAddr,
    Json(body): Json<CreateSanction>,
) -> Result<(StatusCode, JsonBody<Sanction>), ApiError> {
    let entry = AuditEntry::new(Action::Sanction, addr.ip).by(admin);
    let issued = put_in_force(&state, None, admin, body).await;
    answer(&state, entry, issued)
}

fn answer(
    state: &AppState,
    entry: AuditEntry,
    issued: Result<SanctionRecord, ApiError>,
) -> Result<(StatusCode, JsonBody<Sanction>), ApiError> {
    let entry = entry.ended(&issued);
    state.audit.record(match &issued {
        Ok(sanction) => entry.to("user", sanction.user.user_id),
        Err(_) => entry,
    });
    Ok((StatusCode::CREATED, JsonBody(issued?.shown(true))))
}

/// Ends a sanction that is in force, with its line in the moderation log.
async fn end(
    transaction: &mut Lease,
    sanction: &SanctionRecord,
    actor: UserId,
    reason: &str,
) -> Result<(), ApiError> {
    sanctions::lift(transaction, sanction.id, Some(actor), reason).await?;
    let line = NewLine {
        canvas: sanction.canvas_id,
        action: ModerationAction::SanctionLifted,
        actor,
        target: Some(sanction.user.user_id),
        reason,
        detail: json!({ "sanction_id": sanction.id, "kind": sanction.kind }),
    };
    Ok(moderation_log::append(transaction, &line).await?)
}

/// Has every node apply a sanction that was changed just now.
pub(super) async fn publish(state: &AppState, sanction: &SanctionRecord) {
    if let Some(canvas) = sanction.canvas_id {
        state.hub.access_changed(canvas);
    } else {
        state.auth.invalidate_user(sanction.user.user_id).await;
        state.hub.server_access_changed();
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// True for those in force, false for those that are over
    active: Option<bool>,
    /// Of this user
    username: Option<String>,
    /// How many, 50 by default
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `next_cursor` of the page before
    cursor: Option<String>,
}

/// The sanctions on a canvas, newest first; for moderators
#[utoipa::path(get, path = "/canvases/{canvas_id}/sanctions", tag = "sanctions",
    params(("canvas_id" = i64, Path), ListQuery),
    responses((status = 200, body = Page<Sanction>, description = "A page"), ReadsCanvas, QueryOnly))]
async fn list(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    CanvasPath(id): CanvasPath,
    Query(query): Query<ListQuery>,
) -> Result<JsonBody<Page<Sanction>>, ApiError> {
    let role = role(&state.pools.reads, id, session.user_id()).await?;
    if role < Role::Moderator {
        return Err(ApiError::Forbidden);
    }
    read_page(&state, Some(id), &query, session.user_id()).await
}

/// The sanctions on the whole server, newest first
#[utoipa::path(get, path = "/admin/sanctions", tag = "sanctions", params(ListQuery),
    responses((status = 200, body = Page<Sanction>, description = "A page"), Watches, QueryOnly))]
async fn list_of_server(
    State(state): State<AppState>,
    Admin(admin): Admin,
    Query(query): Query<ListQuery>,
) -> Result<JsonBody<Page<Sanction>>, ApiError> {
    read_page(&state, None, &query, admin).await
}

async fn read_page(
    state: &AppState,
    scope: Option<CanvasId>,
    query: &ListQuery,
    reader: UserId,
) -> Result<JsonBody<Page<Sanction>>, ApiError> {
    let limit = page_size(query.limit)?;
    let filter = Filter {
        canvas: scope,
        active: query.active,
        username: query.username.as_deref().filter(|name| !name.is_empty()),
        before: cursor(query.cursor.as_deref())?.unwrap_or(i64::MAX),
        limit: limit + 1,
    };
    let found = sanctions::list(&state.pools.reads, &filter).await?;
    let found: Vec<Sanction> = found.iter().map(|it| it.listed(reader)).collect();
    Ok(JsonBody(page(found, limit, |last| last.id.to_string())))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OwnQuery {
    /// How many, 50 by default
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `next_cursor` of the page before
    cursor: Option<String>,
}

/// One's own sanctions, over ones too, newest first
#[utoipa::path(get, path = "/users/me/sanctions", tag = "sanctions", params(OwnQuery),
    responses((status = 200, body = Page<Sanction>, description = "A page"), ReadsOwn, QueryOnly))]
async fn own(
    State(state): State<AppState>,
    SessionUser(session): SessionUser,
    Query(query): Query<OwnQuery>,
) -> Result<JsonBody<Page<Sanction>>, ApiError> {
    let limit = page_size(query.limit)?;
    let before = cursor(query.cursor.as_deref())?.unwrap_or(i64::MAX);
    let user = session.user_id();
    let reads = &state.pools.reads;
    let found = sanctions::of_user(reads, user, before, limit + 1).await?;
    let moderated = sanctions::moderated(reads, user, &found, session.is_admin).await?;
    let found = found.iter().map(|it| it.own(moderated.contains(&it.id)));
    let found: Vec<Sanction> = found.collect();
    Ok(JsonBody(page(found, limit, |last| last.id.to_string())))
}

/// Lifts a sanction
#[utoipa::path(post, path = "/sanctions/{sanction_id}/lift", tag = "sanctions", request_body = Option<LiftSanction>,
    params(("sanction_id" = i64, Path)),
    responses((status = 200, body = Sanction, description = "Lifted"), LiftsSanction, Body, Limited))]
async fn lift(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    SanctionPath(id): SanctionPath,
    addr: ClientAddr,
    OptionalJson(body): OptionalJson<LiftSanction>,
) -> Result<JsonBody<Sanction>, ApiError> {
    let lifted = take_out_of_force(&state, id, session.user_id(), body).await;
    let entry = AuditEntry::new(Action::Lift, addr.ip)
        .by(session.user_id())
        .to("sanction", id);
    let entry = entry.ended(&lifted);
    state.audit.record(match &lifted {
        Ok(SanctionRecord {
            canvas_id: Some(canvas),
            ..
        }) => entry.on(*canvas),
        Ok(_) | Err(_) => entry,
    });
    Ok(JsonBody(lifted?.shown(true)))
}

async fn take_out_of_force(
    state: &AppState,
    id: i64,
    actor: UserId,
    body: LiftSanction,
) -> Result<SanctionRecord, ApiError> {
    check_rate(state, actor)?;
    let reason = text::clean(&body.reason.unwrap_or_default(), &LIFT_REASON)
        .map_err(|error| ApiError::invalid("reason", error))?;
    let (mut transaction, sanction) = lock(state, id).await?;
    let scope = sanction.canvas_id;
    let rank = acting_rank(&mut transaction, scope, actor).await?;
    let target = sanction.user.user_id;
    let target_rank = target_rank(&mut transaction, scope, target).await?;
    let may_act = Rank::may_act((actor, rank), (target, target_rank));
    if !may_act || rank < sanction.issuer_rank {
        return Err(ApiError::Forbidden);
    }
    if !sanction.is_in_force(db::now(&mut transaction).await?) {
        return Err(ApiError::SanctionOver);
    }
    end(&mut transaction, &sanction, actor, &reason).await?;
    finish(state, transaction, id).await
}

/// The sanction, with its scope locked.
pub(super) async fn lock(state: &AppState, id: i64) -> Result<(Lease, SanctionRecord), ApiError> {
    let not_found = || ApiError::NotFound(Resource::Sanction);
    let mut transaction = state.pool.begin().await?;
    let found = sanctions::find(&mut transaction, id).await?;
    let scope = found.ok_or_else(not_found)?.canvas_id;
    // Without its canvas it is of no effect.
    if !sanctions::lock_scope(&mut transaction, scope).await? {
        return Err(not_found());
    }
    let sanction = sanctions::find(&mut transaction, id).await?;
    Ok((transaction, sanction.ok_or_else(not_found)?))
}

/// Commits a change of the sanction, has every node apply it, and returns it.
async fn finish(
    state: &AppState,
    mut transaction: Lease,
    id: i64,
) -> Result<SanctionRecord, ApiError> {
    let changed = sanctions::find(&mut transaction, id)
        .await?
        .ok_or(ApiError::Internal(None))?;
    transaction.commit().await?;
    publish(state, &changed).await;
    Ok(changed)
}

/// Confirms a warning; by whom it warns
#[utoipa::path(post, path = "/sanctions/{sanction_id}/confirm", tag = "sanctions",
    params(("sanction_id" = i64, Path)),
    responses((status = 200, body = Sanction, description = "Confirmed"), ConfirmsSanction, Limited))]
async fn confirm(
    State(state): State<AppState>,
    SessionUser(session): SessionUser,
    SanctionPath(id): SanctionPath,
) -> Result<JsonBody<Sanction>, ApiError> {
    let user = session.user_id();
    check_rate(&state, user)?;
    let (mut transaction, sanction) = lock(&state, id).await?;
    if sanction.user.user_id != user {
        return Err(ApiError::Forbidden);
    }
    if sanction.kind != SanctionKind::Warning {
        let message = "only a warning can be confirmed";
        return Err(ApiError::invalid("sanction_id", message));
    }
    if sanction.lifted_at.is_some() {
        if sanction.lift_reason == CONFIRMED {
            return Ok(JsonBody(sanction.shown(false)));
        }
        return Err(ApiError::SanctionOver);
    }
    sanctions::lift(&mut transaction, id, None, CONFIRMED).await?;
    let confirmed = finish(&state, transaction, id).await?;
    Ok(JsonBody(confirmed.shown(false)))
}
