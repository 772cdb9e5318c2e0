//! The page of an invite: whoever opens its address comes in as they like,
//! accepts it, and is taken to the canvas.

use crate::{
    account, api,
    components::{
        auth_forms::EntryForms,
        avatar::{Avatar, Size},
        icons::Star,
        sign_in::SignOutWaits,
    },
    i18n::{account_texts, api_problem, t},
    model::connection::SignIn,
    pages::not_found::Lost,
    store::Account,
    tasks::Tasks,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use shared::api::User;

/// What became of the invite.
#[derive(Clone, Debug, PartialEq)]
enum Answer {
    /// It was not accepted yet.
    Open,
    /// The server is asked.
    Waiting,
    /// It cannot be used any more.
    Over,
    /// It was refused for another reason.
    Refused(String),
}

/// The page of one invite.
#[component]
pub fn InvitePage(
    /// The code in the address.
    code: String,
) -> impl IntoView {
    let account = expect_context::<Account>();
    // Nothing is asked of the server here: who is not known is signed out.
    untrack(|| account::heard(account, false));
    let tasks = Tasks::provide();
    let texts = account_texts();
    let navigate = use_navigate();
    let answer = RwSignal::new(Answer::Open);
    let accept = Callback::new(move |()| {
        let (code, navigate) = (code.clone(), navigate.clone());
        answer.set(Answer::Waiting);
        tasks.spawn(async move {
            match api::accounts::accept_invite(&code).await {
                Ok(canvas) => {
                    // Back leads to where the link was, not to a used invite.
                    let options = NavigateOptions {
                        replace: true,
                        ..NavigateOptions::default()
                    };
                    navigate(&format!("/canvas/{}", canvas.id), options);
                }
                Err(error) if error.code() == "invite_not_found" => answer.set(Answer::Over),
                Err(error) => answer.set(Answer::Refused(api_problem(&error))),
            }
        });
    });
    let content = move || {
        if answer.with(|answer| *answer == Answer::Over) {
            return view! { <Lost title=texts.invite_over_title() text=texts.invite_over_text() /> }
                .into_any();
        }
        let way = match account.sign_in.get() {
            SignIn::SignedIn(user) => view! { <Accept user answer accept /> }.into_any(),
            // Who has just come in by a form here has said yes.
            SignIn::SignedOut => view! { <EntryForms done=move |_| accept.run(()) /> }.into_any(),
            SignIn::Unknown => ().into_any(),
        };
        view! {
            <main class="invited">
                <section class="entry" aria-labelledby="invited-title">
                    <Star class="brand__star" />
                    <h1 id="invited-title">{texts.invited_title()}</h1>
                    <p class="soft">{texts.invited_text()}</p>
                    <SignOutWaits />
                    {way}
                </section>
            </main>
        }
        .into_any()
    };
    let title = t().page_of(texts.invited_title(), t().name());
    view! {
        <Title text=title />
        {content}
    }
}

/// For somebody who is signed in: as whom, and the button.
#[component]
fn Accept(user: User, answer: RwSignal<Answer>, accept: Callback<()>) -> impl IntoView {
    let texts = account_texts();
    let is_waiting = move || answer.with(|answer| *answer == Answer::Waiting);
    let problem = move || match answer.get() {
        Answer::Refused(text) => Some(text),
        Answer::Open | Answer::Waiting | Answer::Over => None,
    };
    view! {
        <div class="entry__who">
            <Avatar user=user.id name=user.display_name.clone() size=Size::Large />
            <p dir="auto">{texts.invited_as(&user.display_name)}</p>
        </div>
        <p class="field__error" role="alert">{problem}</p>
        <button
            class="btn btn--primary btn--wide"
            type="button"
            aria-busy=move || is_waiting().then_some("true")
            disabled=is_waiting
            on:click=move |_| accept.run(())
        >
            {texts.accept()}
        </button>
    }
}
