//! The track of the time bar: how much was changed when, and the handle.

use super::precision;
use crate::{
    browser,
    i18n::{
        board::board_texts,
        time::{at_ms, described, time_texts, until_ms, when},
    },
    model::player::Direction,
    past::PastView,
    store::Store,
};
use leptos::{ev, html, prelude::*};
use std::fmt::Write;
use wasm_bindgen::JsCast;

/// What the ends of the slider are for screen readers.
const SLIDER_MAX: i32 = 1_000;
/// The height of the drawing, and of its highest part.
const HEIGHT: f64 = 100.0;
const MAX_HEIGHT: f64 = 88.0;
/// The height of a part in which little was changed, so that it is seen.
const MIN_HEIGHT: f64 = 6.0;

/// The track with its handle.
#[component]
pub fn Track() -> impl IntoView {
    let store = expect_context::<Store>();
    let past = expect_context::<PastView>();
    let texts = time_texts();
    let track = NodeRef::<html::Div>::new();
    let handle = NodeRef::<html::Div>::new();
    // Its keys work at once.
    Effect::new(move || {
        if let Some(handle) = handle.get() {
            browser::focus_in_place(&handle);
        }
    });
    // The focus that was in the bar goes to the board, whose keys work then.
    on_cleanup(|| {
        request_animation_frame(|| {
            let active = document().active_element();
            let is_lost = active.is_none_or(|active| active.tag_name() == "BODY");
            let board = document().query_selector(".board").ok().flatten();
            if let (true, Some(board)) = (
                is_lost,
                board.and_then(|board| board.dyn_into::<web_sys::HtmlElement>().ok()),
            ) {
                browser::focus_in_place(&board);
            }
        });
    });
    let pointed = RwSignal::new(None::<f64>);
    let is_held = RwSignal::new(false);
    let place_of = move |event: &ev::PointerEvent| {
        let rect = track.get_untracked()?.get_bounding_client_rect();
        let along = f64::from(event.client_x()) - rect.left();
        (rect.width() > 0.0).then(|| (along / rect.width()).clamp(0.0, 1.0))
    };
    let down = move |event: ev::PointerEvent| {
        let (Some(place), 0, Some(element)) =
            (place_of(&event), event.button(), track.get_untracked())
        else {
            return;
        };
        event.prevent_default();
        // Fails only if the pointer does not exist any more.
        let _ = element.set_pointer_capture(event.pointer_id());
        if let Some(handle) = handle.get_untracked() {
            browser::focus_in_place(&handle);
        }
        is_held.set(true);
        past.drag(place);
    };
    let moved = move |event: ev::PointerEvent| {
        let place = place_of(&event);
        pointed.set(place.filter(|_| event.pointer_type() != "touch"));
        if let (true, Some(place)) = (is_held.get_untracked(), place) {
            past.drag(place);
        }
    };
    let up = move |_: ev::PointerEvent| {
        if is_held.get_untracked() {
            is_held.set(false);
            past.release();
        }
    };
    let left = move || percent(store.past.place.get());
    let hint = move || {
        let place = pointed.get()?;
        let scale = store.past.scale.get()?;
        let time = at_ms(scale.time_at(place)?, scale.precision().of_moment());
        let (part, _) = scale.part_at(place)?;
        let counted =
            texts.changes_and_people(&texts.changes(part.events), &texts.people(part.people));
        Some(view! {
            <span
                class="time-bar__hint floating"
                aria-hidden="true"
                style:left=percent(place)
                // Within the bar at both of its ends.
                style:translate=format!("-{}", percent(place))
            >
                {time} " · " {counted}
            </span>
        })
    };
    view! {
        <div class="time-bar__main" dir="ltr">
            <div
                node_ref=track
                class="time-bar__track"
                data-testid="time-track"
                on:pointerdown=down
                on:pointermove=moved
                on:pointerup=up
                on:pointercancel=up
                on:pointerleave=move |_| pointed.set(None)
            >
                <Density />
                <div class="time-bar__rest" style:left=left></div>
                <Handle node=handle />
                {hint}
            </div>
            <Times />
        </div>
    }
}

