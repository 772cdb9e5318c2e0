//! Registration, sign-in, token refresh, sign-out and tickets.

use super::{
    client_addr::ClientAddr,
    cookie::{DEVICE_COOKIE, REMOVE_COOKIE, set_cookie, set_device_cookie},
    error::ApiError,
    extract::{AuthUser, SessionUser},
    json_body::{Json, OptionalJson},
    openapi::{self, Body, ChangesOwn, Limited, MakesGuest, Registering, SignedIn},
    origins::{self, Device},
    validator::Validator,
};
use crate::{
    audit::{Action, AuditEntry},
    auth::{IssuedToken, KNOWN_FOR, KnownUsers},
    db::{self, accounts, sign_ins, users},
    rate_limit::{SignInRefusal, network},
    realtime::RateCost,
    state::AppState,
};
use axum::{
    Json as JsonBody,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use axum_extra::extract::CookieJar;
use rand::seq::IndexedRandom;
use shared::{
    api::{Auth, Guest, Login, Register, Ticket, User},
    ids::UserId,
    limits,
    text::{self, TextError},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(login))
        .routes(routes!(guest))
        .routes(routes!(refresh))
        .routes(routes!(logout))
        .routes(routes!(ticket))
}

/// Makes a user with a password, and signs them in
#[utoipa::path(post, path = "/auth/register", tag = "auth", request_body = Register, security(()),
    responses(
        (status = 201, body = Auth, description = "Registered and signed in"),
        Registering, Body, Limited))]
async fn register(
    State(state): State<AppState>,
    addr: ClientAddr,
    headers: HeaderMap,
    Json(body): Json<Register>,
) -> Result<Response, ApiError> {
    let mut validator = Validator::default();
    let username = validator.value("username", text::username(&body.username));
    let password = validator.value("password", text::password(body.password));
    let display_name = validator.optional("display_name", body.display_name.map(display_name));
    validator.finish()?;
    let display_name = display_name.as_deref().unwrap_or(&username);
    let made = make_user(&state, addr, &username, password, display_name).await;
    record(&state, Action::Register, addr, &made);
    let (issued, user) = made?;
    let known = known_users(&state, &headers);
    let from = (addr, Device::of(&headers));
    signed_in_by_password(&state, StatusCode::CREATED, issued, user, from, &known).await
}

/// Creates a user and their first session, within the limit of the address.
async fn make_user(
    state: &AppState,
    addr: ClientAddr,
    username: &str,
    password: String,
    display_name: &str,
) -> Result<(IssuedToken, User), ApiError> {
    state
        .sign_in_limits
        .register(addr.ip)
        .map_err(ApiError::RateLimited)?;
    check_username_is_free(state, username).await?;
    let hash = state.passwords.hash(password).await?;
    let user = users::insert(&state.pool, username, display_name, Some(&hash)).await?;
    Ok((state.auth.start_session(user.id).await?, user))
}

/// Checks before the password is hashed, which is expensive, that the name can be taken. Of two
/// at once, the unique key refuses one.
///
/// # Errors
/// `UsernameTaken`, also for a name that nobody can register.
pub(super) async fn check_username_is_free(
    state: &AppState,
    username: &str,
) -> Result<(), ApiError> {
    // Nobody becomes an admin by being the first to take the name.
    if state.config.names_admin(username) || accounts::is_deleted_name(username) {
        return Err(ApiError::UsernameTaken);
    }
    match users::credentials(&state.pool, username).await? {
        Some(_) => Err(ApiError::UsernameTaken),
        None => Ok(()),
    }
}

/// Records a sign-in or its refusal in the audit log.
fn record(
    state: &AppState,
    action: Action,
    addr: ClientAddr,
    made: &Result<(IssuedToken, User), ApiError>,
) {
    let entry = AuditEntry::new(action, addr.ip).ended(made);
    state.audit.record(match made {
        Ok((_, user)) => entry.by(user.id),
        Err(_) => entry,
    });
}

/// Signs in with name and password
#[utoipa::path(post, path = "/auth/login", tag = "auth", request_body = Login, security(()),
    responses(
        (status = 200, body = Auth, description = "Signed in"),
        openapi::Login, Body, Limited))]
async fn login(
    State(state): State<AppState>,
    addr: ClientAddr,
    headers: HeaderMap,
    Json(body): Json<Login>,
) -> Result<Response, ApiError> {
    // No user has an invalid name: refused like a wrong password.
    let username = text::username(&body.username).unwrap_or_default();
    let known = known_users(&state, &headers);
    let mut target = None;
    let checked = check_password(&state, addr, &known, &username, body.password, &mut target).await;
    let entry = AuditEntry::new(Action::Login, addr.ip).ended(&checked);
    // The name is not recorded as it was typed: it may be a password.
    state.audit.record(match (&checked, target) {
        (Ok((_, user)), _) => entry.by(user.id),
        (Err(_), Some(id)) => entry.to("user", id),
        (Err(_), None) => entry,
    });
    let (issued, user) = checked?;
    let from = (addr, Device::of(&headers));
    signed_in_by_password(&state, StatusCode::OK, issued, user, from, &known).await
}

