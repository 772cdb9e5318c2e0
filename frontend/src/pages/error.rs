//! Shown instead of a canvas that cannot be loaded.

use crate::{
    components::{
        auth_forms::{EntryForms, EntryMethod},
        dialogs::{DialogKind, Dialogs},
    },
    i18n::{order::order_texts, t},
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
    let dialogs = expect_context::<Dialogs>();
    let (title, text) = match failure {
        LoadFailure::Forbidden => (t().no_access_title(), t().no_access_text()),
        LoadFailure::NotFound => (t().no_canvas_title(), t().no_canvas_text()),
    };
    let may_sign_in = move || {
        failure == LoadFailure::Forbidden && account.sign_in.with(|s| *s == SignIn::SignedOut)
    };
    let may_appeal = move || {
        failure == LoadFailure::Forbidden
            && account.sign_in.with(|s| matches!(s, SignIn::SignedIn(_)))
    };
    view! {
        <Lost title text>
            // Who is banned from a canvas of members only reads why, and may appeal.
            <Show when=may_appeal>
                <button
                    class="btn"
                    type="button"
                    on:click=move |_| dialogs.show(DialogKind::MySanctions)
                >
                    {order_texts().my_sanctions()}
                </button>
            </Show>
            <Show when=may_sign_in>
                <section class="entry" aria-label=t().sign_in()>
                    <EntryForms done=|_| () first=EntryMethod::SignIn />
                </section>
            </Show>
        </Lost>
    }
}
