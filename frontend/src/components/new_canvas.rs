//! The form for a new canvas, beside a preview of its grid.

use crate::{
    api::{self, ApiError},
    components::{dialog::Dialog, field::Field},
    i18n::{api_problem, field_problem, fill, number, t},
};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};
use shared::{
    api::{Canvas, CreateCanvas},
    canvas::{EditPolicy, Visibility},
    limits,
};

/// Sides that one can pick without typing.
const TILE_SIZES: [i32; 4] = [8, 16, 32, 64];

/// The dialog; shown while `open` holds.
#[component]
pub fn NewCanvas(
    /// Set it to show the dialog.
    open: RwSignal<bool>,
    /// Called with the canvas that was made.
    #[prop(into)]
    made: Callback<Canvas>,
) -> impl IntoView {
    view! {
        <Dialog open title=t().new_canvas.to_owned() wide=true>
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
    let tile_size = RwSignal::new(limits::DEFAULT_TILE_SIZE);
    let visibility = RwSignal::new(Visibility::Public);
    let edit_policy = RwSignal::new(EditPolicy::Open);
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<ApiError>);
    let tried = RwSignal::new(false);

    let field = move |field: &'static str| {
        Signal::derive(move || error.with(|error| field_problem(error.as_ref()?.fields(), field)))
    };
    let name_error = Signal::derive(move || {
        let missing = tried.get() && name.with(|name| name.trim().is_empty());
        missing
            .then(|| t().text_empty.to_owned())
            .or_else(|| field("name").get())
    });
    let side_error = move |value: RwSignal<String>, name: &'static str| {
        Signal::derive(move || {
            let bad = value.with(|value| side(value).is_none());
            bad.then(side_problem).or_else(|| field(name).get())
        })
    };
    let general = move || {
        error.with(|error| {
            let error = error.as_ref()?;
            error.fields().is_empty().then(|| api_problem(error))
        })
    };

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        tried.set(true);
        let sides = (side(&width.get_untracked()), side(&height.get_untracked()));
        let (Some(width), Some(height)) = sides else {
            return;
        };
        if busy.get_untracked()
            || name_error.get_untracked().is_some() && error.with_untracked(Option::is_none)
        {
            return;
        }
        let text = |text: RwSignal<String>| text.get_untracked().trim().to_owned();
        let body = CreateCanvas {
            name: text(name),
            description: Some(text(description)).filter(|text| !text.is_empty()),
            width,
            height,
            tile_size: Some(tile_size.get_untracked()),
            palette: None,
            visibility: Some(visibility.get_untracked()),
            edit_policy: Some(edit_policy.get_untracked()),
        };
        busy.set(true);
        error.set(None);
        spawn_local(async move {
            let answer = api::create_canvas(&body).await;
            busy.set(false);
            match answer {
                Ok(canvas) => {
                    open.set(false);
                    made.run(canvas);
                }
                Err(refused) => error.set(Some(refused)),
            }
        });
    };

    view! {
        <form class="new-canvas" on:submit=submit novalidate=true>
            <div class="new-canvas__form">
                <Field
                    id="canvas-name"
                    label=t().canvas_name
                    value=name
                    max=*limits::CANVAS_NAME.end()
                    placeholder=t().canvas_name_example
                    error=name_error
                    focus=true
                />
                <Field
                    id="canvas-description"
                    label=t().canvas_description
                    value=description
                    max=*limits::CANVAS_DESCRIPTION.end()
                    error=field("description")
                />
                <div class="new-canvas__sizes">
                    <Field
                        id="canvas-width"
                        label=t().canvas_width
                        value=width
                        max=3
                        error=side_error(width, "width")
                    />
                    <Field
                        id="canvas-height"
                        label=t().canvas_height
                        value=height
                        max=3
                        error=side_error(height, "height")
                    />
                </div>
                <Choices
                    name="tile-size"
                    label=t().canvas_tile_size
                    value=tile_size
                    options=TILE_SIZES.map(|side| (side, tile_size_label(side), "")).to_vec()
                />
                <Choices
                    name="visibility"
                    label=t().canvas_visibility
                    value=visibility
                    options=vec![
                        (Visibility::Public, t().visibility_public.to_owned(), t().visibility_public_hint),
                        (Visibility::Unlisted, t().visibility_unlisted.to_owned(), t().visibility_unlisted_hint),
                        (Visibility::Private, t().visibility_private.to_owned(), t().visibility_private_hint),
                    ]
                />
                <Choices
                    name="edit-policy"
                    label=t().canvas_edit_policy
                    value=edit_policy
                    options=vec![
                        (EditPolicy::Open, t().policy_open.to_owned(), t().policy_open_hint),
                        (EditPolicy::Exclusive, t().policy_exclusive.to_owned(), t().policy_exclusive_hint),
                        (EditPolicy::Own, t().policy_own.to_owned(), t().policy_own_hint),
                    ]
                />
                <p class="field__error" role="alert">{general}</p>
                <div class="dialog__foot">
                    <button class="btn" type="button" on:click=move |_| open.set(false)>
                        {t().cancel}
                    </button>
                    <button class="btn btn--primary" type="submit" aria-busy=move || busy.get().then_some("true")>
                        {t().create_canvas}
                    </button>
                </div>
            </div>
            <Preview
                width=Signal::derive(move || width.with(|width| side(width).unwrap_or(1)))
                height=Signal::derive(move || height.with(|height| side(height).unwrap_or(1)))
                tile_size
            />
        </form>
    }
}

