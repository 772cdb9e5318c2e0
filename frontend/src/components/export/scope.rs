//! What a film or picture shows: the board, an area that is drawn on it, or a
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

/// What the file shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ExportScope {
    Board,
    Area,
    Tile(Coord),
}

/// The choice of the scope.
#[component]
pub fn ScopeChoice(
    /// What the panel was opened for.
    goal: ExportGoal,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let texts = export_texts();
    let tile = goal
        .tile
        .or_else(|| untrack(|| store.editing.get().or_else(|| store.selected.get())));
    let scope = RwSignal::new(match goal.tile {
        Some(at) => ExportScope::Tile(at),
        None => ExportScope::Board,
    });
    let set_area = move |scope: ExportScope| {
        store.area.set(match scope {
            ExportScope::Board => AreaChoice::default(),
            ExportScope::Tile(at) => AreaChoice {
                is_drawing: false,
                area: Some(area_between(at, at)),
            },
            // What is seen, until something is drawn.
            ExportScope::Area => AreaChoice {
                is_drawing: true,
                area: untrack(|| {
                    let grid = store.tiles.grid()?;
                    let (first, last) = store.viewport.get().visible(&grid)?;
                    Some(area_between(first, last))
                }),
            },
        });
    };
    set_area(scope.get_untracked());
    let choose = move |chosen: ExportScope| {
        scope.set(chosen);
        set_area(chosen);
    };
    let option = move |label: String, value: ExportScope| {
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name="export-place"
                    prop:checked=move || scope.get() == value
                    on:change=move |_| choose(value)
                />
                <span>{label}</span>
            </label>
        }
    };
    let this_tile = tile.map(|at| {
        let place = coordinates(at.x, at.y);
        option(texts.this_tile(&place), ExportScope::Tile(at))
    });
    view! {
        <fieldset class="field">
            <legend class="field__label">{texts.of_what()}</legend>
            <div class="choices">
                {option(texts.whole_board().to_owned(), ExportScope::Board)}
                {option(texts.an_area().to_owned(), ExportScope::Area)}
                {this_tile}
            </div>
        </fieldset>
        <Show when=move || scope.get() == ExportScope::Area>
            <AreaFields everywhere=false />
        </Show>
    }
}
