//! The shield in the top bar, which opens the moderation panel.

use super::{OrderState, Section, list::Loaded};
use crate::{
    api,
    components::icons::{Glyph, Icon},
    i18n::{number, order::order_texts, with_note},
    store::Store,
};
use leptos::prelude::*;

/// The button, with the number of open cases; for moderators.
#[component]
pub fn Shield() -> impl IntoView {
    let store = expect_context::<Store>();
    let may_moderate = Memo::new(move |_| store.may_moderate());
    view! {
        <Show when=move || may_moderate.get()>
            <Button />
        </Show>
    }
}

#[component]
fn Button() -> impl IntoView {
    let order = expect_context::<OrderState>();
    let cases = Loaded::new(move || {
        Box::pin(async move {
            let page = api::order::cases(order.scope, "open").await?;
            Ok((page.items, None))
        })
    });
    let open = move || cases.items.with(|items| items.as_ref().map_or(0, Vec::len));
    let label = move || match open() {
        0 => order_texts().moderation().to_owned(),
        n => with_note(order_texts().moderation(), &order_texts().open_cases(n)),
    };
    let click = move |_| {
        if order.is_open.get_untracked() {
            order.is_open.set(false);
        } else {
            order.show(Section::Cases);
        }
    };
    view! {
        <button
            class="btn btn--quiet btn--icon shield"
            type="button"
            aria-label=label
            title=label
            aria-expanded=move || order.is_open.get().to_string()
            on:click=click
        >
            <Icon glyph=Glyph::Shield />
            <Show when=move || { open() > 0 }>
                <span class="badge shield__count" aria-hidden="true">
                    {move || number(open())}
                </span>
            </Show>
        </button>
    }
}
