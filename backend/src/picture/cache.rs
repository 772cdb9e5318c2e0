//! A cache of encoded boards, by what was drawn. Concurrent requests for the same
//! picture wait for one encoding of it. It knows neither HTTP nor the database.

use bytes::Bytes;
use moka::future::Cache;
use shared::{
    api::{Canvas, rewrites::Area},
    ids::{CanvasId, Epoch},
};
use std::{
    fmt::Write,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

/// Bytes of encoded pictures in the cache at most.
const CAPACITY: u64 = 64 * 1024 * 1024;
/// Larger pictures are not kept, so that a few of them do not evict all others.
const MAX_PICTURE_BYTES: usize = 16 * 1024 * 1024;

/// What is shown of a canvas, when, and how large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct View {
    /// The cells; none for the whole board.
    pub(crate) area: Option<Area>,
    /// As it was after the event with this `seq`; none for now.
    pub(crate) at: Option<i64>,
    /// Pixels of the picture for one pixel of the board, in both directions.
    pub(crate) scale: usize,
}

/// Which picture: a view of which state of which canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    canvas: CanvasId,
    epoch: Epoch,
    seq: i64,
    /// A hash of the palette, since the past is shown in the colours of today.
    palette: u64,
    view: View,
}

impl Key {
    fn of(canvas: &Canvas, view: View) -> Self {
        let mut palette = DefaultHasher::new();
        canvas.palette.hash(&mut palette);
        Self {
            canvas: canvas.id,
            epoch: canvas.epoch,
            seq: view.at.unwrap_or(canvas.last_seq),
            palette: palette.finish(),
            view,
        }
    }
}

impl View {
    /// What differs between any two different pictures of a canvas.
    pub(crate) fn tag(self, canvas: &Canvas) -> String {
        let key = Key::of(canvas, self);
        let mut tag = format!("{}-{}-{:x}-{}", key.epoch, key.seq, key.palette, self.scale);
        if let Some(Area { x0, y0, x1, y1 }) = self.area {
            // Writing to a string never fails.
            let _ = write!(tag, "-{x0}.{y0}.{x1}.{y1}");
        }
        tag
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
    pub(crate) async fn get(&self, canvas: &Canvas, view: View) -> Option<Picture> {
        self.0.get(&Key::of(canvas, view)).await
    }

    /// The picture of the canvas in this state; `encode` makes it where it is not in
    /// the cache, and may show a newer state.
    ///
    /// # Errors
    /// That of `encode`, the same for all who waited for it.
    pub(crate) async fn get_or_encode<E: Send + Sync + 'static>(
        &self,
        canvas: &Canvas,
        view: View,
        encode: impl Future<Output = Result<Picture, E>>,
    ) -> Result<Picture, Arc<E>> {
        let key = Key::of(canvas, view);
        let picture = self.0.try_get_with(key, encode).await?;
        let shown = Key::of(&picture.canvas, view);
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
