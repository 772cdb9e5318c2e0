//! Requests about comments on tiles. They are written over the WebSocket.

use super::{ApiResult, fetch, get, parse};
use shared::{
    api::{Page, comments::Comment},
    canvas::Coord,
    ids::CanvasId,
    limits,
};

/// Gets a page of the comments on a cell, oldest first; `cursor` is the previous
/// page's `next_cursor`.
///
/// # Errors
/// [`super::ApiError`].
pub async fn of_cell(id: CanvasId, at: Coord, cursor: Option<&str>) -> ApiResult<Page<Comment>> {
    let mut call = get(&format!("/canvases/{id}/comments"))
        .query("x", &at.x.to_string())
        .query("y", &at.y.to_string())
        .query("limit", &limits::MAX_PAGE.to_string());
    if let Some(cursor) = cursor {
        call = call.query("cursor", cursor);
    }
    parse(fetch(call).await)
}

/// Gets a page of all comments of a canvas, oldest first; `cursor` is the
/// previous page's `next_cursor`.
///
/// # Errors
/// [`super::ApiError`].
pub async fn of_canvas(id: CanvasId, cursor: Option<&str>) -> ApiResult<Page<Comment>> {
    let mut call =
        get(&format!("/canvases/{id}/comments")).query("limit", &limits::MAX_PAGE.to_string());
    if let Some(cursor) = cursor {
        call = call.query("cursor", cursor);
    }
    parse(fetch(call).await)
}
