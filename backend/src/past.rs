//! The past of a canvas: moments and areas that requests name, and what is derived from the
//! log so that it can be read quickly, however long it is. Knows nothing of HTTP.

pub(crate) mod archive;
pub(crate) mod area;
pub(crate) mod cells;
pub(crate) mod film;
pub(crate) mod filming;
pub(crate) mod index;
pub(crate) mod log;
pub(crate) mod moment;
pub(crate) mod tiles;
pub(crate) mod timeline;

/// What a step of work in the background did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing was to be done.
    Idle,
    /// Some work; there may be more.
    Done,
}
