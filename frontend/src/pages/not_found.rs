//! The page for unknown addresses.

use crate::{components::icons::Star, i18n::t};
use leptos::prelude::*;
use leptos_meta::Title;

/// The page for unknown addresses.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    view! {
        <Title text=t().not_found_title() />
        <Lost title=t().not_found_title() text=t().not_found_text() />
    }
}

/// What happened, and a link to the start page.
#[component]
pub fn Lost(
    /// What happened.
    title: &'static str,
    /// What to do.
    text: &'static str,
    /// Further actions.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="lost">
            <section class="lost__box">
                <Star class="lost__star" />
                <h1 class="lost__title">{title}</h1>
                <p class="soft">{text}</p>
                {children.map(|children| children())}
                <div class="lost__actions">
                    <a href="/" class="btn">
                        {t().all_canvases()}
                    </a>
                </div>
            </section>
        </div>
    }
}
