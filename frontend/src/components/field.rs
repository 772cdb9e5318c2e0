//! A labelled text field with its hint and what is wrong with it.

use leptos::{html, prelude::*};

/// A text field. Its error is tied to it for those who listen.
#[component]
pub fn Field(
    /// Its id in the page.
    id: &'static str,
    /// Its name.
    #[prop(into)]
    label: String,
    /// What is in it.
    value: RwSignal<String>,
    /// As in HTML: `text`, `password`, `search`.
    #[prop(default = "text")]
    kind: &'static str,
    /// As in HTML.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// The longest text, in characters.
    max: usize,
    /// What to know beforehand, or empty.
    #[prop(optional)]
    hint: &'static str,
    /// An example, or empty.
    #[prop(optional)]
    placeholder: &'static str,
    /// What is wrong with it.
    #[prop(into, optional)]
    error: Signal<Option<String>>,
    /// Takes the focus when it appears.
    #[prop(optional)]
    focus: bool,
) -> impl IntoView {
    let note = format!("{id}-note");
    let described = note.clone();
    let input = NodeRef::<html::Input>::new();
    if focus {
        // `autofocus` is for dialogs; on a page browsers heed the first one only.
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
