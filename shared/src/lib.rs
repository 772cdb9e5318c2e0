//! What the Stellar Canvas server and its browser client have in common: the
//! messages, the HTTP bodies, the rules of a canvas and the limits.
//!
//! This crate does no I/O, reads no clock and knows nothing of async, so the
//! very same code runs in the server and in the browser.

pub mod api;
pub mod canvas;
pub mod ids;
pub mod limits;
pub mod pixels;
pub mod presence;
pub mod protocol;
pub mod text;
pub mod time;
