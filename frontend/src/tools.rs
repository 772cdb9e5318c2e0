//! What the drawing tools do to pixels: strokes, shapes, undo, and the match of colours to a palette.
//! All pure; the board passes positions in and paints the edits that come back.

pub mod quantize;
pub mod raster;
pub mod stroke;
pub mod undo;
