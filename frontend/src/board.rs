//! Drawing the grid and reaching into it: where the view is, what is on
//! screen, what a pointer or a key means. `layers`, `overlay` and `theme`
//! touch the browser; `input` turns its events into deeds; the rest is pure.

pub mod camera;
pub mod flight;
pub mod gesture;
pub mod input;
pub mod keys;
pub mod layers;
pub mod observers;
pub mod overlay;
pub mod place;
pub mod sample;
pub mod stage;
pub mod theme;
