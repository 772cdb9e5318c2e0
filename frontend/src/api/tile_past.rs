//! Requests about the past of one tile.

use super::{ApiResult, Call, fetch, get, parse};
use shared::{
    api::{Page, Snapshot, past::Timeline},
    canvas::Coord,
    ids::CanvasId,
    limits,
    pixels::Pixels,
    protocol::DurableEvent,
};

/// Gets when how much was changed in a cell: as many changes in each bucket as in
/// the next.
///
/// # Errors
/// [`super::ApiError`].
pub async fn timeline(id: CanvasId, at: Coord) -> ApiResult<Timeline> {
    let call = get(&format!("/canvases/{id}/timeline"));
    parse(fetch(only(call, at)).await)
}

/// Gets the pixels of a cell as they were at `moment`, a `seq` or an RFC 3339
/// time; none for an empty cell.
///
/// # Errors
/// [`super::ApiError`].
pub async fn pixels_at(id: CanvasId, at: Coord, moment: &str) -> ApiResult<Option<Pixels>> {
    let call = get(&format!("/canvases/{id}/snapshot")).query("at", moment);
    let snapshot: Snapshot = parse(fetch(only(call, at)).await)?;
    let tile = snapshot
        .tiles
        .into_iter()
        .find(|tile| (tile.x, tile.y) == (at.x, at.y));
    Ok(tile.map(|tile| tile.pixels))
}

/// Gets a page of the events of a cell from `from_seq` to `to_seq`, oldest first;
/// `cursor` is the previous page's `next_cursor`.
///
/// # Errors
/// [`super::ApiError`].
pub async fn events_between(
    id: CanvasId,
    at: Coord,
    (from_seq, to_seq): (i64, i64),
    cursor: Option<&str>,
) -> ApiResult<Page<DurableEvent>> {
    let mut call = get(&format!("/canvases/{id}/events"))
        .query("x", &at.x.to_string())
        .query("y", &at.y.to_string())
        .query("after_seq", &(from_seq - 1).to_string())
        .query("until_seq", &to_seq.to_string())
        .query("limit", &limits::MAX_PAGE.to_string());
    if let Some(cursor) = cursor {
        call = call.query("cursor", cursor);
    }
    parse(fetch(call).await)
}

/// Asks about one cell.
fn only(call: Call, at: Coord) -> Call {
    let (x, y) = (at.x.to_string(), at.y.to_string());
    call.query("x0", &x)
        .query("y0", &y)
        .query("x1", &x)
        .query("y1", &y)
}
