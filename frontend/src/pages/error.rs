//! Shown instead of a canvas that cannot be loaded.

use crate::{
    components::auth_forms::{EntryForms, EntryMethod},
    i18n::t,
    model::connection::{LoadFailure, SignIn},
    pages::not_found::Lost,
    store::Account,
};
use leptos::prelude::*;

/// What happened and what the user can do.
#[component]
pub fn FailurePage(
    /// Why the canvas cannot be shown.
    failure: LoadFailure,
) -> impl IntoView {
    let account = expect_context::<Account>();
    let (title, text) = match failure {
        LoadFailure::Forbidden => (t().no_access_title, t().no_access_text),
        LoadFailure::NotFound => (t().no_canvas_title, t().no_canvas_text),
    };
    let may_sign_in = move || {
        failure == LoadFailure::Forbidden && account.sign_in.with(|s| *s == SignIn::SignedOut)
    };
    view! {
        <Lost title text>
            <Show when=may_sign_in>
                <section class="entry" aria-label=t().sign_in>
                    <EntryForms done=|_| () first=EntryMethod::SignIn />
                </section>
            </Show>
        </Lost>
    }
}
