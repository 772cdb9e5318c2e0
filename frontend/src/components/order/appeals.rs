//! The appeals of a canvas that wait for a decision.

use super::{
    OrderState,
    list::{ListState, Loaded},
    ranks::Ranks,
    sanction_form::{DURATIONS, durations},
    sanctions::SanctionFacts,
};
use crate::{
    api,
    i18n::{clock, order::order_texts},
    store::Account,
};
use leptos::prelude::*;
use shared::api::sanctions::{Appeal, AppealMessage};

/// The section with the appeals.
#[component]
pub fn Appeals() -> impl IntoView {
    let scope = expect_context::<OrderState>().scope;
    let list = Loaded::new(move || {
        Box::pin(async move { Ok((api::order::appeals(scope).await?.items, None)) })
    });
    let rows = move || {
        let items = list.items.get().unwrap_or_default().into_iter();
        items
            .map(|appeal| view! { <Row appeal list /> })
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
fn Row(appeal: Appeal, list: Loaded<Appeal>) -> impl IntoView {
    let order = expect_context::<OrderState>();
    // None for admins on a page without a canvas.
    let ranks = use_context::<Ranks>();
    let account = expect_context::<Account>();
    let id = appeal.id;
    let text = RwSignal::new(String::new());
    let seconds = RwSignal::new(DURATIONS[0].unwrap_or_default());
    let said = move || text.get_untracked().trim().to_owned();
    let decide = move |outcome: &'static str| {
        let expires_at =
            (outcome == "shortened").then(|| order.seconds_from_now(seconds.get_untracked()));
        let text = said();
        list.act(order, order_texts().problem_decider(), async move {
            api::order::decide_appeal(id, outcome, expires_at, &text).await
        });
    };
    let reply = move |_| {
        let text = said();
        list.act(order, order_texts().problem_decider(), async move {
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
    let options = || {
        let options = DURATIONS.into_iter().zip(durations());
        let options = options.filter_map(|(seconds, (label, _))| {
            let value = seconds?.to_string();
            Some(view! { <option value=value>{label}</option> })
        });
        options.collect::<Vec<_>>()
    };
    let sanction = appeal.sanction.map(|sanction| *sanction);
    let user = sanction.as_ref().map(|sanction| sanction.user.user_id);
    let issuer = sanction
        .as_ref()
        .and_then(|sanction| Some(sanction.issued_by.as_ref()?.user_id));
    // Why this user does not decide, as far as it is known.
    let why_not = Memo::new(move |_| {
        let (ranks, user) = (ranks?, user?);
        let me = account.user()?.id;
        if !ranks.may_act_on(user) {
            return Some(order_texts().problem_decider());
        }
        let is_own = issuer == Some(me) && ranks.others_may_act_on(user);
        is_own.then(|| order_texts().issued_by_you())
    });
    let decision = move || match why_not.get() {
        Some(why_not) => view! { <p class="soft">{why_not}</p> }.into_any(),
        None => view! {
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
                {options()}
            </select>
            {button(order_texts().lift(), "lifted")}
        }
        .into_any(),
    };
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
                    {decision}
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