/// Starts a session if the password is right. `target` becomes the user with that
/// name, whether or not the password is theirs.
///
/// On a device of the user, and in a network from which the user signed in, the
/// password is checked although too many sign-ins failed: whoever guesses it gets the
/// same refusal as before, and the user is not kept out.
async fn check_password(
    state: &AppState,
    addr: ClientAddr,
    device: &KnownUsers,
    username: &str,
    password: String,
    target: &mut Option<UserId>,
) -> Result<(IssuedToken, User), ApiError> {
    let attempt = match state.sign_in_limits.log_in(addr.ip, username) {
        Ok(attempt) => Ok(attempt),
        // Before the database is asked.
        Err(SignInRefusal::Network(wait)) if device.is_empty() => {
            return Err(ApiError::RateLimited(wait));
        }
        Err(refusal) => Err(refusal),
    };
    let known = users::credentials(&state.pool, username).await?;
    let (id, hash) = match known {
        Some(known) => (Some(UserId(known.id)), known.password_hash),
        None => (None, None),
    };
    *target = id;
    if let Err(refusal) = attempt
        && !is_exempt(state, addr, device, id, refusal).await?
    {
        return Err(ApiError::RateLimited(refusal.wait()));
    }
    let right = state.passwords.verify(password, hash).await?;
    let Some(id) = id.filter(|_| right) else {
        return Err(match attempt {
            Ok(attempt) => {
                attempt.failed();
                ApiError::InvalidCredentials
            }
            Err(refusal) => ApiError::RateLimited(refusal.wait()),
        });
    };
    drop(attempt);
    let user = users::find(&state.pool, id)
        .await?
        .ok_or(ApiError::InvalidCredentials)?;
    Ok((state.auth.start_session(user.id).await?, user))
}

/// Whether the refusal does not count where the request comes from. A known network
/// is no exemption from the limit of all attempts in that network, whatever the name:
/// an account of one's own is easily had, and each attempt costs a hash.
async fn is_exempt(
    state: &AppState,
    addr: ClientAddr,
    device: &KnownUsers,
    user: Option<UserId>,
    refusal: SignInRefusal,
) -> Result<bool, ApiError> {
    let Some(user) = user else { return Ok(false) };
    if device.contains(user) {
        return Ok(true);
    }
    match refusal {
        SignInRefusal::Network(_) => Ok(false),
        SignInRefusal::Name(_) => {
            let since = state.hub.clock().now() - KNOWN_FOR;
            let network = network(addr.ip);
            Ok(sign_ins::is_known(&state.pool, user, network, since).await?)
        }
    }
}

/// The users who signed in on the device that sent the request.
pub(super) fn known_users(state: &AppState, headers: &HeaderMap) -> KnownUsers {
    let cookies = CookieJar::from_headers(headers);
    let cookie = cookies.get(DEVICE_COOKIE);
    cookie.map_or_else(KnownUsers::default, |cookie| {
        state.auth.known_users(cookie.value())
    })
}

/// The answer to a sign-in with a password. From now on the network and the device
/// are known as the user's.
pub(super) async fn signed_in_by_password(
    state: &AppState,
    status: StatusCode,
    issued: IssuedToken,
    user: User,
    (addr, device): (ClientAddr, Device),
    before: &KnownUsers,
) -> Result<Response, ApiError> {
    let now = state.hub.clock().now();
    if let Err(error) = sign_ins::remember(&state.pool, user.id, network(addr.ip), now).await {
        tracing::warn!(%error, "the network of a sign-in could not be stored");
    }
    let token = state.auth.issue_device_token(user.id, before)?;
    let cookie = set_device_cookie(&token, addr.https);
    let mut response = signed_in(state, status, issued, user, addr, &device).await;
    // A token never has a character that a header cannot have.
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Signs in without a password, as somebody new
#[utoipa::path(post, path = "/auth/guest", tag = "auth", request_body = Option<Guest>, security(()),
    responses((status = 201, body = Auth, description = "Signed in"), MakesGuest, Body, Limited))]
async fn guest(
    State(state): State<AppState>,
    addr: ClientAddr,
    headers: HeaderMap,
    OptionalJson(body): OptionalJson<Guest>,
) -> Result<Response, ApiError> {
    let mut validator = Validator::default();
    let display_name = validator.optional("display_name", body.display_name.map(display_name));
    validator.finish()?;
    let display_name = display_name.unwrap_or_else(random_display_name);
    let device = Device::of(&headers);
    let made = make_guest(&state, addr, &device, &display_name).await;
    record(&state, Action::Guest, addr, &made);
    let (issued, user) = made?;
    Ok(signed_in(&state, StatusCode::CREATED, issued, user, addr, &device).await)
}

