//! A tile drawn small, crisp.

use crate::{session::book::Tile, store::Store};
use leptos::{html, prelude::*};
use shared::pixels::TRANSPARENT;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, ImageData};

/// A tile's pixels, drawn again whenever they change.
#[component]
pub fn TilePicture(
    /// Which; an empty cell is paper.
    tile: Memo<Option<Tile>>,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let canvas = NodeRef::<html::Canvas>::new();
    let side = Memo::new(move |_| {
        let side = store
            .book
            .with(|book| book.grid().map_or(1, |grid| grid.tile_size));
        u32::try_from(side).unwrap_or(1)
    });
    let palette = Memo::new(move |_| {
        store.canvas.with(|canvas| {
            canvas
                .as_ref()
                .map(|canvas| {
                    canvas
                        .palette
                        .iter()
                        .map(|text| rgb(text))
                        .collect::<Vec<_>>()
                })
                .unwrap_or_default()
        })
    });
    Effect::new(move |_| {
        let Some(canvas) = canvas.get() else {
            return;
        };
        let side = side.get();
        if canvas.width() != side {
            canvas.set_width(side);
            canvas.set_height(side);
        }
        let Some(context) = canvas
            .get_context("2d")
            .ok()
            .flatten()
            .and_then(|context| context.dyn_into::<CanvasRenderingContext2d>().ok())
        else {
            return;
        };
        let pixels = tile.with(|tile| {
            palette.with(|palette| {
                tile.as_ref()
                    .map(|tile| rgba(tile.state.pixels.as_bytes(), palette))
            })
        });
        context.clear_rect(0.0, 0.0, side.into(), side.into());
        if let Some(pixels) = pixels
            && let Ok(image) = ImageData::new_with_u8_clamped_array(Clamped(&pixels), side)
        {
            // Fails for images without size, which this is not.
            let _ = context.put_image_data(&image, 0.0, 0.0);
        }
    });
    view! { <canvas class="tile-panel__canvas" node_ref=canvas aria-hidden="true"></canvas> }
}

/// `#rrggbb` as bytes; black where it is none.
fn rgb(text: &str) -> [u8; 3] {
    let value = text
        .strip_prefix('#')
        .filter(|digits| digits.len() == 6)
        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
        .unwrap_or(0);
    let [_, r, g, b] = value.to_be_bytes();
    [r, g, b]
}

/// Palette indices as red, green, blue, alpha.
fn rgba(pixels: &[u8], palette: &[[u8; 3]]) -> Vec<u8> {
    pixels
        .iter()
        .flat_map(|&index| match palette.get(usize::from(index)) {
            Some(&[r, g, b]) if index != TRANSPARENT => [r, g, b, 255],
            Some(_) | None => [0; 4],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn colours_are_read_as_bytes() {
        assert_eq!(rgb("#ff8001"), [255, 128, 1]);
        assert_eq!(rgb("ff8001"), [0; 3]);
        assert_eq!(rgb("#ff"), [0; 3]);
        assert_eq!(rgb("#gggggg"), [0; 3]);
    }

    #[test]
    fn what_is_not_in_the_palette_is_transparent() {
        assert_eq!(
            rgba(&[0, TRANSPARENT, 9], &[[1, 2, 3]]),
            [1, 2, 3, 255, 0, 0, 0, 0, 0, 0, 0, 0]
        );
    }
}
