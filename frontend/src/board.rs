//! Drawing the grid and reaching into it: where the view is, what is on
//! screen, what a pointer or a key means. `layers`, `overlay` and `theme`
//! touch the browser; `input` turns its events into deeds; the rest is pure.

pub mod animation;
pub mod gesture;
pub mod input;
pub mod keys;
pub mod observers;
pub mod overlay;
pub mod renderer;
pub mod sample;
pub mod theme;
pub mod tile_cache;
pub mod url;
