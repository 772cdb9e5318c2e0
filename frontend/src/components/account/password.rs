//! The form that changes the password.

use crate::{
    api,
    components::{field::Field, form::Submission},
    i18n::{account_texts, api_problem, t, text_problem},
};
use leptos::{ev::SubmitEvent, prelude::*};
use shared::{api::accounts::ChangePassword, limits, text::TextError};

/// The form.
#[component]
pub fn PasswordForm() -> impl IntoView {
    let texts = account_texts();
    let old = RwSignal::new(String::new());
    let new = RwSignal::new(String::new());
    let short = RwSignal::new(None::<String>);
    let changed = RwSignal::new(false);
    let form = Submission::from_context();
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let body = ChangePassword {
            old_password: old.get_untracked(),
            new_password: new.get_untracked(),
        };
        let least = *limits::PASSWORD.start();
        let is_short = body.new_password.chars().count() < least;
        changed.set(false);
        short.set(is_short.then(|| text_problem(&TextError::TooShort(least))));
        if is_short {
            return;
        }
        let request = async move { api::accounts::change_password(&body).await };
        form.send(request, move |()| {
            // Of a dialog that may be closed.
            old.try_set(String::new());
            new.try_set(String::new());
            changed.try_set(true);
        });
    };
    // The only name that goes with the password is the user's own.
    let old_error = Signal::derive(move || {
        form.error(|error| (error.code() == "invalid_credentials").then(|| api_problem(error)))
    });
    let refused = form.wrong("new_password");
    let new_error = Signal::derive(move || short.get().or_else(|| refused.get()));
    let general = move || {
        old_error
            .get()
            .map_or_else(|| form.problem(), |_| String::new())
    };
    view! {
        <section class="form" aria-labelledby="password-title">
            <h3 id="password-title">{texts.change_password()}</h3>
            <form class="form" on:submit=send novalidate=true>
                <Field
                    id="old-password"
                    label=texts.old_password()
                    value=old
                    kind="password"
                    autocomplete="current-password"
                    max=*limits::PASSWORD.end()
                    error=old_error
                />
                <Field
                    id="new-password"
                    label=texts.new_password()
                    value=new
                    kind="password"
                    autocomplete="new-password"
                    max=*limits::PASSWORD.end()
                    hint=t().password_hint()
                    error=new_error
                />
                <p class="field__error" role="alert">{general}</p>
                <p class="soft" role="status">
                    {move || changed.get().then_some(texts.password_changed())}
                </p>
                <div class="dialog__foot">
                    <button class="btn" type="submit" aria-busy=move || form.is_busy()>
                        {texts.change_password()}
                    </button>
                </div>
            </form>
        </section>
    }
}
