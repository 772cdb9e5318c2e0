//! The start page.

use leptos::prelude::*;

/// The start page.
#[component]
pub fn StartPage() -> impl IntoView {
    view! { <main class="start"></main> }
}
