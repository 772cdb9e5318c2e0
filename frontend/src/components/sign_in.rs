//! The sign-in card of the canvas page, for users who followed a link, and what
//! is said of a sign-out that the server does not know of yet.

use crate::{
    components::auth_forms::EntryForms,
    i18n::t,
    store::{Account, Store},
};
use leptos::prelude::*;

/// Says that the user is signed out here, and that the server could not be told.
#[component]
pub fn SignOutWaits() -> impl IntoView {
    let account = expect_context::<Account>();
    view! {
        <Show when=move || account.sign_out_waits.get()>
            <p class="soft" role="status">{t().sign_out_waits()}</p>
        </Show>
    }
}

/// The forms for guests, sign-in and registration, over the board.
#[component]
pub fn SignInCard() -> impl IntoView {
    let store = expect_context::<Store>();
    // A user who was signed in before reads why they no longer are.
    let was_here = move || store.me.with(Option::is_some);
    let waits = move || match store.waiting.get() {
        0 => String::new(),
        n => t().waits_for_you(n),
    };
    view! {
        <section class="entry sign-in" aria-labelledby="sign-in-title">
            <h2 id="sign-in-title">
                {move || if was_here() { t().session_over() } else { t().join_title() }}
            </h2>
            <Show when=was_here>
                <p class="soft">{t().session_over_text()} " " {waits}</p>
            </Show>
            <SignOutWaits />
            <EntryForms done=|_| () />
        </section>
    }
}
