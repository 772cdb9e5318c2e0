//! A labelled text field with a hint and an error.

use crate::browser;
use leptos::{
    attr::custom::custom_attribute,
    ev::{Event, InputEvent, KeyboardEvent},
    html,
    prelude::*,
};
use wasm_bindgen::JsCast;

/// A text field. Screen readers read the error with it.
#[component]
pub fn Field(
    /// The id of the element.
    id: &'static str,
    /// The label.
    #[prop(into)]
    label: String,
    /// The text.
    value: RwSignal<String>,
    /// The `type` in HTML: `text`, `password`, `search`.
    #[prop(default = "text")]
    kind: &'static str,
    /// The `autocomplete` in HTML.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// Whether it takes a user name, which phones must neither correct nor
    /// capitalize.
    #[prop(optional)]
    is_username: bool,
    /// The longest text, in Unicode scalar values. A password is not cut.
    max: usize,
    /// A hint below the field, or empty.
    #[prop(optional)]
    hint: &'static str,
    /// An example, or empty.
    #[prop(optional)]
    placeholder: &'static str,
    /// The error, if there is one.
    #[prop(into, optional)]
    error: Signal<Option<String>>,
    /// Whether it takes the focus when it is mounted.
    #[prop(optional)]
    focus: bool,
) -> impl IntoView {
    let note = format!("{id}-note");
    let described = note.clone();
    let input = NodeRef::<html::Input>::new();
    if focus {
        // `autofocus` works in dialogs; on a page browsers use only the first one.
        Effect::new(move || drop(input.get().map(|input| input.focus())));
    }
    let is_plain = is_username || kind != "text";
    let take = move |event: &Event| {
        let Some(input) = input.get_untracked() else {
            return;
        };
        let text = input.value();
        // What an input method is composing must not be changed.
        let is_composing = event
            .dyn_ref::<InputEvent>()
            .is_some_and(InputEvent::is_composing);
        if !is_composing && kind != "password" {
            let allowed = allowed(&text, max);
            if allowed != text {
                input.set_value(&allowed);
            }
            value.set(allowed);
        } else {
            value.set(text);
        }
    };
    view! {
        <div class="field">
            <label class="field__label" for=id>
                {label}
            </label>
            <input
                class="input"
                id=id
                node_ref=input
                type=kind
                dir=(!is_plain).then_some("auto")
                autocomplete=autocomplete
                autocapitalize=if is_plain { "none" } else { "sentences" }
                {..custom_attribute("autocorrect", is_plain.then_some("off"))}
                spellcheck=is_plain.then_some("false")
                placeholder=placeholder
                autofocus=focus
                aria-describedby=described
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                prop:value=value
                on:input=move |event| take(&event)
                on:compositionend=move |event| take(&event)
                on:keydown=move |event| keep_composition(&event)
            />
            <div id=note role="alert" class="field__error" hidden=move || error.with(Option::is_none)>
                {move || error.get()}
            </div>
            {(!hint.is_empty()).then(|| view! { <p class="field__hint">{hint}</p> })}
        </div>
    }
}

/// The text without control characters, and not longer than `max` Unicode
/// scalar values. The attribute `maxlength` would count UTF-16 units.
fn allowed(text: &str, max: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(max).collect()
}

/// The Enter that ends a composition sends no form.
fn keep_composition(event: &KeyboardEvent) {
    if event.key() == "Enter" && browser::is_composing(event) {
        event.prevent_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_text_is_cut_by_characters_and_has_no_control_characters() {
        assert_eq!(allowed(&"🌟".repeat(70), 64), "🌟".repeat(64));
        assert_eq!(allowed("a\u{b}b\tc", 64), "abc");
    }
}
