//! The code that the Stellar Canvas server and its browser client share: the
//! WebSocket messages, the HTTP bodies, the rules of a canvas and the limits.
//!
//! This crate does no I/O, reads no clock and has no async code, so that the
//! same code runs in the server and in the browser.

pub mod api;
pub mod canvas;
pub mod ids;
pub mod limits;
pub mod mentions;
pub mod pixels;
pub mod presence;
pub mod protocol;
pub mod text;
pub mod time;
