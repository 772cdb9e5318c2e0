//! Members and their roles. The owner sets any role, a moderator those below their
//! own. Open WebSockets of a member get the new role through the hub.

use super::{
    canvases::{check_rate, readable, role},
    client_addr::ClientAddr,
    error::{ApiError, Resource},
    extract::{AuthUser, CanvasPath, OptionalUser, Query, UsernamePath},
    json_body::Json,
    openapi::{Body, ChangesMember, Limited, QueryOnly, ReadsCanvas},
    pagination::{cursor, page, page_size},
};
use crate::{
    audit::{Action, AuditEntry},
    db::{
        self, access, members,
        moderation_log::{self, NewLine},
        notifications::{self, NewNotification, NotificationTarget},
        users,
    },
    state::AppState,
};
use axum::{Json as JsonBody, extract::State, http::StatusCode};
use serde::Deserialize;
use serde_json::json;
use shared::{
    api::{
        Member, Page, SetMember, User, moderation::ModerationAction,
        notifications::NotificationKind,
    },
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
    /// Only those with this role: `owner`, `moderator`, `editor` or `viewer`
    role: Option<Role>,
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
    readable(&state.pools.reads, id, user.user_id()).await?;
    let members = members::list(&state.pools.reads, id, query.role, after, limit + 1).await?;
    Ok(JsonBody(page(members, limit, |last| {
        last.user_id.to_string()
    })))
}

/// The user whose role is to be changed to `given`.
///
/// # Errors
/// `Forbidden` unless `asking` outranks both their role and the new one.
async fn member_to_change(
    state: &AppState,
    id: CanvasId,
    asking: UserId,
    username: &str,
    given: Option<Role>,
) -> Result<User, ApiError> {
    check_rate(state, asking)?;
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
    // Only roles below one's own can be changed or given; a ban takes no role.
    if access.lasting_role >= Some(asking) || given >= Some(asking) {
        return Err(ApiError::Forbidden);
    }
    Ok(user)
}

/// Gives somebody a role
#[utoipa::path(put, path = "/canvases/{canvas_id}/members/{username}", tag = "members", request_body = SetMember,
    params(("canvas_id" = i64, Path), ("username" = String, Path)),
    responses((status = 200, body = Member, description = "Given"), ChangesMember, Body, Limited))]
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
    let granted = grant_role(&state, id, session.user_id(), &username, body.role).await;
    let entry = AuditEntry::new(Action::RoleSet, addr.ip)
        .by(session.user_id())
        .on(id)
        .ended(&granted);
    let role = db::name_of(body.role);
    state.audit.record(match &granted {
        Ok(user) => entry.to("user", user.id).to("role", role),
        Err(_) => entry.to("role", role),
    });
    let user = granted?;
    Ok(JsonBody(Member {
        user_id: user.id,
        username: user.username,
        display_name: user.display_name,
        role: body.role,
    }))
}

async fn grant_role(
    state: &AppState,
    id: CanvasId,
    asking: UserId,
    username: &str,
    role: Role,
) -> Result<User, ApiError> {
    let user = member_to_change(state, id, asking, username, Some(role)).await?;
    let mut transaction = state.pool.begin().await?;
    if members::set(&mut transaction, id, user.id, role).await? {
        let line = NewLine {
            canvas: Some(id),
            action: ModerationAction::RoleSet,
            actor: asking,
            target: Some(user.id),
            reason: "",
            detail: json!({ "role": role }),
        };
        moderation_log::append(&mut transaction, &line).await?;
        let notification = NewNotification {
            user: user.id,
            kind: NotificationKind::RoleSet,
            canvas: Some(id),
            by: Some(asking),
            target: NotificationTarget::default(),
            count: 1,
            text: db::name_of(role),
            is_read: false,
        };
        let outgoing = notifications::add(&mut transaction, &[notification]).await?;
        transaction.commit().await?;
        state.hub.access_changed(id);
        state.hub.notifier().notify(outgoing);
    }
    Ok(user)
}

/// Takes somebody's role
#[utoipa::path(delete, path = "/canvases/{canvas_id}/members/{username}", tag = "members",
    params(("canvas_id" = i64, Path), ("username" = String, Path)),
    responses((status = 204, description = "Taken"), ChangesMember, Limited))]
async fn remove(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    CanvasPath(id): CanvasPath,
    UsernamePath(username): UsernamePath,
    addr: ClientAddr,
) -> Result<StatusCode, ApiError> {
    let revoked = revoke_role(&state, id, session.user_id(), &username).await;
    let entry = AuditEntry::new(Action::RoleRemoved, addr.ip)
        .by(session.user_id())
        .on(id)
        .ended(&revoked);
    state.audit.record(match &revoked {
        Ok(user) => entry.to("user", user),
        Err(_) => entry,
    });
    revoked.map(|_| StatusCode::NO_CONTENT)
}

/// Removes the role. On a canvas that is not private they remain an editor.
async fn revoke_role(
    state: &AppState,
    id: CanvasId,
    asking: UserId,
    username: &str,
) -> Result<UserId, ApiError> {
    let user = member_to_change(state, id, asking, username, None).await?;
    let mut transaction = state.pool.begin().await?;
    if !members::remove(&mut transaction, id, user.id).await? {
        return Err(ApiError::NotFound(Resource::User));
    }
    let line = NewLine {
        canvas: Some(id),
        action: ModerationAction::MemberRemoved,
        actor: asking,
        target: Some(user.id),
        reason: "",
        detail: json!({}),
    };
    moderation_log::append(&mut transaction, &line).await?;
    transaction.commit().await?;
    state.hub.access_changed(id);
    Ok(user.id)
}
