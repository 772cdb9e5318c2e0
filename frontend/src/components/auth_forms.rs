//! The ways in: as a guest with one field and one click, or with an account.

use crate::{
    api::{self, ApiError},
    components::field::Field,
    i18n::{api_problem, field_problem, t, text_problem},
    store::{Account, SignIn},
};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};
use shared::{
    api::{Auth, Guest, Login, Register},
    limits, text,
};

/// How somebody came in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// With a name and nothing else.
    #[default]
    Guest,
    /// With their account.
    SignIn,
    /// With a new account.
    Register,
}

/// What is wrong, and with which field.
#[derive(Clone, Debug, Default, PartialEq)]
struct Trouble {
    username: Option<String>,
    password: Option<String>,
    display_name: Option<String>,
    general: Option<String>,
}

impl From<ApiError> for Trouble {
    fn from(error: ApiError) -> Self {
        let field = |name| field_problem(error.fields(), name);
        let mut trouble = Self {
            username: field("username"),
            password: field("password"),
            display_name: field("display_name"),
            general: None,
        };
        if error.code() == "username_taken" {
            trouble.username = Some(api_problem(&error));
        } else if trouble == Self::default() {
            trouble.general = Some(api_problem(&error));
        }
        trouble
    }
}

/// The forms of which one shows, each with the buttons that lead to the
/// others. So at any time there is exactly one button for each way in.
#[component]
pub fn EntryForms(
    /// Called when somebody has come in, after `Account::sign_in` was set.
    #[prop(into)]
    done: Callback<Way>,
) -> impl IntoView {
    let account = expect_context::<Account>();
    let way = RwSignal::new(Way::Guest);
    let moved = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let trouble = RwSignal::new(Trouble::default());
    let [name, username, password] = [(); 3].map(|()| RwSignal::new(String::new()));

    let go = move |to: Way| {
        trouble.set(Trouble::default());
        moved.set(true);
        way.set(to);
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let way = way.get_untracked();
        let (name, username, password) = (
            name.get_untracked().trim().to_owned(),
            username.get_untracked(),
            password.get_untracked(),
        );
        if way == Way::Register
            && let Err(wrong) = check_new(&username, &password)
        {
            trouble.set(wrong);
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let answer = enter(way, name, username, password).await;
            busy.set(false);
            match answer {
                Ok(auth) => {
                    trouble.set(Trouble::default());
                    account.sign_in.set(SignIn::SignedIn(auth.user));
                    done.run(way);
                }
                Err(error) => trouble.set(error.into()),
            }
        });
    };

    let other = move |to: Way, label: &'static str| {
        view! {
            <button class="btn" type="button" on:click=move |_| go(to)>
                {label}
            </button>
        }
    };
    let account_fields = move |new: bool| {
        view! {
            <Field
                id="entry-username"
                label=t().username
                value=username
                autocomplete="username"
                max=*limits::USERNAME.end()
                hint=if new { t().username_hint } else { "" }
                error=Signal::derive(move || trouble.with(|t| t.username.clone()))
                focus=true
            />
            <Field
                id="entry-password"
                label=t().password
                value=password
                kind="password"
                autocomplete=if new { "new-password" } else { "current-password" }
                max=*limits::PASSWORD.end()
                hint=if new { t().password_hint } else { "" }
                error=Signal::derive(move || trouble.with(|t| t.password.clone()))
            />
        }
    };
    let fields = move || match way.get() {
        Way::Guest => view! {
            <Field
                id="entry-name"
                label=t().your_name
                value=name
                autocomplete="nickname"
                max=*limits::DISPLAY_NAME.end()
                placeholder=t().your_name_example
                error=Signal::derive(move || trouble.with(|t| t.display_name.clone()))
                focus=moved.get_untracked()
            />
        }
        .into_any(),
        Way::SignIn => account_fields(false).into_any(),
        Way::Register => account_fields(true).into_any(),
    };
    let action = move || match way.get() {
        Way::Guest => t().draw_as_guest,
        Way::SignIn => t().sign_in,
        Way::Register => t().register,
    };
    let others = move || {
        let guest = (Way::Guest, t().draw_as_guest);
        let sign_in = (Way::SignIn, t().sign_in);
        let register = (Way::Register, t().register);
        let [one, two] = match way.get() {
            Way::Guest => [sign_in, register],
            Way::SignIn => [register, guest],
            Way::Register => [sign_in, guest],
        };
        [one, two]
            .map(|(to, label)| other(to, label))
            .collect_view()
    };
    view! {
        <form class="entry__form" on:submit=submit novalidate=true>
            {fields}
            <p class="field__error" role="alert" hidden=move || trouble.with(|t| t.general.is_none())>
                {move || trouble.with(|t| t.general.clone())}
            </p>
            <button
                class="btn btn--primary btn--wide"
                type="submit"
                aria-busy=move || busy.get().then_some("true")
            >
                {action}
            </button>
        </form>
        <p class="entry__or">{t().or}</p>
        <div class="entry__others">{others}</div>
    }
}

async fn enter(way: Way, name: String, username: String, password: String) -> api::Answer<Auth> {
    match way {
        Way::Guest => {
            let display_name = (!name.is_empty()).then_some(name);
            api::guest(&Guest { display_name }).await
        }
        Way::SignIn => api::login(&Login { username, password }).await,
        Way::Register => {
            api::register(&Register {
                username,
                password,
                display_name: None,
            })
            .await
        }
    }
}

/// What can be said about a new account without asking the server.
fn check_new(username: &str, password: &str) -> Result<(), Trouble> {
    let trouble = Trouble {
        username: text::username(username).err().as_ref().map(text_problem),
        password: (password.chars().count() < *limits::PASSWORD.start())
            .then(|| text_problem(&text::TextError::TooShort(*limits::PASSWORD.start()))),
        ..Trouble::default()
    };
    if trouble == Trouble::default() {
        Ok(())
    } else {
        Err(trouble)
    }
}
