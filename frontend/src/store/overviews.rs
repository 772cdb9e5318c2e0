//! Pictures of the board as it was, by the event after which it was so.

use shared::api::rewrites::Area;
use std::collections::BTreeMap;
use web_sys::ImageBitmap;

/// The pictures that are there.
pub type Overviews = BTreeMap<i64, Overview>;

/// A decoded picture; frees its memory when it is dropped.
pub struct Overview {
    /// The picture.
    pub bitmap: ImageBitmap,
    /// The cells that it shows.
    pub area: Area,
}

impl Drop for Overview {
    fn drop(&mut self) {
        self.bitmap.close();
    }
}
