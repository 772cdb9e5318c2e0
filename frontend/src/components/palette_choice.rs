//! The palette of a new canvas: one of a few sets, or the user's own list.

use crate::{
    components::choices::{Choices, Options},
    i18n::t,
};
use leptos::prelude::*;
use shared::{limits, pixels::DEFAULT_PALETTE};

/// Palettes besides the server's default, with the names that pixel artists
/// know. The first two are by Lexaloffle and `GrafxKid`.
const SETS: [(&str, &str); 3] = [
    (
        "PICO-8",
        "000000 1d2b53 7e2553 008751 ab5236 5f574f c2c3c7 fff1e8 ff004d ffa300 ffec27 00e436 29adff 83769c ff77a8 ffccaa",
    ),
    (
        "Sweetie 16",
        "1a1c2c 5d275d b13e53 ef7d57 ffcd75 a7f070 38b764 257179 29366f 3b5dc9 41a6f6 73eff7 f4f4f4 94b0c2 566c86 333c57",
    ),
    ("Game Boy", "0f380f 306230 8bac0f 9bbc0f"),
];

/// The choice: which palette, and the text of the own list.
#[derive(Clone, Copy)]
pub struct PaletteChoice {
    set: RwSignal<usize>,
    own: RwSignal<String>,
}

impl PaletteChoice {
    /// The server's default palette.
    pub fn new() -> Self {
        Self {
            set: RwSignal::new(0),
            own: RwSignal::new(String::new()),
        }
    }

    /// The chosen colours as `#rrggbb`; none if the own list has too few or too
    /// many. Reactive.
    pub fn colors(self) -> Option<Vec<String>> {
        let colors = match self.set.get() {
            0 => DEFAULT_PALETTE.map(str::to_owned).to_vec(),
            set => match SETS.get(set - 1) {
                Some((_, colors)) => read(colors),
                None => self.own.with(|own| read(own)),
            },
        };
        limits::PALETTE.contains(&colors.len()).then_some(colors)
    }
}

impl Default for PaletteChoice {
    fn default() -> Self {
        Self::new()
    }
}

/// The colours in a text: groups of six hexadecimal digits, with anything
/// between them. Duplicates are removed.
fn read(text: &str) -> Vec<String> {
    let mut colors = Vec::new();
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()) {
        let is_color = word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let color = format!("#{}", word.to_ascii_lowercase());
        if is_color && !colors.contains(&color) {
            colors.push(color);
        }
    }
    colors
}

/// Chooses the palette and shows its colours.
#[component]
pub fn PalettePicker(
    /// The choice.
    choice: PaletteChoice,
) -> impl IntoView {
    let mut options: Options = vec![(t().palette_default().to_owned(), "")];
    options.extend(SETS.map(|(name, _)| (name.to_owned(), "")));
    options.push((t().palette_own().to_owned(), ""));
    let swatches = move || match choice.colors() {
        Some(colors) => colors
            .into_iter()
            .map(|color| view! { <span style:background-color=color></span> })
            .collect_view()
            .into_any(),
        None => view! { <p class="field__hint">{t().palette_hint()}</p> }.into_any(),
    };
    view! {
        <Choices name="palette" label=t().palette() value=choice.set options />
        <Show when=move || { choice.set.get() > SETS.len() }>
            <textarea
                class="input"
                rows="3"
                aria-label=t().palette_own_label()
                placeholder="#0b1020, #f6c657, #4bd3bd"
                spellcheck="false"
                bind:value=choice.own
            ></textarea>
        </Show>
        <div class="swatches" aria-hidden="true">{swatches}</div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn colours_are_found_however_they_are_written() {
        assert_eq!(
            read("#0B1020, f6c657;4bd3bd\n#f6c657 red #12345 #1234567"),
            ["#0b1020", "#f6c657", "#4bd3bd"]
        );
        assert_eq!(read(""), Vec::<String>::new());
    }

    #[test]
    fn every_set_is_a_palette() {
        for (name, colors) in SETS {
            assert!(limits::PALETTE.contains(&read(colors).len()), "{name}");
        }
    }
}
