//! Whose acts alone a film shows.

use crate::{components::field::Field, i18n::export_texts, store::Store};
use leptos::prelude::*;
use shared::limits;

/// Most people of the canvas who are offered.
const MAX_OFFERED: usize = 30;
/// The value of the option for somebody who is not offered; no user name.
const OTHER: &str = "@";

/// A list of people, and a field for the name of somebody else.
#[component]
pub fn PersonChoice(
    /// The user name; empty for everybody.
    actor: RwSignal<String>,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let texts = export_texts();
    let is_other = RwSignal::new(false);
    let me = store
        .me
        .with_untracked(|me| me.as_ref().map(|me| me.username.clone()));
    // Fixed when the panel opens: a list that changes is hard to choose from.
    let people = untrack(|| {
        let me = me.clone();
        store.people.select(MAX_OFFERED, move |person| {
            let is_me = Some(&person.username) == me.as_ref();
            (!is_me).then(|| (person.username.clone(), person.display_name.clone()))
        })
    });
    let choose = move |event| {
        let value = event_target_value(&event);
        is_other.set(value == OTHER);
        actor.set(if value == OTHER { String::new() } else { value });
    };
    let others = people.into_iter().map(|(username, name)| {
        view! { <option value=username dir="auto">{name}</option> }
    });
    view! {
        <div class="field">
            <label class="field__label" for="export-person">{texts.by_whom()}</label>
            <select class="input" id="export-person" on:change=choose>
                <option value="">{texts.everybody()}</option>
                {me.map(|me| view! { <option value=me>{texts.myself()}</option> })}
                {others.collect_view()}
                <option value=OTHER>{texts.somebody_else()}</option>
            </select>
        </div>
        <Show when=move || is_other.get()>
            <Field
                id="export-person-name"
                label=texts.user_name()
                value=actor
                is_username=true
                max=*limits::USERNAME.end()
                focus=true
            />
        </Show>
    }
}
