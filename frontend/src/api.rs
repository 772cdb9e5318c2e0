//! The HTTP interface, typed. One function per request; the cookie signs in.
//! Knows no store: callers decide what an answer means.

use gloo_net::http::{Method, Request, RequestBuilder, Response};
use js_sys::Promise;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use shared::{
    api::{
        Auth, Canvas, ChatMessage, CreateCanvas, FieldError, Guest, Login, Member, Page, Problem,
        Register, SetMember, Snapshot, Ticket, UpdateCanvas, UpdateMe, User,
    },
    canvas::Role,
    ids::CanvasId,
    limits,
    protocol::Durable,
};
use thiserror::Error;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::RequestCredentials;

/// Why a request did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ApiError {
    /// The server could not be reached, or did not speak our language.
    #[error("the server cannot be reached")]
    Away,
    /// The server refused; the problem's `code` says why.
    #[error("{}", .0.detail)]
    Refused(Box<Problem>),
}

impl ApiError {
    /// The HTTP status, if there was an answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Away => None,
            Self::Refused(problem) => Some(problem.status),
        }
    }

    /// The problem's code, `away` where there was no answer.
    pub fn code(&self) -> &str {
        match self {
            Self::Away => "away",
            Self::Refused(problem) => &problem.code,
        }
    }

    /// Which fields of a form are wrong.
    pub fn fields(&self) -> &[FieldError] {
        match self {
            Self::Away => &[],
            Self::Refused(problem) => &problem.errors,
        }
    }
}

/// What every request gives.
pub type Answer<T> = Result<T, ApiError>;

/// The user of the cookie; 401 where there is none.
///
/// # Errors
/// [`ApiError`], as for every request here.
pub async fn me() -> Answer<User> {
    read(&send(request(Method::GET, "/users/me")).await?).await
}

/// Changes one's display name or status message.
///
/// # Errors
/// [`ApiError`].
pub async fn update_me(change: &UpdateMe) -> Answer<User> {
    read(&send_json(Method::PATCH, "/users/me", change).await?).await
}

/// Makes an account and signs in.
///
/// # Errors
/// [`ApiError`].
pub async fn register(body: &Register) -> Answer<Auth> {
    read(&send_json(Method::POST, "/auth/register", body).await?).await
}

/// Signs in.
///
/// # Errors
/// [`ApiError`].
pub async fn login(body: &Login) -> Answer<Auth> {
    read(&send_json(Method::POST, "/auth/login", body).await?).await
}

/// Signs in without a password.
///
/// # Errors
/// [`ApiError`].
pub async fn guest(body: &Guest) -> Answer<Auth> {
    read(&send_json(Method::POST, "/auth/guest", body).await?).await
}

/// Ends the session.
///
/// # Errors
/// [`ApiError`].
pub async fn logout() -> Answer<()> {
    send(request(Method::POST, "/auth/logout")).await.map(drop)
}

/// Prolongs the session; the cookie is set anew.
///
/// # Errors
/// [`ApiError`].
pub async fn refresh() -> Answer<Auth> {
    read(&send(request(Method::POST, "/auth/refresh")).await?).await
}

/// Public canvases whose name has `query` in it, or one's own.
///
/// # Errors
/// [`ApiError`].
pub async fn canvases(query: &str, mine: bool, cursor: Option<&str>) -> Answer<Page<Canvas>> {
    let mut request = request(Method::GET, "/canvases");
    if !query.is_empty() {
        request = request.query([("q", query)]);
    }
    if mine {
        request = request.query([("mine", "true")]);
    }
    if let Some(cursor) = cursor {
        request = request.query([("cursor", cursor)]);
    }
    read(&send(request).await?).await
}

/// Makes a canvas.
///
/// # Errors
/// [`ApiError`].
pub async fn create_canvas(body: &CreateCanvas) -> Answer<Canvas> {
    read(&send_json(Method::POST, "/canvases", body).await?).await
}

/// One canvas.
///
/// # Errors
/// [`ApiError`].
pub async fn canvas(id: CanvasId) -> Answer<Canvas> {
    read(&send(request(Method::GET, &format!("/canvases/{id}"))).await?).await
}

/// Changes a canvas's settings.
///
/// # Errors
/// [`ApiError`].
pub async fn update_canvas(id: CanvasId, change: &UpdateCanvas) -> Answer<Canvas> {
    read(&send_json(Method::PATCH, &format!("/canvases/{id}"), change).await?).await
}

/// Deletes a canvas with everything on it.
///
/// # Errors
/// [`ApiError`].
pub async fn delete_canvas(id: CanvasId) -> Answer<()> {
    let request = request(Method::DELETE, &format!("/canvases/{id}"));
    send(request).await.map(drop)
}

/// Who has a role of their own on a canvas: the first 200 of them.
///
/// # Errors
/// [`ApiError`].
pub async fn members(id: CanvasId) -> Answer<Page<Member>> {
    let request = request(Method::GET, &format!("/canvases/{id}/members"))
        .query([("limit", limits::MAX_PAGE.to_string())]);
    read(&send(request).await?).await
}

