//! The HTTP interface: routes, and what every request goes through.

mod admin;
mod auth;
mod canvases;
mod etag;
mod extract;
mod health;
mod history;
mod image;
mod list;
mod members;
mod openapi;
mod pages;
mod peer;
mod snapshot;
mod tiles;
mod users;
mod ws;

pub(crate) use image::Pictures;

use crate::{error::ApiError, state::AppState, telemetry};
use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use std::{any::Any, future::ready, time::Instant};
use tower_http::{
    CompressionLevel, catch_panic::CatchPanicLayer, compression::CompressionLayer,
    trace::TraceLayer,
};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// What pages may load: this server's own files, and nothing inline.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
     img-src 'self' data: blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
     form-action 'self'; object-src 'none'",
);

/// A body's type.
const JSON: (HeaderName, HeaderValue) = (
    header::CONTENT_TYPE,
    HeaderValue::from_static("application/json"),
);

/// Every route of the server.
pub(crate) fn app(state: AppState) -> Router {
    let (api, description) = OpenApiRouter::with_openapi(openapi::Frame::openapi())
        .nest(
            "/api/v1",
            OpenApiRouter::new()
                .merge(auth::routes())
                .merge(users::routes())
                .merge(canvases::routes())
                .merge(members::routes())
                .merge(snapshot::routes())
                .merge(tiles::routes())
                .merge(history::routes())
                .merge(image::routes())
                .merge(admin::routes())
                .merge(ws::routes()),
        )
        .split_for_parts();
    // Kept as it is sent: as data it is megabytes. Our own description always serializes.
    let description = openapi::complete(description).to_json().unwrap_or_default();
    let description = Bytes::from(description);
    let description = get(move || ready(([JSON], description.clone())));
    api.route("/api/v1/openapi.json", description)
        .merge(health::routes())
        .fallback(fallback)
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .layer(middleware::map_request(extract::refuse_large_bodies))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(CompressionLayer::new().quality(CompressionLevel::Precise(4)))
        .layer(middleware::from_fn(finish))
        .layer(
            TraceLayer::new_for_http()
                // Without the query string, in which a token may be.
                .make_span_with(|request: &Request| {
                    tracing::debug_span!(
                        "request",
                        method = %request.method(),
                        path = request.uri().path()
                    )
                })
                // A failure is logged where it is handled.
                .on_failure(()),
        )
        .with_state(state)
}

/// What no route answers: a file or page of the client, or nothing.
async fn fallback(State(state): State<AppState>, request: Request) -> Result<Response, ApiError> {
    pages::serve(&state.config.dist, request).await
}

/// Counts the request, and adds the headers that every answer has.
async fn finish(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let api = request.uri().path().starts_with("/api/");
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "other".to_owned(), |path| path.as_str().to_owned());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    let html = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if html {
        headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    }
    if api {
        // What one user sees is not for another, nor for later.
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
    }
    let status = response.status().as_u16();
    telemetry::request(known(&method), &route, status, started.elapsed());
    response
}

/// The method's name; strangers' inventions count together.
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

/// The answer of a handler that panicked; the panic hook has logged it.
fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    ApiError::Internal(None).into_response()
}
