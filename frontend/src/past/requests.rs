//! The requests of the past that take more than one step.

use super::{
    effect::{LogRange, LogRangeContent},
    state::MAX_OVERVIEW_SIDE,
};
use crate::{
    api::{self, ApiError},
    browser,
    store::Store,
};
use shared::{api::rewrites::Area, protocol::DurableEvent};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ImageBitmap, ImageBitmapOptions, ResizeQuality};

/// Most pages of events that one question takes, each of at most 200.
const MAX_PAGES: usize = 40;

/// Fetches the tiles before a range of the log, and its events.
pub(super) async fn load_log_range(
    store: Store,
    range: LogRange,
) -> Result<LogRangeContent, ApiError> {
    let tiles = match range.area {
        Some(area) if range.base > 0 => {
            let at = range.base.to_string();
            api::past::snapshot(store.canvas_id, &at, area).await?.tiles
        }
        _ => Vec::new(),
    };
    let events = load_events(store, range.base, range.until).await?;
    Ok(LogRangeContent { tiles, events })
}

/// Fetches events, page by page.
pub(super) async fn load_events(
    store: Store,
    after: i64,
    until: i64,
) -> Result<Vec<DurableEvent>, ApiError> {
    let mut events: Vec<DurableEvent> = Vec::new();
    for _ in 0..MAX_PAGES {
        let after = events.last().map_or(after, DurableEvent::seq);
        if after >= until {
            break;
        }
        let page = api::past::events(store.canvas_id, after, until).await?;
        if page.items.is_empty() {
            break;
        }
        events.extend(page.items);
    }
    Ok(events)
}

/// Decodes a picture, a large one at a smaller size.
pub(super) async fn decode(blob: &Blob, area: Area, side: i32) -> Option<ImageBitmap> {
    let (columns, rows) = (area.x1 - area.x0 + 1, area.y1 - area.y0 + 1);
    let longest = i64::from(columns.max(rows)) * i64::from(side);
    let options = ImageBitmapOptions::new();
    if longest > MAX_OVERVIEW_SIDE {
        let most = u32::try_from(MAX_OVERVIEW_SIDE).ok()?;
        if columns >= rows {
            options.set_resize_width(most);
        } else {
            options.set_resize_height(most);
        }
        options.set_resize_quality(ResizeQuality::Medium);
    }
    let window = browser::window();
    let decoded = window.create_image_bitmap_with_blob_and_image_bitmap_options(blob, &options);
    JsFuture::from(decoded.ok()?).await.ok()?.dyn_into().ok()
}
