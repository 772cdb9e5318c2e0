//! Arrows at the edge of the board that lead to highlighted tiles outside the
//! viewport. A click moves the viewport there.

use crate::{
    i18n::{self, board::board_texts},
    model::{
        camera::{self, CameraCommand},
        people::{Highlight, person_color},
        tile_store::TileStore,
    },
    session::Session,
    store::Store,
};
use leptos::prelude::*;
use shared::canvas::{Coord, Grid};

/// CSS pixels between an arrow's middle and the edge.
const MARGIN: f64 = 30.0;

/// Arrows to the tiles outside the viewport that others highlight.
#[component]
pub fn BoardArrows() -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    // The user's own highlights get no arrow.
    let highlights = move || {
        let mut highlights = store.highlights.get();
        highlights.retain(|highlight| highlight.by.is_some());
        highlights
    };
    let arrow = move |highlight: Highlight| {
        let Highlight { at, by, .. } = highlight;
        let (user, name) = by.unzip();
        let label = board_texts().fly_to(&i18n::coordinates(at.x, at.y), &name.unwrap_or_default());
        let place = Memo::new(move |_| {
            let grid = store.tiles.peek(TileStore::grid)?;
            edge(&store.viewport.get(), &grid, at)
        });
        let pixels = |value: f64| format!("{value}px");
        let left = move || place.get().map(|(x, ..)| pixels(x));
        let top = move || place.get().map(|(_, y, _)| pixels(y));
        let turn = move || {
            let (.., angle) = place.get()?;
            Some(format!("{angle}rad"))
        };
        let color = user.map(person_color);
        view! {
            <button
                class="board-arrow"
                type="button"
                hidden=move || place.with(Option::is_none)
                style:left=left
                style:top=top
                style:border-color=color
                aria-label=label
                on:click=move |_| session.fly_to(CameraCommand::Tile(at))
            >
                <svg
                    viewBox="0 0 24 24"
                    aria-hidden="true"
                    focusable="false"
                    style:rotate=turn
                    style:fill=color
                >
                    <path d="M8 4l10 8-10 8z" />
                </svg>
            </button>
        }
    };
    view! { <For each=highlights key=|highlight| (highlight.at, highlight.started_at) children=arrow /> }
}

/// Position of the arrow to a tile in CSS pixels, and its angle in radians;
/// none if the tile is in the viewport.
fn edge(view: &camera::Viewport, grid: &Grid, at: Coord) -> Option<(f64, f64, f64)> {
    let (x, y, side) = view.tile_rect(grid, at);
    if x < view.width && y < view.height && x + side > 0.0 && y + side > 0.0 {
        return None;
    }
    let (tx, ty) = (x + side / 2.0, y + side / 2.0);
    Some((
        tx.clamp(MARGIN, (view.width - MARGIN).max(MARGIN)),
        ty.clamp(MARGIN, (view.height - MARGIN).max(MARGIN)),
        (ty - view.height / 2.0).atan2(tx - view.width / 2.0),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::camera::Camera;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn an_arrow_stands_at_the_edge_and_only_for_what_is_out_of_view() {
        let grid = Grid {
            width: 100,
            height: 100,
            tile_size: 32,
            palette: 16,
        };
        let view = camera::Viewport {
            camera: Camera {
                x: 1_600.0,
                y: 1_600.0,
                zoom: 1.0,
            },
            width: 800.0,
            height: 600.0,
        };
        assert_eq!(edge(&view, &grid, Coord { x: 50, y: 50 }), None);
        let (x, y, angle) = edge(&view, &grid, Coord { x: 99, y: 49 }).unwrap();
        assert!((x - 770.0).abs() < 1e-9 && (y - 284.0).abs() < 1e-9);
        assert!(angle.abs() < 0.1);
    }
}
