//! Where the user is signed in, with buttons that end the sessions.

use crate::{
    api,
    i18n::{account_texts, moment},
    tasks::Tasks,
};
use leptos::prelude::*;
use shared::{api::accounts::UserSession, ids::SessionId};

#[derive(Clone, Copy)]
struct List {
    sessions: RwSignal<Vec<UserSession>>,
    is_away: RwSignal<bool>,
    tasks: Tasks,
}

impl List {
    fn load(self) {
        self.tasks.spawn(async move {
            let answer = api::accounts::sessions().await;
            self.is_away.set(answer.is_err());
            if let Ok(page) = answer {
                self.sessions.set(page.items);
            }
        });
    }

    /// Ends one session, or all others.
    fn end(self, id: Option<SessionId>) {
        self.tasks.spawn(async move {
            // The list shows whether it ended.
            let _ = api::accounts::end_session(id).await;
            self.load();
        });
    }
}

/// The list.
#[component]
pub fn Sessions() -> impl IntoView {
    let texts = account_texts();
    let list = List {
        sessions: RwSignal::default(),
        is_away: RwSignal::default(),
        tasks: Tasks::new(),
    };
    list.load();
    let row = move |session: UserSession| {
        let place = if session.current {
            texts.session_here()
        } else {
            texts.session_elsewhere()
        };
        let times = texts.session_times(&moment(session.created_at), &moment(session.last_seen_at));
        let end = (!session.current).then(|| {
            view! {
                <button
                    class="btn btn--small"
                    type="button"
                    on:click=move |_| list.end(Some(session.id))
                >
                    {texts.end_session()}
                </button>
            }
        });
        view! {
            <li class="member">
                <span class="row__text">
                    <span class="row__name-text">{place}</span>
                    <span class="row__note row__note--whole">{times}</span>
                </span>
                {end}
            </li>
        }
    };
    view! {
        <section class="form" aria-labelledby="sessions-title">
            <h3 id="sessions-title">{texts.sessions()}</h3>
            <ul class="members" aria-labelledby="sessions-title">
                {move || list.sessions.get().into_iter().map(row).collect_view()}
            </ul>
            <Show when=move || list.is_away.get()>
                <p class="field__error" role="alert">{texts.sessions_away()}</p>
            </Show>
            <Show when=move || list.sessions.with(|sessions| sessions.len() > 1)>
                <div class="dialog__foot">
                    <button class="btn" type="button" on:click=move |_| list.end(None)>
                        {texts.end_others()}
                    </button>
                </div>
            </Show>
        </section>
    }
}
