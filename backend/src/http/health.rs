//! Liveness, readiness and metrics, for load balancers and monitoring.

use super::error::ApiError;
use crate::{db, realtime, state::AppState};
use axum::{Json, Router, extract::State, http::header, response::IntoResponse, routing::get};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time;

/// How long the database may take to answer before the node counts as not ready.
const READY_TIMEOUT: Duration = Duration::from_secs(1);

/// The routes of this module, outside `/api/v1`.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
}

async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

async fn readyz(State(state): State<AppState>) -> Result<Json<Value>, ApiError> {
    if state.hub.is_draining() {
        return Err(ApiError::Draining);
    }
    time::timeout(READY_TIMEOUT, db::ping(&state.pool))
        .await
        .map_err(|_| ApiError::Unavailable)?
        .map_err(|_| ApiError::Unavailable)?;
    Ok(Json(json!({ "status": "ready" })))
}

async fn metrics(State(state): State<AppState>) -> impl IntoResponse {
    let mut text = state.metrics.render(&state.pool);
    realtime::render_metrics(&mut text);
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text,
    )
}
