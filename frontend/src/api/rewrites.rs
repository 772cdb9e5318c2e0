//! Requests about who painted what, and about taking it back.

use super::{ApiResult, call, fetch, get, parse};
use gloo_net::http::Method;
use serde_json::Value;
use shared::{
    api::rewrites::{Authors, NewRewrite, Rewrite, RewriteTile},
    canvas::Coord,
    ids::{CanvasId, RewriteId},
};

/// Gets who painted each pixel of a tile.
///
/// # Errors
/// [`super::ApiError`].
pub async fn authors(id: CanvasId, at: Coord) -> ApiResult<Authors> {
    let call = get(&format!("/canvases/{id}/authors"))
        .query("x", &at.x.to_string())
        .query("y", &at.y.to_string());
    parse(fetch(call).await)
}

/// Gets who painted each pixel of a tile as it was after an event.
///
/// # Errors
/// [`super::ApiError`].
pub async fn authors_at(id: CanvasId, at: Coord, seq: i64) -> ApiResult<Authors> {
    let call = get(&format!("/canvases/{id}/authors"))
        .query("x", &at.x.to_string())
        .query("y", &at.y.to_string())
        .query("at", &seq.to_string());
    parse(fetch(call).await)
}

/// Counts what a rewrite would change. Also returns the pixels, as far as the
/// server tells them.
///
/// # Errors
/// [`super::ApiError`].
pub async fn preview(id: CanvasId, body: &NewRewrite) -> ApiResult<(Rewrite, Vec<RewriteTile>)> {
    let path = format!("/canvases/{id}/rewrites");
    let mut answer = fetch(call(Method::POST, &path).json(body)).await?;
    let changes = match answer.get_mut("changes").map(Value::take) {
        Some(changes) => parse(Ok(changes))?,
        None => Vec::new(),
    };
    Ok((parse(Ok(answer))?, changes))
}

/// Takes back what was painted, or restores an area.
///
/// # Errors
/// [`super::ApiError`].
pub async fn rewrite(id: CanvasId, body: &NewRewrite) -> ApiResult<Rewrite> {
    parse(fetch(call(Method::POST, &format!("/canvases/{id}/rewrites")).json(body)).await)
}

/// Gets how far a rewrite is.
///
/// # Errors
/// [`super::ApiError`].
pub async fn rewrite_state(id: RewriteId) -> ApiResult<Rewrite> {
    parse(fetch(get(&format!("/rewrites/{id}"))).await)
}

/// Undoes a rewrite, by another one.
///
/// # Errors
/// [`super::ApiError`].
pub async fn undo_rewrite(id: RewriteId) -> ApiResult<Rewrite> {
    parse(fetch(call(Method::POST, &format!("/rewrites/{id}/undo"))).await)
}

/// Stops a running rewrite; what is done stays.
///
/// # Errors
/// [`super::ApiError`].
pub async fn stop_rewrite(id: RewriteId) -> ApiResult<Rewrite> {
    parse(fetch(call(Method::POST, &format!("/rewrites/{id}/stop"))).await)
}
