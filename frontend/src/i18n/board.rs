//! The texts of the board and the drawing tools.

pub use super::texts::board_texts;

use super::{
    clock,
    comments::comment_texts,
    coordinates,
    order::{kept_from, order_texts},
    t,
    texts::time_texts,
};
use crate::model::{
    activity::ActivityKind, import_layout::Layout, notice::MayNot, palette, people::is_nameless,
    tools::Tool,
};
use shared::{api::sanctions::Activity, canvas::Coord};
use std::collections::HashMap;

/// The text for screen readers about a cell: creator and likes, or empty.
pub fn cell(at: Coord, tile: Option<(&str, i64)>) -> String {
    let texts = board_texts();
    let place = coordinates(at.x, at.y);
    let Some((name, likes)) = tile else {
        return texts.empty_cell(&place);
    };
    texts.tile(&place, name, &t().likes(likes))
}

/// The text about the size of an imported picture.
pub fn import_size(layout: &Layout) -> String {
    let texts = board_texts();
    let (width, height) = (layout.width.to_string(), layout.height.to_string());
    if layout.columns * layout.rows == 1 {
        return texts.import_one_tile(&width, &height);
    }
    let (columns, rows) = (layout.columns.to_string(), layout.rows.to_string());
    texts.import_tiles(&columns, &rows, &width, &height)
}

/// The text about tiles in which the picture cannot be painted; empty for none.
pub fn import_left_out(n: usize) -> String {
    if n == 0 {
        return String::new();
    }
    board_texts().import_left_out(n)
}

/// The text about the pixel under the pen; no colour if it is not painted.
pub fn pixel(x: i32, y: i32, color: Option<&str>) -> String {
    let texts = board_texts();
    texts.pixel(&coordinates(x, y), color.unwrap_or(texts.blank()))
}

/// The text for an event of the tile's history.
pub fn kind(kind: ActivityKind) -> &'static str {
    let texts = board_texts();
    match kind {
        ActivityKind::Created => texts.did_create(),
        ActivityKind::Painted => texts.did_paint(),
        ActivityKind::Titled => texts.did_title(),
        ActivityKind::Liked => texts.did_like(),
        ActivityKind::Unliked => texts.did_unlike(),
        ActivityKind::Deleted => texts.did_delete(),
        ActivityKind::Commented => comment_texts().did_comment_on_it(),
        ActivityKind::Settings => texts.did_settings(),
    }
}

/// Why the user may not draw in a tile; `name` is its creator, or the user who
/// has locked it.
pub fn may_not(why: MayNot, name: &str) -> String {
    let texts = board_texts();
    match why {
        MayNot::Sanctioned { until } => kept_from(Activity::Painting, until),
        MayNot::LockedDown { until } => order_texts().locked_down(&clock(until)),
        MayNot::Over => texts.may_not_over().to_owned(),
        MayNot::SignedOut => texts.may_not_signed_out().to_owned(),
        MayNot::Viewer => texts.may_not_viewer().to_owned(),
        MayNot::Past => time_texts().may_not_draw().to_owned(),
        MayNot::Theirs(_) => texts.may_not_theirs(name),
        MayNot::Locked(_) => texts.may_not_locked(name),
    }
}

/// The name of a tile's creator: the display name if it is known, else the user
/// name, unless it is the generated name of a guest.
pub fn creator_name<'a>(met: Option<&'a str>, username: &'a str) -> &'a str {
    let otherwise = if is_nameless(username) {
        board_texts().a_guest()
    } else {
        username
    };
    met.unwrap_or(otherwise)
}

/// The text for screen readers when a tile is open.
pub fn drawing(cell: &str) -> String {
    board_texts().drawing(cell)
}

/// The key that switches mirroring.
pub const MIRROR_KEY: &str = "M";
/// The key that swaps the colours.
pub const SWAP_KEY: &str = "X";
/// The keys for undo.
pub const UNDO_KEY: &str = "Ctrl+Z";
/// The keys for redo.
pub const REDO_KEY: &str = "Ctrl+Y";
/// The key that leaves the tile.
pub const LEAVE_KEY: &str = "Esc";

