//! The list that chooses the page's language.

use crate::{
    components::icons::{Glyph, Icon},
    i18n::{
        language::{self, languages},
        t,
    },
};
use leptos::prelude::*;

/// A list of all languages, each with its own name. Another one is shown after the page was loaded
/// again; what waits to be sent is kept.
#[component]
pub fn LanguagePicker() -> impl IntoView {
    let shown = language::shown();
    let options = languages().into_iter().map(|one| {
        let selected = one.tag == shown;
        let tag = one.tag.clone();
        view! {
            <option value=one.tag lang=tag selected=selected>
                {one.name}
            </option>
        }
    });
    view! {
        <label class="language">
            <Icon glyph=Glyph::Globe small=true />
            <span class="sr-only">{t().language()}</span>
            <select class="language__list" on:change:target=move |event| language::choose(&event.target().value())>
                {options.collect_view()}
            </select>
        </label>
    }
}