/// One choice of several, with a word about the chosen one.
#[component]
fn Choices<T: Copy + PartialEq + Send + Sync + 'static>(
    name: &'static str,
    label: &'static str,
    value: RwSignal<T>,
    /// What can be chosen, what it is called, and a word about it or nothing.
    options: Vec<(T, String, &'static str)>,
) -> impl IntoView {
    let hints: Vec<(T, &'static str)> = options.iter().map(|o| (o.0, o.2)).collect();
    let has_hint = hints.iter().any(|(_, hint)| !hint.is_empty());
    let hint = move || {
        let chosen = value.get();
        let hint = hints.iter().find(|(option, _)| *option == chosen);
        hint.map(|(_, hint)| *hint)
    };
    let options = options.into_iter().map(|(option, text, _)| {
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name=name
                    prop:checked=move || value.get() == option
                    on:change=move |_| value.set(option)
                />
                <span>{text}</span>
            </label>
        }
    });
    view! {
        <fieldset class="field">
            <legend class="field__label">{label}</legend>
            <div class="choices">{options.collect_view()}</div>
            {has_hint
                .then(|| {
                    view! {
                        <p class="field__hint" aria-live="polite">
                            {hint}
                        </p>
                    }
                })}
        </fieldset>
    }
}

/// The grid as it will be, with a star in one of its tiles.
#[component]
fn Preview(width: Signal<i32>, height: Signal<i32>, tile_size: RwSignal<i32>) -> impl IntoView {
    let view_box = move || {
        let edge = f64::from(width.get().max(height.get())) / 100.0;
        let (w, h) = (f64::from(width.get()), f64::from(height.get()));
        format!("{} {} {} {}", -edge, -edge, w + 2.0 * edge, h + 2.0 * edge)
    };
    let tiles = move || count(width.get()) * count(height.get());
    let pixels = move || {
        let side = |n: i32| number(count(n * tile_size.get()));
        fill(
            t().preview_pixels,
            &[
                ("width", &side(width.get())),
                ("height", &side(height.get())),
            ],
        )
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
                <strong>{move || t().tiles.of(tiles())}</strong>
                <span>{pixels}</span>
            </p>
        </div>
    }
}

/// The lines between tiles, in tiles. A large grid shows every 8th only, or it
/// would be a grey area.
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

/// A star in the tile nearest the middle.
fn star(width: i32, height: i32) -> String {
    let (x, y) = (width / 2, height / 2);
    format!("M{x} {y}m.5 .1l.12 .28l.28 .12l-.28 .12l-.12 .28l-.12-.28l-.28-.12l.28-.12z")
}

fn count(n: i32) -> usize {
    usize::try_from(n).unwrap_or_default()
}

/// A side within the limits.
fn side(text: &str) -> Option<i32> {
    let side = text.trim().parse().ok()?;
    limits::CANVAS_SIDE.contains(&side).then_some(side)
}

fn side_problem() -> String {
    fill(
        t().side_problem,
        &[
            ("least", limits::CANVAS_SIDE.start()),
            ("most", limits::CANVAS_SIDE.end()),
        ],
    )
}

fn tile_size_label(side: i32) -> String {
    fill(t().grid_size, &[("width", &side), ("height", &side)])
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
