//! A labelled text field with a hint and an error.

use leptos::{html, prelude::*};

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
    /// The longest text, in characters.
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
                autocomplete=autocomplete
                autocapitalize=if kind == "text" { "sentences" } else { "off" }
                maxlength=max.to_string()
                placeholder=placeholder
                autofocus=focus
                aria-describedby=described
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                bind:value=value
            />
            <div id=note role="alert" class="field__error" hidden=move || error.with(Option::is_none)>
                {move || error.get()}
            </div>
            {(!hint.is_empty()).then(|| view! { <p class="field__hint">{hint}</p> })}
        </div>
    }
}
