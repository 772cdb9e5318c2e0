//! A typed client for the HTTP API: one async function per request. The session
//! cookie authenticates. This module knows nothing of the store; callers decide
//! what a response means.

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
    protocol::DurableEvent,
};
use std::pin::Pin;
use thiserror::Error;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::RequestCredentials;

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ApiError {
    /// The server could not be reached, or its response could not be read.
    #[error("the server cannot be reached")]
    Unreachable,
    /// The server refused; the problem's `code` says why.
    #[error("{}", .0.detail)]
    Refused(Box<Problem>),
}

impl ApiError {
    /// The HTTP status, if there was a response.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Unreachable => None,
            Self::Refused(problem) => Some(problem.status),
        }
    }

    /// The problem's code; `unreachable` if there was no response.
    pub fn code(&self) -> &str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Refused(problem) => &problem.code,
        }
    }

    /// The fields of the request that are wrong; empty if it is not about fields.
    pub fn fields(&self) -> &[FieldError] {
        match self {
            Self::Unreachable => &[],
            Self::Refused(problem) => &problem.errors,
        }
    }
}

/// The result of a request.
pub type ApiResult<T> = Result<T, ApiError>;

/// Gets the signed-in user.
///
/// # Errors
/// [`ApiError`]; status 401 if nobody is signed in.
pub async fn me() -> ApiResult<User> {
    parse(fetch(request(Method::GET, "/users/me").build()).await)
}

/// Changes the signed-in user's display name or status message.
///
/// # Errors
/// [`ApiError`].
pub async fn update_me(change: &UpdateMe) -> ApiResult<User> {
    parse(fetch(with_json(Method::PATCH, "/users/me", change)).await)
}

/// Creates an account and signs in.
///
/// # Errors
/// [`ApiError`].
pub async fn register(body: &Register) -> ApiResult<Auth> {
    parse(fetch(with_json(Method::POST, "/auth/register", body)).await)
}

/// Signs in.
///
/// # Errors
/// [`ApiError`].
pub async fn login(body: &Login) -> ApiResult<Auth> {
    parse(fetch(with_json(Method::POST, "/auth/login", body)).await)
}

/// Signs in without a password.
///
/// # Errors
/// [`ApiError`].
pub async fn guest(body: &Guest) -> ApiResult<Auth> {
    parse(fetch(with_json(Method::POST, "/auth/guest", body)).await)
}

/// Ends the session.
///
/// # Errors
/// [`ApiError`].
pub async fn logout() -> ApiResult<()> {
    send(request(Method::POST, "/auth/logout").build())
        .await
        .map(drop)
}

/// Extends the session; the response sets a new cookie.
///
/// # Errors
/// [`ApiError`].
pub async fn refresh() -> ApiResult<Auth> {
    parse(fetch(request(Method::POST, "/auth/refresh").build()).await)
}

/// Lists public canvases whose name contains `query`, or with `mine` those of
/// the signed-in user. `cursor` is the previous page's `next_cursor`.
///
/// # Errors
/// [`ApiError`].
pub async fn canvases(query: &str, mine: bool, cursor: Option<&str>) -> ApiResult<Page<Canvas>> {
    let mut request = request(Method::GET, "/canvases");
    if !query.is_empty() {
        request = with_query(request, "q", query);
    }
    if mine {
        request = with_query(request, "mine", "true");
    }
    if let Some(cursor) = cursor {
        request = with_query(request, "cursor", cursor);
    }
    parse(fetch(request.build()).await)
}

/// Creates a canvas.
///
/// # Errors
/// [`ApiError`].
pub async fn create_canvas(body: &CreateCanvas) -> ApiResult<Canvas> {
    parse(fetch(with_json(Method::POST, "/canvases", body)).await)
}

/// Gets a canvas.
///
/// # Errors
/// [`ApiError`].
pub async fn canvas(id: CanvasId) -> ApiResult<Canvas> {
    parse(fetch(request(Method::GET, &format!("/canvases/{id}")).build()).await)
}

/// Changes a canvas's settings.
///
/// # Errors
/// [`ApiError`].
pub async fn update_canvas(id: CanvasId, change: &UpdateCanvas) -> ApiResult<Canvas> {
    parse(fetch(with_json(Method::PATCH, &format!("/canvases/{id}"), change)).await)
}

/// Deletes a canvas with all its tiles and messages.
///
/// # Errors
/// [`ApiError`].
pub async fn delete_canvas(id: CanvasId) -> ApiResult<()> {
    let request = request(Method::DELETE, &format!("/canvases/{id}"));
    send(request.build()).await.map(drop)
}

/// Lists the users who were given a role on a canvas: the first 200.
///
/// # Errors
/// [`ApiError`].
pub async fn members(id: CanvasId) -> ApiResult<Page<Member>> {
    let request = request(Method::GET, &format!("/canvases/{id}/members"));
    let request = with_query(request, "limit", &limits::MAX_PAGE.to_string());
    parse(fetch(request.build()).await)
}

/// Gives a user a role on a canvas.
///
/// # Errors
/// [`ApiError`].
pub async fn set_member(id: CanvasId, username: &str, role: Role) -> ApiResult<()> {
    let body = SetMember { role };
    send(with_json(Method::PUT, &member(id, username), &body))
        .await
        .map(drop)
}

/// Removes a user's role on a canvas.
///
/// # Errors
/// [`ApiError`].
pub async fn remove_member(id: CanvasId, username: &str) -> ApiResult<()> {
    send(request(Method::DELETE, &member(id, username)).build())
        .await
        .map(drop)
}

