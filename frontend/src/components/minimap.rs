//! The whole board, small, with a frame for the viewport. A press moves the
//! viewport there.

use crate::{
    board::{
        sample::{self, Area},
        tile_cache::context_of,
    },
    i18n::board::board_texts,
    model::{
        camera::{Camera, CameraCommand, board_size},
        palette,
    },
    session::Session,
    store::Store,
};
use gloo_timers::callback::Timeout;
use leptos::{ev, html, prelude::*};
use wasm_bindgen::Clamped;
use web_sys::{HtmlCanvasElement, ImageData};

/// Most pixels along the longer side.
const SIDE: f64 = 160.0;
/// Milliseconds between two drawings.
const PICTURE_MS: u32 = 700;

/// The minimap.
#[component]
pub fn Minimap() -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let canvas = NodeRef::<html::Canvas>::new();
    let due = StoredValue::new_local(None::<Timeout>);
    Effect::new(move || {
        store.tiles.track();
        store.canvas.track();
        let Some(element) = canvas.get() else { return };
        if due.with_value(Option::is_some) {
            return;
        }
        // The first drawing at once, later ones when nothing has changed for a while.
        let first = element.width() <= 1;
        let draw = move || {
            due.try_update_value(|due| *due = None);
            draw(store, &element);
        };
        let wait = if first { 0 } else { PICTURE_MS };
        due.set_value(Some(Timeout::new(wait, draw)));
    });
    let size = Memo::new(move |_| {
        store.canvas.with(|canvas| {
            canvas.as_ref().map(|canvas| {
                let side = f64::from(canvas.tile_size);
                (
                    f64::from(canvas.width) * side,
                    f64::from(canvas.height) * side,
                )
            })
        })
    });
    // Edges of the viewport in percent of the board.
    let frame = Memo::new(move |_| {
        let (width, height) = size.get()?;
        let view = store.viewport.get();
        let (left, top) = view.to_board(0.0, 0.0);
        let (right, bottom) = view.to_board(view.width, view.height);
        let part = |value: f64, whole: f64| (value / whole * 100.0).clamp(0.0, 100.0);
        Some([
            part(left, width),
            part(top, height),
            100.0 - part(right, width),
            100.0 - part(bottom, height),
        ])
    });
    let inset = move |index: usize| move || frame.get().map(|frame| format!("{}%", frame[index]));
    let go = move |event: &ev::PointerEvent| {
        let (Some((width, height)), Some(element)) = (size.get_untracked(), canvas.get_untracked())
        else {
            return;
        };
        let rect = element.get_bounding_client_rect();
        let x = (f64::from(event.client_x()) - rect.left()) / rect.width();
        let y = (f64::from(event.client_y()) - rect.top()) / rect.height();
        let zoom = store.viewport.with_untracked(|view| view.camera.zoom);
        session.fly_to(CameraCommand::Camera(Camera {
            x: x * width,
            y: y * height,
            zoom,
        }));
    };
    view! {
        <div
            class="minimap floating"
            class:minimap--idle=move || frame.get() == Some([0.0; 4])
            role="img"
            aria-label=board_texts().minimap()
            style:aspect-ratio=move || size.get().map(|(w, h)| format!("{w} / {h}"))
            on:pointerdown=move |event| {
                event.prevent_default();
                go(&event);
            }
            on:pointermove=move |event| {
                if event.buttons() & 1 == 1 {
                    go(&event);
                }
            }
        >
            <canvas node_ref=canvas width="1" height="1"></canvas>
            <span
                class="minimap__frame"
                style:left=inset(0)
                style:top=inset(1)
                style:right=inset(2)
                style:bottom=inset(3)
            ></span>
        </div>
    }
}

fn draw(store: Store, element: &HtmlCanvasElement) {
    let Some(colors) = store
        .canvas
        .try_with_untracked(|canvas| canvas.as_ref().map(|c| palette::parse(&c.palette)))
        .flatten()
    else {
        return;
    };
    let picture = store.tiles.peek(|tiles| {
        let grid = tiles.grid()?;
        let (width, height) = board_size(&grid);
        let mut level = 0;
        while width.max(height) / f64::from(1 << level) > SIDE {
            level += 1;
        }
        let area = Area {
            x: 0,
            y: 0,
            width: ((grid.width * grid.tile_size - 1) >> level) + 1,
            height: ((grid.height * grid.tile_size - 1) >> level) + 1,
        };
        Some((area, sample::sample(tiles, &grid, &colors, level, area)))
    });
    let Some((area, rgba)) = picture else { return };
    let (Ok(width), Ok(height)) = (u32::try_from(area.width), u32::try_from(area.height)) else {
        return;
    };
    if element.width() != width || element.height() != height {
        element.set_width(width);
        element.set_height(height);
    }
    let data = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&rgba), width, height);
    if let (Ok(data), Some(context)) = (data, context_of(element)) {
        // Fails only for a position outside the canvas element.
        let _ = context.put_image_data(&data, 0.0, 0.0);
    }
}
