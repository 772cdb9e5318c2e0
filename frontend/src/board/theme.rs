//! The colours of the board, read from the custom properties of the style
//! sheet.

use crate::browser;

/// Colours as CSS strings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Theme {
    /// Area around the board.
    pub background: String,
    /// Empty cells.
    pub paper: String,
    /// Lines between pixels and between tiles.
    pub grid: String,
    /// Edge of the board.
    pub border: String,
    /// Selection, and what belongs to this user.
    pub own: String,
    /// Text on the board.
    pub text: String,
    /// Background of text labels.
    pub label: String,
    /// Translucent colour over everything except the open tile.
    pub dim: String,
    /// Text on a background of a person's colour.
    pub person_text: String,
}

impl Theme {
    /// Reads the current values from the computed style of `element`.
    pub fn read(element: &web_sys::Element) -> Self {
        let style = browser::window().get_computed_style(element).ok().flatten();
        let token = |name: &str, fallback: &str| {
            let value = style
                .as_ref()
                .and_then(|style| style.get_property_value(name).ok())
                .unwrap_or_default();
            let value = value.trim();
            if value.is_empty() {
                fallback.to_owned()
            } else {
                value.to_owned()
            }
        };
        Self {
            background: token("--board-ground", "#060914"),
            paper: token("--board-paper", "#0f1629"),
            grid: token("--board-grid", "#1c2643"),
            border: token("--board-border", "#3a4a78"),
            own: token("--board-own", "#f6c657"),
            text: token("--board-text", "#eaeefa"),
            label: token("--board-plate", "rgb(13 19 36 / 88%)"),
            dim: token("--board-veil", "rgb(3 6 14 / 45%)"),
            person_text: token("--person-ink", "#0b1020"),
        }
    }
}
