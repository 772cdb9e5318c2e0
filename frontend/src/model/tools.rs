//! The drawing tools and the state of the tool bar: selected tool, colours,
//! mirror.

/// A drawing tool; the letter in each description is its keyboard shortcut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tool {
    /// Draws a freehand line. `P`
    #[default]
    Pencil,
    /// Makes pixels transparent. `E`
    Eraser,
    /// Fills the connected area of one colour. `F`
    Fill,
    /// Draws a straight line. `L`
    Line,
    /// Draws the outline of a rectangle. `R`
    Rectangle,
    /// Draws the outline of an ellipse. `C`
    Circle,
    /// Picks a colour from the board. `I`, or Alt with any tool.
    Picker,
}

impl Tool {
    /// Every tool, in the order of the tool bar.
    pub const ALL: [Self; 7] = [
        Self::Pencil,
        Self::Eraser,
        Self::Fill,
        Self::Line,
        Self::Rectangle,
        Self::Circle,
        Self::Picker,
    ];

    /// Whether the tool shows a preview while dragging and paints on release.
    pub fn is_shape(self) -> bool {
        match self {
            Self::Line | Self::Rectangle | Self::Circle => true,
            Self::Pencil | Self::Eraser | Self::Fill | Self::Picker => false,
        }
    }
}

/// With which end or button a stroke is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ink {
    /// The primary colour: left button, pen, finger.
    #[default]
    Primary,
    /// The secondary colour: right button, or the button of a pen.
    Secondary,
    /// The eraser end of a pen, which erases with any tool.
    Eraser,
}

/// The state of the tool bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tools {
    /// The selected tool.
    pub tool: Tool,
    /// Palette index of the left button, or `TRANSPARENT`.
    pub primary: u8,
    /// Palette index of the right button, or `TRANSPARENT`.
    pub secondary: u8,
    /// Whether strokes are mirrored at the vertical axis of the tile. `M`
    pub mirror: bool,
}

impl Default for Tools {
    fn default() -> Self {
        Self {
            tool: Tool::default(),
            primary: 0,
            secondary: 1,
            mirror: false,
        }
    }
}

impl Tools {
    /// Selects the colours to start with: the most saturated one as the primary
    /// colour, because it is visible on every background, and the lightest one
    /// as the secondary.
    pub fn set_default_colors(&mut self, palette: &[[u8; 3]]) {
        let best = |measure: fn(&[u8; 3]) -> u32| {
            let colors = palette.iter().zip(0u8..);
            colors
                .max_by_key(|(color, index)| (measure(color), u8::MAX - index))
                .map(|(_, index)| index)
                .unwrap_or_default()
        };
        self.primary = best(|[r, g, b]| {
            let (high, low) = ((*r).max(*g).max(*b), (*r).min(*g).min(*b));
            u32::from(high - low)
        });
        self.secondary = best(|rgb| rgb.iter().copied().map(u32::from).sum());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_default_colours_are_a_saturated_and_a_light_one() {
        let mut tools = Tools::default();
        tools.set_default_colors(&[[0, 0, 0], [250, 250, 250], [255, 0, 70], [90, 90, 200]]);
        assert_eq!((tools.primary, tools.secondary), (2, 1));
        tools.set_default_colors(&[]);
        assert_eq!((tools.primary, tools.secondary), (0, 0));
    }
}
