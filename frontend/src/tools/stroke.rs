//! A stroke of a drawing tool, from press to release. Pure: returns the edits
//! to paint at once, and for shapes a preview to show until the release.

use super::raster::{self, Point};
use crate::model::tools::{Ink, Tool, Tools};
use shared::pixels::{PixelEdit, Pixels, TRANSPARENT};

/// A stroke in progress in one tile.
#[derive(Clone, Debug)]
pub struct ActiveStroke {
    tool: Tool,
    color: u8,
    mirror: bool,
    side: i32,
    start: Point,
    last: Point,
    end: Point,
}

/// The modifiers of a stroke's start.
#[derive(Clone, Copy, Debug, Default)]
pub struct StrokeOptions {
    /// What it is drawn with.
    pub ink: Ink,
    /// Shift: the point from which a straight line leads to the start.
    pub from: Option<Point>,
}

impl ActiveStroke {
    /// Starts a stroke. Returns it, with the edits to paint at once.
    pub fn down(
        tools: Tools,
        options: StrokeOptions,
        side: i32,
        at: Point,
        pixels: Option<&Pixels>,
    ) -> (Self, Vec<PixelEdit>) {
        let tool = match options.ink {
            Ink::Eraser => Tool::Eraser,
            Ink::Primary | Ink::Secondary => tools.tool,
        };
        let color = match (tool, options.ink) {
            (Tool::Eraser, _) => TRANSPARENT,
            (_, Ink::Secondary) => tools.secondary,
            (_, Ink::Primary | Ink::Eraser) => tools.primary,
        };
        let stroke = Self {
            tool,
            color,
            mirror: tools.mirror,
            side,
            start: at,
            last: at,
            end: at,
        };
        let points = match tool {
            Tool::Pencil | Tool::Eraser => raster::line(options.from.unwrap_or(at), at),
            Tool::Fill => raster::region(pixels, side, at),
            Tool::Line | Tool::Rectangle | Tool::Circle | Tool::Picker => Vec::new(),
        };
        let edits = stroke.edits(&points);
        (stroke, edits)
    }

    /// Moves the tool. Returns the edits to paint at once. `shift` makes lines
    /// straight and rectangles square.
    pub fn moved(&mut self, to: Point, shift: bool) -> Vec<PixelEdit> {
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

    /// The edits of a shape that ends at the current point; empty for other
    /// tools.
    pub fn preview(&self) -> Vec<PixelEdit> {
        let points = match self.tool {
            Tool::Line => raster::line(self.start, self.end),
            Tool::Rectangle => raster::rectangle(self.start, self.end),
            Tool::Circle => raster::ellipse(self.start, self.end),
            Tool::Pencil | Tool::Eraser | Tool::Fill | Tool::Picker => return Vec::new(),
        };
        self.edits(&points)
    }

    /// The current point.
    pub fn end(&self) -> Point {
        self.end
    }

    /// Converts points to edits: without those outside the tile, and with their
    /// mirror images.
    fn edits(&self, points: &[Point]) -> Vec<PixelEdit> {
        let mut edits = Vec::with_capacity(points.len());
        let mut plot = |x: i32, y: i32| {
            if (0..self.side).contains(&x)
                && (0..self.side).contains(&y)
                && let Ok(index) = u16::try_from(y * self.side + x)
            {
                edits.push(PixelEdit(index, self.color));
            }
        };
        for &(x, y) in points {
            plot(x, y);
            if self.mirror && x != self.side - 1 - x {
                plot(self.side - 1 - x, y);
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

    fn down(tools: Tools, at: Point) -> (ActiveStroke, Vec<PixelEdit>) {
        ActiveStroke::down(tools, StrokeOptions::default(), 8, at, None)
    }

    #[test]
    fn a_fast_pencil_leaves_no_gaps_and_stays_inside() {
        let (mut stroke, edits) = down(tools(Tool::Pencil), (1, 1));
        assert_eq!(edits, [PixelEdit(9, 3)]);
        let edits = stroke.moved((12, 1), false);
        let columns: Vec<u16> = edits.iter().map(|edit| edit.0 - 8).collect();
        assert_eq!(columns, [1, 2, 3, 4, 5, 6, 7]);
        assert!(stroke.preview().is_empty());
    }

    #[test]
    fn shapes_have_a_preview_until_the_release() {
        let (mut stroke, edits) = down(tools(Tool::Line), (0, 0));
        assert!(edits.is_empty());
        assert!(stroke.moved((5, 1), true).is_empty());
        let indices: Vec<u16> = stroke.preview().iter().map(|edit| edit.0).collect();
        assert_eq!(indices, [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn mirrored_strokes_in_the_secondary_colour() {
        let mut mirrored = tools(Tool::Pencil);
        mirrored.mirror = true;
        let options = StrokeOptions {
            ink: Ink::Secondary,
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