fn member(id: CanvasId, username: &str) -> String {
    // Escaped, since the user may have typed a `/`.
    let username = js_sys::encode_uri_component(username);
    format!("/canvases/{id}/members/{username}")
}

/// Asks over HTTP whether the server would accept this user's WebSocket, since
/// browsers do not show the response to a refused one. `Ok` means that it would.
///
/// # Errors
/// [`ApiError`] with the reason for the refusal.
pub async fn probe_refusal(id: CanvasId) -> ApiResult<()> {
    let ticket: Ticket = parse(fetch(request(Method::POST, "/ws/ticket").build()).await)?;
    // The server checks the user and the canvas first, then that this is an
    // upgrade, which it is not: 422. Without the cookie, which the server would
    // prefer to the ticket and would refuse without an `Origin` header.
    let request = request(Method::GET, &format!("/ws/canvas/{id}"));
    let request =
        with_query(request, "token", &ticket.ticket).credentials(RequestCredentials::Omit);
    match send(request.build()).await {
        Err(error) if error.status() == Some(422) => Ok(()),
        result => result.map(drop),
    }
}

/// Gets a consistent snapshot of a canvas. `boot.js` has requested the first one
/// while this program was loading.
///
/// # Errors
/// [`ApiError`].
pub async fn snapshot(id: CanvasId) -> ApiResult<Snapshot> {
    let path = format!("/canvases/{id}/snapshot");
    let response = match prefetched(&path).await {
        Some(response) => check(response).await?,
        None => send(request(Method::GET, &path).build()).await?,
    };
    parse(json(&response).await)
}

#[wasm_bindgen]
extern "C" {
    /// Returns the response promise of a request that `boot.js` made, once.
    #[wasm_bindgen(js_name = stellarEarly, catch)]
    fn take_prefetched(url: &str) -> Result<Promise, JsValue>;
}

/// The response to `boot.js`'s request for this path, if it made one and it
/// succeeded.
async fn prefetched(path: &str) -> Option<Response> {
    let response = JsFuture::from(take_prefetched(&url(path)).ok()?)
        .await
        .ok()?;
    Some(response.unchecked_into::<web_sys::Response>().into())
}

/// Gets a page of chat messages before `before_seq`, newest first.
///
/// # Errors
/// [`ApiError`].
pub async fn messages(id: CanvasId, before_seq: i64) -> ApiResult<Page<ChatMessage>> {
    let request = request(Method::GET, &format!("/canvases/{id}/messages"));
    let request = with_query(request, "before_seq", &before_seq.to_string());
    parse(fetch(request.build()).await)
}

/// Gets a page of at most 200 durable events after `after_seq`, oldest first.
///
/// # Errors
/// [`ApiError`].
pub async fn events(id: CanvasId, after_seq: i64) -> ApiResult<Page<DurableEvent>> {
    let request = request(Method::GET, &format!("/canvases/{id}/events"));
    let request = with_query(request, "after_seq", &after_seq.to_string());
    let request = with_query(request, "limit", &limits::MAX_PAGE.to_string());
    parse(fetch(request.build()).await)
}

/// The URL of a canvas's image, for `<img src>`. `scale` is the number of image
/// pixels per pixel of the canvas.
pub fn image_url(id: CanvasId, scale: u32) -> String {
    format!("/api/v1/canvases/{id}/image.png?scale={scale}")
}

fn request(method: Method, path: &str) -> RequestBuilder {
    RequestBuilder::new(&url(path)).method(method)
}

/// Adds a parameter. gloo-net's method is generic; this is compiled once.
fn with_query(request: RequestBuilder, name: &str, value: &str) -> RequestBuilder {
    request.query([(name, value)])
}

fn url(path: &str) -> String {
    format!("/api/v1{path}")
}

fn with_json(
    method: Method,
    path: &str,
    body: &impl Serialize,
) -> Result<Request, gloo_net::Error> {
    request(method, path).json(body)
}

/// What all requests have in common is neither generic nor part of their own futures, so that it
/// is in the download once.
type Answer<T> = Pin<Box<dyn Future<Output = ApiResult<T>>>>;

/// Sends a request.
fn send(request: Result<Request, gloo_net::Error>) -> Answer<Response> {
    Box::pin(async {
        let request = request.map_err(|_| ApiError::Unreachable)?;
        let response = request.send().await.map_err(|_| ApiError::Unreachable)?;
        check(response).await
    })
}

/// Sends a request and reads the JSON in the response.
fn fetch(request: Result<Request, gloo_net::Error>) -> Answer<Value> {
    Box::pin(async { json(&send(request).await?).await })
}

/// The response, or the problem in its body if its status is not 2xx.
async fn check(response: Response) -> ApiResult<Response> {
    if response.ok() {
        return Ok(response);
    }
    let status = response.status();
    let problem = parse(json(&response).await).unwrap_or_else(|_| Problem {
        kind: "about:blank".to_owned(),
        title: response.status_text(),
        status,
        code: String::new(),
        detail: response.status_text(),
        errors: Vec::new(),
    });
    Err(ApiError::Refused(Box::new(problem)))
}

/// The JSON in the body.
async fn json(response: &Response) -> ApiResult<Value> {
    response.json().await.map_err(|_| ApiError::Unreachable)
}

/// Reads a type from a [`Value`], as the socket's messages are read, so that each type is
/// compiled for one deserializer only.
fn parse<T: DeserializeOwned>(body: ApiResult<Value>) -> ApiResult<T> {
    serde_json::from_value(body?).map_err(|_| ApiError::Unreachable)
}
