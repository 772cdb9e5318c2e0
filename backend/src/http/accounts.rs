//! One's own account: a guest becomes registered, the password, the sessions, and the end of
//! the account.

use super::{
    auth::{check_username_is_free, known_users, signed_in_by_password},
    canvases::check_rate,
    client_addr::ClientAddr,
    cookie::REMOVE_COOKIE,
    error::{ApiError, Resource},
    extract::{AuthUser, Query, SessionPath, SessionUser},
    json_body::{Json, OptionalJson},
    openapi::{
        Body, ChangesOwn, EndsSession, Limited, NeedsPassword, QueryOnly, ReadsOwn, RegistersGuest,
    },
    origins::Device,
    pagination::{cursor, page, page_size},
    validator::Validator,
};
use crate::{
    audit::{Action, AuditEntry},
    auth::Session,
    db::{
        DbError, accounts,
        name_removals::delete_canvases,
        sessions::{self, ListPosition},
        users,
    },
    state::AppState,
};
use axum::{
    Json as JsonBody,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use shared::{
    api::{
        Auth, Page,
        accounts::{ChangePassword, DeleteAccount, RegisterGuest, UserSession},
    },
    ids::{SessionId, UserId},
    limits, text,
};
use sqlx::Connection;
use std::time::{Duration, Instant};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// How many names are tried for a deleted account.
const MAX_NAME_TRIES: usize = 4;
/// How long a request deletes canvases; what is left then is deleted in the background.
const DELETE_CANVASES_FOR: Duration = Duration::from_secs(3);

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(change_password))
        .routes(routes!(list_sessions, end_other_sessions))
        .routes(routes!(end_session))
        .routes(routes!(delete))
}

/// A guest becomes registered and keeps everything
#[utoipa::path(post, path = "/users/me/account", tag = "users", request_body = RegisterGuest,
    responses(
        (status = 200, body = Auth, description = "Registered; the session goes on"),
        ChangesOwn, RegistersGuest, Body, Limited))]
async fn register(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    addr: ClientAddr,
    headers: HeaderMap,
    Json(body): Json<RegisterGuest>,
) -> Result<Response, ApiError> {
    let mut validator = Validator::default();
    let username = validator.value("username", text::username(&body.username));
    let password = validator.value("password", text::password(body.password));
    validator.finish()?;
    let registered = register_guest(&state, addr, &session, &username, password).await;
    let entry = AuditEntry::new(Action::Register, addr.ip)
        .by(session.user_id())
        .ended(&registered);
    state.audit.record(entry);
    registered?;
    let user = users::find(&state.pool, session.user_id())
        .await?
        .ok_or(ApiError::Unauthenticated)?;
    let issued = state.auth.refresh(&session).await?;
    let known = known_users(&state, &headers);
    let from = (addr, Device::of(&headers));
    signed_in_by_password(&state, StatusCode::OK, issued, user, from, &known).await
}

/// Gives the guest the name and the password, within the limit of registrations.
async fn register_guest(
    state: &AppState,
    addr: ClientAddr,
    session: &Session,
    username: &str,
    password: String,
) -> Result<(), ApiError> {
    let user = session.user_id();
    check_rate(state, user)?;
    let hash = accounts::password_hash(&state.pool, user)
        .await?
        .ok_or(ApiError::Unauthenticated)?;
    if hash.is_some() {
        return Err(ApiError::AlreadyRegistered);
    }
    state
        .sign_in_limits
        .register(addr.ip)
        .map_err(ApiError::RateLimited)?;
    check_username_is_free(state, username).await?;
    let hash = state.passwords.hash(password).await?;
    if !accounts::register_guest(&state.pool, user, username, &hash).await? {
        return Err(ApiError::AlreadyRegistered);
    }
    state.auth.invalidate_user(user).await;
    state.hub.poll_renamed().await;
    Ok(())
}

/// Changes the password, and ends one's other sessions
#[utoipa::path(post, path = "/users/me/password", tag = "users", request_body = ChangePassword,
    responses((status = 204, description = "Changed"), NeedsPassword, Body, Limited))]
