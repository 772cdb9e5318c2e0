//! The client's plain data types, which every other module may use: the tiles, the viewport.
//! Imports nothing of ours but `shared`; knows no signal, no socket and no page.

pub mod camera;
pub mod tile_store;
