//! Coordinates and zoom.

use leptos::prelude::*;

/// Coordinates and zoom.
#[component]
pub fn StatusBar() -> impl IntoView {
    view! { <footer class="status-bar"></footer> }
}
