//! The past of a canvas: moments and areas that requests name, and what is derived from the
//! log so that it can be read quickly, however long it is. Knows nothing of HTTP.

pub(crate) mod area;
pub(crate) mod log;
pub(crate) mod tiles;
