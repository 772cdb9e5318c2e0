//! The panels beside the board: chat, people, activity, tile.

use leptos::prelude::*;

/// The panels beside the board: chat, people, activity, tile.
#[component]
pub fn Dock() -> impl IntoView {
    view! { <aside class="dock"></aside> }
}
