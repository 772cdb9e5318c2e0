//! The button that copies the link to the canvas; shows the link in a dialog if
//! the browser does not allow to copy it.

use crate::{
    browser,
    components::{
        dialog::Dialog,
        icons::{Glyph, Icon},
    },
    i18n::t,
    model::notice::NoticeKind,
    session::Session,
    tasks::spawn_scoped,
};
use leptos::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// Copies the address, which contains the viewport.
#[component]
pub fn Share() -> impl IntoView {
    let session = expect_context::<Session>();
    let by_hand = RwSignal::new(false);
    let link = RwSignal::new(String::new());
    let share = move |_| {
        let address = browser::window().location().href().unwrap_or_default();
        link.set(address.clone());
        spawn_scoped(async move {
            if copy(&address).await {
                session.notify(NoticeKind::Done(t().link_copied().to_owned()));
            } else {
                by_hand.set(true);
            }
        });
    };
    view! {
        <button class="btn top-bar__share" type="button" aria-label=t().share() on:click=share>
            <Icon glyph=Glyph::Share />
            <span class="top-bar__share-text" aria-hidden="true">
                {t().share_short()}
            </span>
        </button>
        <Dialog open=by_hand title=t().share().to_owned()>
            <p class="soft">{t().share_by_hand()}</p>
            <input
                class="input"
                type="text"
                readonly=true
                aria-label=t().link()
                prop:value=move || link.get()
                on:focus=move |event| select_all(&event_target(&event))
            />
        </Dialog>
    }
}

/// Selects the text of a field.
pub(super) fn select_all(field: &web_sys::HtmlInputElement) {
    field.select();
}

/// Writes a text to the clipboard; false if the browser does not allow it.
pub(super) async fn copy(text: &str) -> bool {
    let window = browser::window();
    // Without HTTPS there is no clipboard.
    if !window.is_secure_context() {
        return false;
    }
    let written = window.navigator().clipboard().write_text(text);
    JsFuture::from(written).await.is_ok()
}
