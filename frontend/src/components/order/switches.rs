//! Lockdown and slow mode, as two switches with how long and how often.

use super::OrderState;
use crate::{
    api::{self, ApiResult},
    i18n::{api_problem, moment, order::order_texts},
    store::Store,
    tasks::Tasks,
};
use leptos::prelude::*;

/// Minutes of a lockdown that are offered; the last is the most that a
/// moderator may set.
const LOCKDOWN_MINUTES: [i64; 4] = [10, 60, 360, 1_439];
/// Seconds between two messages that are offered.
const SLOW_SECONDS: [i32; 5] = [5, 15, 30, 60, 300];

/// A time span as people say it.
pub fn span(seconds: i64) -> String {
    match seconds {
        ..60 => order_texts().seconds(seconds),
        60..3_600 => order_texts().minutes(seconds / 60),
        3_600.. => order_texts().hours((seconds + 60) / 3_600),
    }
}

/// Both switches.
#[component]
pub fn Switches() -> impl IntoView {
    let store = expect_context::<Store>();
    let order = expect_context::<OrderState>();
    let tasks = Tasks::new();
    let problem = RwSignal::new(String::new());
    let minutes = RwSignal::new(LOCKDOWN_MINUTES[0]);
    let pause = RwSignal::new(SLOW_SECONDS[1]);
    let canvas = store.canvas_id;
    let locked = Memo::new(move |_| {
        store
            .canvas
            .with(|canvas| canvas.as_ref()?.lockdown_until)
            .filter(|until| until.millis() > store.server_now_ms())
    });
    let slow = Memo::new(move |_| {
        store
            .canvas
            .with(|canvas| canvas.as_ref().map_or(0, |canvas| canvas.slow_mode_s))
    });
    let send = move |request: std::pin::Pin<Box<dyn Future<Output = ApiResult<()>>>>| {
        problem.set(String::new());
        tasks.spawn(async move {
            match request.await {
                Ok(()) => order.changed(),
                Err(error) => problem.set(api_problem(&error)),
            }
        });
    };
    let lock_down = move |is_on: bool| {
        let until = is_on.then(|| order.seconds_from_now(minutes.get_untracked() * 60));
        send(Box::pin(api::order::lock_down(canvas, until)));
    };
    let slow_down = move |is_on: bool| {
        let seconds = if is_on { pause.get_untracked() } else { 0 };
        send(Box::pin(api::order::slow_mode(canvas, seconds)));
    };
    let lockdown_note = move || match locked.get() {
        Some(until) => order_texts().ends_at(&moment(until)),
        None => order_texts().lockdown_hint().to_owned(),
    };
    let slow_note = move || match slow.get() {
        0 => order_texts().slow_mode_hint().to_owned(),
        n => order_texts().seconds(n),
    };
    let spans = LOCKDOWN_MINUTES
        .map(|minutes| (minutes, span(minutes * 60)))
        .to_vec();
    let pauses = SLOW_SECONDS
        .map(|seconds| (i64::from(seconds), span(i64::from(seconds))))
        .to_vec();
    view! {
        <div class="switches">
            <Switch
                label=order_texts().lockdown()
                is_on=Signal::derive(move || locked.get().is_some())
                note=Signal::derive(lockdown_note)
                value_label=order_texts().lasts()
                values=spans
                chosen=minutes.get_untracked()
                choose=Callback::new(move |n| minutes.set(n))
                turn=Callback::new(lock_down)
            />
            <Switch
                label=order_texts().slow_mode()
                is_on=Signal::derive(move || slow.get() > 0)
                note=Signal::derive(slow_note)
                value_label=order_texts().pause()
                values=pauses
                chosen=i64::from(pause.get_untracked())
                choose=Callback::new(move |n: i64| pause.set(i32::try_from(n).unwrap_or(0)))
                turn=Callback::new(slow_down)
            />
            <p class="field__error" role="alert">{move || problem.get()}</p>
        </div>
    }
}

/// A switch and the value that it will have when it is turned on.
#[component]
fn Switch(
    label: &'static str,
    is_on: Signal<bool>,
    note: Signal<String>,
    value_label: &'static str,
    values: Vec<(i64, String)>,
    chosen: i64,
    choose: Callback<i64>,
    turn: Callback<bool>,
) -> impl IntoView {
    let options = values.into_iter().map(|(value, text)| {
        view! {
            <option value=value.to_string() selected=value == chosen>
                {text}
            </option>
        }
    });
    view! {
        <div class="switch">
            <button
                class="switch__button"
                type="button"
                role="switch"
                aria-label=label
                aria-checked=move || is_on.get().to_string()
                on:click=move |_| turn.run(!is_on.get_untracked())
            >
                <span class="switch__track" aria-hidden="true"></span>
                <span class="switch__text">
                    <strong>{label}</strong>
                    <span class="faint">{note}</span>
                </span>
            </button>
            <select
                class="input select"
                aria-label=format!("{label}: {value_label}")
                disabled=move || is_on.get()
                on:change=move |event| {
                    if let Ok(value) = event_target_value(&event).parse() {
                        choose.run(value);
                    }
                }
            >
                {options.collect_view()}
            </select>
        </div>
    }
}
