//! Requests about the past of a canvas.

use super::{ApiError, ApiResult, fetch, get, parse, send};
use crate::model::timeline::{Division, Part, TimeScale};
use shared::{
    api::{Page, Snapshot, past::Timeline, rewrites::Area},
    ids::CanvasId,
    limits,
    protocol::DurableEvent,
};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

/// Gets how much was changed when.
///
/// # Errors
/// [`ApiError`].
pub async fn timeline(id: CanvasId, division: Division) -> ApiResult<TimeScale> {
    let by = match division {
        Division::Changes => "change",
        Division::Time => "time",
    };
    let call = get(&format!("/canvases/{id}/timeline")).query("by", by);
    let timeline: Timeline = parse(fetch(call).await)?;
    let parts = timeline.buckets.iter().map(|bucket| Part {
        from_seq: bucket.from_seq,
        to_seq: bucket.to_seq,
        from_at: bucket.from_at,
        to_at: bucket.to_at,
        events: bucket.events,
        people: bucket.people,
    });
    Ok(TimeScale::new(division, timeline.events, parts.collect()))
}

/// Gets the tiles of an area as they were; `at` is a `seq` or an RFC 3339 time.
///
/// # Errors
/// [`ApiError`].
pub async fn snapshot(id: CanvasId, at: &str, area: Area) -> ApiResult<Snapshot> {
    let call = get(&format!("/canvases/{id}/snapshot")).query("at", at);
    parse(fetch(within(call, area)).await)
}

/// Gets the events after `after` up to `until`, oldest first; at most 200.
///
/// # Errors
/// [`ApiError`].
pub async fn events(id: CanvasId, after: i64, until: i64) -> ApiResult<Page<DurableEvent>> {
    let call = get(&format!("/canvases/{id}/events"))
        .query("after_seq", &after.to_string())
        .query("until_seq", &until.to_string())
        .query("limit", &limits::MAX_PAGE.to_string());
    parse(fetch(call).await)
}

/// Gets the picture of an area as it was after an event, as PNG, a pixel for
/// each pixel of the board.
///
/// # Errors
/// [`ApiError`].
pub async fn picture(id: CanvasId, seq: i64, area: Area) -> ApiResult<Blob> {
    let call = get(&format!("/canvases/{id}/image.png"))
        .query("at", &seq.to_string())
        .query("scale", "1");
    let (response, deadline) = send(within(call, area)).await?;
    let response: web_sys::Response = response.into();
    let blob = response.blob().map_err(|_| ApiError::Unreachable)?;
    let blob = JsFuture::from(blob).await;
    drop(deadline);
    blob.ok()
        .and_then(|blob| blob.dyn_into().ok())
        .ok_or(ApiError::Unreachable)
}

fn within(call: super::Call, area: Area) -> super::Call {
    call.query("x0", &area.x0.to_string())
        .query("y0", &area.y0.to_string())
        .query("x1", &area.x1.to_string())
        .query("y1", &area.y1.to_string())
}
