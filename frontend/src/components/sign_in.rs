//! The sign-in card of the canvas page, for users who followed a link.

use crate::{components::auth_forms::EntryForms, i18n::t, store::Store};
use leptos::prelude::*;

/// The forms for guests, sign-in and registration, over the board.
#[component]
pub fn SignInCard() -> impl IntoView {
    let store = expect_context::<Store>();
    // A user who was signed in before reads why they no longer are.
    let was_here = move || store.me.with(Option::is_some);
    let waits = move || match store.waiting.get() {
        0 => String::new(),
        n => t().waits_for_you.of(n),
    };
    view! {
        <section class="entry sign-in" aria-labelledby="sign-in-title">
            <h2 id="sign-in-title">
                {move || if was_here() { t().session_over } else { t().join_title }}
            </h2>
            <Show when=was_here>
                <p class="soft">{t().session_over_text} " " {waits}</p>
            </Show>
            <EntryForms done=|_| () />
        </section>
    }
}
