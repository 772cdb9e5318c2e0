//! The dialog to download the canvas as a picture.

use crate::{
    api,
    components::{
        choices::Choices,
        dialogs::Dialogs,
        icons::{Glyph, Icon},
    },
    i18n::{number, t},
    store::Store,
};
use leptos::prelude::*;
use shared::limits;

/// Scales that are offered if the picture does not get too large.
const SCALES: [u32; 4] = [1, 2, 4, 8];
/// Longest side in pixels of the scale that is chosen at first.
const HANDY: i32 = 4096;

/// The choice of the scale and the download link.
#[component]
pub fn Export() -> impl IntoView {
    let store = expect_context::<Store>();
    let dialogs = expect_context::<Dialogs>();
    let Some(canvas) = store.canvas.get_untracked() else {
        return ().into_any();
    };
    let (width, height) = (
        canvas.width * canvas.tile_size,
        canvas.height * canvas.tile_size,
    );
    let fits = |scale: &u32, most: i32| width.max(height) * scale.cast_signed() <= most;
    let scales: Vec<u32> = SCALES
        .into_iter()
        .filter(|scale| fits(scale, limits::IMAGE_SIDE))
        .collect();
    if scales.is_empty() {
        return view! { <p class="soft">{t().picture_too_large()}</p> }.into_any();
    }
    let handy = scales.iter().filter(|scale| fits(scale, HANDY)).count();
    let chosen = RwSignal::new(handy.saturating_sub(1));
    let options = scales.iter().map(|scale| (t().times(*scale), "")).collect();
    let scale = StoredValue::new(scales);
    let scale = move || scale.with_value(|scales| scales[chosen.get()]);
    let pixels = move || {
        let side = |side: i32| number(usize::try_from(side * scale().cast_signed()).unwrap_or(0));
        let (width, height) = (side(width), side(height));
        t().preview_pixels(&width, &height)
    };
    view! {
        <img class="export__picture" src=api::image_url(canvas.id, 1) alt="" />
        <Choices name="scale" label=t().picture_scale() value=chosen options />
        <div class="dialog__foot">
            <span class="soft numbers dialog__note">{pixels}</span>
            <a
                class="btn btn--primary"
                href=move || api::image_url(canvas.id, scale())
                download=format!("{}.png", canvas.name)
                on:click=move |_| dialogs.close()
            >
                <Icon glyph=Glyph::Download />
                {t().download()}
            </a>
        </div>
    }
    .into_any()
}
