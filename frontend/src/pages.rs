//! One module for each page.

pub mod canvas;
pub mod error;
pub mod invite;
pub mod not_found;
pub mod start;
