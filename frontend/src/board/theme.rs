//! The board's colours, read from the style sheet's tokens.

use crate::browser;

/// Colours as the canvas takes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Theme {
    /// Around the board.
    pub ground: String,
    /// An empty cell.
    pub paper: String,
    /// Between pixels and, far away, between tiles.
    pub grid: String,
    /// Around the board and between tiles.
    pub border: String,
    /// What is chosen, and one's own.
    pub own: String,
    /// Text on the board.
    pub text: String,
    /// Behind text.
    pub plate: String,
    /// Dims what lies around the open tile.
    pub veil: String,
    /// Text on a person's colour.
    pub person_ink: String,
}

impl Theme {
    /// As the page has them now.
    pub fn read(element: &web_sys::Element) -> Self {
        let style = browser::window().get_computed_style(element).ok().flatten();
        let probe = |name: &str, otherwise: &str| {
            let value = style
                .as_ref()
                .and_then(|style| style.get_property_value(name).ok())
                .unwrap_or_default();
            let value = value.trim();
            if value.is_empty() {
                otherwise.to_owned()
            } else {
                value.to_owned()
            }
        };
        Self {
            ground: probe("--board-ground", "#060914"),
            paper: probe("--board-paper", "#0f1629"),
            grid: probe("--board-grid", "#1c2643"),
            border: probe("--board-border", "#3a4a78"),
            own: probe("--board-own", "#f6c657"),
            text: probe("--board-text", "#eaeefa"),
            plate: probe("--board-plate", "rgb(13 19 36 / 88%)"),
            veil: probe("--board-veil", "rgb(3 6 14 / 45%)"),
            person_ink: probe("--person-ink", "#0b1020"),
        }
    }
}
