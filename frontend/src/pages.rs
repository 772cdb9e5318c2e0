//! One module for each page.

pub mod canvas;
pub mod error;
pub mod inbox;
pub mod invite;
pub mod messages;
pub mod moderation;
pub mod not_found;
pub mod start;