/// The handle: a slider, for the keys too.
#[component]
fn Handle(
    /// The element.
    node: NodeRef<html::Div>,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let past = expect_context::<PastView>();
    let texts = time_texts();
    let left = move || percent(store.past.place.get());
    let keys = move |event: ev::KeyboardEvent| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        match event.key().as_str() {
            "ArrowLeft" | "ArrowDown" => past.step(Direction::Back, event.shift_key()),
            "ArrowRight" | "ArrowUp" => past.step(Direction::Forward, event.shift_key()),
            "Home" => past.first(),
            "End" => past.now(),
            _ => return,
        }
        event.prevent_default();
    };
    let name = move || {
        let change = store.past.moment.get()?.change?;
        let name = store.name_of(change.actor);
        Some(name.unwrap_or_else(|| board_texts().a_guest().to_owned()))
    };
    let value_text = move || match store.past.moment.get() {
        Some(moment) => described(&moment, precision(store), name().as_deref()),
        None => texts.now().to_owned(),
    };
    #[expect(clippy::cast_possible_truncation, reason = "at most a thousand")]
    let value = move || (store.past.place.get() * f64::from(SLIDER_MAX)).round() as i32;
    let is_waiting = move || {
        let moment = store.past.moment.get();
        moment.is_some_and(|moment| !moment.is_exact) && store.past.problem.get().is_none()
    };
    view! {
        <div
            node_ref=node
            class="time-bar__handle"
            class:time-bar__handle--waiting=is_waiting
            role="slider"
            tabindex="0"
            aria-label=texts.handle()
            aria-valuemin="0"
            aria-valuemax=SLIDER_MAX
            aria-valuenow=value
            aria-valuetext=value_text
            data-seq=move || store.past.moment.get().map(|moment| moment.seq)
            data-exact=move || {
                store.past.moment.get().map(|moment| moment.is_exact.to_string())
            }
            style:left=left
            on:keydown=keys
        ></div>
    }
}

/// The times at the ends of the track, and of the moment that is looked at.
#[component]
fn Times() -> impl IntoView {
    let store = expect_context::<Store>();
    let texts = time_texts();
    view! {
        <div class="time-bar__times" aria-hidden="true">
            <span>{move || edge(store, true)}</span>
            <span class="time-bar__when">
                {move || {
                    let moment = store.past.moment.get();
                    moment.map_or_else(
                        || texts.now().to_owned(),
                        |moment| when(&moment, precision(store)),
                    )
                }}
            </span>
            <span>{move || edge(store, false)}</span>
        </div>
    }
}

/// A place from 0 to 1 as a length of CSS.
fn percent(place: f64) -> String {
    format!("{:.3}%", place * 100.0)
}

/// The time at an end of the bar; empty while it is not known.
fn edge(store: Store, is_start: bool) -> String {
    let scale = store.past.scale.get();
    let parts = scale.as_ref().map(|scale| scale.parts());
    let told = parts.and_then(|parts| {
        let precision = precision(store);
        if is_start {
            let part = parts.first()?;
            Some(at_ms(part.from_at.millis(), precision))
        } else {
            let part = parts.last()?;
            Some(until_ms(part.to_at.millis(), precision))
        }
    });
    told.unwrap_or_default()
}

/// How much was changed when.
#[component]
fn Density() -> impl IntoView {
    let store = expect_context::<Store>();
    let heights = Memo::new(move |_| {
        let scale = store.past.scale.get();
        scale.map(|scale| scale.heights()).unwrap_or_default()
    });
    let path = move || {
        let mut path = String::new();
        for (x, height) in heights.get().into_iter().enumerate() {
            if height > 0.0 {
                let top = HEIGHT - (MIN_HEIGHT + height * (MAX_HEIGHT - MIN_HEIGHT));
                // Writing to a string cannot fail.
                let _ = write!(path, "M{x} {HEIGHT}V{top:.1}h.85V{HEIGHT}z");
            }
        }
        path
    };
    let view_box = move || {
        let parts = heights.with(Vec::len).max(1);
        format!("0 0 {parts} {HEIGHT}")
    };
    view! {
        <svg
            class="time-bar__density"
            class:skeleton=move || store.past.scale.get().is_none()
            viewBox=view_box
            preserveAspectRatio="none"
            aria-hidden="true"
            focusable="false"
        >
            <path d=path />
        </svg>
    }
}
