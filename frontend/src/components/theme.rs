//! The theme: light, dark, or the system's. The person's choice is kept in
//! local storage; the application writes it to `<html data-theme>`.

use crate::{
    components::icons::{Glyph, Icon},
    i18n::t,
};
use codee::string::FromToStringCodec;
use leptos::prelude::*;
use leptos_use_storage::use_local_storage;
use std::{fmt, str::FromStr};

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
            Self::System => t().theme_system,
            Self::Light => t().theme_light,
            Self::Dark => t().theme_dark,
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

impl fmt::Display for Theme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The stored word names no theme.
#[derive(Debug, thiserror::Error)]
#[error("no such theme")]
pub struct UnknownTheme;

impl FromStr for Theme {
    type Err = UnknownTheme;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|theme| theme.name() == name);
        found.ok_or(UnknownTheme)
    }
}

/// The choice; a context of the application.
#[derive(Clone, Copy)]
struct ThemeChoice {
    theme: Signal<Theme>,
    set_theme: WriteSignal<Theme>,
}

/// Provides the choice to [`ThemePicker`] and keeps it in local storage.
/// Returns the chosen theme.
pub fn provide_theme() -> Signal<Theme> {
    let (theme, set_theme, _) = use_local_storage::<Theme, FromToStringCodec>(KEY);
    provide_context(ThemeChoice { theme, set_theme });
    theme
}

/// The radio buttons that choose the theme.
#[component]
pub fn ThemePicker(
    /// Whether the labels are hidden, except from screen readers.
    #[prop(optional)]
    compact: bool,
) -> impl IntoView {
    let ThemeChoice { theme, set_theme } = expect_context();
    let choices = Theme::ALL.map(|choice| {
        view! {
            <label class="choice" title=choice.label()>
                <input
                    type="radio"
                    name="theme"
                    prop:checked=move || theme.get() == choice
                    on:change=move |_| set_theme.set(choice)
                />
                <Icon glyph=choice.glyph() small=true />
                <span class=("sr-only", compact)>{choice.label()}</span>
            </label>
        }
    });
    view! {
        <fieldset>
            <legend class=if compact { "sr-only" } else { "menu__group-label" }>{t().theme}</legend>
            <div class="choices" class=("choices--icons", compact)>{choices.collect_view()}</div>
        </fieldset>
    }
}
