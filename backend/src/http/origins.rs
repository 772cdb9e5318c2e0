//! From where users come: the cookie `device` of their browser, and their network. Guests
//! who come from where a banned user came have to register.

use super::{client_addr::ClientAddr, error::ApiError};
use crate::{
    db::origins::{self, Guest, Origin},
    state::AppState,
};
use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use axum_extra::extract::CookieJar;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use shared::ids::{CanvasId, UserId};

/// The name of the cookie that tells browsers apart.
const DEVICE: &str = "device";
/// Seconds that a browser keeps it: a year.
const MAX_AGE: u32 = 365 * 24 * 3600;
/// Random bytes in it.
const BYTES: usize = 24;

/// The browser that sent a request.
pub(super) struct Device {
    /// What is stored of the cookie.
    pub(super) digest: Vec<u8>,
    /// The cookie to set, if the browser had none.
    new_value: Option<String>,
}

impl Device {
    /// The device of a request; a new one for a browser without the cookie.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        if let Some(digest) = known(headers) {
            return Self {
                digest,
                new_value: None,
            };
        }
        let value = URL_SAFE_NO_PAD.encode(rand::random::<[u8; BYTES]>());
        Self {
            digest: digest(&value),
            new_value: Some(value),
        }
    }

    /// Adds the cookie to an answer, if the browser has none.
    pub(super) fn remember(&self, response: &mut Response, https: bool) {
        let Some(value) = &self.new_value else { return };
        let secure = if https { "; Secure" } else { "" };
        let cookie =
            format!("{DEVICE}={value}; HttpOnly; SameSite=Lax; Path=/; Max-Age={MAX_AGE}{secure}");
        // Base64 has no character that a header cannot have.
        if let Ok(cookie) = HeaderValue::try_from(cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
}

/// The digest of the cookie, if the request has one of ours.
pub(super) fn known(headers: &HeaderMap) -> Option<Vec<u8>> {
    let cookies = CookieJar::from_headers(headers);
    let value = cookies.get(DEVICE)?.value();
    let bytes = URL_SAFE_NO_PAD.decode(value).ok()?;
    (bytes.len() == BYTES).then(|| digest(value))
}

fn digest(value: &str) -> Vec<u8> {
    Sha256::digest(value.as_bytes()).to_vec()
}

/// Notes from where a user came. A failure is logged: it keeps nobody out.
pub(super) async fn note(
    state: &AppState,
    user: UserId,
    addr: ClientAddr,
    device: Option<Vec<u8>>,
) {
    let network = state.auth.network_digest(addr.ip).map(Origin::Network);
    let network = network.filter(|_| state.config.ban_network_hours > 0);
    for origin in device.map(Origin::Device).into_iter().chain(network) {
        if let Err(error) = state.origin_notes.note(user, origin).await {
            tracing::warn!(%error, "from where a user came could not be stored");
        }
    }
}

/// Refuses a user who is a guest without a given role if they have to register before they
/// may act on the canvas.
///
/// # Errors
/// `RegistrationRequired`.
pub(super) async fn check_guest(
    state: &AppState,
    canvas: CanvasId,
    user: UserId,
    addr: ClientAddr,
) -> Result<(), ApiError> {
    let guest = Guest {
        user: Some(user),
        device: None,
        network: state.auth.network_digest(addr.ip),
    };
    check(state, Some(canvas), &guest).await
}

/// Refuses a guest who accepts an invite if they were made in a browser of somebody who was
/// banned from the canvas. Their network does not matter: who is invited gets a role by name.
///
/// # Errors
/// `RegistrationRequired`.
pub(super) async fn check_invited(
    state: &AppState,
    canvas: CanvasId,
    user: UserId,
) -> Result<(), ApiError> {
    let guest = Guest {
        user: Some(user),
        ..Guest::default()
    };
    check(state, Some(canvas), &guest).await
}

/// Refuses to make a guest in a browser, or from a network, of somebody who is banned from
/// the server.
///
/// # Errors
/// `RegistrationRequired`.
pub(super) async fn check_new_guest(
    state: &AppState,
    device: &Device,
    addr: ClientAddr,
) -> Result<(), ApiError> {
    let guest = Guest {
        user: None,
        device: Some(device.digest.clone()),
        network: state.auth.network_digest(addr.ip),
    };
    check(state, None, &guest).await
}

async fn check(state: &AppState, canvas: Option<CanvasId>, guest: &Guest) -> Result<(), ApiError> {
    let now = state.hub.clock().now();
    let since = now - state.config.ban_network_time();
    match origins::refusal(&state.pool, canvas, guest, since).await? {
        None => Ok(()),
        Some(refusal) => {
            let wait = refusal.ends_at.map(|end| (end - now).to_std());
            Err(ApiError::RegistrationRequired(
                wait.map(Result::unwrap_or_default),
            ))
        }
    }
}
