//! Of what the user wants to be told, who may write to them, and notices on the
//! desktop.

use crate::{
    api::{self, ApiResult},
    components::choices::{Choices, Options, index},
    i18n::{api_problem, inbox_texts},
    inbox::desktop::{self, Permission},
    tasks::Tasks,
};
use leptos::prelude::*;
use shared::api::notifications::{
    DirectMessages, NotifySwitches, Preferences, UpdatePreferences, UpdateSwitches,
};

/// In the order of the options.
const WRITERS: [DirectMessages; 3] = [
    DirectMessages::Everybody,
    DirectMessages::SharedCanvas,
    DirectMessages::Nobody,
];

/// A kind of notification that can be switched off.
#[derive(Clone, Copy)]
struct Switch {
    label: &'static str,
    read: fn(&NotifySwitches) -> bool,
    change: fn(&mut UpdateSwitches, bool),
}

fn switches() -> [Switch; 6] {
    let texts = inbox_texts();
    [
        Switch {
            label: texts.on_like(),
            read: |all| all.tile_liked,
            change: |all, on| all.tile_liked = Some(on),
        },
        Switch {
            label: texts.on_paint(),
            read: |all| all.tile_painted,
            change: |all, on| all.tile_painted = Some(on),
        },
        Switch {
            label: texts.on_comment(),
            read: |all| all.comment,
            change: |all, on| all.comment = Some(on),
        },
        Switch {
            label: texts.on_reply(),
            read: |all| all.reply,
            change: |all, on| all.reply = Some(on),
        },
        Switch {
            label: texts.on_mention(),
            read: |all| all.mention,
            change: |all, on| all.mention = Some(on),
        },
        Switch {
            label: texts.on_message(),
            read: |all| all.direct_message,
            change: |all, on| all.direct_message = Some(on),
        },
    ]
}

fn writers() -> Options {
    let texts = inbox_texts();
    [texts.everybody(), texts.shared_canvas(), texts.nobody()]
        .map(|text| (text.to_owned(), ""))
        .to_vec()
}

/// The content of the dialog. Each switch takes effect at once.
#[component]
pub fn NotificationSettings() -> impl IntoView {
    let tasks = Tasks::new();
    let saved = RwSignal::new(None::<Preferences>);
    let problem = RwSignal::new(String::new());
    let learn = move |answer: ApiResult<Preferences>| match answer {
        Ok(preferences) => {
            problem.set(String::new());
            saved.set(Some(preferences));
        }
        Err(error) => {
            problem.set(api_problem(&error));
            // What was shown is what the server has.
            saved.update(|_| ());
        }
    };
    tasks.spawn(async move { learn(api::inbox::preferences().await) });
    let save = move |change: UpdatePreferences| {
        tasks.spawn(async move { learn(api::inbox::update_preferences(&change).await) });
    };
    let is_loaded = Memo::new(move |_| saved.with(Option::is_some));
    view! {
        <p class="field__error" role="alert">{move || problem.get()}</p>
        <Show when=move || is_loaded.get()>
            <Kinds saved save />
            <Writers saved save />
        </Show>
        <Desktop />
    }
}

#[component]
fn Kinds(
    saved: RwSignal<Option<Preferences>>,
    save: impl Fn(UpdatePreferences) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let rows = switches().map(|switch| {
        let is_on = move || {
            saved.with(|saved| {
                saved
                    .as_ref()
                    .is_some_and(|saved| (switch.read)(&saved.notify))
            })
        };
        let change = move |event| {
            let mut notify = UpdateSwitches::default();
            (switch.change)(&mut notify, event_target_checked(&event));
            save(UpdatePreferences {
                notify: Some(notify),
                ..UpdatePreferences::default()
            });
        };
        view! {
            <label class="settings__switch">
                <input type="checkbox" prop:checked=is_on on:change=change />
                <span>{switch.label}</span>
            </label>
        }
    });
    view! {
        <fieldset class="field">
            <legend class="field__label">{inbox_texts().tell_me()}</legend>
            {rows.into_iter().collect_view()}
            <p class="field__hint">{inbox_texts().always_told()}</p>
        </fieldset>
    }
}

#[component]
fn Writers(
    saved: RwSignal<Option<Preferences>>,
    save: impl Fn(UpdatePreferences) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let current = move || saved.with(|s| s.as_ref().map(|s| s.direct_messages));
    let value = RwSignal::new(0);
    Effect::new(move || {
        if let Some(now) = current() {
            value.set(index(&WRITERS, &now));
        }
    });
    Effect::watch(
        move || value.get(),
        move |chosen, _, _| {
            let chosen = WRITERS.get(*chosen).copied();
            if chosen.is_some() && chosen != untrack(current) {
                save(UpdatePreferences {
                    direct_messages: chosen,
                    ..UpdatePreferences::default()
                });
            }
        },
        false,
    );
    view! {
        <Choices name="dm-writers" label=inbox_texts().who_may_write() value options=writers() />
    }
}

/// Notices on the desktop: the browser asks only when the button is pressed.
#[component]
fn Desktop() -> impl IntoView {
    let tasks = Tasks::new();
    let permission = RwSignal::new(desktop::permission());
    let want = move |_| tasks.spawn(async move { permission.set(desktop::want().await) });
    let inside = move || match permission.get() {
        Permission::Unsupported => view! {
            <p class="field__hint">{inbox_texts().desktop_unsupported()}</p>
        }
        .into_any(),
        Permission::Denied => view! {
            <p class="field__hint">{inbox_texts().desktop_denied()}</p>
        }
        .into_any(),
        Permission::Granted { is_wanted: true } => view! {
            <p class="field__hint">{inbox_texts().desktop_text()}</p>
            <button class="btn" type="button" on:click=move |_| permission.set(desktop::refuse())>
                {inbox_texts().desktop_off()}
            </button>
        }
        .into_any(),
        Permission::NotAsked | Permission::Granted { is_wanted: false } => view! {
            <p class="field__hint">{inbox_texts().desktop_text()}</p>
            <button class="btn" type="button" on:click=want>
                {inbox_texts().desktop_on()}
            </button>
        }
        .into_any(),
    };
    view! {
        <fieldset class="field settings__desktop">
            <legend class="field__label">{inbox_texts().desktop()}</legend>
            {inside}
        </fieldset>
    }
}
