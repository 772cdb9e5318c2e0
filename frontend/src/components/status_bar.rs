//! The status bar: coordinates, who works there, and the zoom.

use crate::{
    components::{
        icons::{Glyph, Icon},
        time_bar::ClockButton,
    },
    i18n::{
        self,
        board::{board_texts, creator_name},
        coordinates, t,
    },
    model::{camera::CameraCommand, tile_store::TileStore},
    session::Session,
    store::Store,
};
use leptos::prelude::*;

/// Factor of one zoom step.
const STEP: f64 = 1.5;

/// The status bar.
#[component]
pub fn StatusBar() -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let at = Memo::new(move |_| store.hovered().or_else(|| store.selected.get()));
    let made_by = Memo::new(move |_| {
        let at = at.get()?;
        store.with_seen_tile(at, |tile| {
            let tile = tile?;
            let met = store.name_of(tile.state.creator_id);
            Some(creator_name(met.as_deref(), &tile.creator).to_owned())
        })
    });
    // The pixel of the open tile under the pointer, or under the pen that the
    // keys move.
    let pixel = Memo::new(move |_| {
        let open = store.editing.get()?;
        if store.hovered() != Some(open) {
            return store.pen.get();
        }
        let side = store.tiles.peek(TileStore::grid)?.tile_size;
        let (x, y) = store.pointer.get()?;
        Some((x.rem_euclid(side), y.rem_euclid(side)))
    });
    let text = move || {
        let at = at.get()?;
        let place = coordinates(at.x, at.y);
        let tile = match made_by.get() {
            Some(name) => t().place_by(&place, &name),
            None => place,
        };
        Some(match pixel.get() {
            Some((x, y)) => board_texts().tile_and_pixel(&tile, &i18n::coordinates(x, y)),
            None => tile,
        })
    };
    let percent = Memo::new(move |_| {
        let zoom = store.viewport.with(|view| view.camera.zoom);
        (zoom * 100.0).round()
    });
    let zoom = move |glyph: Glyph, label: &'static str, command: CameraCommand| {
        view! {
            <button
                class="btn btn--quiet btn--icon btn--small"
                type="button"
                aria-label=label
                title=label
                on:click=move |_| session.fly_to(command)
            >
                <Icon glyph small=true />
            </button>
        }
    };
    view! {
        <footer class="status-bar floating">
            {zoom(Glyph::Minus, t().zoom_out(), CameraCommand::Zoom(1.0 / STEP))}
            <span class="status-bar__zoom" role="img" aria-label=move || t().zoom_is(percent.get())>
                {move || t().percent(percent.get())}
            </span>
            {zoom(Glyph::Plus, t().zoom_in(), CameraCommand::Zoom(STEP))}
            {zoom(Glyph::Fit, t().zoom_fit(), CameraCommand::Fit)}
            <ClockButton />
            <span class="status-bar__line" aria-hidden="true"></span>
            <span class="status-bar__place">{text}</span>
        </footer>
    }
}
