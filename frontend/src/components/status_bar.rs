//! Coordinates and zoom.

use crate::{
    components::icons::{Glyph, Icon},
    i18n::{fill, place, t},
    session::Session,
    store::{Flight, Store},
};
use leptos::prelude::*;

/// How much one step zooms.
const STEP: f64 = 1.5;

/// Coordinates and zoom.
#[component]
pub fn StatusBar() -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let at = Memo::new(move |_| store.hovered().or_else(|| store.selected.get()));
    let maker = Memo::new(move |_| {
        let at = at.get()?;
        store
            .book
            .with(|book| book.shown(at).map(|tile| tile.state.creator_id))
    });
    let text = move || {
        let at = at.get()?;
        let place = place(at.x, at.y);
        let name = maker.get().and_then(|maker| store.name_of(maker));
        Some(match name {
            Some(name) => fill(t().place_by, &[("place", &place), ("name", &name)]),
            None => place,
        })
    };
    let percent = Memo::new(move |_| {
        let zoom = store.view.with(|view| view.camera.zoom);
        format!("{:.0}", zoom * 100.0)
    });
    let zoom = move |glyph: Glyph, label: &'static str, flight: Flight| {
        view! {
            <button
                class="btn btn--quiet btn--icon btn--small"
                type="button"
                aria-label=label
                title=label
                on:click=move |_| session.fly_to(flight)
            >
                <Icon glyph small=true />
            </button>
        }
    };
    view! {
        <footer class="status-bar floating">
            {zoom(Glyph::Minus, t().zoom_out, Flight::Zoom(1.0 / STEP))}
            <span class="status-bar__zoom" role="img" aria-label=move || fill(t().zoom_is, &[("n", &percent.get())])>
                {move || fill(t().percent, &[("n", &percent.get())])}
            </span>
            {zoom(Glyph::Plus, t().zoom_in, Flight::Zoom(STEP))}
            {zoom(Glyph::Fit, t().zoom_fit, Flight::Fit)}
            <span class="status-bar__line" aria-hidden="true"></span>
            <span class="status-bar__place">{text}</span>
        </footer>
    }
}
