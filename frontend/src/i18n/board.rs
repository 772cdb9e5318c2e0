//! The texts of the board and the drawing tools, in English.

use super::{fill, place};
use crate::tools::Tool;
use shared::canvas::Coord;

/// See the module's description.
pub struct BoardTexts {
    /// The board's name.
    pub board: &'static str,
    /// How the board is used, for those who do not see it.
    pub board_help: &'static str,
    /// The tool bar's name.
    pub tools: &'static str,
    /// The palette's name.
    pub palette: &'static str,
    /// The colour of the left button.
    pub primary: &'static str,
    /// The colour of the right button.
    pub secondary: &'static str,
    /// Exchanges both.
    pub swap: &'static str,
    /// Draws on both halves.
    pub mirror: &'static str,
    /// Takes back.
    pub undo: &'static str,
    /// Draws again.
    pub redo: &'static str,
    /// Ends drawing.
    pub leave: &'static str,
    /// The minimap's name.
    pub minimap: &'static str,
    /// Flies to a tile that is out of view; `{place}` and `{name}`.
    pub fly_to: &'static str,
    empty_cell: &'static str,
    tile: &'static str,
    likes_one: &'static str,
    likes_other: &'static str,
    drawing: &'static str,
    color: &'static str,
}

/// The texts of the board in the person's language.
pub fn board_texts() -> &'static BoardTexts {
    &ENGLISH
}

static ENGLISH: BoardTexts = BoardTexts {
    board: "Board",
    board_help: "Arrow keys move from tile to tile, Enter opens one to draw in, Escape leaves it. \
                 While drawing, arrow keys move the pen and Space paints.",
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
    empty_cell: "tile {place}, empty",
    tile: "tile {place}, by {name}, {likes}",
    likes_one: "1 like",
    likes_other: "{n} likes",
    drawing: "Drawing in {tile}",
    color: "{shade} {hue}",
};

/// What is in a cell, as it is read aloud: creator and likes, or empty.
pub fn cell(at: Coord, tile: Option<(&str, i64)>) -> String {
    let texts = board_texts();
    let place = place(at.x, at.y);
    let Some((name, likes)) = tile else {
        return fill(texts.empty_cell, &[("place", &place)]);
    };
    let likes = if likes == 1 {
        texts.likes_one.to_owned()
    } else {
        fill(texts.likes_other, &[("n", &likes)])
    };
    fill(
        texts.tile,
        &[("place", &place), ("name", &name), ("likes", &likes)],
    )
}

/// That a tile is open for drawing.
pub fn drawing(cell: &str) -> String {
    fill(board_texts().drawing, &[("tile", &cell)])
}

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

/// What people call a colour: its shade and its hue.
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
    fill(board_texts().color, &[("shade", &shade), ("hue", &hue)])
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_cell_is_read_with_its_maker_and_likes() {
        let at = Coord { x: 12, y: 7 };
        assert_eq!(cell(at, Some(("ann", 5))), "tile 12, 7, by ann, 5 likes");
        assert_eq!(cell(at, Some(("ann", 1))), "tile 12, 7, by ann, 1 like");
        assert_eq!(cell(at, None), "tile 12, 7, empty");
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
    }
}
