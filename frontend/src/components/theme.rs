//! Light, dark or as the system has it: chosen by the person, remembered, and
//! written to `<html data-theme>`, which the tokens read.

use crate::{
    browser,
    components::icons::{Glyph, Icon},
    i18n::t,
};
use leptos::prelude::*;
use std::mem;

const KEY: &str = "theme";

/// What the person chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system has it.
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

    fn saved() -> Self {
        let name = browser::load(KEY);
        Self::ALL
            .into_iter()
            .find(|theme| name.as_deref() == Some(theme.name()))
            .unwrap_or_default()
    }

    fn show(self) {
        let Some(root) = document().document_element() else {
            return;
        };
        // Neither can fail for this attribute's name.
        let _ = match self {
            Self::System => root.remove_attribute("data-theme"),
            Self::Light | Self::Dark => root.set_attribute("data-theme", self.name()),
        };
    }
}

/// The choice, in the context of the whole application. What draws by itself
/// (the board) watches it.
#[derive(Clone, Copy)]
pub struct ThemeChoice(pub RwSignal<Theme>);

/// Shows the remembered theme and keeps what is chosen from now on.
pub fn provide_theme() {
    let theme = RwSignal::new(Theme::saved());
    provide_context(ThemeChoice(theme));
    let mut shown = false;
    Effect::new(move || {
        let theme = theme.get();
        theme.show();
        if mem::replace(&mut shown, true) {
            browser::save(KEY, theme.name());
        }
    });
}

/// The three choices, side by side.
#[component]
pub fn ThemePicker(
    /// Icons alone.
    #[prop(optional)]
    compact: bool,
) -> impl IntoView {
    let ThemeChoice(theme) = expect_context();
    let choices = Theme::ALL.map(|choice| {
        view! {
            <label class="choice" title=choice.label()>
                <input
                    type="radio"
                    name="theme"
                    prop:checked=move || theme.get() == choice
                    on:change=move |_| theme.set(choice)
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
