//! What the file will look like: the film itself where it is small, else the
//! picture with which it ends.

use crate::{
    api,
    i18n::export_texts,
    model::export::ExportChoice,
    store::Store,
    tasks::{Task, Tasks},
};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;

/// Milliseconds from the last change of the form until the preview follows.
const REST_MS: u32 = 500;

/// The picture, and what it is.
#[component]
pub fn Preview(
    /// What is chosen; none until the canvas is known.
    choice: Memo<Option<ExportChoice>>,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let texts = export_texts();
    let tasks = Tasks::new();
    let request = StoredValue::new(Task::default());
    let shown = RwSignal::new(None);
    let is_away = RwSignal::new(false);
    let wanted = Memo::new(move |_| {
        let grid = store.tiles.grid()?;
        choice.with(|choice| choice.as_ref()?.preview(&grid, store.canvas_id))
    });
    Effect::new(move || {
        let wanted = wanted.get();
        let is_first = shown.with_untracked(Option::is_none);
        request.set_value(tasks.start(async move {
            if !is_first {
                TimeoutFuture::new(REST_MS).await;
            }
            is_away.set(false);
            shown.set(wanted);
        }));
    });
    let picture = move || {
        match shown.get() {
        Some(preview) if !is_away.get() => view! {
            <img
                class="export__picture"
                src=api::exports::file_url(&preview.path)
                alt=texts.preview()
                on:error=move |_| is_away.set(true)
            />
            {(!preview.is_whole).then(|| view! { <p class="field__hint">{texts.preview_last()}</p> })}
        }
        .into_any(),
        Some(_) | None => view! { <p class="soft">{texts.no_preview()}</p> }.into_any(),
    }
    };
    view! { <div class="export__preview">{picture}</div> }
}
