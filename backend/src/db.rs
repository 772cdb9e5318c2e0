//! Queries, grouped by what they are about: free functions over an executor.
//! Nothing here knows of HTTP, sockets or rooms.

pub(crate) mod cells;
pub(crate) mod locks;
pub(crate) mod log;
pub(crate) mod settings;