/// Gives somebody a role on a canvas.
///
/// # Errors
/// [`ApiError`].
pub async fn set_member(id: CanvasId, username: &str, role: Role) -> Answer<()> {
    let body = SetMember { role };
    send_json(Method::PUT, &member(id, username), &body)
        .await
        .map(drop)
}

/// Takes somebody's role on a canvas.
///
/// # Errors
/// [`ApiError`].
pub async fn remove_member(id: CanvasId, username: &str) -> Answer<()> {
    send(request(Method::DELETE, &member(id, username)))
        .await
        .map(drop)
}

fn member(id: CanvasId, username: &str) -> String {
    // What is no user name must not become another path.
    let username = js_sys::encode_uri_component(username);
    format!("/canvases/{id}/members/{username}")
}

/// Why the server does not let this user's connection in, by what it would
/// answer: browsers do not tell of a refused WebSocket. An `Ok` means that it
/// would.
///
/// # Errors
/// [`ApiError`].
pub async fn probe_refusal(id: CanvasId) -> Answer<()> {
    let ticket = send(request(Method::POST, "/ws/ticket")).await?;
    let ticket: Ticket = read(&ticket).await?;
    // Everything is decided before the upgrade, and this asks for none: 422.
    // The cookie would count first, and only with an Origin, which this lacks.
    let request = request(Method::GET, &format!("/ws/canvas/{id}"))
        .query([("token", ticket.ticket)])
        .credentials(RequestCredentials::Omit);
    match send(request).await {
        Err(error) if error.status() == Some(422) => Ok(()),
        answer => answer.map(drop),
    }
}

/// One consistent picture of a canvas. The first was asked for before this
/// program was there.
///
/// # Errors
/// [`ApiError`].
pub async fn snapshot(id: CanvasId) -> Answer<Snapshot> {
    let path = format!("/canvases/{id}/snapshot");
    let response = match early(&path).await {
        Some(response) => check(response).await?,
        None => send(request(Method::GET, &path)).await?,
    };
    read(&response).await
}

#[wasm_bindgen]
extern "C" {
    /// What `boot.js` asked for, which it gives away once.
    #[wasm_bindgen(js_name = stellarEarly, catch)]
    fn give_early(url: &str) -> Result<Promise, JsValue>;
}

/// What was asked for before, if it was and there is an answer.
async fn early(path: &str) -> Option<Response> {
    let answer = JsFuture::from(give_early(&url(path)).ok()?).await.ok()?;
    Some(answer.unchecked_into::<web_sys::Response>().into())
}

/// Chat messages before `before_seq`, newest first.
///
/// # Errors
/// [`ApiError`].
pub async fn messages(id: CanvasId, before_seq: i64) -> Answer<Page<ChatMessage>> {
    let request = request(Method::GET, &format!("/canvases/{id}/messages"))
        .query([("before_seq", before_seq.to_string())]);
    read(&send(request).await?).await
}

/// Durable events after `after_seq`, oldest first, as many as one page has.
///
/// # Errors
/// [`ApiError`].
pub async fn events(id: CanvasId, after_seq: i64) -> Answer<Page<Durable>> {
    let request = request(Method::GET, &format!("/canvases/{id}/events")).query([
        ("after_seq", after_seq.to_string()),
        ("limit", limits::MAX_PAGE.to_string()),
    ]);
    read(&send(request).await?).await
}

/// The address of a canvas's picture, for `<img src>`.
pub fn image_url(id: CanvasId, scale: u32) -> String {
    format!("/api/v1/canvases/{id}/image.png?scale={scale}")
}

fn request(method: Method, path: &str) -> RequestBuilder {
    RequestBuilder::new(&url(path)).method(method)
}

fn url(path: &str) -> String {
    format!("/api/v1{path}")
}

async fn send(request: RequestBuilder) -> Answer<Response> {
    finish(request.build()).await
}

async fn send_json(method: Method, path: &str, body: &impl Serialize) -> Answer<Response> {
    finish(request(method, path).json(body)).await
}

async fn finish(request: Result<Request, gloo_net::Error>) -> Answer<Response> {
    let response = request
        .map_err(|_| ApiError::Away)?
        .send()
        .await
        .map_err(|_| ApiError::Away)?;
    check(response).await
}

async fn check(response: Response) -> Answer<Response> {
    if response.ok() {
        return Ok(response);
    }
    let status = response.status();
    let problem = read(&response).await.unwrap_or_else(|_| Problem {
        kind: "about:blank".to_owned(),
        title: response.status_text(),
        status,
        code: String::new(),
        detail: response.status_text(),
        errors: Vec::new(),
    });
    Err(ApiError::Refused(Box::new(problem)))
}

/// Reads the body through a [`Value`], as the socket's messages are read, so
/// that each type is compiled for one deserializer only.
async fn read<T: DeserializeOwned>(response: &Response) -> Answer<T> {
    let body: Value = response.json().await.map_err(|_| ApiError::Away)?;
    serde_json::from_value(body).map_err(|_| ApiError::Away)
}
