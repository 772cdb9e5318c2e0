//! The HTTP interface: routes, middleware, and the translation of the layers below into
//! answers.
//!
//! Limits that stay ours: a body that is too large is still read for a while, so that
//! a client that is busy sending sees the 413 (`RequestBodyLimitLayer` answers at once,
//! and not with our JSON); and there is no `TimeoutLayer`: header, body, queries and
//! writing have timeouts of their own.

mod accounts;
mod admin;
mod appeals;
mod auth;
mod authors;
mod blocks;
mod bulk;
mod canvases;
mod cases;
mod client_addr;
mod comments;
mod conversations;
mod cookie;
mod credential;
mod error;
mod etag;
mod exports;
mod extract;
mod films;
mod health;
mod history;
mod image;
mod invalid_field;
mod invites;
mod json_body;
mod members;
mod messages;
mod moderation_log;
mod notifications;
mod openapi;
mod origins;
mod pages;
mod pagination;
mod past;
mod reports;
mod rewrites;
mod sanctions;
mod snapshot;
mod starting;
mod tiles;
mod user_ws;
mod users;
mod validator;
mod ws;

pub(crate) use starting::starting;

use crate::{config::Config, state::AppState, telemetry};
use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use error::ApiError;
use std::{
    any::Any,
    future::ready,
    time::{Duration, Instant},
};
use tower::ServiceBuilder;
use tower_http::{
    CompressionLevel,
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, NotForContentType, Predicate},
    },
    cors::{AllowHeaders, CorsLayer},
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, RequestId, SetRequestIdLayer},
    set_header::SetResponseHeaderLayer,
    trace::{DefaultOnResponse, TraceLayer},
};
use tracing::{Level, Span};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// The `Content-Type` of the API's description.
const JSON: (HeaderName, HeaderValue) = (
    header::CONTENT_TYPE,
    HeaderValue::from_static("application/json"),
);
/// What the API says is for one user and one moment.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// For a year browsers use https alone.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");
/// How long a browser remembers the answer to a preflight.
const PREFLIGHT_MAX_AGE: Duration = Duration::from_hours(1);

/// What is compressed already.
const NOT_GZIP: NotForContentType = NotForContentType::const_new("application/gzip");

/// The header in which a client or proxy may name its request.
const REQUEST_ID: &str = "x-request-id";
/// Bytes of it; a longer one is replaced.
const MAX_REQUEST_ID: usize = 128;

/// Every route of the server.
pub(crate) fn app(state: AppState) -> Router {
    let (api, description) = OpenApiRouter::with_openapi(openapi::ApiDoc::openapi())
        .nest(
            "/api/v1",
            OpenApiRouter::new()
                .merge(auth::routes())
                .merge(users::routes())
                .merge(accounts::routes())
                .merge(blocks::routes())
                .merge(notifications::routes())
                .merge(invites::routes())
                .merge(canvases::routes())
                .merge(members::routes())
                .merge(sanctions::routes())
                .merge(moderation_log::routes())
                .merge(messages::routes())
                .merge(conversations::routes())
                .merge(rewrites::routes())
                .merge(reports::routes())
                .merge(cases::routes())
                .merge(appeals::routes())
                .merge(snapshot::routes())
                .merge(tiles::routes())
                .merge(comments::routes())
                .merge(history::routes())
                .merge(past::routes())
                .merge(authors::routes())
                .merge(image::routes())
                .merge(films::routes())
                .merge(exports::routes())
                .merge(admin::routes()),
        )
        .split_for_parts();
    let (ws, ws_description) = OpenApiRouter::new()
        .nest("/api/v1", ws::routes().merge(user_ws::routes()))
        .split_for_parts();
    // Kept as it is sent: as data it is megabytes. Our own description always serializes.
    let description = openapi::complete(description.merge_from(ws_description));
    let description = Bytes::from(description.to_json().unwrap_or_default());
    let description = get(move || ready(([JSON], description.clone())));
    let method_not_allowed = async || ApiError::MethodNotAllowed;
    let requests = ServiceBuilder::new()
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(request_span)
                .on_request(())
                .on_body_chunk(())
                .on_eos(())
                .on_response(DefaultOnResponse::new().level(Level::DEBUG))
                .on_failure(()),
        )
        .map_response(bulk::hold_permit)
        .layer(compression().compress_when(DefaultPredicate::new().and(is_not_bulk)))
        .layer(
            compression()
                .no_br()
                .no_zstd()
                .compress_when(DefaultPredicate::new().and(NOT_GZIP).and(is_bulk)),
        );
    let router = api
        .route("/api/v1/openapi.json", description)
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            NO_STORE,
        ))
        .merge(health::routes())
        .fallback(fallback)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(requests)
        // The WebSocket routes are outside of these layers: axum clones and boxes them for
        // each request, which makes joins slower (docs/performance.md).
        .merge(ws.method_not_allowed_fallback(method_not_allowed));
    with_common_layers(router, &state.config).with_state(state)
}

/// The route of `METRICS_BIND`.
pub(crate) fn metrics_app(state: AppState) -> Router {
    health::metrics_routes().with_state(state)
}

