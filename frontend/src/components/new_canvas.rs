//! The form for a new canvas, beside a preview of its grid.

use crate::{
    api,
    components::{
        choices::{Choices, POLICIES, VISIBILITIES, policies, visibilities},
        dialog::Dialog,
        field::Field,
        form::Submission,
        palette_choice::{PaletteChoice, PalettePicker},
    },
    i18n::{number, t},
};
use leptos::{ev::SubmitEvent, prelude::*};
use shared::{
    api::{Canvas, CreateCanvas},
    limits,
};

/// Tile sizes that are offered.
const TILE_SIZES: [i32; 4] = [8, 16, 32, 64];
/// Index of the server's default, 32.
const DEFAULT_TILE_SIZE: usize = 2;

/// The dialog; shown while `open` is true.
#[component]
pub fn NewCanvas(
    /// Set it to true to open the dialog.
    open: RwSignal<bool>,
    /// Called with the created canvas.
    #[prop(into)]
    made: Callback<Canvas>,
) -> impl IntoView {
    view! {
        <Dialog open title=t().new_canvas().to_owned() wide=true>
            <Form open made />
        </Dialog>
    }
}

#[component]
fn Form(open: RwSignal<bool>, made: Callback<Canvas>) -> impl IntoView {
    let name = RwSignal::new(String::new());
    let description = RwSignal::new(String::new());
    let width = RwSignal::new("16".to_owned());
    let height = RwSignal::new("12".to_owned());
    let tile_size = RwSignal::new(DEFAULT_TILE_SIZE);
    let visibility = RwSignal::new(0);
    let edit_policy = RwSignal::new(0);
    let palette = PaletteChoice::new();
    let form = Submission::from_context();
    let tried = RwSignal::new(false);

    let name_error = Signal::derive(move || {
        let missing = tried.get() && name.with(|name| name.trim().is_empty());
        missing
            .then(|| t().text_empty().to_owned())
            .or_else(|| form.wrong("name").get())
    });
    let side_error = move |value: RwSignal<String>, name: &'static str| {
        Signal::derive(move || {
            let bad = value.with(|value| side(value).is_none());
            bad.then(side_problem).or_else(|| form.wrong(name).get())
        })
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        let sides = (side(&width.get_untracked()), side(&height.get_untracked()));
        let (Some(width), Some(height)) = sides else {
            return;
        };
        if name.with_untracked(|name| name.trim().is_empty()) {
            return;
        }
        let Some(colors) = untrack(|| palette.colors()) else {
            return;
        };
        let text = |text: RwSignal<String>| text.get_untracked().trim().to_owned();
        let body = CreateCanvas {
            name: text(name),
            description: Some(text(description)).filter(|text| !text.is_empty()),
            width,
            height,
            tile_size: Some(TILE_SIZES[tile_size.get_untracked()]),
            palette: Some(colors),
            visibility: Some(VISIBILITIES[visibility.get_untracked()]),
            edit_policy: Some(POLICIES[edit_policy.get_untracked()]),
        };
        form.send(
            async move { api::create_canvas(&body).await },
            move |canvas| {
                open.set(false);
                made.run(canvas);
            },
        );
    };

    view! {
        <form class="new-canvas" on:submit=submit novalidate=true>
            <div class="new-canvas__form">
                <Field
                    id="canvas-name"
                    label=t().canvas_name()
                    value=name
                    max=*limits::CANVAS_NAME.end()
                    placeholder=t().canvas_name_example()
                    error=name_error
                    focus=true
                />
                <Field
                    id="canvas-description"
                    label=t().canvas_description()
                    value=description
                    max=*limits::CANVAS_DESCRIPTION.end()
                    error=form.wrong("description")
                />
                <div class="new-canvas__sizes">
                    <Field
                        id="canvas-width"
                        label=t().canvas_width()
                        value=width
                        max=3
                        error=side_error(width, "width")
                    />
                    <Field
                        id="canvas-height"
                        label=t().canvas_height()
                        value=height
                        max=3
                        error=side_error(height, "height")
                    />
                </div>
                <Choices
                    name="tile-size"
                    label=t().canvas_tile_size()
                    value=tile_size
                    options=TILE_SIZES.map(|side| (tile_size_label(side), "")).to_vec()
                />
                <Choices
                    name="visibility"
                    label=t().canvas_visibility()
                    value=visibility
                    options=visibilities()
                />
                <Choices
                    name="edit-policy"
                    label=t().canvas_edit_policy()
                    value=edit_policy
                    options=policies()
                />
                <PalettePicker choice=palette />
                <p class="field__error" role="alert">{move || form.problem()}</p>
                <div class="dialog__foot">
                    <button class="btn" type="button" on:click=move |_| open.set(false)>
                        {t().cancel()}
                    </button>
                    <button class="btn btn--primary" type="submit" aria-busy=move || form.is_busy()>
                        {t().create_canvas()}
                    </button>
                </div>
            </div>
            <Preview
                width=Signal::derive(move || width.with(|width| side(width).unwrap_or(1)))
                height=Signal::derive(move || height.with(|height| side(height).unwrap_or(1)))
                tile_size=Signal::derive(move || TILE_SIZES[tile_size.get()])
            />
        </form>
    }
}

