//! Of what a film or picture is: the board, an area that is drawn on it, or a
//! tile.

use crate::{
    components::rewrite_panel::area::AreaFields,
    i18n::{coordinates, export_texts},
    model::{
        export::ExportGoal,
        rewrite::{AreaChoice, area_between},
    },
    store::Store,
};
use leptos::prelude::*;
use shared::canvas::Coord;

/// What is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Board,
    Area,
    Tile(Coord),
}

/// The choice of the place.
#[component]
pub fn PlaceChoice(
    /// For what the panel was opened.
    goal: ExportGoal,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let texts = export_texts();
    let tile = goal
        .tile
        .or_else(|| untrack(|| store.editing.get().or_else(|| store.selected.get())));
    let place = RwSignal::new(match goal.tile {
        Some(at) => Place::Tile(at),
        None => Place::Board,
    });
    let set_area = move |place: Place| {
        store.area.set(match place {
            Place::Board => AreaChoice::default(),
            Place::Tile(at) => AreaChoice {
                is_drawing: false,
                area: Some(area_between(at, at)),
            },
            // What is seen, until something is drawn.
            Place::Area => AreaChoice {
                is_drawing: true,
                area: untrack(|| {
                    let grid = store.tiles.grid()?;
                    let (first, last) = store.viewport.get().visible(&grid)?;
                    Some(area_between(first, last))
                }),
            },
        });
    };
    set_area(place.get_untracked());
    let choose = move |chosen: Place| {
        place.set(chosen);
        set_area(chosen);
    };
    let option = move |label: String, value: Place| {
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name="export-place"
                    prop:checked=move || place.get() == value
                    on:change=move |_| choose(value)
                />
                <span>{label}</span>
            </label>
        }
    };
    let this_tile = tile.map(|at| {
        let place = coordinates(at.x, at.y);
        option(texts.this_tile(&place), Place::Tile(at))
    });
    view! {
        <fieldset class="field">
            <legend class="field__label">{texts.of_what()}</legend>
            <div class="choices">
                {option(texts.whole_board().to_owned(), Place::Board)}
                {option(texts.an_area().to_owned(), Place::Area)}
                {this_tile}
            </div>
        </fieldset>
        <Show when=move || place.get() == Place::Area>
            <AreaFields everywhere=false />
        </Show>
    }
}
