//! The appeals of a canvas that wait for a decision.

use super::{
    OrderState,
    list::{ListState, Loaded},
    sanction_form::{DURATIONS, durations, seconds_from_now},
    sanctions::SanctionFacts,
};
use crate::{
    api,
    i18n::{clock, order::order_texts},
    store::Store,
};
use leptos::prelude::*;
use shared::api::sanctions::{Appeal, AppealMessage, Sanction};

/// The section with the appeals.
#[component]
pub fn Appeals() -> impl IntoView {
    let store = expect_context::<Store>();
    let canvas = store.canvas_id;
    let list = Loaded::new(move || {
        Box::pin(async move {
            let appeals = api::order::appeals(canvas).await?.items;
            if appeals.is_empty() {
                return Ok((Vec::new(), None));
            }
            // An appeal names its sanction by number.
            let sanctions = api::order::sanctions(canvas, false, None).await?.items;
            let with_sanction = |appeal: Appeal| {
                let sanction = sanctions.iter().find(|one| one.id == appeal.sanction_id);
                (appeal, sanction.cloned())
            };
            Ok((appeals.into_iter().map(with_sanction).collect(), None))
        })
    });
    let rows = move || {
        let items = list.items.get().unwrap_or_default().into_iter();
        items
            .map(|(appeal, sanction)| view! { <Row appeal sanction list /> })
            .collect_view()
    };
    view! {
        <ul class="order__list" aria-label=order_texts().appeals()>{rows}</ul>
        <ListState
            is_empty=Signal::derive(move || list.is_empty())
            is_loading=Signal::derive(move || list.items.with(Option::is_none))
            empty=order_texts().no_appeals()
            problem=list.problem
        />
    }
}

#[component]
fn Row(
    appeal: Appeal,
    sanction: Option<Sanction>,
    list: Loaded<(Appeal, Option<Sanction>)>,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let order = expect_context::<OrderState>();
    let id = appeal.id;
    let text = RwSignal::new(String::new());
    let seconds = RwSignal::new(DURATIONS[0].unwrap_or_default());
    let said = move || text.get_untracked().trim().to_owned();
    let decide = move |outcome: &'static str| {
        let expires_at =
            (outcome == "shortened").then(|| seconds_from_now(store, seconds.get_untracked()));
        let text = said();
        list.act(order, async move {
            api::order::decide_appeal(id, outcome, expires_at, &text).await
        });
    };
    let reply = move |_| {
        let text = said();
        list.act(order, async move {
            api::order::write_in_appeal(id, &text).await
        });
    };
    let is_empty = Memo::new(move |_| text.with(|text| text.trim().is_empty()));
    let button = move |label: &'static str, outcome: &'static str| {
        view! {
            <button
                class="btn btn--small"
                type="button"
                disabled=move || is_empty.get()
                on:click=move |_| decide(outcome)
            >
                {label}
            </button>
        }
    };
    let options: Vec<_> = DURATIONS
        .into_iter()
        .zip(durations())
        .filter_map(|(seconds, (label, _))| {
            let value = seconds?.to_string();
            Some(view! { <option value=value>{label}</option> })
        })
        .collect();
    view! {
        <li class="order__item">
            <div class="order__item-text">
                {sanction.map(|sanction| view! { <SanctionFacts sanction /> })}
                <Conversation messages=appeal.messages />
                <label class="field">
                    <span class="field__label">{order_texts().answer()}</span>
                    <textarea
                        class="input"
                        rows="2"
                        dir="auto"
                        maxlength="2000"
                        prop:value=text
                        on:input=move |event| text.set(event_target_value(&event))
                    ></textarea>
                </label>
                <div class="case__decide" role="group" aria-label=order_texts().decide()>
                    {button(order_texts().keep(), "kept")}
                    {button(order_texts().shorten(), "shortened")}
                    <select
                        class="input select"
                        aria-label=order_texts().shorten_to()
                        on:change=move |event| {
                            if let Ok(n) = event_target_value(&event).parse() {
                                seconds.set(n);
                            }
                        }
                    >
                        {options}
                    </select>
                    {button(order_texts().lift(), "lifted")}
                    <button
                        class="btn btn--small btn--quiet"
                        type="button"
                        disabled=move || is_empty.get()
                        on:click=reply
                    >
                        {order_texts().send_reply()}
                    </button>
                </div>
            </div>
        </li>
    }
}

/// What was said in an appeal. Who it is about sees no moderator's name.
#[component]
pub fn Conversation(
    /// Oldest first.
    messages: Vec<AppealMessage>,
) -> impl IntoView {
    let lines: Vec<_> = messages
        .into_iter()
        .map(|message| {
            let author = message.author.map_or_else(
                || order_texts().moderator().to_owned(),
                |person| person.display_name,
            );
            view! {
                <li class="words__line">
                    <p dir="auto" translate="yes">
                        <strong>{author}</strong>
                        " "
                        <time class="faint">{clock(message.at)}</time>
                        <br />
                        {message.text}
                    </p>
                </li>
            }
        })
        .collect();
    view! { <ul class="words">{lines}</ul> }
}
