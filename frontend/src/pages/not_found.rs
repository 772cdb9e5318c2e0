//! There is nothing at this address.

use leptos::prelude::*;

/// There is nothing at this address.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    view! { <main class="not-found"></main> }
}
