//! Liveness, readiness and metrics, for load balancers and monitoring.

use super::error::{ApiError, Resource};
use crate::{realtime, state::AppState};
use axum::{
    Json, Router,
    extract::{ConnectInfo, State},
    http::{HeaderMap, header},
    response::IntoResponse,
    routing::get,
};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// Headers by which proxies say for whom they ask.
const FORWARDING: [&str; 6] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
];

/// The routes of this module, outside `/api/v1`.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics_inside))
}

/// `/metrics` for everybody who can reach the address of `METRICS_BIND`.
pub(super) fn metrics_routes() -> Router<AppState> {
    Router::new().route("/metrics", get(metrics))
}

pub(super) async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

async fn readyz(State(state): State<AppState>) -> Result<Json<Value>, ApiError> {
    if state.hub.is_draining() {
        return Err(ApiError::Draining);
    }
    if !state.readiness.is_database_there().await {
        return Err(ApiError::Unavailable);
    }
    Ok(Json(json!({ "status": "ready" })))
}

/// `/metrics` beside the pages: for this machine and the networks of trusted proxies, but
/// not for those for whom a proxy asks.
async fn metrics_inside(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiError> {
    if state.config.metrics_bind.is_some() {
        return Err(ApiError::NotFound(Resource::Address));
    }
    let ip = peer.ip().to_canonical();
    let proxies = &state.config.trusted_proxies;
    let is_inside = ip.is_loopback() || proxies.iter().any(|proxies| proxies.contains(&ip));
    if !is_inside || FORWARDING.iter().any(|name| headers.contains_key(*name)) {
        return Err(ApiError::Forbidden);
    }
    Ok(metrics(State(state)).await)
}

async fn metrics(State(state): State<AppState>) -> impl IntoResponse {
    let mut text = state.metrics.render(&state.pools);
    realtime::render_metrics(&mut text);
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text,
    )
}
