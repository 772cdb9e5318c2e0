//! What the drawing tools do to pixels: strokes, shapes, undo, picture import.
//! All pure; the board passes positions in and paints the edits that come back.

pub mod import;
pub mod quantize;
pub mod raster;
pub mod stroke;
pub mod undo;

pub use crate::model::tools::{Tool, Tools};