async fn change_password(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    addr: ClientAddr,
    Json(body): Json<ChangePassword>,
) -> Result<StatusCode, ApiError> {
    let mut validator = Validator::default();
    let password = validator.value("new_password", text::password(body.new_password));
    validator.finish()?;
    let changed = set_password(&state, &session, body.old_password, password).await;
    let entry = AuditEntry::new(Action::PasswordChanged, addr.ip)
        .by(session.user_id())
        .ended(&changed);
    state.audit.record(entry);
    changed.map(|()| StatusCode::NO_CONTENT)
}

async fn set_password(
    state: &AppState,
    session: &Session,
    old: String,
    new: String,
) -> Result<(), ApiError> {
    let user = session.user_id();
    check_rate(state, user)?;
    let before = accounts::password_hash(&state.pool, user)
        .await?
        .ok_or(ApiError::Unauthenticated)?;
    confirm_password(state, session, old, before.clone()).await?;
    let before = before.ok_or(ApiError::InvalidCredentials)?;
    let after = state.passwords.hash(new).await?;
    let now = state.hub.clock().now();
    let mut lease = state.pool.acquire().await?;
    let mut transaction = lease.begin().await?;
    if !accounts::set_password(&mut *transaction, user, &before, &after).await? {
        return Err(ApiError::InvalidCredentials);
    }
    let kept = Some(session.session_id);
    let ended = sessions::revoke_others(&mut *transaction, user, kept, now).await?;
    transaction.commit().await?;
    lease.done();
    end_sessions(state, user, &ended).await;
    Ok(())
}

/// Checks one's own password. Failures are limited as those of signing in are.
///
/// # Errors
/// `InvalidCredentials` if it is wrong, or if there is none.
async fn confirm_password(
    state: &AppState,
    session: &Session,
    password: String,
    hash: Option<String>,
) -> Result<(), ApiError> {
    let attempt = state
        .sign_in_limits
        .confirm(session.session_id)
        .map_err(ApiError::RateLimited)?;
    // Nobody has a longer one, and hashing it would take long.
    let is_possible = password.len() <= 4 * limits::PASSWORD.end();
    if is_possible && state.passwords.verify(password, hash).await? {
        return Ok(());
    }
    attempt.failed();
    Err(ApiError::InvalidCredentials)
}

/// Makes this node and the others forget sessions that were ended in the database.
async fn end_sessions(state: &AppState, user: UserId, ended: &[SessionId]) {
    state.auth.invalidate_user(user).await;
    state.hub.sessions_revoked(user, ended);
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

/// One's sessions, newest first
#[utoipa::path(get, path = "/users/me/sessions", tag = "users", params(ListQuery),
    responses((status = 200, body = Page<UserSession>, description = "A page"), ReadsOwn, QueryOnly))]
async fn list_sessions(
    State(state): State<AppState>,
    SessionUser(session): SessionUser,
    Query(query): Query<ListQuery>,
) -> Result<JsonBody<Page<UserSession>>, ApiError> {
    let limit = page_size(query.limit)?;
    let after = cursor::<ListPosition>(query.cursor.as_deref())?;
    let now = state.hub.clock().now();
    let user = session.user_id();
    let listed = sessions::list(&state.pools.reads, user, now, after, limit + 1).await?;
    let listed = page(listed, limit, |last| last.position().to_string());
    let items = listed.items.into_iter().map(|listed| {
        let current = listed.id == session.session_id;
        UserSession {
            id: listed.id,
            created_at: listed.created_at.into(),
            last_seen_at: if current { now } else { listed.last_seen_at }.into(),
            current,
        }
    });
    Ok(JsonBody(Page {
        items: items.collect(),
        next_cursor: listed.next_cursor,
    }))
}

/// Ends all one's sessions but this one
#[utoipa::path(delete, path = "/users/me/sessions", tag = "users",
    responses((status = 204, description = "Ended"), ChangesOwn, Limited))]
async fn end_other_sessions(
    State(state): State<AppState>,
    SessionUser(session): SessionUser,
    addr: ClientAddr,
) -> Result<StatusCode, ApiError> {
    let user = session.user_id();
    check_rate(&state, user)?;
    let ended = state.auth.revoke_others(&session).await?;
    state.hub.sessions_revoked(user, &ended);
    let entry = AuditEntry::new(Action::SessionsEnded, addr.ip).by(user);
    state.audit.record(entry);
    Ok(StatusCode::NO_CONTENT)
}

/// Ends one of one's sessions
#[utoipa::path(delete, path = "/users/me/sessions/{session_id}", tag = "users",
    params(("session_id" = String, Path)),
    responses((status = 204, description = "Ended"), EndsSession, Limited))]
