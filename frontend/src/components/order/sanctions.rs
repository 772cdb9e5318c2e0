//! The sanctions of a canvas.

use super::{
    OrderState,
    list::{ListState, Loaded, More},
    ranks::Ranks,
};
use crate::{
    api,
    components::avatar::Avatar,
    i18n::order::{act, order_texts, until},
    model::order::{ModerationScope, is_in_force},
};
use leptos::prelude::*;
use shared::api::sanctions::Sanction;

/// The section with the sanctions.
#[component]
pub fn Sanctions() -> impl IntoView {
    let scope = expect_context::<OrderState>().scope;
    let shows_over = RwSignal::new(false);
    let read = move |active: bool, cursor: Option<String>| -> super::list::Items<Sanction> {
        Box::pin(async move {
            let page = api::order::sanctions(scope, active, cursor.as_deref()).await?;
            Ok((page.items, page.next_cursor))
        })
    };
    let list = Loaded::new(move || read(!shows_over.get(), None));
    let rows = move || {
        let items = list.items.get().unwrap_or_default().into_iter();
        items
            .map(|sanction| view! { <Row sanction list /> })
            .collect_view()
    };
    view! {
        <label class="order__check">
            <input
                type="checkbox"
                prop:checked=shows_over
                on:change=move |event| shows_over.set(event_target_checked(&event))
            />
            {order_texts().show_over()}
        </label>
        <ul class="order__list" aria-label=order_texts().sanctions()>{rows}</ul>
        <More
            has_more=Signal::derive(move || list.next.with(Option::is_some))
            more=move |()| list.more(read(!shows_over.get_untracked(), list.next.get_untracked()))
        />
        <ListState
            is_empty=Signal::derive(move || list.is_empty())
            is_loading=Signal::derive(move || list.items.with(Option::is_none))
            empty=order_texts().no_active_sanctions()
            problem=list.problem
        />
    }
}

#[component]
fn Row(sanction: Sanction, list: Loaded<Sanction>) -> impl IntoView {
    let order = expect_context::<OrderState>();
    // None for admins on a page without a canvas.
    let ranks = use_context::<Ranks>();
    let id = sanction.id;
    let (user, issuer) = (sanction.user.user_id, sanction.issued_by.as_ref());
    let issuer = issuer.map(|issuer| issuer.user_id);
    let may_lift = Memo::new(move |_| {
        ranks.is_none_or(|ranks| {
            let is_high = issuer.is_none_or(|issuer| ranks.mine() >= ranks.of(issuer));
            is_high && ranks.may_act_on(user)
        })
    });
    let lift = move || {
        if !may_lift.get() {
            return view! { <p class="faint order__aside">{order_texts().lift_needs_rank()}</p> }
                .into_any();
        }
        let forbidden = order_texts().lift_needs_rank();
        view! {
            <button
                class="btn btn--small"
                type="button"
                on:click=move |_| list.act(order, forbidden, api::order::lift(id))
            >
                {order_texts().lift()}
            </button>
        }
        .into_any()
    };
    let holds = is_in_force(&sanction, order.seconds_from_now(0).millis());
    view! {
        <li class="order__item">
            <Avatar user=sanction.user.user_id name=sanction.user.display_name.clone() />
            <div class="order__item-text">
                <SanctionFacts sanction=sanction.clone() />
            </div>
            {holds.then_some(lift)}
        </li>
    }
}

/// Whom, what, why, until when, and by whom.
#[component]
pub fn SanctionFacts(
    /// The sanction, as a moderator reads it.
    sanction: Sanction,
) -> impl IntoView {
    // On a page without a canvas it may be of any.
    let is_server = expect_context::<OrderState>().scope == ModerationScope::Server;
    let canvas = sanction.canvas_id.filter(|_| is_server).map(|canvas| {
        let href = format!("/canvas/{canvas}");
        view! { <a class="link" href=href>{order_texts().go_there()}</a> }
    });
    let by = sanction
        .issued_by
        .map(|person| order_texts().by(&person.display_name));
    let end = match sanction.lifted_at {
        Some(_) if sanction.lift_reason.is_empty() => order_texts().state_lifted().to_owned(),
        Some(_) => format!("{}: {}", order_texts().state_lifted(), sanction.lift_reason),
        None => until(sanction.expires_at),
    };
    let facts = [end, by.unwrap_or_default()];
    let facts: Vec<String> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
    view! {
        <p>
            <strong dir="auto">{sanction.user.display_name}</strong>
            " · "
            {act(sanction.kind)}
        </p>
        <p dir="auto" translate="yes">{sanction.reason}</p>
        {sanction.note.filter(|note| !note.is_empty()).map(|note| view! { <p class="soft" dir="auto">{note}</p> })}
        <p class="faint">{facts.join(" · ")}</p>
        {canvas}
    }
}
