//! A cache of encoded boards, by what was drawn. Concurrent requests for the same
//! picture wait for one encoding of it. It knows neither HTTP nor the database.

use bytes::Bytes;
use moka::future::Cache;
use shared::{
    api::Canvas,
    ids::{CanvasId, Epoch},
};
use std::sync::Arc;

/// Bytes of encoded pictures in the cache at most.
const CAPACITY: u64 = 64 * 1024 * 1024;
/// Larger pictures are not kept, so that a few of them do not evict all others.
const MAX_PICTURE_BYTES: usize = 16 * 1024 * 1024;

/// Which picture: of which state of which canvas, and how large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    canvas: CanvasId,
    epoch: Epoch,
    seq: i64,
    scale: usize,
}

impl Key {
    fn of(canvas: &Canvas, scale: usize) -> Self {
        Self {
            canvas: canvas.id,
            epoch: canvas.epoch,
            seq: canvas.last_seq,
            scale,
        }
    }
}

/// A picture and the state of the canvas that it shows.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    pub(crate) canvas: Arc<Canvas>,
    pub(crate) png: Bytes,
}

/// See the module.
pub(crate) struct ImageCache(Cache<Key, Picture>);

impl ImageCache {
    /// An empty cache of at most [`CAPACITY`] bytes.
    pub(crate) fn new() -> Self {
        let cache = Cache::builder()
            .max_capacity(CAPACITY)
            .weigher(|_, picture: &Picture| u32::try_from(picture.png.len()).unwrap_or(u32::MAX))
            .build();
        Self(cache)
    }

    /// The picture of the canvas in this state, if it is in the cache.
    pub(crate) async fn get(&self, canvas: &Canvas, scale: usize) -> Option<Picture> {
        self.0.get(&Key::of(canvas, scale)).await
    }

    /// The picture of the canvas in this state; `encode` makes it where it is not in
    /// the cache, and may show a newer state.
    ///
    /// # Errors
    /// That of `encode`, the same for all who waited for it.
    pub(crate) async fn get_or_encode<E: Send + Sync + 'static>(
        &self,
        canvas: &Canvas,
        scale: usize,
        encode: impl Future<Output = Result<Picture, E>>,
    ) -> Result<Picture, Arc<E>> {
        let key = Key::of(canvas, scale);
        let picture = self.0.try_get_with(key, encode).await?;
        let shown = Key::of(&picture.canvas, scale);
        if picture.png.len() > MAX_PICTURE_BYTES {
            self.0.invalidate(&key).await;
        } else if shown != key {
            // Whoever asks from now on asks for the newer state.
            self.0.invalidate(&key).await;
            self.0.insert(shown, picture.clone()).await;
        }
        Ok(picture)
    }
}
