//! The form with display name, status and theme of the user.

use crate::{
    account, api,
    components::{
        avatar::{Avatar, Size},
        choices::{Choices, STATUSES, index, statuses},
        dialogs::{DialogKind, Dialogs},
        field::Field,
        form::Submission,
        language_picker::LanguagePicker,
        theme::ThemePicker,
    },
    i18n::{order::order_texts, t},
    session::Session,
    store::{Account, Store},
};
use leptos::{ev::SubmitEvent, prelude::*};
use shared::{api::UpdateMe, limits, presence::Status};

/// The form. Without an open canvas there is no status to set.
#[component]
pub fn Profile() -> impl IntoView {
    let account = expect_context::<Account>();
    let dialogs = expect_context::<Dialogs>();
    let session = use_context::<Session>();
    let store = use_context::<Store>();
    let Some(user) = untrack(|| account.user()) else {
        return ().into_any();
    };
    let name = RwSignal::new(user.display_name.clone());
    let message = RwSignal::new(user.status_message.clone());
    let before = untrack(|| store.map_or(Status::Online, |store| store.status_of(user.id)));
    let status = RwSignal::new(index(&STATUSES, &before));
    let form = Submission::from_context();
    let save = move |event: SubmitEvent| {
        event.prevent_default();
        let change = UpdateMe {
            display_name: Some(name.get_untracked().trim().to_owned()),
            status_message: Some(message.get_untracked().trim().to_owned()),
        };
        let status = STATUSES[status.get_untracked()];
        form.send(async move { api::update_me(&change).await }, move |user| {
            if let Some(session) = session {
                session.set_status(status, Some(user.status_message.clone()));
            }
            account::learned(account, user);
            dialogs.close();
        });
    };
    let handle = if user.is_guest {
        t().is_guest().to_owned()
    } else {
        t().at_name(&user.username)
    };
    view! {
        <form class="form" on:submit=save novalidate=true>
            <div class="profile__who">
                {move || view! { <Avatar user=user.id name=name.get() size=Size::Large /> }}
                <span class="faint">{handle}</span>
            </div>
            <Field
                id="profile-name"
                label=t().your_name()
                value=name
                autocomplete="nickname"
                max=*limits::DISPLAY_NAME.end()
                error=form.wrong("display_name")
                focus=true
            />
            <Field
                id="profile-message"
                label=t().status_message()
                value=message
                max=*limits::STATUS_MESSAGE.end()
                placeholder=t().status_message_example()
                error=form.wrong("status_message")
            />
            {session.map(|_| {
                view! { <Choices name="profile-status" label=t().status() value=status options=statuses() /> }
            })}
            <ThemePicker />
            <LanguagePicker />
            <button
                class="link profile__sanctions"
                type="button"
                on:click=move |_| dialogs.show(DialogKind::MySanctions)
            >
                {order_texts().my_sanctions()}
            </button>
            <p class="field__error" role="alert">{move || form.problem()}</p>
            <div class="dialog__foot">
                <button class="btn" type="button" on:click=move |_| dialogs.close()>
                    {t().cancel()}
                </button>
                <button
                    class="btn btn--primary"
                    type="submit"
                    aria-busy=move || form.is_busy()
                >
                    {t().save()}
                </button>
            </div>
        </form>
    }
    .into_any()
}
