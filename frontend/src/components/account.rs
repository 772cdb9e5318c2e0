//! The dialog about the user's account: name and password of a guest, password,
//! sessions, hidden people, deletion.

pub mod delete;
pub mod hidden_people;
pub mod password;
pub mod sessions;

use crate::{
    components::{dialogs::Dialogs, keep_account::KeepAccount},
    store::Account,
};
use delete::DeleteAccountForm;
use hidden_people::HiddenPeople;
use leptos::prelude::*;
use password::PasswordForm;
use sessions::Sessions;

/// The content of the dialog.
#[component]
pub fn AccountDialog() -> impl IntoView {
    let account = expect_context::<Account>();
    let dialogs = expect_context::<Dialogs>();
    let Some(user) = untrack(|| account.user()) else {
        return ().into_any();
    };
    let first = if user.is_guest {
        view! { <KeepAccount done=move |()| dialogs.close() /> }.into_any()
    } else {
        view! { <PasswordForm /> }.into_any()
    };
    view! {
        {first}
        <Sessions />
        <HiddenPeople />
        <DeleteAccountForm user />
    }
    .into_any()
}
