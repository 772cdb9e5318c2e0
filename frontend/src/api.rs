//! A typed client for the HTTP API: one async function per request. The session
//! cookie authenticates. This module knows nothing of the store; callers decide
//! what a response means.

pub mod accounts;
pub mod comments;
mod deadline;
mod error;
pub mod exports;
pub mod inbox;
pub mod order;
pub mod past;
pub mod rewrites;
pub mod tile_past;

use deadline::Deadline;
pub use error::ApiError;
use gloo_net::http::{Method, RequestBuilder, Response};
use js_sys::Promise;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use shared::{
    api::{
        Auth, Canvas, ChatMessage, CreateCanvas, Guest, Login, Member, Page, Problem, Register,
        SetMember, Snapshot, Ticket, UpdateCanvas, UpdateMe, User,
    },
    canvas::Role,
    ids::CanvasId,
    limits,
    protocol::DurableEvent,
};
use std::pin::Pin;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::RequestCredentials;

/// The result of a request.
pub type ApiResult<T> = Result<T, ApiError>;

/// Gets the signed-in user.
///
/// # Errors
/// [`ApiError`]; status 401 if nobody is signed in.
pub async fn me() -> ApiResult<User> {
    parse(fetch(get("/users/me")).await)
}

/// Changes the signed-in user's display name or status message.
///
/// # Errors
/// [`ApiError`].
pub async fn update_me(change: &UpdateMe) -> ApiResult<User> {
    parse(fetch(call(Method::PATCH, "/users/me").json(change)).await)
}

/// Creates an account and signs in.
///
/// # Errors
/// [`ApiError`].
pub async fn register(body: &Register) -> ApiResult<Auth> {
    parse(fetch(call(Method::POST, "/auth/register").json(body)).await)
}

/// Signs in.
///
/// # Errors
/// [`ApiError`].
pub async fn login(body: &Login) -> ApiResult<Auth> {
    parse(fetch(call(Method::POST, "/auth/login").json(body)).await)
}

/// Signs in without a password.
///
/// # Errors
/// [`ApiError`].
pub async fn guest(body: &Guest) -> ApiResult<Auth> {
    parse(fetch(call(Method::POST, "/auth/guest").json(body)).await)
}

/// Ends the session.
///
/// # Errors
/// [`ApiError`].
pub async fn logout() -> ApiResult<()> {
    // Ended with its task: an answer that comes after the next sign-in would remove its cookie.
    done(call(Method::POST, "/auth/logout").ended_with_its_task()).await
}

/// Extends the session; the response sets a new cookie.
///
/// # Errors
/// [`ApiError`].
pub async fn refresh() -> ApiResult<Auth> {
    parse(fetch(call(Method::POST, "/auth/refresh")).await)
}

/// Lists public canvases whose name contains `query`, or with `mine` those of
/// the signed-in user. `cursor` is the previous page's `next_cursor`.
///
/// # Errors
/// [`ApiError`].
pub async fn canvases(query: &str, mine: bool, cursor: Option<&str>) -> ApiResult<Page<Canvas>> {
    let mut call = get("/canvases");
    if !query.is_empty() {
        call = call.query("q", query);
    }
    if mine {
        call = call.query("mine", "true");
    }
    if let Some(cursor) = cursor {
        call = call.query("cursor", cursor);
    }
    parse(fetch(call).await)
}

/// Creates a canvas.
///
/// # Errors
/// [`ApiError`].
pub async fn create_canvas(body: &CreateCanvas) -> ApiResult<Canvas> {
    parse(fetch(call(Method::POST, "/canvases").json(body)).await)
}

/// Gets a canvas.
///
/// # Errors
/// [`ApiError`].
pub async fn canvas(id: CanvasId) -> ApiResult<Canvas> {
    parse(fetch(get(&format!("/canvases/{id}"))).await)
}

/// Changes a canvas's settings.
///
/// # Errors
/// [`ApiError`].
pub async fn update_canvas(id: CanvasId, change: &UpdateCanvas) -> ApiResult<Canvas> {
    parse(fetch(call(Method::PATCH, &format!("/canvases/{id}")).json(change)).await)
}

/// Deletes a canvas with all its tiles and messages.
///
/// # Errors
/// [`ApiError`].
pub async fn delete_canvas(id: CanvasId) -> ApiResult<()> {
    done(call(Method::DELETE, &format!("/canvases/{id}"))).await
}

/// Lists the users who were given a role on a canvas: the first 200.
///
/// # Errors
/// [`ApiError`].
pub async fn members(id: CanvasId) -> ApiResult<Page<Member>> {
    let call = get(&format!("/canvases/{id}/members"));
    parse(fetch(call.query("limit", &limits::MAX_PAGE.to_string())).await)
}

/// Gives a user a role on a canvas.
///
/// # Errors
/// [`ApiError`].
pub async fn set_member(id: CanvasId, username: &str, role: Role) -> ApiResult<()> {
    let body = SetMember { role };
    let call = call(Method::PUT, &member(id, username));
    fetch(call.json(&body)).await.map(drop)
}

/// Removes a user's role on a canvas.
///
/// # Errors
/// [`ApiError`].
pub async fn remove_member(id: CanvasId, username: &str) -> ApiResult<()> {
    done(call(Method::DELETE, &member(id, username))).await
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
    probe_socket(&format!("/ws/canvas/{id}")).await
}

