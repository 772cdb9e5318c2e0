//! The bar at the top of pages without a canvas: the way home, the heading, and
//! the buttons of the inbox.

use super::buttons::InboxButtons;
use crate::{components::icons::Star, i18n::t};
use leptos::prelude::*;

/// The bar.
#[component]
pub fn PageBar(
    /// The heading of the page.
    title: &'static str,
) -> impl IntoView {
    view! {
        <header class="page-bar">
            <a href="/" class="top-bar__home" aria-label=t().all_canvases() title=t().all_canvases()>
                <Star class="brand__star" />
            </a>
            <h1 class="page-bar__title">{title}</h1>
            <span class="top-bar__gap"></span>
            <InboxButtons />
        </header>
    }
}