/// Creates a guest and their session, within the limit of the address.
async fn make_guest(
    state: &AppState,
    addr: ClientAddr,
    device: &Device,
    display_name: &str,
) -> Result<(IssuedToken, User), ApiError> {
    state
        .sign_in_limits
        .guest(addr.ip)
        .map_err(ApiError::RateLimited)?;
    if state.origin_notes.any_bans().await? {
        origins::check_new_guest(state, device, addr).await?;
    }
    // With 60 random bits, no two guests get the same name.
    let username = format!("guest-{:015x}", rand::random::<u64>() >> 4);
    let user = users::insert(&state.pool, &username, display_name, None).await?;
    db::origins::set_made_on(&state.pool, user.id, &device.digest).await?;
    Ok((state.auth.start_session(user.id).await?, user))
}

/// Gives the same session a token that ends later
#[utoipa::path(post, path = "/auth/refresh", tag = "auth",
    responses((status = 200, body = Auth, description = "A new token"), SignedIn, Limited))]
async fn refresh(
    State(state): State<AppState>,
    SessionUser(session): SessionUser,
    addr: ClientAddr,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    state
        .hub
        .check_rate(session.user_id(), RateCost::Settings)
        .map_err(ApiError::RateLimited)?;
    let user = users::find(&state.pool, session.user_id())
        .await?
        .ok_or(ApiError::Unauthenticated)?;
    let issued = state.auth.refresh(&session).await?;
    let device = Device::of(&headers);
    Ok(signed_in(&state, StatusCode::OK, issued, user, addr, &device).await)
}

/// Ends the session, with all its tokens and sockets
#[utoipa::path(post, path = "/auth/logout", tag = "auth",
    responses((status = 204, description = "Signed out"), SignedIn))]
async fn logout(
    State(state): State<AppState>,
    SessionUser(session): SessionUser,
    addr: ClientAddr,
) -> Result<Response, ApiError> {
    state.auth.revoke(session.session_id).await?;
    state
        .hub
        .session_revoked(session.user_id(), session.session_id);
    let entry = AuditEntry::new(Action::Logout, addr.ip).by(session.user_id());
    state.audit.record(entry);
    Ok((
        StatusCode::NO_CONTENT,
        [(header::SET_COOKIE, REMOVE_COOKIE)],
    )
        .into_response())
}

/// Makes a ticket that stands in for the token in one WebSocket address
#[utoipa::path(post, path = "/ws/ticket", tag = "auth",
    responses((status = 201, body = Ticket, description = "Good once, for 30 s"), ChangesOwn, Limited))]
async fn ticket(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
) -> Result<(StatusCode, JsonBody<Ticket>), ApiError> {
    state
        .user_limits
        .ticket(session.user_id())
        .map_err(ApiError::RateLimited)?;
    let (ticket, expires_at) = state.auth.issue_ticket(&session).await?;
    let expires_at = expires_at.into();
    Ok((StatusCode::CREATED, JsonBody(Ticket { ticket, expires_at })))
}

/// Validates a display name.
pub(super) fn display_name(name: impl AsRef<str>) -> Result<String, TextError> {
    text::name(name.as_ref(), &limits::DISPLAY_NAME)
}

fn random_display_name() -> String {
    const HOW: [&str; 12] = [
        "Bright", "Quiet", "Swift", "Golden", "Curious", "Gentle", "Lucky", "Brave", "Silver",
        "Merry", "Dreamy", "Distant",
    ];
    const WHAT: [&str; 12] = [
        "Comet", "Nova", "Moon", "Meteor", "Quasar", "Pulsar", "Nebula", "Orbit", "Galaxy", "Star",
        "Aurora", "Planet",
    ];
    let mut rng = rand::rng();
    let how = HOW.choose(&mut rng).unwrap_or(&HOW[0]);
    let what = WHAT.choose(&mut rng).unwrap_or(&WHAT[0]);
    format!("{how} {what}")
}

/// The answer with a new token. Notes from where the user came.
async fn signed_in(
    state: &AppState,
    status: StatusCode,
    issued: IssuedToken,
    user: User,
    addr: ClientAddr,
    device: &Device,
) -> Response {
    origins::note(state, user.id, addr, Some(device.digest.clone())).await;
    let cookie = set_cookie(&issued, addr.https);
    let auth = Auth {
        token: issued.token,
        token_type: "Bearer".to_owned(),
        expires_at: issued.expires_at.into(),
        user,
    };
    let answer = (status, [(header::SET_COOKIE, cookie)], JsonBody(auth));
    let mut response = answer.into_response();
    device.remember(&mut response, addr.https);
    response
}
