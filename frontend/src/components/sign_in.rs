//! The way in on a canvas's own page: somebody followed a link and looks at
//! the board already.

use crate::{components::auth_forms::EntryForms, i18n::t};
use leptos::prelude::*;

/// Guest entry, sign in and register, over the board.
#[component]
pub fn SignInCard() -> impl IntoView {
    view! {
        <section class="entry sign-in" aria-labelledby="sign-in-title">
            <h2 id="sign-in-title">{t().join_title}</h2>
            <EntryForms done=|_| () />
        </section>
    }
}
