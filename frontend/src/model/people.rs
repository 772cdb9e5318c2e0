//! People on a canvas: this tab's user, other people's pointers and
//! highlights, and the colour each person has everywhere.

use shared::{
    canvas::{Coord, Role},
    ids::UserId,
};

/// What the user names of guests begin with; the server makes them.
const GUEST_PREFIX: &str = "guest-";

/// The colours of people, the same as the CSS tokens `--person-0` to
/// `--person-11`; the board draws on a canvas and needs their values.
pub const PERSON_COLORS: [&str; 12] = [
    "#ff8f87", "#ffab66", "#e8c94f", "#b5d957", "#7ddb83", "#4fd0b0", "#5bc8e8", "#7fb2ff",
    "#a99fff", "#cf93f5", "#f58fd0", "#d3b08c",
];

/// The index of a person's colour in [`PERSON_COLORS`]. Consecutive ids get
/// colours far apart.
pub fn person_color_index(user: UserId) -> usize {
    // 5 and 12 have no common divisor: twelve consecutive ids get twelve colours.
    usize::try_from(user.0.wrapping_mul(5).rem_euclid(12)).unwrap_or_default()
}

/// A person's colour, `#rrggbb`.
pub fn person_color(user: UserId) -> &'static str {
    PERSON_COLORS[person_color_index(user)]
}

/// Whether a user name is empty or made by the server for a guest, and so
/// says nothing about who has it.
pub fn is_nameless(username: &str) -> bool {
    username.is_empty() || username.starts_with(GUEST_PREFIX)
}

/// The user of this tab, as the canvas knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Me {
    /// The user's id.
    pub user_id: UserId,
    /// Unique name.
    pub username: String,
    /// Name to show.
    pub display_name: String,
    /// Role on this canvas.
    pub role: Role,
}

/// Where another person's pointer is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cursor {
    /// Board pixels from the left.
    pub x: f64,
    /// Board pixels from the top.
    pub y: f64,
    /// When it moved last, by `browser::uptime_ms`.
    pub moved_at: i64,
}

/// A tile that somebody points at; drawn as a pulsing frame until `ends_at`.
#[derive(Clone, Debug, PartialEq)]
pub struct Highlight {
    /// The user who points and their name; none for a link or one's own search.
    pub by: Option<(UserId, String)>,
    /// The tile.
    pub at: Coord,
    /// A message to show beside it; may be empty.
    pub message: String,
    /// By `browser::uptime_ms`.
    pub started_at: i64,
    /// By `browser::uptime_ms`.
    pub ends_at: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn twelve_people_in_a_row_have_twelve_colours() {
        let mut seen: Vec<usize> = (100..112)
            .map(|id| person_color_index(UserId(id)))
            .collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..12).collect::<Vec<_>>());
    }

    #[test]
    fn a_person_always_has_the_same_person_color() {
        assert_eq!(person_color(UserId(7)), person_color(UserId(7)));
        assert!(PERSON_COLORS.contains(&person_color(UserId(-3))));
        assert!(PERSON_COLORS.contains(&person_color(UserId(i64::MIN))));
    }
}
