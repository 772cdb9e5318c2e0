//! A tool at work: from the press of a button to its release. Pure; gives the
//! dots to paint now and the dots to show for the time being.

use super::{
    Tool, Tools,
    raster::{self, Spot},
};
use shared::pixels::{Dot, Pixels, TRANSPARENT};

/// One press of a drawing tool in one tile.
#[derive(Clone, Debug)]
pub struct Hand {
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
pub struct Grip {
    /// With the second colour (the right button).
    pub second: bool,
    /// Shift: from here in a straight line.
    pub from: Option<Spot>,
}

impl Hand {
    /// Puts the tool down. Gives the dots to paint at once.
    pub fn down(
        tools: Tools,
        grip: Grip,
        side: i32,
        at: Spot,
        pixels: Option<&Pixels>,
    ) -> (Self, Vec<Dot>) {
        let color = match (tools.tool, grip.second) {
            (Tool::Eraser, _) => TRANSPARENT,
            (_, true) => tools.secondary,
            (_, false) => tools.primary,
        };
        let hand = Self {
            tool: tools.tool,
            color,
            mirror: tools.mirror,
            side,
            start: at,
            last: at,
            end: at,
        };
        let spots = match tools.tool {
            Tool::Pencil | Tool::Eraser => raster::line(grip.from.unwrap_or(at), at),
            Tool::Fill => raster::region(pixels, side, at),
            Tool::Line | Tool::Rectangle | Tool::Circle | Tool::Picker => Vec::new(),
        };
        let dots = hand.dots(&spots);
        (hand, dots)
    }

    /// The tool moved. Gives the dots to paint at once.
    pub fn moved(&mut self, to: Spot, shift: bool) -> Vec<Dot> {
        self.end = match (self.tool, shift) {
            (Tool::Line, true) => raster::straighten(self.start, to),
            (Tool::Rectangle | Tool::Circle, true) => raster::square(self.start, to),
            _ => to,
        };
        let from = std::mem::replace(&mut self.last, to);
        match self.tool {
            Tool::Pencil | Tool::Eraser if from != to => self.dots(&raster::line(from, to)),
            _ => Vec::new(),
        }
    }

    /// What a shape would be if the tool were lifted now.
    pub fn preview(&self) -> Vec<Dot> {
        let spots = match self.tool {
            Tool::Line => raster::line(self.start, self.end),
            Tool::Rectangle => raster::rectangle(self.start, self.end),
            Tool::Circle => raster::ellipse(self.start, self.end),
            Tool::Pencil | Tool::Eraser | Tool::Fill | Tool::Picker => return Vec::new(),
        };
        self.dots(&spots)
    }

    /// Where the tool is, for a straight line from there.
    pub fn end(&self) -> Spot {
        self.end
    }

    /// Spots as dots: those inside the tile, with their mirror images.
    fn dots(&self, spots: &[Spot]) -> Vec<Dot> {
        let mut dots = Vec::with_capacity(spots.len());
        let mut put = |x: i32, y: i32| {
            if (0..self.side).contains(&x)
                && (0..self.side).contains(&y)
                && let Ok(index) = u16::try_from(y * self.side + x)
            {
                dots.push(Dot(index, self.color));
            }
        };
        for &(x, y) in spots {
            put(x, y);
            if self.mirror && x != self.side - 1 - x {
                put(self.side - 1 - x, y);
            }
        }
        dots
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

    fn down(tools: Tools, at: Spot) -> (Hand, Vec<Dot>) {
        Hand::down(tools, Grip::default(), 8, at, None)
    }

    #[test]
    fn a_fast_pencil_leaves_no_holes_and_stays_inside() {
        let (mut hand, dots) = down(tools(Tool::Pencil), (1, 1));
        assert_eq!(dots, [Dot(9, 3)]);
        let dots = hand.moved((12, 1), false);
        let columns: Vec<u16> = dots.iter().map(|dot| dot.0 - 8).collect();
        assert_eq!(columns, [1, 2, 3, 4, 5, 6, 7]);
        assert!(hand.preview().is_empty());
    }

    #[test]
    fn shapes_are_shown_first_and_painted_on_release() {
        let (mut hand, dots) = down(tools(Tool::Line), (0, 0));
        assert!(dots.is_empty());
        assert!(hand.moved((5, 1), true).is_empty());
        let indices: Vec<u16> = hand.preview().iter().map(|dot| dot.0).collect();
        assert_eq!(indices, [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn mirror_and_second_colour() {
        let mut mirrored = tools(Tool::Pencil);
        mirrored.mirror = true;
        let grip = Grip {
            second: true,
            from: None,
        };
        let (_, dots) = Hand::down(mirrored, grip, 8, (1, 0), None);
        assert_eq!(dots, [Dot(1, 5), Dot(6, 5)]);
    }

    #[test]
    fn the_eraser_makes_transparent() {
        let (_, dots) = down(tools(Tool::Eraser), (0, 1));
        assert_eq!(dots, [Dot(8, TRANSPARENT)]);
    }
}
