//! The list of keyboard shortcuts, by group. `board::keys` interprets the keys; a
//! test compares this list with it.

use crate::{
    components::key_labels::KeyLabels,
    i18n::{
        board::{MIRROR_KEY, board_texts, tool},
        shortcuts::{Group, groups, key_name},
    },
    model::tools::Tool,
};
use leptos::prelude::*;
use std::fmt::Write;

/// The list of all shortcuts, with the letters of this keyboard.
#[component]
pub fn Shortcuts() -> impl IntoView {
    let labels = use_context::<KeyLabels>();
    let label = move |key: &str| labels.map_or_else(|| key.to_owned(), |labels| labels.label(key));
    view! { <div class="shortcuts" inner_html=move || html(label)></div> }
}

/// Consists of the client's own texts, and of the letters on keys.
fn html(label: impl Fn(&str) -> String) -> String {
    let mut html = String::new();
    for Group { title, tools, keys } in groups() {
        // Writing to a string cannot fail.
        let _ = write!(html, "<section><h3>{}</h3><dl>", escape(title));
        let offered = Tool::ALL
            .iter()
            .filter(|_| tools)
            .map(|one| {
                let (name, key) = tool(*one);
                (key, name)
            })
            .chain(tools.then_some((MIRROR_KEY, board_texts().mirror())));
        for (keys, description) in offered.chain(keys) {
            let _ = write!(html, "<div><dt>{}</dt><dd>", escape(description));
            for key in keys.split(' ') {
                let key = escape(&key_name(&label(key)));
                let _ = write!(html, "<kbd>{key}</kbd>");
            }
            html += "</dd></div>";
        }
        html += "</dl></section>";
    }
    html
}

/// A key may write any character.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        board::keys::{KeyPress, command},
        i18n::testing::use_english,
    };
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// Whether the board understands a key as the table writes it.
    fn is_understood(written: &str) -> bool {
        let ctrl = written.contains("Ctrl+");
        let shift = written.contains("Shift+");
        let key = written
            .trim_start_matches("Ctrl+")
            .trim_start_matches("Shift+");
        let key = match key {
            "←" => "ArrowLeft",
            "↑" => "ArrowUp",
            "→" => "ArrowRight",
            "↓" => "ArrowDown",
            "Esc" => "Escape",
            other => other,
        };
        // Digits are also recognized by their position on the keyboard.
        let place = if key == "0" { "Digit" } else { "Key" };
        let code = format!("{place}{key}");
        command(KeyPress {
            code: &code,
            key,
            ctrl,
            shift,
            alt: false,
        })
        .is_some()
    }

    #[test]
    fn the_board_understands_every_key_of_the_table() {
        use_english();
        // The other groups are about the pointer, the time bar, the pen and the chat.
        let [drawing, _, board, ..] = groups();
        let keys = drawing.keys.into_iter().chain(board.keys);
        let mut known = 0;
        for key in keys.flat_map(|(keys, _)| keys.split(' ')) {
            // With the pointer, or several keys in one entry.
            if ["Shift+click", "1–9"].contains(&key) {
                continue;
            }
            assert!(is_understood(key), "{key}");
            known += 1;
        }
        assert!(known > 5);
        for one in Tool::ALL {
            assert!(is_understood(tool(one).1));
        }
        assert!(html(str::to_owned).contains("<kbd>?</kbd>"));
    }
}
