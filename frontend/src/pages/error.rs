//! A canvas that cannot be shown: what happened and what to do.

use crate::{i18n::t, pages::not_found::Lost, store::Failure};
use leptos::prelude::*;

/// Stands where the board would be.
#[component]
pub fn FailurePage(
    /// Why there is none.
    failure: Failure,
) -> impl IntoView {
    let (title, text) = match failure {
        Failure::Forbidden => (t().no_access_title, t().no_access_text),
        Failure::NotFound => (t().no_canvas_title, t().no_canvas_text),
        Failure::Deleted => (t().deleted_title, t().deleted_text),
    };
    view! { <Lost title text /> }
}
