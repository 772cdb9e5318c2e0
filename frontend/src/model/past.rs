//! What a cell looked like after some of its events. Pure.

use shared::{
    pixels::{Pixels, TRANSPARENT},
    protocol::DurableEvent,
};

/// The picture of a cell, made by its events one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PastTile {
    pixels: Option<Pixels>,
}

impl PastTile {
    /// A cell that looks like this; none for an empty one.
    pub fn new(pixels: Option<Pixels>) -> Self {
        Self { pixels }
    }

    /// Applies the next event of the cell. One that is about no picture changes
    /// nothing.
    pub fn apply(&mut self, event: &DurableEvent) {
        match event {
            DurableEvent::TileCreated(event) => self.pixels = Some(event.pixels.clone()),
            DurableEvent::TileUpdated(event) => {
                if let Some(pixels) = &event.pixels {
                    self.pixels = Some(pixels.clone());
                } else if let (Some(delta), Some(pixels)) = (&event.delta, &mut self.pixels) {
                    pixels.paint(delta);
                }
            }
            DurableEvent::TileDeleted(_) => self.pixels = None,
            DurableEvent::CanvasChatMessage(_)
            | DurableEvent::ChatEdited(_)
            | DurableEvent::ChatRemoved(_)
            | DurableEvent::CommentCreated(_)
            | DurableEvent::CommentUpdated(_)
            | DurableEvent::TileLiked(_)
            | DurableEvent::CanvasUpdated(_) => {}
        }
    }

    /// The pixels; none for an empty cell.
    pub fn into_pixels(self) -> Option<Pixels> {
        self.pixels
    }
}

/// How many pixels differ. An empty cell is as if all of it were transparent.
pub fn differences(before: Option<&Pixels>, after: Option<&Pixels>) -> usize {
    let (before, after) = (bytes(before), bytes(after));
    let length = before.len().max(after.len());
    let at = |pixels: &[u8], index: usize| pixels.get(index).copied().unwrap_or(TRANSPARENT);
    (0..length)
        .filter(|&index| at(before, index) != at(after, index))
        .count()
}

fn bytes(pixels: Option<&Pixels>) -> &[u8] {
    pixels.map_or(&[], Pixels::as_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const TIME: &str = "2026-01-02T03:04:05.000Z";

    fn event(kind: &str, fields: &Value) -> DurableEvent {
        let mut event = json!({
            "type": kind, "seq": 1, "tile_id": 1, "canvas_id": 1, "creator_id": 1,
            "updater_id": 1, "deleter_id": 1, "liker_id": 1, "liked": true, "x": 0, "y": 0,
            "version": 1, "like_count": 0, "title": "t", "timestamp": TIME,
        });
        for (name, value) in fields.as_object().unwrap() {
            event[name] = value.clone();
        }
        serde_json::from_value(event).unwrap()
    }

    fn after(events: &[(&str, Value)]) -> Option<Vec<u8>> {
        let mut tile = PastTile::default();
        for (kind, fields) in events {
            tile.apply(&event(kind, fields));
        }
        tile.into_pixels().map(Pixels::into_bytes)
    }

    #[test]
    fn the_picture_is_made_by_what_was_drawn() {
        let pixels = |bytes: &[u8]| Pixels::from_bytes(bytes.to_vec()).encode();
        let created = ("tile_created", json!({"pixels": pixels(&[1, 2, 3, 4])}));
        let stroke = ("tile_updated", json!({"delta": [[0, 9], [3, 8]]}));
        let liked = ("tile_liked", json!({}));
        let whole = ("tile_updated", json!({"pixels": pixels(&[7, 7, 7, 7])}));
        let deleted = ("tile_deleted", json!({}));
        let steps = [created.clone(), stroke, liked, whole, deleted, created];
        let found: Vec<_> = (0..=steps.len()).map(|n| after(&steps[..n])).collect();
        let expected = [
            None,
            Some(vec![1, 2, 3, 4]),
            Some(vec![9, 2, 3, 8]),
            Some(vec![9, 2, 3, 8]),
            Some(vec![7, 7, 7, 7]),
            None,
            Some(vec![1, 2, 3, 4]),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn an_empty_cell_is_as_a_transparent_tile() {
        let blank = Pixels::blank(2);
        let mut drawn = blank.clone();
        drawn.paint(&[shared::pixels::PixelEdit(1, 3)]);
        assert_eq!(differences(None, Some(&blank)), 0);
        assert_eq!(differences(Some(&drawn), None), 1);
        assert_eq!(differences(Some(&blank), Some(&drawn)), 1);
    }
}
