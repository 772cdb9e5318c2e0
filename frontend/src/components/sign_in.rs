//! Guest entry, sign in and register.

use leptos::prelude::*;

/// Guest entry, sign in and register.
#[component]
pub fn SignInCard() -> impl IntoView {
    view! { <section class="sign-in"></section> }
}
