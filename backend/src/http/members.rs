//! Roles given by name: the owner gives them all, a moderator those below.

use super::{
    canvases::{readable, role},
    client_addr::ClientAddr,
    extract::{AuthUser, CanvasPath, Json, OptionalUser, Query, UsernamePath},
    openapi::{Body, ChangesMember, QueryOnly, ReadsCanvas},
    pagination::{cursor, page, page_size},
};
use crate::{
    audit::{Action, AuditEntry},
    db::{self, access, members, users},
    error::{ApiError, Resource},
    state::AppState,
};
use axum::{Json as JsonBody, extract::State, http::StatusCode};
use serde::Deserialize;
use shared::{
    api::{Member, Page, SetMember, User},
    canvas::Role,
    ids::{CanvasId, UserId},
};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(set, remove))
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

/// The owner and everybody with a role given by name
#[utoipa::path(get, path = "/canvases/{canvas_id}/members", tag = "members", security((), ("bearer" = []), ("cookie" = [])),
    params(("canvas_id" = i64, Path), ListQuery),
    responses((status = 200, body = Page<Member>, description = "A page"), ReadsCanvas, QueryOnly))]
async fn list(
    State(state): State<AppState>,
    user: OptionalUser,
    CanvasPath(id): CanvasPath,
    Query(query): Query<ListQuery>,
) -> Result<JsonBody<Page<Member>>, ApiError> {
    let limit = page_size(query.limit)?;
    let after = cursor(query.cursor.as_deref())?.unwrap_or(0);
    readable(&state.pool, id, user.user_id()).await?;
    let members = members::list(&state.pool, id, after, limit + 1).await?;
    Ok(JsonBody(page(members, limit, |last| {
        last.user_id.to_string()
    })))
}

/// Whose role is about to change; refused where the one who asks may not.
async fn subject(
    state: &AppState,
    id: CanvasId,
    asking: UserId,
    username: &str,
    given: Option<Role>,
) -> Result<User, ApiError> {
    let asking = role(&state.pool, id, asking).await?;
    if asking < Role::Moderator {
        return Err(ApiError::Forbidden);
    }
    let user = users::by_name(&state.pool, username)
        .await?
        .ok_or(ApiError::NotFound(Resource::User))?;
    let access = access::find(&state.pool, id, Some(user.id))
        .await?
        .ok_or(ApiError::NotFound(Resource::Canvas))?;
    // Nobody changes the role of an equal, nor makes one.
    if access.role >= Some(asking) || given >= Some(asking) {
        return Err(ApiError::Forbidden);
    }
    Ok(user)
}

/// Gives somebody a role
#[utoipa::path(put, path = "/canvases/{canvas_id}/members/{username}", tag = "members", request_body = SetMember,
    params(("canvas_id" = i64, Path), ("username" = String, Path)),
    responses((status = 200, body = Member, description = "Given"), ChangesMember, Body))]
async fn set(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    CanvasPath(id): CanvasPath,
    UsernamePath(username): UsernamePath,
    addr: ClientAddr,
    Json(body): Json<SetMember>,
) -> Result<JsonBody<Member>, ApiError> {
    if body.role == Role::Owner {
        return Err(ApiError::invalid(
            "role",
            "must be moderator, editor or viewer",
        ));
    }
    let given = give(&state, id, session.user_id(), &username, body.role).await;
    let entry = AuditEntry::new(Action::RoleSet, addr.ip)
        .by(session.user_id())
        .on(id)
        .ended(&given);
    let role = db::name_of(body.role);
    state.audit.note(match &given {
        Ok(user) => entry.to("user", user.id).to("role", role),
        Err(_) => entry.to("role", role),
    });
    let user = given?;
    Ok(JsonBody(Member {
        user_id: user.id,
        username: user.username,
        display_name: user.display_name,
        role: body.role,
    }))
}

async fn give(
    state: &AppState,
    id: CanvasId,
    asking: UserId,
    username: &str,
    role: Role,
) -> Result<User, ApiError> {
    let user = subject(state, id, asking, username, Some(role)).await?;
    members::set(&state.pool, id, user.id, role).await?;
    state.hub.role_changed(id, user.id, Some(role));
    Ok(user)
}

/// Takes somebody's role
#[utoipa::path(delete, path = "/canvases/{canvas_id}/members/{username}", tag = "members",
    params(("canvas_id" = i64, Path), ("username" = String, Path)),
    responses((status = 204, description = "Taken"), ChangesMember))]
async fn remove(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    CanvasPath(id): CanvasPath,
    UsernamePath(username): UsernamePath,
    addr: ClientAddr,
) -> Result<StatusCode, ApiError> {
    let taken = take(&state, id, session.user_id(), &username).await;
    let entry = AuditEntry::new(Action::RoleRemoved, addr.ip)
        .by(session.user_id())
        .on(id)
        .ended(&taken);
    state.audit.note(match &taken {
        Ok(user) => entry.to("user", user),
        Err(_) => entry,
    });
    taken.map(|_| StatusCode::NO_CONTENT)
}

/// Whose role was taken.
async fn take(
    state: &AppState,
    id: CanvasId,
    asking: UserId,
    username: &str,
) -> Result<UserId, ApiError> {
    let user = subject(state, id, asking, username, None).await?;
    if !members::remove(&state.pool, id, user.id).await? {
        return Err(ApiError::NotFound(Resource::User));
    }
    // What the canvas's visibility makes of them now.
    let access = access::find(&state.pool, id, Some(user.id)).await?;
    let role = access.and_then(|access| access.role);
    state.hub.role_changed(id, user.id, role);
    Ok(user.id)
}
