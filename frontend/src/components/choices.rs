//! Radio buttons side by side, with a hint about the chosen one.

use crate::i18n::{account_texts, t};
use leptos::prelude::*;
use shared::{
    canvas::{EditPolicy, Guests, Newcomers, Visibility},
    presence::Status,
};

/// The options: label, and a hint or an empty text.
pub type Options = Vec<(String, &'static str)>;

/// In the order of [`visibilities`].
pub const VISIBILITIES: [Visibility; 3] = [
    Visibility::Public,
    Visibility::Unlisted,
    Visibility::Private,
];

/// In the order of [`policies`].
pub const POLICIES: [EditPolicy; 3] = [EditPolicy::Open, EditPolicy::Exclusive, EditPolicy::Own];

/// In the order of [`guests`].
pub const GUESTS: [Guests; 4] = [Guests::Paint, Guests::Chat, Guests::Look, Guests::None];

/// In the order of [`newcomers`].
pub const NEWCOMERS: [Newcomers; 2] = [Newcomers::Free, Newcomers::Limited];

/// In the order of [`statuses`].
pub const STATUSES: [Status; 3] = [Status::Online, Status::Away, Status::Busy];

/// The options for who can find a canvas.
pub fn visibilities() -> Options {
    vec![
        (
            t().visibility_public().to_owned(),
            t().visibility_public_hint(),
        ),
        (
            t().visibility_unlisted().to_owned(),
            t().visibility_unlisted_hint(),
        ),
        (
            t().visibility_private().to_owned(),
            t().visibility_private_hint(),
        ),
    ]
}

/// The options for who can draw where.
pub fn policies() -> Options {
    vec![
        (t().policy_open().to_owned(), t().policy_open_hint()),
        (
            t().policy_exclusive().to_owned(),
            t().policy_exclusive_hint(),
        ),
        (t().policy_own().to_owned(), t().policy_own_hint()),
    ]
}

/// The options for what guests do.
pub fn guests() -> Options {
    let texts = account_texts();
    vec![
        (texts.guests_paint().to_owned(), texts.guests_paint_hint()),
        (texts.guests_chat().to_owned(), texts.guests_chat_hint()),
        (texts.guests_look().to_owned(), texts.guests_look_hint()),
        (texts.guests_none().to_owned(), texts.guests_none_hint()),
    ]
}

/// The options for what newcomers do.
pub fn newcomers() -> Options {
    let texts = account_texts();
    vec![
        (
            texts.newcomers_free().to_owned(),
            texts.newcomers_free_hint(),
        ),
        (
            texts.newcomers_limited().to_owned(),
            texts.newcomers_limited_hint(),
        ),
    ]
}

/// The options for a user's status.
pub fn statuses() -> Options {
    [t().status_online(), t().status_away(), t().status_busy()]
        .map(|text| (text.to_owned(), ""))
        .to_vec()
}

/// The index of `value` in `all`; 0 if it is not there.
pub fn index<T: PartialEq>(all: &[T], value: &T) -> usize {
    all.iter().position(|one| one == value).unwrap_or_default()
}

/// Radio buttons. `value` is the index of the chosen option, from 0.
#[component]
pub fn Choices(
    /// The name of the group; unique on the page.
    name: &'static str,
    /// The label of the group.
    label: &'static str,
    /// The index of the chosen option.
    value: RwSignal<usize>,
    /// The options.
    options: Options,
) -> impl IntoView {
    let hints: Vec<&'static str> = options.iter().map(|option| option.1).collect();
    let has_hint = hints.iter().any(|hint| !hint.is_empty());
    let hint = move || hints.get(value.get()).copied();
    let options = options.into_iter().enumerate().map(|(at, (text, _))| {
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name=name
                    prop:checked=move || value.get() == at
                    on:change=move |_| value.set(at)
                />
                <span>{text}</span>
            </label>
        }
    });
    view! {
        <fieldset class="field">
            <legend class="field__label">{label}</legend>
            <div class="choices">{options.collect_view()}</div>
            {has_hint
                .then(|| {
                    view! {
                        <p class="field__hint" aria-live="polite">
                            {hint}
                        </p>
                    }
                })}
        </fieldset>
    }
}
