//! The forms to enter: as a guest, with an account, or with a new account.

use crate::{
    account,
    api::{self, ApiError},
    components::field::Field,
    i18n::{api_problem, field_problem, t, text_problem},
    store::Account,
    tasks::Tasks,
};
use leptos::{ev::SubmitEvent, prelude::*};
use shared::{
    api::{Auth, Guest, Login, Register},
    limits, text,
};

/// How a user enters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EntryMethod {
    /// As a guest, with a name only.
    #[default]
    Guest,
    /// With an account.
    SignIn,
    /// With a new account.
    Register,
}

impl EntryMethod {
    fn label(self) -> &'static str {
        match self {
            Self::Guest => t().draw_as_guest(),
            Self::SignIn => t().sign_in(),
            Self::Register => t().register(),
        }
    }
}

/// The errors of the form, by field.
#[derive(Clone, Debug, Default, PartialEq)]
struct FormErrors {
    username: Option<String>,
    password: Option<String>,
    display_name: Option<String>,
    general: Option<String>,
}

impl From<ApiError> for FormErrors {
    fn from(error: ApiError) -> Self {
        let field = |name| field_problem(error.fields(), name);
        let mut errors = Self {
            username: field("username"),
            password: field("password"),
            display_name: field("display_name"),
            general: None,
        };
        if error.code() == "username_taken" {
            errors.username = Some(api_problem(&error));
        } else if errors == Self::default() {
            errors.general = Some(api_problem(&error));
        }
        errors
    }
}

/// The state of the forms.
#[derive(Clone, Copy)]
struct Entry {
    account: Account,
    tasks: Tasks,
    method: RwSignal<EntryMethod>,
    /// Whether the user has chosen a form: then its first field takes the focus.
    chosen: RwSignal<bool>,
    busy: RwSignal<bool>,
    errors: RwSignal<FormErrors>,
    name: RwSignal<String>,
    username: RwSignal<String>,
    password: RwSignal<String>,
    done: Callback<EntryMethod>,
}

impl Entry {
    fn go(self, to: EntryMethod) {
        self.errors.set(FormErrors::default());
        self.chosen.set(true);
        self.method.set(to);
    }

    fn submit(self) {
        let method = self.method.get_untracked();
        let (username, password) = (self.username.get_untracked(), self.password.get_untracked());
        if self.busy.get_untracked() {
            return;
        }
        if method == EntryMethod::Register
            && let Err(wrong) = check_new(&username, &password)
        {
            self.errors.set(wrong);
            return;
        }
        let name = self.name.get_untracked().trim().to_owned();
        self.busy.set(true);
        self.tasks.spawn(async move {
            account::before_entering(self.account).await;
            let answer = enter(method, name, username, password).await;
            self.busy.set(false);
            match answer {
                Ok(auth) => {
                    self.errors.set(FormErrors::default());
                    account::entered(self.account, auth.user);
                    self.done.run(method);
                }
                Err(error) => {
                    account::not_entered(self.account);
                    self.errors.set(error.into());
                }
            }
        });
    }

    fn wrong(self, part: fn(&FormErrors) -> Option<String>) -> Signal<Option<String>> {
        Signal::derive(move || self.errors.with(part))
    }
}

/// One of the three forms, with the buttons that show the others. At any time
/// there is exactly one button for each method.
#[component]
pub fn EntryForms(
    /// Called after a successful sign-in, when `Account::sign_in` is set.
    #[prop(into)]
    done: Callback<EntryMethod>,
    /// The form that is shown first.
    #[prop(optional)]
    first: EntryMethod,
) -> impl IntoView {
    let entry = Entry {
        account: expect_context(),
        tasks: Tasks::new(),
        method: RwSignal::new(first),
        chosen: RwSignal::new(false),
        busy: RwSignal::new(false),
        errors: RwSignal::default(),
        name: RwSignal::default(),
        username: RwSignal::default(),
        password: RwSignal::default(),
        done,
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        entry.submit();
    };
    let fields = move || match entry.method.get() {
        EntryMethod::Guest => view! { <GuestField entry /> }.into_any(),
        EntryMethod::SignIn => view! { <AccountFields entry is_new=false /> }.into_any(),
        EntryMethod::Register => view! { <AccountFields entry is_new=true /> }.into_any(),
    };
    let others = move || {
        let others = match entry.method.get() {
            EntryMethod::Guest => [EntryMethod::SignIn, EntryMethod::Register],
            EntryMethod::SignIn => [EntryMethod::Register, EntryMethod::Guest],
            EntryMethod::Register => [EntryMethod::SignIn, EntryMethod::Guest],
        };
        let other = |method: EntryMethod| {
            view! {
                <button class="btn" type="button" on:click=move |_| entry.go(method)>
                    {method.label()}
                </button>
            }
        };
        others.map(other).collect_view()
    };
    let general = entry.wrong(|errors| errors.general.clone());
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
                {move || entry.method.get().label()}
            </button>
        </form>
        <p class="entry__or">{t().or()}</p>
        <div class="entry__others">{others}</div>
    }
}

#[component]
fn GuestField(entry: Entry) -> impl IntoView {
    view! {
        <Field
            id="entry-name"
            label=t().your_name()
            value=entry.name
            autocomplete="nickname"
            max=*limits::DISPLAY_NAME.end()
            placeholder=t().your_name_example()
            error=entry.wrong(|errors| errors.display_name.clone())
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
            label=t().username()
            value=entry.username
            autocomplete="username"
            is_username=true
            max=*limits::USERNAME.end()
            hint=hint(t().username_hint())
            error=entry.wrong(|errors| errors.username.clone())
            focus=true
        />
        <Field
            id="entry-password"
            label=t().password()
            value=entry.password
            kind="password"
            autocomplete=if is_new { "new-password" } else { "current-password" }
            max=*limits::PASSWORD.end()
            hint=hint(t().password_hint())
            error=entry.wrong(|errors| errors.password.clone())
        />
    }
}

async fn enter(
    method: EntryMethod,
    name: String,
    username: String,
    password: String,
) -> api::ApiResult<Auth> {
    match method {
        EntryMethod::Guest => {
            let display_name = (!name.is_empty()).then_some(name);
            api::guest(&Guest { display_name }).await
        }
        EntryMethod::SignIn => api::login(&Login { username, password }).await,
        EntryMethod::Register => {
            api::register(&Register {
                username,
                password,
                display_name: None,
            })
            .await
        }
    }
}

/// Checks the fields of a new account without asking the server.
fn check_new(username: &str, password: &str) -> Result<(), FormErrors> {
    let errors = FormErrors {
        username: text::username(username).err().as_ref().map(text_problem),
        password: (password.chars().count() < *limits::PASSWORD.start())
            .then(|| text_problem(&text::TextError::TooShort(*limits::PASSWORD.start()))),
        ..FormErrors::default()
    };
    if errors == FormErrors::default() {
        Ok(())
    } else {
        Err(errors)
    }
}
