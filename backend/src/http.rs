//! The HTTP interface: routes, and what every request goes through.

mod admin;
mod auth;
mod canvases;
mod client_addr;
mod etag;
mod extract;
mod health;
mod history;
mod image;
mod members;
mod openapi;
mod pages;
mod pagination;
mod snapshot;
mod tiles;
mod users;
mod validator;
mod ws;

pub(crate) use image::ImageCache;

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
use futures_util::FutureExt;
use std::{future::ready, panic::AssertUnwindSafe, time::Instant};
use tower_http::{CompressionLevel, compression::CompressionLayer};
use tracing::Instrument;
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
                .merge(admin::routes()),
        )
        .split_for_parts();
    let (ws, ws_description) = OpenApiRouter::new()
        .nest("/api/v1", ws::routes())
        .split_for_parts();
    // Kept as it is sent: as data it is megabytes. Our own description always serializes.
    let description = openapi::complete(description.merge_from(ws_description));
    let description = description.to_json().unwrap_or_default();
    let description = Bytes::from(description);
    let description = get(move || ready(([JSON], description.clone())));
    api.route("/api/v1/openapi.json", description)
        .merge(health::routes())
        .fallback(fallback)
        .layer(CompressionLayer::new().quality(CompressionLevel::Precise(4)))
        // Its answers are not worth it.
        .merge(ws)
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .layer(middleware::from_fn(common_response_layer))
        .with_state(state)
}

/// What no route answers: a file or page of the client, or nothing.
async fn fallback(State(state): State<AppState>, request: Request) -> Result<Response, ApiError> {
    pages::serve(&state.config.dist, request).await
}

/// Counts the request, refuses a large body, catches a panic, and adds the
/// headers that every answer has. One layer for all this: each costs a join a microsecond or two.
async fn common_response_layer(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    // Without the query string, in which a token may be.
    let span = tracing::debug_span!("request", %method, path = request.uri().path());
    let api = request.uri().path().starts_with("/api/");
    let route = request.extensions().get::<MatchedPath>().cloned();
    let answering = async {
        match extract::refuse_large_bodies(request).await {
            Ok(request) => next.run(request).await,
            Err(error) => error.into_response(),
        }
    };
    // The panic hook has logged it.
    let mut response = AssertUnwindSafe(answering.instrument(span.clone()))
        .catch_unwind()
        .await
        .unwrap_or_else(|_| ApiError::Internal(None).into_response());
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
    let (status, took) = (response.status().as_u16(), started.elapsed());
    tracing::debug!(parent: &span, status, ?took, "answered");
    let route = route.as_ref().map_or("other", MatchedPath::as_str);
    telemetry::request(known(&method), route, status, took);
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

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use tower::ServiceExt;

    #[tokio::test]
    async fn a_handler_that_panics_is_answered_for() {
        let broken = get(async || -> Response { panic!("on purpose") });
        let app: Router = Router::new()
            .route("/api/broken", broken)
            .layer(middleware::from_fn(common_response_layer));
        let request = Request::get("/api/broken").body(Body::empty()).unwrap();
        let response = app.oneshot(request).await.unwrap();
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        let body = to_bytes(response.into_body(), 4096).await.unwrap();
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(problem["code"], "internal");
    }
}
