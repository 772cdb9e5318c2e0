//! Canvas name, connection, people and menu.

use leptos::prelude::*;

/// Canvas name, connection, people and menu.
#[component]
pub fn TopBar() -> impl IntoView {
    view! { <header class="top-bar"></header> }
}
