//! Rewrites: taking back what was painted, making an area what it was, and undoing that.

mod request;
mod start;

use self::{
    request::{RewriteRequest, restore, revert, task},
    start::{plan, preview, start},
};
use super::{
    bulk,
    canvases::{check_rate, read_canvas, readable, role},
    client_addr::ClientAddr,
    error::{ApiError, Resource},
    extract::{AuthUser, CanvasPath, OptionalUser, RewritePath},
    json_body::Json,
    openapi::{
        ChangesMember, ChangesRewrite, Limited, ReadsRewrite, RewriteBody, Rewrites, Undoes,
    },
};
use crate::{
    cell_history::Rule,
    db::{rewrites, sanctions},
    past::cells,
    rewrites::MAX_SILENCE_MS,
    state::AppState,
};
use axum::{
    Json as JsonBody,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;
use shared::{
    api::{
        rewrites::{NewRewrite, Rewrite, RewriteKind, RewritePreview, RewriteState},
        sanctions::Activity,
    },
    canvas::Role,
    ids::{CanvasId, RewriteId, UserId},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(find))
        .routes(routes!(undo))
        .routes(routes!(stop))
}

/// Takes back what users painted, or makes an area what it was
#[utoipa::path(post, path = "/canvases/{canvas_id}/rewrites", tag = "rewrites", request_body = NewRewrite,
    params(("canvas_id" = i64, Path)),
    responses((status = 200, body = RewritePreview, description = "What would change (`dry_run`)"),
        (status = 202, body = Rewrite, description = "It is under way"),
        ChangesMember, RewriteBody, Rewrites, Limited))]
async fn create(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    CanvasPath(id): CanvasPath,
    client: ClientAddr,
    Json(body): Json<NewRewrite>,
) -> Result<Response, ApiError> {
    let user = session.user_id();
    check_rate(&state, user)?;
    let role = painter(&state, id, user).await?;
    let canvas = read_canvas(&state.pools.reads, id, Some(user)).await?;
    let (request, permit) = match body.kind.as_str() {
        "revert" => revert(&state, &session, &canvas, role, &body, client).await?,
        "restore" => restore(&state, &session, &canvas, role, &body, client).await?,
        _ => return Err(ApiError::invalid("kind", "must be revert or restore")),
    };
    let is_dry = body.dry_run.unwrap_or_default();
    if !is_dry {
        refuse_second(&state, id).await?;
    }
    let plan = plan(&state, &request, permit).await?;
    if request.kind == RewriteKind::Restore && !request.needs_moderator {
        let area = body.area.ok_or(ApiError::Forbidden)?;
        let mut creators = rewrites::creators(&state.pools.reads, id, area).await?;
        creators.extend(&plan.creators);
        if creators.iter().any(|creator| *creator != user) {
            return Err(ApiError::Forbidden);
        }
    }
    if is_dry {
        let preview = RewritePreview {
            rewrite: preview(&session, &request, &plan, state.hub.clock().now().into()),
            changes: plan.marked,
        };
        return Ok(JsonBody(preview).into_response());
    }
    let rewrite = start(&state, &session, request, plan).await?;
    Ok((StatusCode::ACCEPTED, JsonBody(rewrite)).into_response())
}

/// A rewrite, and how far it is
#[utoipa::path(get, path = "/rewrites/{rewrite_id}", tag = "rewrites",
    security((), ("bearer" = []), ("cookie" = [])), params(("rewrite_id" = i64, Path)),
    responses((status = 200, body = Rewrite, description = "The rewrite"), ReadsRewrite))]
async fn find(
    State(state): State<AppState>,
    user: OptionalUser,
    RewritePath(id): RewritePath,
) -> Result<JsonBody<Rewrite>, ApiError> {
    let found = stored(&state, id).await?;
    readable(&state.pools.reads, found.canvas_id, user.user_id()).await?;
    Ok(JsonBody(found))
}

/// Undoes a rewrite; what others painted since stays
#[utoipa::path(post, path = "/rewrites/{rewrite_id}/undo", tag = "rewrites",
    params(("rewrite_id" = i64, Path)),
    responses((status = 202, body = Rewrite, description = "The undo is under way"),
        ChangesRewrite, Undoes, Limited))]
