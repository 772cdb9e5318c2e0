//! The drawing tools, while a tile is open.

use leptos::prelude::*;

/// The drawing tools, while a tile is open.
#[component]
pub fn ToolBar() -> impl IntoView {
    view! { <div class="tool-bar"></div> }
}
