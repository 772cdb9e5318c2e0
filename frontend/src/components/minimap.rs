//! The whole board, small, with the view's frame.

use leptos::prelude::*;

/// The whole board, small, with the view's frame.
#[component]
pub fn Minimap() -> impl IntoView {
    view! { <div class="minimap"></div> }
}
