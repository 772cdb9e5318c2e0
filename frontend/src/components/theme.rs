//! The theme: light, dark, or the system's. The person's choice is kept in
//! local storage; the application writes it to `<html data-theme>`.

use crate::{
    browser,
    components::icons::{Glyph, Icon},
    i18n::t,
};
use leptos::prelude::*;
use leptos_use_event_listener::use_event_listener;

/// The entry in local storage. `boot.js` reads it too, so that the first paint has the theme.
const KEY: &str = "theme";

/// A theme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// The same as the system.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::System => t().theme_system(),
            Self::Light => t().theme_light(),
            Self::Dark => t().theme_dark(),
        }
    }

    fn glyph(self) -> Glyph {
        match self {
            Self::System => Glyph::System,
            Self::Light => Glyph::Sun,
            Self::Dark => Glyph::Moon,
        }
    }

    /// The value of `<html data-theme>`, which the style sheets read.
    pub fn attribute(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light | Self::Dark => Some(self.name()),
        }
    }
}

/// The choice; a context of the application.
#[derive(Clone, Copy)]
struct ThemeChoice(RwSignal<Theme>);

impl ThemeChoice {
    fn set(self, theme: Theme) {
        browser::save(KEY, theme.name());
        self.0.set(theme);
    }
}

/// Provides the choice to [`ThemePicker`] and keeps it in local storage. Follows the choices that
/// are made in other tabs. Returns the chosen theme.
pub fn provide_theme() -> RwSignal<Theme> {
    let theme = RwSignal::new(stored());
    provide_context(ThemeChoice(theme));
    let _ = use_event_listener(window(), leptos::ev::storage, move |_| theme.set(stored()));
    theme
}

/// The theme in local storage; the system's if there is none.
fn stored() -> Theme {
    let name = browser::load(KEY);
    let found = Theme::ALL
        .into_iter()
        .find(|theme| Some(theme.name()) == name.as_deref());
    found.unwrap_or_default()
}

/// The radio buttons that choose the theme.
#[component]
pub fn ThemePicker(
    /// Whether the labels are hidden, except from screen readers.
    #[prop(optional)]
    compact: bool,
) -> impl IntoView {
    let choice = expect_context::<ThemeChoice>();
    let choices = Theme::ALL.map(|theme| {
        view! {
            <label class="choice" title=theme.label()>
                <input
                    type="radio"
                    name="theme"
                    prop:checked=move || choice.0.get() == theme
                    on:change=move |_| choice.set(theme)
                />
                <Icon glyph=theme.glyph() small=true />
                <span class=("sr-only", compact)>{theme.label()}</span>
            </label>
        }
    });
    view! {
        <fieldset>
            <legend class=if compact { "sr-only" } else { "menu__group-label" }>{t().theme()}</legend>
            <div class="choices" class=("choices--icons", compact)>{choices.collect_view()}</div>
        </fieldset>
    }
}