/// A preview of the grid, with a star in one tile.
#[component]
fn Preview(width: Signal<i32>, height: Signal<i32>, tile_size: Signal<i32>) -> impl IntoView {
    let view_box = move || {
        let edge = f64::from(width.get().max(height.get())) / 100.0;
        let (w, h) = (f64::from(width.get()), f64::from(height.get()));
        format!("{} {} {} {}", -edge, -edge, w + 2.0 * edge, h + 2.0 * edge)
    };
    let tiles = move || count(width.get()) * count(height.get());
    let pixels = move || {
        let side = |n: i32| number(count(n * tile_size.get()));
        t().preview_pixels(&side(width.get()), &side(height.get()))
    };
    view! {
        <div class="new-canvas__preview">
            <div class="new-canvas__frame" aria-hidden="true">
                <svg class="new-canvas__grid" viewBox=view_box>
                    <rect
                        class="new-canvas__paper"
                        width=move || width.get()
                        height=move || height.get()
                    />
                    <path class="new-canvas__lines" d=move || grid_lines(width.get(), height.get()) />
                    <path class="new-canvas__star" d=move || star(width.get(), height.get()) />
                </svg>
            </div>
            <p class="new-canvas__figures" aria-live="polite">
                <strong>{move || t().tiles(tiles())}</strong>
                <span>{pixels}</span>
            </p>
        </div>
    }
}

/// The path of the lines between tiles, in units of a tile. A large grid has
/// every 8th line only, else it would be a grey area.
fn grid_lines(width: i32, height: i32) -> String {
    let step = if width.max(height) > 64 { 8 } else { 1 };
    let step = usize::try_from(step).unwrap_or(1);
    let columns = (0..width).step_by(step).skip(1);
    let rows = (0..height).step_by(step).skip(1);
    columns
        .map(|x| format!("M{x} 0v{height}"))
        .chain(rows.map(|y| format!("M0 {y}h{width}")))
        .collect()
}

/// The path of a star in the middle tile.
fn star(width: i32, height: i32) -> String {
    let (x, y) = (width / 2, height / 2);
    format!("M{x} {y}m.5 .1l.12 .28l.28 .12l-.28 .12l-.12 .28l-.12-.28l-.28-.12l.28-.12z")
}

fn count(n: i32) -> usize {
    usize::try_from(n).unwrap_or_default()
}

/// A side as a number; none outside the limits.
fn side(text: &str) -> Option<i32> {
    let side = text.trim().parse().ok()?;
    limits::CANVAS_SIDE.contains(&side).then_some(side)
}

fn side_problem() -> String {
    t().side_problem(*limits::CANVAS_SIDE.start(), *limits::CANVAS_SIDE.end())
}

fn tile_size_label(side: i32) -> String {
    let side = side.to_string();
    t().grid_size(&side, &side)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn sides_are_numbers_within_the_limits() {
        assert_eq!(side(" 16 "), Some(16));
        assert_eq!(side("256"), Some(256));
        for bad in ["", "0", "257", "-1", "1.5", "x"] {
            assert_eq!(side(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_grid_has_its_inner_lines() {
        assert_eq!(grid_lines(3, 2), "M1 0v2M2 0v2M0 1h3");
        assert_eq!(grid_lines(1, 1), "");
        assert_eq!(grid_lines(256, 1).matches('M').count(), 31);
    }
}
