//! The drawing tools: which one is in the hand, and what it does to pixels.
//! All pure; the board feeds it positions and dispatches the dots it gives.

pub mod hand;
pub mod raster;
pub mod undo;

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
