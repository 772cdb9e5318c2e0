//! Which drawing tool is chosen, and its colours.

/// What is in the hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tool {
    /// Draws freely. `P`
    #[default]
    Pencil,
    /// Makes transparent. `E`
    Eraser,
    /// Fills what hangs together. `F`
    Fill,
    /// A straight line. `L`
    Line,
    /// A rectangle's outline. `R`
    Rectangle,
    /// An ellipse's outline. `C`
    Circle,
    /// Takes a colour from the board. `I`, or Alt with any tool.
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

    /// Whether it is drawn from one place to another and shown on the way.
    pub fn is_shape(self) -> bool {
        match self {
            Self::Line | Self::Rectangle | Self::Circle => true,
            Self::Pencil | Self::Eraser | Self::Fill | Self::Picker => false,
        }
    }
}

/// The state of the tool bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tools {
    /// What is in the hand.
    pub tool: Tool,
    /// Palette index of the left button, or `TRANSPARENT`.
    pub primary: u8,
    /// Palette index of the right button, or `TRANSPARENT`.
    pub secondary: u8,
    /// Draws on the other half too, left and right exchanged. `M`
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
    /// The colours to begin with: the most vivid one, seen on every ground,
    /// and the lightest.
    pub fn begin_with(&mut self, palette: &[[u8; 3]]) {
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
    fn one_begins_with_a_vivid_colour_and_a_light_one() {
        let mut tools = Tools::default();
        tools.begin_with(&[[0, 0, 0], [250, 250, 250], [255, 0, 70], [90, 90, 200]]);
        assert_eq!((tools.primary, tools.secondary), (2, 1));
        tools.begin_with(&[]);
        assert_eq!((tools.primary, tools.secondary), (0, 0));
    }
}
