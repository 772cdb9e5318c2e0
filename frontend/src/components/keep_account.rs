//! The offer to a guest to keep everything with a name and a password, and its
//! form.

use crate::{
    account, api, browser,
    components::{dialogs::DialogKind, dialogs::Dialogs, field::Field, form::Submission},
    i18n::{account_texts, t, text_problem},
    model::notice::NoticeKind,
    session::Session,
    store::{Account, Store},
};
use leptos::{ev::SubmitEvent, prelude::*};
use shared::{
    api::accounts::RegisterGuest,
    limits,
    text::{self, TextError},
};

/// The guest does not want to be asked again, in local storage.
const DECLINED: &str = "stellar.keep_declined";
/// Strokes and likes of a guest after which the offer is made.
const MIN_ACTIONS: usize = 3;
/// Milliseconds from a guest's first sign-in until the offer is made: nobody is
/// asked who has just come in.
const OFFER_DELAY_MS: i64 = 10 * 60_000;

/// What is wrong with the name and with the password.
type Errors = (Option<String>, Option<String>);

/// The form that gives a guest a name and a password.
#[component]
pub fn KeepAccount(
    /// Called when they have them.
    #[prop(into)]
    done: Callback<()>,
) -> impl IntoView {
    let account = expect_context::<Account>();
    let session = use_context::<Session>();
    let texts = account_texts();
    let username = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let wrong = RwSignal::new(Errors::default());
    let form = Submission::from_context();
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let body = RegisterGuest {
            username: username.get_untracked().trim().to_owned(),
            password: password.get_untracked(),
        };
        let least = *limits::PASSWORD.start();
        let is_short = body.password.chars().count() < least;
        let errors = (
            text::username(&body.username)
                .err()
                .map(|error| text_problem(&error)),
            is_short.then(|| text_problem(&TextError::TooShort(least))),
        );
        let is_wrong = errors.0.is_some() || errors.1.is_some();
        wrong.set(errors);
        if is_wrong {
            return;
        }
        let request = async move { api::accounts::register_guest(&body).await };
        form.send(request, move |auth| {
            let name = auth.user.username.clone();
            account::learned(account, auth.user.clone());
            if let Some(session) = session {
                session.token_renewed(auth);
                // Where guests may do less, the connection is still a guest's.
                session.reconnect_now();
                let text = texts.kept(&name);
                session.notify(NoticeKind::Done(text));
            }
            done.run(());
        });
    };
    let error = |own: fn(&Errors) -> &Option<String>, field| {
        let refused = form.wrong(field);
        Signal::derive(move || {
            wrong
                .with(|wrong| own(wrong).clone())
                .or_else(|| refused.get())
        })
    };
    view! {
        <form class="form" on:submit=send novalidate=true>
            <p class="soft">{texts.keep_text()}</p>
            <Field
                id="keep-username"
                label=t().username()
                value=username
                autocomplete="username"
                is_username=true
                max=*limits::USERNAME.end()
                hint=t().username_hint()
                error=error(|wrong| &wrong.0, "username")
                focus=true
            />
            <Field
                id="keep-password"
                label=t().password()
                value=password
                kind="password"
                autocomplete="new-password"
                max=*limits::PASSWORD.end()
                hint=t().password_hint()
                error=error(|wrong| &wrong.1, "password")
            />
            <p class="field__error" role="alert">{move || form.problem()}</p>
            <div class="dialog__foot">
                <button
                    class="btn btn--primary"
                    type="submit"
                    aria-busy=move || form.is_busy()
                >
                    {texts.keep_action()}
                </button>
            </div>
        </form>
    }
}

/// Offers it over the board to a guest who has done something here and is not
/// new any more, until they decline.
#[component]
pub fn KeepOffer() -> impl IntoView {
    let account = expect_context::<Account>();
    let store = expect_context::<Store>();
    let dialogs = expect_context::<Dialogs>();
    let texts = account_texts();
    let declined = RwSignal::new(browser::load(DECLINED).is_some());
    let is_offered = Memo::new(move |_| {
        !declined.get()
            && account.user().is_some_and(|user| {
                let age = store.server_now_ms() - user.created_at.millis();
                user.is_guest && age > OFFER_DELAY_MS
            })
            && store.me.with(Option::is_some)
            && store.editing.with(Option::is_none)
            && has_done_enough(store)
    });
    let decline = move |_| {
        browser::save(DECLINED, "1");
        declined.set(true);
    };
    view! {
        <Show when=move || is_offered.get()>
            <aside class="banner floating keep-offer" aria-label=texts.keep_title()>
                <p>{texts.keep_offer()}</p>
                <div class="keep-offer__actions">
                    <button
                        class="btn btn--primary btn--small"
                        type="button"
                        on:click=move |_| dialogs.show(DialogKind::Keep)
                    >
                        {texts.keep_action()}
                    </button>
                    <button class="btn btn--quiet btn--small" type="button" on:click=decline>
                        {texts.keep_later()}
                    </button>
                </div>
            </aside>
        </Show>
    }
}

/// Whether the user did enough here to be asked. Reactive.
fn has_done_enough(store: Store) -> bool {
    let me = store.me.with(|me| me.as_ref().map(|me| me.user_id));
    store.activity.with(|lines| {
        lines
            .iter()
            .filter(|line| Some(line.actor) == me)
            .take(MIN_ACTIONS)
            .count()
            >= MIN_ACTIONS
    })
}
