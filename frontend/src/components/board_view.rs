//! The board.

use leptos::prelude::*;

/// The board.
#[component]
pub fn BoardView() -> impl IntoView {
    view! { <div class="board"></div> }
}
