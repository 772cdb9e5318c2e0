//! The drawing tools: strokes, shapes, undo, and the reduction of images to a
//! palette. All modules are pure: the board passes positions in and paints the
//! returned edits.

pub mod quantize;
pub mod raster;
pub mod stroke;
pub mod undo;
