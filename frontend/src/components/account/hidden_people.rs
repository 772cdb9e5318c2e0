//! Whom the user hides, with buttons that show them again.

use crate::{
    api,
    components::avatar::Avatar,
    i18n::{account_texts, t},
    session::Session,
    tasks::Tasks,
};
use leptos::prelude::*;
use shared::api::moderation::UserRef;

/// The list.
#[component]
pub fn HiddenPeople() -> impl IntoView {
    let session = use_context::<Session>();
    let texts = account_texts();
    let tasks = Tasks::new();
    let people = RwSignal::new(None::<Vec<UserRef>>);
    let load = move || {
        tasks.spawn(async move {
            if let Ok(page) = api::accounts::blocks().await {
                people.set(Some(page.items));
            }
        });
    };
    load();
    let show_again = move |user: UserRef| {
        tasks.spawn(async move {
            let answer = api::accounts::block(&user.username, false).await;
            if let (Ok(()), Some(session)) = (answer, session) {
                session.hide(user.user_id, false);
            }
            load();
        });
    };
    let row = move |user: UserRef| {
        let handle = t().at_name(&user.username);
        let label = texts.show_again(&user.display_name);
        let (id, name) = (user.user_id, user.display_name.clone());
        view! {
            <li class="member">
                <Avatar user=id name=name.clone() />
                <span class="row__text">
                    <span class="row__name-text" dir="auto">{name}</span>
                    <span class="row__note">{handle}</span>
                </span>
                <button
                    class="btn btn--small"
                    type="button"
                    aria-label=label
                    on:click=move |_| show_again(user.clone())
                >
                    {texts.show_again_short()}
                </button>
            </li>
        }
    };
    let rows = move || Some(people.get()?.into_iter().map(row).collect_view());
    let is_empty = move || people.with(|people| people.as_ref().is_some_and(Vec::is_empty));
    view! {
        <section class="form" aria-labelledby="hidden-title">
            <h3 id="hidden-title">{texts.hidden_people()}</h3>
            <p class="field__hint">
                {move || if is_empty() { texts.hidden_nobody() } else { texts.hidden_people_text() }}
            </p>
            <ul class="members" aria-labelledby="hidden-title">{rows}</ul>
        </section>
    }
}
