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

impl Way {
    fn label(self) -> &'static str {
        match self {
            Self::Guest => t().draw_as_guest,
            Self::SignIn => t().sign_in,
            Self::Register => t().register,
        }
    }
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

/// What is being filled in.
#[derive(Clone, Copy)]
struct Entry {
    account: Account,
    way: RwSignal<Way>,
    /// Whether somebody chose a way: then its first field takes the focus.
    chosen: RwSignal<bool>,
    busy: RwSignal<bool>,
    trouble: RwSignal<Trouble>,
    name: RwSignal<String>,
    username: RwSignal<String>,
    password: RwSignal<String>,
    done: Callback<Way>,
}

impl Entry {
    fn go(self, to: Way) {
        self.trouble.set(Trouble::default());
        self.chosen.set(true);
        self.way.set(to);
    }

    fn submit(self) {
        let way = self.way.get_untracked();
        let (username, password) = (self.username.get_untracked(), self.password.get_untracked());
        if self.busy.get_untracked() {
            return;
        }
        if way == Way::Register
            && let Err(wrong) = check_new(&username, &password)
        {
            self.trouble.set(wrong);
            return;
        }
        let name = self.name.get_untracked().trim().to_owned();
        self.busy.set(true);
        spawn_local(async move {
            let answer = enter(way, name, username, password).await;
            self.busy.set(false);
            match answer {
                Ok(auth) => {
                    self.trouble.set(Trouble::default());
                    self.account.sign_in.set(SignIn::SignedIn(auth.user));
                    self.done.run(way);
                }
                Err(error) => self.trouble.set(error.into()),
            }
        });
    }

    fn wrong(self, part: fn(&Trouble) -> Option<String>) -> Signal<Option<String>> {
        Signal::derive(move || self.trouble.with(part))
    }
}

/// The forms of which one shows, each with the buttons that lead to the
/// others. So at any time there is exactly one button for each way in.
#[component]
pub fn EntryForms(
    /// Called when somebody has come in, after `Account::sign_in` was set.
    #[prop(into)]
    done: Callback<Way>,
    /// The way that is offered first.
    #[prop(optional)]
    first: Way,
) -> impl IntoView {
    let entry = Entry {
        account: expect_context(),
        way: RwSignal::new(first),
        chosen: RwSignal::new(false),
        busy: RwSignal::new(false),
        trouble: RwSignal::default(),
        name: RwSignal::default(),
        username: RwSignal::default(),
        password: RwSignal::default(),
        done,
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        entry.submit();
    };
    let fields = move || match entry.way.get() {
        Way::Guest => view! { <GuestField entry /> }.into_any(),
        Way::SignIn => view! { <AccountFields entry is_new=false /> }.into_any(),
        Way::Register => view! { <AccountFields entry is_new=true /> }.into_any(),
    };
    let others = move || {
        let others = match entry.way.get() {
            Way::Guest => [Way::SignIn, Way::Register],
            Way::SignIn => [Way::Register, Way::Guest],
            Way::Register => [Way::SignIn, Way::Guest],
        };
        let other = |way: Way| {
            view! {
                <button class="btn" type="button" on:click=move |_| entry.go(way)>
                    {way.label()}
                </button>
            }
        };
        others.map(other).collect_view()
    };
    let general = entry.wrong(|trouble| trouble.general.clone());
    view! {
        <form class="entry__form" on:submit=submit novalidate=true>
            {fields}
            <p class="field__error" role="alert" hidden=move || general.with(Option::is_none)>
                {general}
            </p>
            <button
                class="btn btn--primary btn--wide"
                type="submit"
                aria-busy=move || entry.busy.get().then_some("true")
            >
                {move || entry.way.get().label()}
            </button>
        </form>
        <p class="entry__or">{t().or}</p>
        <div class="entry__others">{others}</div>
    }
}

#[component]
fn GuestField(entry: Entry) -> impl IntoView {
    view! {
        <Field
            id="entry-name"
            label=t().your_name
            value=entry.name
            autocomplete="nickname"
            max=*limits::DISPLAY_NAME.end()
            placeholder=t().your_name_example
            error=entry.wrong(|trouble| trouble.display_name.clone())
            focus=entry.chosen.get_untracked()
        />
    }
}

#[component]
fn AccountFields(entry: Entry, is_new: bool) -> impl IntoView {
    let hint = move |text: &'static str| if is_new { text } else { "" };
    view! {
        <Field
            id="entry-username"
            label=t().username
            value=entry.username
            autocomplete="username"
            max=*limits::USERNAME.end()
            hint=hint(t().username_hint)
            error=entry.wrong(|trouble| trouble.username.clone())
            focus=true
        />
        <Field
            id="entry-password"
            label=t().password
            value=entry.password
            kind="password"
            autocomplete=if is_new { "new-password" } else { "current-password" }
            max=*limits::PASSWORD.end()
            hint=hint(t().password_hint)
            error=entry.wrong(|trouble| trouble.password.clone())
        />
    }
}

async fn enter(way: Way, name: String, username: String, password: String) -> api::ApiResult<Auth> {
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
