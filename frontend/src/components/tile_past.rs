//! The bar with the past of a tile, under its picture: what the tile was after
//! each change, and who made it.

mod tile_bar;

use crate::{
    components::{
        avatar::{Avatar, Size},
        icons::{Glyph, Icon},
        restore::may_restore,
        share_gif::ShareGif,
    },
    i18n::{
        export::{step, step_kind},
        export_texts, moment, number,
    },
    model::rewrite::{RewriteGoal, area_between},
    past::PastView,
};
use leptos::{ev, prelude::*};
use leptos_use_interval_fn::{Pausable, UseIntervalFnOptions, use_interval_fn_with_options};
use shared::mentions::TileMention;
use tile_bar::PastLoad;
pub use tile_bar::TileBar;

/// Milliseconds between two changes while they are played.
const PLAY_MS: u64 = 120;

/// The bar and its buttons; nothing where nothing was ever drawn.
#[component]
pub fn TileBarView(
    /// The bar.
    bar: TileBar,
) -> impl IntoView {
    let texts = export_texts();
    let is_shown = Memo::new(move |_| bar.len() > 0);
    let has_failed = Memo::new(move |_| bar.load.get() == PastLoad::Failed);
    let Pausable { pause, resume, .. } = use_interval_fn_with_options(
        move || bar.play(),
        PLAY_MS,
        UseIntervalFnOptions::default().immediate(false),
    );
    Effect::new(move || {
        if bar.is_playing.get() {
            resume();
        } else {
            pause();
        }
    });
    view! {
        <Show when=move || is_shown.get()>
            <div class="tile-past" role="group" aria-label=texts.past()>
                <Slider bar />
                <Line bar />
                <div class="tile-past__acts">
                    <Acts bar />
                    <ShareGif at=bar.at />
                </div>
            </div>
        </Show>
        <Show when=move || has_failed.get()>
            <p class="soft" role="status">{texts.past_away()}</p>
        </Show>
    }
}

#[component]
fn Slider(bar: TileBar) -> impl IntoView {
    let texts = export_texts();
    let play = move || {
        if bar.is_playing.get() {
            texts.pause()
        } else {
            texts.play()
        }
    };
    let value_text = move || match (bar.place(), bar.step()) {
        (0, _) => texts.before_first().to_owned(),
        (place, None) => texts.change_of(place, &number(bar.len())),
        (place, Some(found)) => step(place, bar.len(), &found, &bar.name_to_show(found.actor)),
    };
    let input = move |event: ev::Event| {
        bar.is_playing.set(false);
        if let Ok(place) = event_target_value(&event).parse() {
            bar.go_to(place);
        }
    };
    view! {
        <div class="tile-past__bar">
            <button
                class="btn btn--quiet btn--icon btn--small"
                type="button"
                aria-label=play
                title=play
                on:click=move |_| bar.toggle_play()
            >
                {move || {
                    let glyph = if bar.is_playing.get() { Glyph::Pause } else { Glyph::Play };
                    view! { <Icon glyph small=true /> }
                }}
            </button>
            <input
                class="tile-past__range"
                type="range"
                min="0"
                max=move || bar.len().to_string()
                step="1"
                aria-label=texts.step()
                aria-valuetext=value_text
                prop:value=move || bar.place().to_string()
                on:input=input
                on:focus=move |_| bar.is_touched.set(true)
                on:pointerenter=move |_| bar.is_touched.set(true)
                on:keydown=move |event| bar.key(&event)
            />
        </div>
    }
}

/// Who made the change before the place of the bar, what and when.
#[component]
fn Line(bar: TileBar) -> impl IntoView {
    let texts = export_texts();
    let inside = move || {
        let (place, len) = (bar.place(), bar.len());
        let Some(found) = bar.step() else {
            let text = if place == 0 {
                texts.before_first().to_owned()
            } else if bar.is_past() {
                texts.change_of(place, &number(len))
            } else {
                texts.changes(len)
            };
            return view! { <span class="soft">{text}</span> }.into_any();
        };
        let name = bar.name_to_show(found.actor);
        view! {
            <Avatar user=found.actor name=name.clone() size=Size::Small />
            <span class="row__text">
                <span class="row__name">
                    <span class="row__name-text" dir="auto">{name}</span>
                </span>
                <span class="row__note">{step_kind(found.kind)}</span>
            </span>
            <time class="row__time">{moment(found.time)}</time>
        }
        .into_any()
    };
    view! { <div class="tile-past__line">{inside}</div> }
}

/// What can be done with what the tile was.
#[component]
fn Acts(bar: TileBar) -> impl IntoView {
    let texts = export_texts();
    let store = bar.store;
    let past = expect_context::<PastView>();
    let seq = Memo::new(move |_| bar.seq());
    let board = move |_| {
        if let Some(seq) = seq.get_untracked() {
            past.go_to_tile(bar.at, seq);
        }
    };
    let mention = move |_| {
        let tile = TileMention {
            at: bar.at,
            seq: seq.get_untracked(),
        };
        store.chat_insert.set(Some(tile));
    };
    let bring_back = move |_| {
        if let Some(moment) = seq.get_untracked() {
            let area = area_between(bar.at, bar.at);
            past.close();
            store
                .rewrite
                .set(Some(RewriteGoal::RestoreThen { area, moment }));
        }
    };
    view! {
        <Show when=move || seq.get().is_some()>
            <button class="btn btn--small" type="button" on:click=board>
                {texts.board_then()}
            </button>
            <Show when=move || store.role().is_some()>
                <button class="btn btn--small" type="button" on:click=mention>
                    {texts.mention_then()}
                </button>
            </Show>
            <Show when=move || may_restore(store, bar.at)>
                <button class="btn btn--small" type="button" on:click=bring_back>
                    {texts.restore_to_this()}
                </button>
            </Show>
        </Show>
    }
}
