//! The texts of the board and the drawing tools, in English.

use super::{
    clock, coordinates, interpolate,
    order::{kept_from, order_texts},
};
use crate::model::{
    activity::ActivityKind, import_layout::Layout, notice::MayNot, palette, people::is_nameless,
    tools::Tool,
};
use shared::{api::sanctions::Activity, canvas::Coord};
use std::collections::HashMap;

/// The texts of the board and the drawing tools.
pub struct BoardTexts {
    /// The board's name.
    pub board: &'static str,
    /// How to use the board, for screen readers.
    pub board_help: &'static str,
    /// Shown on an empty board.
    pub begin: &'static str,
    /// The tool bar's name.
    pub tools: &'static str,
    /// The palette's name.
    pub palette: &'static str,
    /// The colour of the left button.
    pub primary: &'static str,
    /// The colour of the right button.
    pub secondary: &'static str,
    /// The button that swaps both.
    pub swap: &'static str,
    /// The button for mirrored drawing.
    pub mirror: &'static str,
    /// The undo button.
    pub undo: &'static str,
    /// The redo button.
    pub redo: &'static str,
    /// The button that ends drawing.
    pub leave: &'static str,
    /// The minimap's name.
    pub minimap: &'static str,
    /// An arrow to a tile outside the viewport; `{place}` and `{name}`.
    pub fly_to: &'static str,
    /// Import of a picture: the button and the dialog.
    pub import: &'static str,
    /// The size of the imported picture.
    pub import_size: &'static str,
    /// The option for dithering.
    pub import_dither: &'static str,
    /// The button that paints it.
    pub import_paint: &'static str,
    /// The pasted or dropped file is no picture.
    pub import_no_picture: &'static str,
    /// The file is too large.
    pub import_too_large: &'static str,
    /// The browser does not give the pixels of a picture to pages.
    pub import_unreadable: &'static str,
    /// A picture was pasted while no cell was selected.
    pub import_nowhere: &'static str,
    /// The position of the pointer in the open tile: `{tile}`, `{pixel}`.
    pub tile_and_pixel: &'static str,
    /// The users who draw in a tile: `{names}`.
    pub drawing_here: &'static str,
    /// The button that copies the link to a tile.
    pub copy_link: &'static str,
    /// The link was copied.
    pub link_copied: &'static str,
    /// The history of a tile.
    pub history: &'static str,
    /// No history was found so far.
    pub history_none: &'static str,
    /// The button that searches further back.
    pub history_older: &'static str,
    /// The history cannot be fetched now.
    pub history_away: &'static str,
    /// The creator of a tile and its likes: `{name}`, `{n}`.
    pub name_and_likes: &'static str,
    /// What somebody says about a tile: `{name}`, `{message}`.
    pub name_says: &'static str,
    import_one_tile: &'static str,
    import_tiles: &'static str,
    import_left_out: &'static str,
    /// A user whose name is not known.
    pub a_guest: &'static str,
    empty_cell: &'static str,
    tile: &'static str,
    likes_one: &'static str,
    likes_other: &'static str,
    drawing: &'static str,
    pixel: &'static str,
    blank: &'static str,
    color: &'static str,
}

/// The texts of the board in the user's language.
pub fn board_texts() -> &'static BoardTexts {
    &ENGLISH
}

static ENGLISH: BoardTexts = BoardTexts {
    board: "Board",
    board_help: "Arrow keys move from tile to tile, Enter opens one to draw in, Escape leaves it. \
                 While drawing, arrow keys move the pen and Space paints.",
    begin: "Nothing is drawn here yet. Choose a cell and begin.",
    tools: "Drawing tools",
    palette: "Palette",
    primary: "Colour of the left button: {name}",
    secondary: "Colour of the right button: {name}",
    swap: "Swap colours",
    mirror: "Mirror",
    undo: "Undo",
    redo: "Redo",
    leave: "Done",
    minimap: "Overview of the board",
    fly_to: "Go to tile {place}, pointed at by {name}",
    import: "Bring in a picture",
    import_size: "Size",
    import_dither: "Mix colours for smooth shades",
    import_paint: "Paint it",
    import_no_picture: "This is no picture that can be read.",
    import_too_large: "This picture is too large. 32 MB and 64 megapixels are the most.",
    import_unreadable: "This browser does not let pages read pictures, as a protection against fingerprinting. Allow it for this page, then try again.",
    import_nowhere: "Choose a tile first, then paste the picture.",
    tile_and_pixel: "{tile} · pixel {pixel}",
    drawing_here: "Drawing here now: {names}",
    copy_link: "Copy link",
    link_copied: "Link to this tile copied.",
    history: "History",
    history_none: "Nothing found yet.",
    history_older: "Look further back",
    history_away: "The history cannot be had just now.",
    name_and_likes: "{name}  ♥ {n}",
    name_says: "{name}: {message}",
    import_one_tile: "This tile, {width} × {height} pixels",
    import_tiles: "{columns} × {rows} tiles, {width} × {height} pixels",
    import_left_out: "Tiles where you may not draw stay as they are: {n}.",
    a_guest: "a guest",
    empty_cell: "tile {place}, empty",
    tile: "tile {place}, by {name}, {likes}",
    likes_one: "1 like",
    likes_other: "{n} likes",
    drawing: "Drawing in {tile}",
    pixel: "pixel {place}, {color}",
    blank: "not painted",
    color: "{shade} {hue}",
};

/// The text for screen readers about a cell: creator and likes, or empty.
pub fn cell(at: Coord, tile: Option<(&str, i64)>) -> String {
    let texts = board_texts();
    let place = coordinates(at.x, at.y);
    let Some((name, likes)) = tile else {
        return interpolate(texts.empty_cell, &[("place", &place)]);
    };
    let likes = if likes == 1 {
        texts.likes_one.to_owned()
    } else {
        interpolate(texts.likes_other, &[("n", &likes)])
    };
    interpolate(
        texts.tile,
        &[("place", &place), ("name", &name), ("likes", &likes)],
    )
}

