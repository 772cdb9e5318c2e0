//! The time bar over the bottom of the board: how much was changed when, the
//! handle, and the player.

pub mod note;
pub mod track;

use crate::{
    components::icons::{Glyph, Icon},
    i18n::{
        self,
        time::{problem, time_texts},
        with_note,
    },
    model::{
        player::{Direction, SPEEDS, TimeCommand},
        timeline::{Division, Precision},
    },
    past::{PastView, TimeCommands},
    store::{Store, past::PastProblem},
};
use leptos::{ev, prelude::*};
use track::Track;

/// The time bar, while it is open.
#[component]
pub fn TimeBar() -> impl IntoView {
    let store = expect_context::<Store>();
    view! {
        <Show when=move || store.past.is_open.get()>
            <Bar />
        </Show>
    }
}

/// How finely times are told. Reactive.
pub fn precision(store: Store) -> Precision {
    let scale = store.past.scale.get();
    scale.map(|scale| scale.precision()).unwrap_or_default()
}

#[component]
fn Bar() -> impl IntoView {
    let store = expect_context::<Store>();
    let past = expect_context::<PastView>();
    let texts = time_texts();
    let escape = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" {
            event.prevent_default();
            if store.past.is_shown.get_untracked() {
                past.now();
            } else {
                past.close();
            }
        }
    };
    let is_empty = move || {
        let scale = store.past.scale.get();
        scale.is_some_and(|scale| scale.events == 0)
    };
    let told = move || {
        let told = store.past.problem.get().map(problem);
        told.or_else(|| is_empty().then(|| texts.empty()))
    };
    let may_retry = move || {
        let problem = store.past.problem.get();
        problem.is_some_and(PastProblem::is_of_server)
    };
    let divide = move |_| {
        past.divide(match store.past.division.get_untracked() {
            Division::Changes => Division::Time,
            Division::Time => Division::Changes,
        });
    };
    view! {
        <section
            class="time-bar floating"
            aria-label=texts.bar()
            data-testid="time-bar"
            data-ready=move || store.past.is_ready.get().to_string()
            on:keydown=escape
        >
            <p class="time-bar__told" role="status">
                {told}
                <Show when=move || may_retry()>
                    <button class="link" type="button" on:click=move |_| past.retry()>
                        {texts.retry()}
                    </button>
                </Show>
            </p>
            <Player />
            <Track />
            <div class="time-bar__end">
                <button
                    class="btn btn--quiet btn--icon btn--small"
                    type="button"
                    aria-label=texts.by_time()
                    title=texts.by_time()
                    aria-pressed=move || (store.past.division.get() == Division::Time).to_string()
                    on:click=divide
                >
                    <Icon glyph=Glyph::Spread small=true />
                </button>
                <button
                    class="btn btn--quiet btn--icon btn--small"
                    type="button"
                    aria-label=texts.close()
                    title=with_note(texts.close(), "T")
                    on:click=move |_| past.close()
                >
                    <Icon glyph=Glyph::Close small=true />
                </button>
            </div>
        </section>
    }
}

/// The buttons of the player.
#[component]
fn Player() -> impl IntoView {
    let store = expect_context::<Store>();
    let past = expect_context::<PastView>();
    let texts = time_texts();
    let button = move |glyph: Glyph, label: &'static str, key: &'static str, act: Callback<()>| {
        view! {
            <button
                class="btn btn--quiet btn--icon btn--small"
                type="button"
                aria-label=label
                title=with_note(label, key)
                on:click=move |_| act.run(())
            >
                <Icon glyph small=true />
            </button>
        }
    };
    let step = move |direction| Callback::new(move |()| past.step(direction, false));
    let plays = Memo::new(move |_| store.past.playing.get().is_some());
    let play_label = move || {
        if plays.get() {
            texts.pause()
        } else {
            texts.play()
        }
    };
    let play = move |_| {
        if plays.get_untracked() {
            past.pause();
        } else {
            past.play(Direction::Forward);
        }
    };
    let speeds = SPEEDS.map(|speed| {
        view! {
            <option value=speed.to_string() selected=move || store.past.speed.get() == speed>
                {texts.times(speed)}
            </option>
        }
    });
    let choose = move |event| {
        if let Ok(speed) = event_target_value(&event).parse() {
            past.set_speed(speed);
        }
    };
    view! {
        // As on every player, time goes to the right in any language.
        <div class="time-bar__player" dir="ltr">
            {button(
                Glyph::PlayBack,
                texts.play_back(),
                "J",
                Callback::new(move |()| past.play(Direction::Back)),
            )}
            {button(Glyph::StepBack, texts.step_back(), "←", step(Direction::Back))}
            <button
                class="btn btn--icon btn--small time-bar__play"
                type="button"
                aria-label=play_label
                title=move || with_note(play_label(), if plays.get() { "K" } else { "L" })
                on:click=play
            >
                {move || {
                    let glyph = if plays.get() { Glyph::Pause } else { Glyph::Play };
                    view! { <Icon glyph small=true /> }
                }}
            </button>
            {button(Glyph::StepForward, texts.step_forward(), "→", step(Direction::Forward))}
            <select
                class="input time-bar__speed"
                aria-label=texts.speed()
                title=texts.speed()
                on:change=choose
            >
                {speeds.collect_view()}
            </select>
        </div>
    }
}

/// The button that opens the time bar.
#[component]
pub fn ClockButton() -> impl IntoView {
    let store = expect_context::<Store>();
    let time = expect_context::<TimeCommands>();
    let label = time_texts().clock();
    view! {
        <button
            class="btn btn--quiet btn--icon btn--small status-bar__clock"
            type="button"
            aria-label=label
            title=i18n::with_note(label, "T")
            aria-pressed=move || store.past.is_open.get().to_string()
            on:click=move |_| time.execute(TimeCommand::Toggle)
        >
            <Icon glyph=Glyph::Clock small=true />
        </button>
    }
}