/// As [`probe_refusal`], for the WebSocket without a canvas.
///
/// # Errors
/// [`ApiError`] with the reason for the refusal.
pub async fn probe_user_socket() -> ApiResult<()> {
    probe_socket(USER_SOCKET).await
}

/// Where the WebSocket without a canvas is.
pub const USER_SOCKET: &str = "/ws/user";

async fn probe_socket(path: &str) -> ApiResult<()> {
    let ticket: Ticket = parse(fetch(call(Method::POST, "/ws/ticket")).await)?;
    // The server checks the user and the canvas first, then that this is an
    // upgrade, which it is not: 422. Without the cookie, which the server would
    // prefer to the ticket and would refuse without an `Origin` header.
    let call = get(path).query("token", &ticket.ticket);
    match send(call.without_cookie()).await {
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
    let body = match prefetched(&path).await {
        Some(response) => json(&check(response).await?).await,
        None => fetch(get(&path)).await,
    };
    parse(body)
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
    let call = get(&format!("/canvases/{id}/messages"));
    parse(fetch(call.query("before_seq", &before_seq.to_string())).await)
}

/// Gets a page of at most 200 durable events after `after_seq`, oldest first.
///
/// # Errors
/// [`ApiError`].
pub async fn events(id: CanvasId, after_seq: i64) -> ApiResult<Page<DurableEvent>> {
    let call = get(&format!("/canvases/{id}/events"))
        .query("after_seq", &after_seq.to_string())
        .query("limit", &limits::MAX_PAGE.to_string());
    parse(fetch(call).await)
}

/// The URL of a canvas's image, for `<img src>`. `scale` is the number of image
/// pixels per pixel of the canvas.
pub fn image_url(id: CanvasId, scale: u32) -> String {
    format!("/api/v1/canvases/{id}/image.png?scale={scale}")
}

/// A request that is being built.
struct Call {
    request: RequestBuilder,
    /// JSON.
    body: Option<String>,
    /// Aborted if the task that sends it is cancelled. A change that somebody asked for goes on.
    ends_with_task: bool,
}

/// A question, which changes nothing.
fn get(path: &str) -> Call {
    call(Method::GET, path).ended_with_its_task()
}

fn call(method: Method, path: &str) -> Call {
    Call {
        request: RequestBuilder::new(&url(path)).method(method),
        body: None,
        ends_with_task: false,
    }
}

impl Call {
    /// Adds a parameter. gloo-net's method is generic; this is compiled once.
    fn query(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.query([(name, value)]);
        self
    }

    fn json(mut self, body: &impl Serialize) -> Self {
        self.body = serde_json::to_string(body).ok();
        self
    }

    fn without_cookie(mut self) -> Self {
        self.request = self.request.credentials(RequestCredentials::Omit);
        self
    }

    fn ended_with_its_task(mut self) -> Self {
        self.ends_with_task = true;
        self
    }
}

fn url(path: &str) -> String {
    format!("/api/v1{path}")
}

/// What all requests have in common is neither generic nor part of their own futures, so that it
/// is in the download once.
type Answer<T> = Pin<Box<dyn Future<Output = ApiResult<T>>>>;

/// Sends a request. The deadline goes with the response, whose body is still to be read.
fn send(call: Call) -> Answer<(Response, Deadline)> {
    Box::pin(async move {
        let mut deadline = Deadline::new(call.ends_with_task);
        let request = call.request.abort_signal(deadline.signal().as_ref());
        let request = match call.body {
            Some(json) => request
                .header("content-type", "application/json")
                .body(json),
            None => request.build(),
        };
        let request = request.map_err(|_| ApiError::Unreachable)?;
        let response = request.send().await.map_err(|_| ApiError::Unreachable)?;
        deadline.head_arrived();
        Ok((check(response).await?, deadline))
    })
}

/// Sends a request and reads the JSON in the response.
fn fetch(call: Call) -> Answer<Value> {
    Box::pin(async move {
        let (response, deadline) = send(call).await?;
        let body = json(&response).await;
        drop(deadline);
        body
    })
}

/// Sends a request that is answered by 204. Another success comes from something on the way, such
/// as the sign-in page of a network.
fn done(call: Call) -> Answer<()> {
    Box::pin(async move {
        match send(call).await?.0.status() {
            204 => Ok(()),
            _ => Err(ApiError::Unreachable),
        }
    })
}

/// The response, or the problem in its body if its status is not 2xx.
async fn check(response: Response) -> ApiResult<Response> {
    if response.ok() {
        return Ok(response);
    }
    let status = response.status();
    let seconds: Option<u32> = response
        .headers()
        .get("retry-after")
        .and_then(|seconds| seconds.trim().parse().ok());
    let retry_after_ms = seconds.map(|seconds| seconds.saturating_mul(1_000));
    Err(match parse::<Problem>(json(&response).await) {
        Ok(problem) if !problem.code.is_empty() => ApiError::Refused {
            problem: Box::new(problem),
            retry_after_ms,
        },
        _ => ApiError::Foreign {
            status,
            retry_after_ms,
        },
    })
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
