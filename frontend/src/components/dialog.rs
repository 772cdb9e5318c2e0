//! A modal dialog with the browser's `<dialog>` element, which keeps the focus
//! inside, closes on Escape and returns the focus.

use crate::{
    components::icons::{Glyph, Icon},
    i18n::t,
};
use leptos::{html, prelude::*};

/// A dialog that is shown while `open` is true. Its children are created each
/// time it opens.
#[component]
pub fn Dialog(
    /// Set it to true to open the dialog; closing sets it to false.
    open: RwSignal<bool>,
    /// The heading and accessible name.
    #[prop(into)]
    title: Signal<String>,
    /// Whether it has room for two columns.
    #[prop(into, optional)]
    wide: Signal<bool>,
    /// The content.
    children: ChildrenFn,
) -> impl IntoView {
    let element = NodeRef::<html::Dialog>::new();
    Effect::new(move || {
        let Some(dialog) = element.get() else {
            return;
        };
        match (open.get(), dialog.open()) {
            // Fails only for an element that left the page meanwhile.
            (true, false) => drop(dialog.show_modal()),
            (false, true) => dialog.close(),
            (true, true) | (false, false) => {}
        }
    });
    let children = StoredValue::new(children);
    view! {
        <dialog
            class="dialog"
            class=("dialog--wide", wide)
            aria-label=move || title.get()
            node_ref=element
            on:close=move |_| open.set(false)
        >
            <Show when=move || open.get()>
                <div class="dialog__head">
                    <h2>{move || title.get()}</h2>
                    <button
                        class="btn btn--quiet btn--icon"
                        type="button"
                        aria-label=t().close()
                        on:click=move |_| open.set(false)
                    >
                        <Icon glyph=Glyph::Close />
                    </button>
                </div>
                <div class="dialog__body">{children.with_value(|children| children())}</div>
            </Show>
        </dialog>
    }
}

/// A dialog that asks for confirmation.
#[component]
pub fn Confirm(
    /// Set it to true to ask.
    open: RwSignal<bool>,
    /// The question.
    #[prop(into)]
    title: Signal<String>,
    /// What will happen.
    text: &'static str,
    /// The label of the button that confirms.
    action: &'static str,
    /// Called when the user confirms.
    #[prop(into)]
    confirmed: Callback<()>,
) -> impl IntoView {
    view! {
        <Dialog open title>
            <p class="soft">{text}</p>
            <div class="dialog__foot">
                <button class="btn" type="button" on:click=move |_| open.set(false)>
                    {t().cancel()}
                </button>
                <button
                    class="btn btn--danger"
                    type="button"
                    on:click=move |_| {
                        open.set(false);
                        confirmed.run(());
                    }
                >
                    {action}
                </button>
            </div>
        </Dialog>
    }
}
