//! The form that deletes the account: with the password, or for a guest with
//! the name, so that nobody does it by mistake.

use crate::{
    account, api,
    components::{
        dialogs::Dialogs,
        field::Field,
        form::Submission,
        icons::{Glyph, Icon},
    },
    i18n::{account_texts, t},
    store::Account,
};
use leptos::{ev::SubmitEvent, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use shared::{
    api::{User, accounts::DeleteAccount},
    limits,
};

/// The form, folded away.
#[component]
pub fn DeleteAccountForm(
    /// The signed-in user.
    user: User,
) -> impl IntoView {
    let account = expect_context::<Account>();
    let dialogs = expect_context::<Dialogs>();
    let texts = account_texts();
    let navigate = use_navigate();
    let home = Callback::new(move |()| navigate("/", NavigateOptions::default()));
    let password = RwSignal::new(String::new());
    let written = RwSignal::new(String::new());
    let with_canvases = RwSignal::new(false);
    let form = Submission::from_context();
    let is_guest = user.is_guest;
    let name = user.display_name.clone();
    let is_sure = Memo::new(move |_| {
        if is_guest {
            written.with(|written| written.trim() == name)
        } else {
            !password.with(String::is_empty)
        }
    });
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        if !is_sure.get_untracked() {
            return;
        }
        let body = DeleteAccount {
            password: (!is_guest).then(|| password.get_untracked()),
            delete_canvases: with_canvases.get_untracked().then_some(true),
        };
        let request = async move { api::accounts::delete_account(&body).await };
        form.send(request, move |()| {
            dialogs.close();
            account::signed_out(account);
            home.run(());
        });
    };
    let proof = if is_guest {
        let label = texts.delete_guest_label(&user.display_name);
        view! {
            <Field
                id="delete-account-name"
                label=label
                value=written
                max=*limits::DISPLAY_NAME.end()
            />
        }
        .into_any()
    } else {
        view! {
            <Field
                id="delete-account-password"
                label=t().password()
                value=password
                kind="password"
                autocomplete="current-password"
                max=*limits::PASSWORD.end()
            />
        }
        .into_any()
    };
    view! {
        <details class="danger">
            <summary>{texts.delete_account()}</summary>
            <form class="form" on:submit=send novalidate=true>
                <p class="soft">{texts.delete_account_text()}</p>
                {proof}
                <label class="check">
                    <input
                        type="checkbox"
                        prop:checked=with_canvases
                        on:change=move |event| with_canvases.set(event_target_checked(&event))
                    />
                    <span>{texts.delete_canvases()}</span>
                </label>
                <p class="field__error" role="alert">{move || form.problem()}</p>
                <button
                    class="btn btn--danger"
                    type="submit"
                    disabled=move || !is_sure.get()
                >
                    <Icon glyph=Glyph::Delete small=true />
                    {texts.delete_account()}
                </button>
            </form>
        </details>
    }
}
