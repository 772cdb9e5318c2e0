//! The board: draws the tiles and turns pointer and key events into calls of
//! the session. `renderer`, `tile_cache`, `grid_lines`, `ghost`, `overlay`, `theme` and
//! `observers` use the browser's canvas and style API; `input` listens to DOM
//! events. The other modules are pure and are tested on the host.

pub mod animation;
pub mod gesture;
pub mod ghost;
pub mod grid_lines;
pub mod input;
pub mod keys;
pub mod observers;
pub mod overlay;
pub mod pins;
pub mod renderer;
pub mod sample;
pub mod theme;
pub mod tile_cache;
pub mod url;
