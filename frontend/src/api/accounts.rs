//! Requests about the user's account, hidden people and invites.

use super::{ApiResult, call, done, fetch, get, parse};
use gloo_net::http::Method;
use shared::{
    api::{
        Auth, Canvas, Page,
        accounts::{
            ChangePassword, CreateInvite, DeleteAccount, Invite, RegisterGuest, UserSession,
        },
        moderation::UserRef,
    },
    ids::{CanvasId, InviteId, SessionId},
    limits,
};

/// Gives the signed-in guest a name and a password.
///
/// # Errors
/// [`super::ApiError`].
pub async fn register_guest(body: &RegisterGuest) -> ApiResult<Auth> {
    parse(fetch(call(Method::POST, "/users/me/account").json(body)).await)
}

/// Changes the password; the user's other sessions end.
///
/// # Errors
/// [`super::ApiError`].
pub async fn change_password(body: &ChangePassword) -> ApiResult<()> {
    done(call(Method::POST, "/users/me/password").json(body)).await
}

/// Lists where the user is signed in.
///
/// # Errors
/// [`super::ApiError`].
pub async fn sessions() -> ApiResult<Page<UserSession>> {
    let call = get("/users/me/sessions");
    parse(fetch(call.query("limit", &limits::MAX_PAGE.to_string())).await)
}

/// Ends one session, or all but this one.
///
/// # Errors
/// [`super::ApiError`].
pub async fn end_session(id: Option<SessionId>) -> ApiResult<()> {
    let path = id.map_or_else(
        || "/users/me/sessions".to_owned(),
        |id| format!("/users/me/sessions/{id}"),
    );
    done(call(Method::DELETE, &path)).await
}

/// Deletes the user's account.
///
/// # Errors
/// [`super::ApiError`].
pub async fn delete_account(body: &DeleteAccount) -> ApiResult<()> {
    done(call(Method::DELETE, "/users/me").json(body)).await
}

/// Hides somebody from the user, or shows them again.
///
/// # Errors
/// [`super::ApiError`].
pub async fn block(username: &str, hidden: bool) -> ApiResult<()> {
    let method = if hidden { Method::PUT } else { Method::DELETE };
    let username = js_sys::encode_uri_component(username);
    done(call(method, &format!("/users/me/blocks/{username}"))).await
}

/// Lists whom the user hides; `cursor` is the previous page's `next_cursor`.
///
/// # Errors
/// [`super::ApiError`].
pub async fn blocks() -> ApiResult<Page<UserRef>> {
    let call = get("/users/me/blocks");
    parse(fetch(call.query("limit", &limits::MAX_PAGE.to_string())).await)
}

/// Makes an invite.
///
/// # Errors
/// [`super::ApiError`].
pub async fn create_invite(id: CanvasId, body: &CreateInvite) -> ApiResult<Invite> {
    parse(fetch(call(Method::POST, &format!("/canvases/{id}/invites")).json(body)).await)
}

/// Lists the invites of a canvas that can still be used.
///
/// # Errors
/// [`super::ApiError`].
pub async fn invites(id: CanvasId) -> ApiResult<Page<Invite>> {
    let call = get(&format!("/canvases/{id}/invites"));
    parse(fetch(call.query("limit", &limits::MAX_PAGE.to_string())).await)
}

/// Takes an invite back.
///
/// # Errors
/// [`super::ApiError`].
pub async fn revoke_invite(id: InviteId) -> ApiResult<()> {
    done(call(Method::DELETE, &format!("/invites/{id}"))).await
}

/// Accepts an invite; returns its canvas.
///
/// # Errors
/// [`super::ApiError`].
pub async fn accept_invite(code: &str) -> ApiResult<Canvas> {
    let code = js_sys::encode_uri_component(code);
    parse(fetch(call(Method::POST, &format!("/invites/{code}/accept"))).await)
}