/// A tool's name and its key.
pub fn tool(tool: Tool) -> (&'static str, &'static str) {
    let texts = board_texts();
    match tool {
        Tool::Pencil => (texts.pencil(), "P"),
        Tool::Eraser => (texts.eraser(), "E"),
        Tool::Fill => (texts.fill(), "F"),
        Tool::Line => (texts.line(), "L"),
        Tool::Rectangle => (texts.rectangle(), "R"),
        Tool::Circle => (texts.circle(), "C"),
        Tool::Picker => (texts.picker(), "I"),
    }
}

/// The name of a colour: its shade and its hue.
pub fn color([r, g, b]: [u8; 3]) -> &'static str {
    let texts = board_texts();
    let (high, low) = (r.max(g).max(b), r.min(g).min(b));
    let spread = i32::from(high) - i32::from(low);
    let light = i32::midpoint(i32::from(high), i32::from(low));
    if spread < 24 {
        return match light {
            0..=24 => texts.black(),
            25..=90 => texts.dark_grey(),
            91..=170 => texts.grey(),
            171..=235 => texts.light_grey(),
            _ => texts.white(),
        };
    }
    let (r, g, b) = (i32::from(r), i32::from(g), i32::from(b));
    let high = i32::from(high);
    let degrees = if high == r {
        60 * (g - b) / spread
    } else if high == g {
        120 + 60 * (b - r) / spread
    } else {
        240 + 60 * (r - g) / spread
    }
    .rem_euclid(360);
    let [dark, plain, pale] = match degrees {
        0..=14 | 345..=359 => [texts.dark_red(), texts.red(), texts.light_red()],
        15..=44 if light < 110 => [texts.dark_brown(), texts.brown(), texts.light_brown()],
        15..=44 => [texts.dark_orange(), texts.orange(), texts.light_orange()],
        45..=69 => [texts.dark_yellow(), texts.yellow(), texts.light_yellow()],
        70..=159 => [texts.dark_green(), texts.green(), texts.light_green()],
        160..=199 => [
            texts.dark_turquoise(),
            texts.turquoise(),
            texts.light_turquoise(),
        ],
        200..=254 => [texts.dark_blue(), texts.blue(), texts.light_blue()],
        255..=289 => [texts.dark_violet(), texts.violet(), texts.light_violet()],
        _ => [texts.dark_pink(), texts.pink(), texts.light_pink()],
    };
    match light {
        0..=60 => dark,
        61..=185 => plain,
        _ => pale,
    }
}

/// The names of all colours of a palette; equal names get numbers, except the
/// first.
pub fn color_names(palette: &[String]) -> Vec<String> {
    let mut met: HashMap<&str, usize> = HashMap::new();
    let name = |text: &String| {
        let name = color(palette::rgb(text));
        let times = met.entry(name).or_default();
        *times += 1;
        if *times == 1 {
            name.to_owned()
        } else {
            board_texts().numbered(name, *times)
        }
    };
    palette.iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::testing::use_english;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_cell_is_read_with_its_creator_and_likes() {
        use_english();
        let at = Coord { x: 12, y: 7 };
        assert_eq!(cell(at, Some(("ann", 5))), "tile 12, 7, by ann, 5 likes");
        assert_eq!(cell(at, Some(("ann", 1))), "tile 12, 7, by ann, 1 like");
        assert_eq!(cell(at, None), "tile 12, 7, empty");
    }

    #[test]
    fn a_creator_has_a_name_that_means_something() {
        use_english();
        assert_eq!(creator_name(Some("Ann"), "guest-0a1b"), "Ann");
        assert_eq!(creator_name(None, "ann_b"), "ann_b");
        assert_eq!(creator_name(None, "guest-0a1b"), "a guest");
        assert_eq!(creator_name(None, ""), "a guest");
    }

    #[test]
    fn colours_have_names() {
        use_english();
        for (rgb, name) in [
            ([0, 0, 0], "black"),
            ([255, 255, 255], "white"),
            ([255, 0, 0], "red"),
            ([0, 0, 100], "dark blue"),
            ([120, 70, 20], "brown"),
            ([255, 220, 0], "yellow"),
            ([200, 230, 255], "light blue"),
        ] {
            assert_eq!(color(rgb), name);
        }
        let palette = ["#000000", "#ff0000", "#010000", "#fe0000"].map(str::to_owned);
        assert_eq!(color_names(&palette), ["black", "red", "black 2", "red 2"]);
    }
}
