//! The area of a rewrite or export: the whole board, or an area that is
//! drawn on the board or written as numbers.

use crate::{
    i18n::rewrites::rewrite_texts,
    model::rewrite::{AreaChoice, area_between},
    store::Store,
};
use leptos::prelude::*;
use shared::{api::rewrites::Area, canvas::Grid};

/// Reads and writes one edge of an area.
#[derive(Clone, Copy)]
struct EdgeAccessor {
    label: &'static str,
    get: fn(&Area) -> i32,
    set: fn(&mut Area, i32),
    /// The number of columns or rows of the grid.
    grid_size: fn(&Grid) -> i32,
}

/// The choice of the area.
#[component]
pub fn AreaFields(
    /// Whether all of the canvas can be chosen too.
    everywhere: bool,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let texts = rewrite_texts();
    let has_area = move || store.area.with(|choice| choice.area.is_some());
    // A drag draws it from the beginning.
    store.area.update(|choice| choice.is_drawing = !everywhere);
    let choose = move |drawn: bool| {
        let shown = || {
            let grid = store.tiles.grid()?;
            let (first, last) = store.viewport.get_untracked().visible(&grid)?;
            Some(area_between(first, last))
        };
        store.area.set(AreaChoice {
            is_drawing: drawn,
            area: untrack(|| drawn.then(shown).flatten()),
        });
    };
    let option = move |label: &'static str, drawn: bool| {
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name="rewrite-area"
                    prop:checked=move || has_area() == drawn
                    on:change=move |_| choose(drawn)
                />
                <span>{label}</span>
            </label>
        }
    };
    let edges = [
        EdgeAccessor {
            label: texts.area_left(),
            get: |area| area.x0,
            set: |area, n| {
                area.x0 = n;
                area.x1 = area.x1.max(n);
            },
            grid_size: |grid| grid.width,
        },
        EdgeAccessor {
            label: texts.area_top(),
            get: |area| area.y0,
            set: |area, n| {
                area.y0 = n;
                area.y1 = area.y1.max(n);
            },
            grid_size: |grid| grid.height,
        },
        EdgeAccessor {
            label: texts.area_right(),
            get: |area| area.x1,
            set: |area, n| {
                area.x1 = n;
                area.x0 = area.x0.min(n);
            },
            grid_size: |grid| grid.width,
        },
        EdgeAccessor {
            label: texts.area_bottom(),
            get: |area| area.y1,
            set: |area, n| {
                area.y1 = n;
                area.y0 = area.y0.min(n);
            },
            grid_size: |grid| grid.height,
        },
    ];
    let edges = edges.map(|edge| view! { <EdgeField edge /> });
    view! {
        <fieldset class="field">
            <legend class="field__label">{texts.area()}</legend>
            {everywhere
                .then(|| {
                    view! {
                        <div class="choices">
                            {option(texts.area_all(), false)} {option(texts.area_drawn(), true)}
                        </div>
                    }
                })}
            <div class="rewrite__area" hidden=move || !has_area()>
                <p class="field__hint">{texts.area_hint()}</p>
                <div class="rewrite__edges">{edges.collect_view()}</div>
            </div>
        </fieldset>
    }
}

#[component]
fn EdgeField(edge: EdgeAccessor) -> impl IntoView {
    let store = expect_context::<Store>();
    let value = move || {
        store
            .area
            .with(|choice| {
                choice
                    .area
                    .as_ref()
                    .map(|area| (edge.get)(area).to_string())
            })
            .unwrap_or_default()
    };
    let max = move || {
        store
            .tiles
            .grid()
            .map_or(0, |grid| (edge.grid_size)(&grid) - 1)
    };
    let change = move |event| {
        let Ok(number) = event_target_value(&event).trim().parse::<i32>() else {
            return;
        };
        let max = untrack(max);
        store.area.update(|choice| {
            if let Some(area) = &mut choice.area {
                (edge.set)(area, number.clamp(0, max));
            }
        });
    };
    view! {
        <label class="rewrite__edge">
            <span class="field__label">{edge.label}</span>
            <input
                class="input"
                type="number"
                inputmode="numeric"
                min="0"
                max=move || max().to_string()
                prop:value=value
                on:change=change
            />
        </label>
    }
}