async fn undo(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    RewritePath(id): RewritePath,
    client: ClientAddr,
) -> Result<(StatusCode, JsonBody<Rewrite>), ApiError> {
    let user = session.user_id();
    check_rate(&state, user)?;
    let undone = stored(&state, id).await?;
    let canvas_id = undone.canvas_id;
    let role = painter(&state, canvas_id, user).await?;
    let is_maker = undone.by.user_id == user;
    if !is_maker && role < Role::Moderator {
        return Err(ApiError::Forbidden);
    }
    refuse_second(&state, canvas_id).await?;
    let canvas = read_canvas(&state.pools.reads, canvas_id, Some(user)).await?;
    let maker = [undone.by.user_id];
    let permit = bulk::compute_permit(&state, canvas_id, client).await?;
    let cells = match (undone.first_seq, undone.last_seq) {
        (Some(first), Some(last)) => {
            cells::changed_by(&state.event_index, canvas_id, &maker, first - 1..last).await?
        }
        _ => Vec::new(),
    };
    let request = RewriteRequest {
        task: task(&canvas, user, role, Rule::Undo { of: id }),
        kind: RewriteKind::Undo,
        is_own: is_maker && rewrites::is_own(&state.pools.reads, id).await?,
        needs_moderator: !is_maker,
        reason: String::new(),
        cells,
        head: canvas.last_seq,
        detail: json!({ "undoes": id }),
        undoes: Some(id),
    };
    let plan = plan(&state, &request, permit).await?;
    let rewrite = start(&state, &session, request, plan).await?;
    Ok((StatusCode::ACCEPTED, JsonBody(rewrite)))
}

/// Stops a rewrite; what it changed stays
#[utoipa::path(post, path = "/rewrites/{rewrite_id}/stop", tag = "rewrites",
    params(("rewrite_id" = i64, Path)),
    responses((status = 200, body = Rewrite, description = "It runs no more"), ChangesRewrite, Limited))]
async fn stop(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    RewritePath(id): RewritePath,
) -> Result<JsonBody<Rewrite>, ApiError> {
    let user = session.user_id();
    check_rate(&state, user)?;
    let found = stored(&state, id).await?;
    let role = role(&state.pool, found.canvas_id, user).await?;
    if found.by.user_id != user && role < Role::Moderator {
        return Err(ApiError::Forbidden);
    }
    rewrites::end(&state.pool, id, RewriteState::Stopped).await?;
    Ok(JsonBody(stored(&state, id).await?))
}

/// The role of a user who may paint.
///
/// # Errors
/// `Sanctioned` and `Forbidden`; those of [`role`].
async fn painter(state: &AppState, id: CanvasId, user: UserId) -> Result<Role, ApiError> {
    let role = role(&state.pool, id, user).await?;
    if role < Role::Editor {
        return Err(ApiError::Forbidden);
    }
    let in_force = sanctions::in_force(&state.pool, id, &[user]).await?;
    let now = state.hub.clock().now();
    let sanction = in_force
        .get(&user)
        .and_then(|found| sanctions::forbidding(found, Activity::Painting, now));
    match sanction {
        Some(sanction) => Err(ApiError::Sanctioned(sanction)),
        None => Ok(role),
    }
}

/// A stored rewrite. One whose node died is stopped first.
async fn stored(state: &AppState, id: RewriteId) -> Result<Rewrite, ApiError> {
    let unknown = || ApiError::NotFound(Resource::Rewrite);
    let found = rewrites::find(&state.pool, id).await?.ok_or_else(unknown)?;
    if found.state != RewriteState::Running {
        return Ok(found);
    }
    rewrites::stop_orphans(&state.pool, found.canvas_id, MAX_SILENCE_MS).await?;
    rewrites::find(&state.pool, id).await?.ok_or_else(unknown)
}

async fn refuse_second(state: &AppState, canvas: CanvasId) -> Result<(), ApiError> {
    rewrites::stop_orphans(&state.pool, canvas, MAX_SILENCE_MS).await?;
    if rewrites::is_running(&state.pool, canvas).await? {
        return Err(ApiError::RewriteRunning);
    }
    Ok(())
}