async fn end_session(
    State(state): State<AppState>,
    SessionUser(session): SessionUser,
    SessionPath(id): SessionPath,
    addr: ClientAddr,
) -> Result<Response, ApiError> {
    let user = session.user_id();
    check_rate(&state, user)?;
    if !state.auth.revoke_of(user, id).await? {
        return Err(ApiError::NotFound(Resource::Session));
    }
    state.hub.session_revoked(user, id);
    let entry = AuditEntry::new(Action::SessionsEnded, addr.ip).by(user);
    state.audit.record(entry.to("session", id));
    Ok(if id == session.session_id {
        signed_out()
    } else {
        StatusCode::NO_CONTENT.into_response()
    })
}

/// Deletes one's account
///
/// The names and the password go; what the user painted and wrote stays.
#[utoipa::path(delete, path = "/users/me", tag = "users", request_body = Option<DeleteAccount>,
    responses((status = 204, description = "Deleted"), NeedsPassword, Body, Limited))]
async fn delete(
    State(state): State<AppState>,
    SessionUser(session): SessionUser,
    addr: ClientAddr,
    OptionalJson(body): OptionalJson<DeleteAccount>,
) -> Result<Response, ApiError> {
    let deleted = delete_account(&state, &session, body).await;
    let entry = AuditEntry::new(Action::AccountDeleted, addr.ip)
        .by(session.user_id())
        .ended(&deleted);
    state.audit.record(entry);
    deleted.map(|()| signed_out())
}

async fn delete_account(
    state: &AppState,
    session: &Session,
    body: DeleteAccount,
) -> Result<(), ApiError> {
    let user = session.user_id();
    check_rate(state, user)?;
    let hash = accounts::password_hash(&state.pool, user)
        .await?
        .ok_or(ApiError::Unauthenticated)?;
    if hash.is_some() {
        let password = body.password.unwrap_or_default();
        confirm_password(state, session, password, hash.clone()).await?;
    }
    let deletes_canvases = body.delete_canvases.unwrap_or_default();
    let ended = remove_names(state, user, hash.as_deref(), deletes_canvases).await?;
    end_sessions(state, user, &ended).await;
    state.hub.status_messages().supersede(user, "");
    state.account_deleted.notify_one();
    if deletes_canvases {
        let began = Instant::now();
        while began.elapsed() < DELETE_CANVASES_FOR {
            let deleted = delete_canvases(&state.pool, user).await?;
            if deleted.is_empty() {
                break;
            }
            for canvas in deleted {
                state.hub.canvas_deleted(canvas);
            }
            state.canvas_deleted.notify_one();
        }
    }
    Ok(())
}

/// Removes names and password from the account and ends its sessions, which are returned.
async fn remove_names(
    state: &AppState,
    user: UserId,
    hash: Option<&str>,
    deletes_canvases: bool,
) -> Result<Vec<SessionId>, ApiError> {
    let mut number = user.0.unsigned_abs();
    let mut tries = 0;
    loop {
        let name = accounts::deleted_name(number);
        match try_to_remove_names(state, user, hash, &name, deletes_canvases).await {
            // An account of before the names were reserved.
            Err(ApiError::UsernameTaken) if tries < MAX_NAME_TRIES => {
                tries += 1;
                number = rand::random::<u64>() >> 1;
            }
            removed => return removed,
        }
    }
}

async fn try_to_remove_names(
    state: &AppState,
    user: UserId,
    hash: Option<&str>,
    name: &str,
    deletes_canvases: bool,
) -> Result<Vec<SessionId>, ApiError> {
    let now = state.hub.clock().now();
    let mut lease = state.pool.acquire().await?;
    let mut transaction = lease.begin().await?;
    let deleted =
        accounts::delete(&mut transaction, user, hash, name, deletes_canvases, now).await?;
    if !deleted {
        return Err(ApiError::InvalidCredentials);
    }
    let ended = sessions::revoke_others(&mut *transaction, user, None, now).await?;
    transaction.commit().await.map_err(DbError::from)?;
    lease.done();
    Ok(ended)
}

/// 204 that removes the cookie.
fn signed_out() -> Response {
    let removed = [(header::SET_COOKIE, REMOVE_COOKIE)];
    (StatusCode::NO_CONTENT, removed).into_response()
}