fn compression() -> CompressionLayer {
    CompressionLayer::new().quality(CompressionLevel::Precise(4))
}

fn is_bulk(_: StatusCode, _: Version, _: &HeaderMap, answer: &Extensions) -> bool {
    bulk::is_bulk(answer)
}

fn is_not_bulk(_: StatusCode, _: Version, _: &HeaderMap, answer: &Extensions) -> bool {
    !bulk::is_bulk(answer)
}

/// Adds what every request needs, that for a WebSocket included: metrics, the limit of
/// bodies, headers, and a 500 for a handler that panics. Refusals have the headers of CORS
/// too: pages read them.
fn with_common_layers<S: Clone + Send + Sync + 'static>(
    router: Router<S>,
    config: &Config,
) -> Router<S> {
    let hsts = config
        .is_public_https()
        .then(|| SetResponseHeaderLayer::overriding(header::STRICT_TRANSPORT_SECURITY, HSTS));
    let layers = ServiceBuilder::new()
        .layer(SetResponseHeaderLayer::overriding(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .layer(SetResponseHeaderLayer::overriding(
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ))
        .option_layer(hsts)
        .option_layer(cors(config))
        .layer(middleware::from_fn(limit_and_count))
        .layer(CatchPanicLayer::custom(panic_response));
    router.layer(layers)
}

/// The answer for a panic, which the panic hook has logged.
fn panic_response(_: Box<dyn Any + Send>) -> Response {
    ApiError::Internal(None).into_response()
}

/// Allows pages of `ALLOWED_ORIGINS` to read answers; none without such origins.
fn cors(config: &Config) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> = config
        .allowed_origins
        .iter()
        .filter_map(|origin| HeaderValue::try_from(origin.as_str()).ok())
        .collect();
    (!origins.is_empty()).then(|| {
        CorsLayer::new()
            .allow_origin(origins)
            .allow_credentials(true)
            .allow_methods([
                Method::GET,
                Method::POST,
                Method::PUT,
                Method::PATCH,
                Method::DELETE,
            ])
            .allow_headers(AllowHeaders::mirror_request())
            .expose_headers([
                header::CONTENT_DISPOSITION,
                header::ETAG,
                header::RETRY_AFTER,
            ])
            .max_age(PREFLIGHT_MAX_AGE)
    })
}

/// The span of one request, without the query string, which may contain a token.
fn request_span(request: &Request) -> Span {
    let id = request.extensions().get::<RequestId>();
    let id = id.and_then(|id| id.header_value().to_str().ok());
    tracing::debug_span!("request", id, method = %request.method(), path = request.uri().path())
}

/// What no route answers: a file or a page of the client, or 404.
async fn fallback(State(state): State<AppState>, request: Request) -> Result<Response, ApiError> {
    pages::serve(&state.config.dist, request).await
}

/// Refuses a body that is too large, counts the request, and measures the time to its
/// answer. One function for both: axum boxes the inner service for each.
async fn limit_and_count(mut request: Request, next: Next) -> Response {
    // It is repeated in the answer and in each log line of the request.
    let id = request.headers().get(REQUEST_ID);
    if id.is_some_and(|id| id.len() > MAX_REQUEST_ID) {
        request.headers_mut().remove(REQUEST_ID);
    }
    let started = Instant::now();
    let method = known(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = match json_body::refuse_large_bodies(request).await {
        Ok(request) => next.run(request).await,
        Err(error) => error.into_response(),
    };
    let route = route.as_ref().map_or("other", MatchedPath::as_str);
    telemetry::request(method, route, response.status().as_u16(), started.elapsed());
    response
}

/// Why a connection is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Its address has too many.
    Address,
    /// The server has too many.
    Server,
}

/// The answer to whatever is asked on a connection that is not served.
pub(crate) fn refusal(refused: Refused) -> Vec<u8> {
    const WAIT: Duration = Duration::from_secs(5);
    let (status, problem) = match refused {
        Refused::Address => ApiError::TooManyConnections(WAIT),
        Refused::Server => ApiError::Overloaded(WAIT),
    }
    .problem();
    // Plain data always serializes.
    let body = serde_json::to_string(&problem).unwrap_or_default();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\n\
         cache-control: no-store\r\nretry-after: {}\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        WAIT.as_secs(),
        body.len(),
    )
    .into_bytes()
}

/// The method's name. Methods that clients invent share one, so that they make no new
/// metrics.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use clap::Parser;
    use tower::ServiceExt;

    #[tokio::test]
    async fn a_panic_is_answered_with_500() {
        let broken = get(async || -> Response { panic!("on purpose") });
        let config = Config::try_parse_from(["stellar-canvas"]).unwrap();
        let app: Router = with_common_layers(Router::new().route("/api/broken", broken), &config);
        let request = Request::get("/api/broken").body(Body::empty()).unwrap();
        let response = app.oneshot(request).await.unwrap();
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        let body = to_bytes(response.into_body(), 4096).await.unwrap();
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(problem["code"], "internal");
    }
}
