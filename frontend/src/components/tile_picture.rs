//! A small picture of a tile.

use crate::{board::tile_cache::context_of, model::palette, store::Store};
use leptos::{html, prelude::*};
use shared::pixels::Pixels;
use wasm_bindgen::Clamped;
use web_sys::ImageData;

/// A picture of a tile's pixels, drawn again when they change.
#[component]
pub fn PixelPicture(
    /// The pixels; none for an empty cell.
    pixels: Memo<Option<Pixels>>,
    /// Sets its size.
    class: &'static str,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let canvas = NodeRef::<html::Canvas>::new();
    let side = Memo::new(move |_| {
        let side = store.tiles.grid().map_or(1, |grid| grid.tile_size);
        u32::try_from(side).unwrap_or(1)
    });
    let palette = Memo::new(move |_| {
        store.canvas.with(|canvas| {
            canvas
                .as_ref()
                .map(|canvas| palette::parse(&canvas.palette))
                .unwrap_or_default()
        })
    });
    Effect::new(move || {
        let Some(canvas) = canvas.get() else {
            return;
        };
        let side = side.get();
        if canvas.width() != side {
            canvas.set_width(side);
            canvas.set_height(side);
        }
        let Some(context) = context_of(&canvas) else {
            return;
        };
        let pixels = pixels.with(|pixels| {
            palette.with(|palette| {
                let pixels = pixels.as_ref()?;
                Some(palette::rgba(pixels.as_bytes(), palette))
            })
        });
        context.clear_rect(0.0, 0.0, side.into(), side.into());
        if let Some(pixels) = pixels
            && let Ok(image) = ImageData::new_with_u8_clamped_array(Clamped(&pixels), side)
        {
            // Fails only for images without size.
            let _ = context.put_image_data(&image, 0.0, 0.0);
        }
    });
    view! { <canvas class=class node_ref=canvas aria-hidden="true"></canvas> }
}
