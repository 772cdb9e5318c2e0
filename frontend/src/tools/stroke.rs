//! A tool at work: from the press of a button to its release. Pure; gives the
//! edits to paint now and the edits to show for the time being.

use super::raster::{self, Spot};
use crate::model::tools::{Tool, Tools};
use shared::pixels::{PixelEdit, Pixels, TRANSPARENT};

/// One press of a drawing tool in one tile.
#[derive(Clone, Debug)]
pub struct ActiveStroke {
    tool: Tool,
    color: u8,
    mirror: bool,
    side: i32,
    start: Spot,
    last: Spot,
    end: Spot,
}

/// How a tool is put down.
#[derive(Clone, Copy, Debug, Default)]
pub struct StrokeOptions {
    /// With the second colour (the right button).
    pub second: bool,
    /// Shift: from here in a straight line.
    pub from: Option<Spot>,
}

impl ActiveStroke {
    /// Puts the tool down. Gives the edits to paint at once.
    pub fn down(
        tools: Tools,
        options: StrokeOptions,
        side: i32,
        at: Spot,
        pixels: Option<&Pixels>,
    ) -> (Self, Vec<PixelEdit>) {
        let color = match (tools.tool, options.second) {
            (Tool::Eraser, _) => TRANSPARENT,
            (_, true) => tools.secondary,
            (_, false) => tools.primary,
        };
        let stroke = Self {
            tool: tools.tool,
            color,
            mirror: tools.mirror,
            side,
            start: at,
            last: at,
            end: at,
        };
        let spots = match tools.tool {
            Tool::Pencil | Tool::Eraser => raster::line(options.from.unwrap_or(at), at),
            Tool::Fill => raster::region(pixels, side, at),
            Tool::Line | Tool::Rectangle | Tool::Circle | Tool::Picker => Vec::new(),
        };
        let edits = stroke.edits(&spots);
        (stroke, edits)
    }

    /// The tool moved. Gives the edits to paint at once.
    pub fn moved(&mut self, to: Spot, shift: bool) -> Vec<PixelEdit> {
        self.end = match (self.tool, shift) {
            (Tool::Line, true) => raster::straighten(self.start, to),
            (Tool::Rectangle | Tool::Circle, true) => raster::square(self.start, to),
            _ => to,
        };
        let from = std::mem::replace(&mut self.last, to);
        match self.tool {
            Tool::Pencil | Tool::Eraser if from != to => self.edits(&raster::line(from, to)),
            _ => Vec::new(),
        }
    }

    /// What a shape would be if the tool were lifted now.
    pub fn preview(&self) -> Vec<PixelEdit> {
        let spots = match self.tool {
            Tool::Line => raster::line(self.start, self.end),
            Tool::Rectangle => raster::rectangle(self.start, self.end),
            Tool::Circle => raster::ellipse(self.start, self.end),
            Tool::Pencil | Tool::Eraser | Tool::Fill | Tool::Picker => return Vec::new(),
        };
        self.edits(&spots)
    }

    /// Where the tool is, for a straight line from there.
    pub fn end(&self) -> Spot {
        self.end
    }

    /// Spots as edits: those inside the tile, with their mirror images.
    fn edits(&self, spots: &[Spot]) -> Vec<PixelEdit> {
        let mut edits = Vec::with_capacity(spots.len());
        let mut put = |x: i32, y: i32| {
            if (0..self.side).contains(&x)
                && (0..self.side).contains(&y)
                && let Ok(index) = u16::try_from(y * self.side + x)
            {
                edits.push(PixelEdit(index, self.color));
            }
        };
        for &(x, y) in spots {
            put(x, y);
            if self.mirror && x != self.side - 1 - x {
                put(self.side - 1 - x, y);
            }
        }
        edits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn tools(tool: Tool) -> Tools {
        Tools {
            tool,
            primary: 3,
            secondary: 5,
            mirror: false,
        }
    }

    fn down(tools: Tools, at: Spot) -> (ActiveStroke, Vec<PixelEdit>) {
        ActiveStroke::down(tools, StrokeOptions::default(), 8, at, None)
    }

    #[test]
    fn a_fast_pencil_leaves_no_holes_and_stays_inside() {
        let (mut stroke, edits) = down(tools(Tool::Pencil), (1, 1));
        assert_eq!(edits, [PixelEdit(9, 3)]);
        let edits = stroke.moved((12, 1), false);
        let columns: Vec<u16> = edits.iter().map(|edit| edit.0 - 8).collect();
        assert_eq!(columns, [1, 2, 3, 4, 5, 6, 7]);
        assert!(stroke.preview().is_empty());
    }

    #[test]
    fn shapes_are_shown_first_and_painted_on_release() {
        let (mut stroke, edits) = down(tools(Tool::Line), (0, 0));
        assert!(edits.is_empty());
        assert!(stroke.moved((5, 1), true).is_empty());
        let indices: Vec<u16> = stroke.preview().iter().map(|edit| edit.0).collect();
        assert_eq!(indices, [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn mirror_and_second_colour() {
        let mut mirrored = tools(Tool::Pencil);
        mirrored.mirror = true;
        let options = StrokeOptions {
            second: true,
            from: None,
        };
        let (_, edits) = ActiveStroke::down(mirrored, options, 8, (1, 0), None);
        assert_eq!(edits, [PixelEdit(1, 5), PixelEdit(6, 5)]);
    }

    #[test]
    fn the_eraser_makes_transparent() {
        let (_, edits) = down(tools(Tool::Eraser), (0, 1));
        assert_eq!(edits, [PixelEdit(8, TRANSPARENT)]);
    }
}