/// The text about the size of an imported picture.
pub fn import_size(layout: &Layout) -> String {
    let one = layout.columns * layout.rows == 1;
    let texts = board_texts();
    interpolate(
        if one {
            texts.import_one_tile
        } else {
            texts.import_tiles
        },
        &[
            ("columns", &layout.columns),
            ("rows", &layout.rows),
            ("width", &layout.width),
            ("height", &layout.height),
        ],
    )
}

/// The text about tiles in which the picture cannot be painted; empty for none.
pub fn import_left_out(n: usize) -> String {
    if n == 0 {
        return String::new();
    }
    interpolate(board_texts().import_left_out, &[("n", &n)])
}

/// The text about the pixel under the pen; no colour if it is not painted.
pub fn pixel(x: i32, y: i32, color: Option<&str>) -> String {
    let texts = board_texts();
    interpolate(
        texts.pixel,
        &[
            ("place", &coordinates(x, y)),
            ("color", &color.unwrap_or(texts.blank)),
        ],
    )
}

/// The text for an event of the tile's history.
pub fn kind(kind: ActivityKind) -> &'static str {
    match kind {
        ActivityKind::Created => "Started it",
        ActivityKind::Painted => "Drew in it",
        ActivityKind::Titled => "Named it",
        ActivityKind::Liked => "Likes it",
        ActivityKind::Unliked => "No longer likes it",
        ActivityKind::Deleted => "Deleted it",
        ActivityKind::Settings => "Changed the canvas",
    }
}

/// Why the user may not draw in a tile; `name` is its creator, or the user who
/// has locked it.
pub fn may_not(why: MayNot, name: &str) -> String {
    let text = match why {
        MayNot::Sanctioned { until } => return kept_from(Activity::Painting, until),
        MayNot::LockedDown { until } => {
            return interpolate(order_texts().locked_down, &[("time", &clock(until))]);
        }
        MayNot::Over => "Nothing more can be drawn here.",
        MayNot::SignedOut => "Sign in to draw.",
        MayNot::Viewer => "You may look, chat and like here, but not draw.",
        MayNot::Theirs(_) => "Only {name} draws in this tile.",
        MayNot::Locked(_) => "Locked while {name} draws in it.",
    };
    interpolate(text, &[("name", &name)])
}

/// The name of a tile's creator: the display name if it is known, else the user
/// name, unless it is the generated name of a guest.
pub fn creator_name<'a>(met: Option<&'a str>, username: &'a str) -> &'a str {
    let otherwise = if is_nameless(username) {
        board_texts().a_guest
    } else {
        username
    };
    met.unwrap_or(otherwise)
}

/// The text for screen readers when a tile is open.
pub fn drawing(cell: &str) -> String {
    interpolate(board_texts().drawing, &[("tile", &cell)])
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
    match tool {
        Tool::Pencil => ("Pencil", "P"),
        Tool::Eraser => ("Eraser", "E"),
        Tool::Fill => ("Fill", "F"),
        Tool::Line => ("Line", "L"),
        Tool::Rectangle => ("Rectangle", "R"),
        Tool::Circle => ("Circle", "C"),
        Tool::Picker => ("Picker", "I"),
    }
}

/// The name of a colour: its shade and its hue.
pub fn color([r, g, b]: [u8; 3]) -> String {
    let (high, low) = (r.max(g).max(b), r.min(g).min(b));
    let spread = i32::from(high) - i32::from(low);
    let light = i32::midpoint(i32::from(high), i32::from(low));
    if spread < 24 {
        return match light {
            0..=24 => "black",
            25..=90 => "dark grey",
            91..=170 => "grey",
            171..=235 => "light grey",
            _ => "white",
        }
        .to_owned();
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
    let hue = match degrees {
        0..=14 | 345..=359 => "red",
        15..=44 if light < 110 => "brown",
        15..=44 => "orange",
        45..=69 => "yellow",
        70..=159 => "green",
        160..=199 => "turquoise",
        200..=254 => "blue",
        255..=289 => "violet",
        _ => "pink",
    };
    let shade = match light {
        0..=60 => "dark",
        61..=185 => return hue.to_owned(),
        _ => "light",
    };
    interpolate(board_texts().color, &[("shade", &shade), ("hue", &hue)])
}

/// The names of all colours of a palette; equal names get numbers, except the
/// first.
pub fn color_names(palette: &[String]) -> Vec<String> {
    let mut met: HashMap<String, usize> = HashMap::new();
    let name = |text: &String| {
        let name = color(palette::rgb(text));
        let times = met.entry(name.clone()).or_default();
        *times += 1;
        if *times == 1 {
            name
        } else {
            format!("{name} {times}")
        }
    };
    palette.iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_cell_is_read_with_its_creator_and_likes() {
        let at = Coord { x: 12, y: 7 };
        assert_eq!(cell(at, Some(("ann", 5))), "tile 12, 7, by ann, 5 likes");
        assert_eq!(cell(at, Some(("ann", 1))), "tile 12, 7, by ann, 1 like");
        assert_eq!(cell(at, None), "tile 12, 7, empty");
    }

    #[test]
    fn a_creator_has_a_name_that_means_something() {
        assert_eq!(creator_name(Some("Ann"), "guest-0a1b"), "Ann");
        assert_eq!(creator_name(None, "ann_b"), "ann_b");
        assert_eq!(creator_name(None, "guest-0a1b"), "a guest");
        assert_eq!(creator_name(None, ""), "a guest");
    }

    #[test]
    fn colours_have_names() {
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
