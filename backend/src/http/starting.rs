//! What the server answers while it waits for its database: the client's files and
//! liveness as always, everything else with 503.

use super::{error::ApiError, health, pages, with_common_layers};
use crate::config::Config;
use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::{any, get},
};
use std::{path::PathBuf, sync::Arc, time::Duration};

/// What clients are told to wait before they ask again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The routes of a server whose database is not there yet.
pub(crate) fn starting(config: &Config) -> Router {
    let overloaded = async || ApiError::Overloaded(RETRY_AFTER);
    let unavailable = async || ApiError::Unavailable;
    let router = Router::new()
        .route("/api/v1", any(overloaded))
        .route("/api/v1/{*path}", any(overloaded))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(unavailable))
        .route("/metrics", get(unavailable))
        .fallback(page);
    with_common_layers(router, config).with_state(Arc::new(config.dist.clone()))
}

async fn page(State(dist): State<Arc<PathBuf>>, request: Request) -> Result<Response, ApiError> {
    pages::serve(&dist, request).await
}
