//! Notices that come and go.

use leptos::prelude::*;

/// Notices that come and go.
#[component]
pub fn Toasts() -> impl IntoView {
    view! { <div class="toasts"></div> }
}
