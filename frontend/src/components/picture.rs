//! Pictures from outside: decoded within bounds, scaled, and matched to a
//! palette in steps that leave the page responsive.

use crate::{
    board::tile_cache::offscreen_canvas,
    browser,
    model::{
        import_layout::Layout,
        picture_size::{HEADER_BYTES, may_decode, size_of},
    },
    tools::quantize::Matcher,
};
use gloo_timers::future::TimeoutFuture;
use js_sys::{ArrayBuffer, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ImageBitmap, ImageBitmapOptions, ResizeQuality};

/// Largest file in bytes.
const MAX_BYTES: f64 = 32.0 * 1024.0 * 1024.0;
/// Larger pictures are scaled down while they are decoded, to this length of
/// the longer side in pixels. No import is larger.
const MAX_SIDE: u32 = 2048;
/// Milliseconds of work until the browser may do something else.
const SLICE_MS: f64 = 8.0;
/// How far a colour that is read back may be from the one that was painted.
const READ_TOLERANCE: u8 = 8;

/// A decoded picture; frees its memory when it is dropped.
pub struct Picture(ImageBitmap);

/// Why a picture cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// The file has too many bytes, or the picture too many pixels.
    TooLarge,
    /// The browser cannot decode it.
    NoPicture,
    /// The browser protects against fingerprinting and does not give the
    /// pixels of a picture to pages.
    Unreadable,
}

impl Drop for Picture {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Decodes a picture, a wide one at a smaller size. What is too large is not
/// decoded.
///
/// # Errors
/// [`DecodeError`].
pub async fn decode(file: &Blob) -> Result<Picture, DecodeError> {
    if file.size() > MAX_BYTES {
        return Err(DecodeError::TooLarge);
    }
    if !can_read_pixels() {
        return Err(DecodeError::Unreadable);
    }
    let size = size_of(&start_of(file).await.unwrap_or_default());
    if size.is_some_and(|(width, height)| !may_decode(width, height)) {
        return Err(DecodeError::TooLarge);
    }
    let target = size.and_then(
        |(width, height)| match (width > MAX_SIDE, height > MAX_SIDE) {
            (true, _) if width >= height => Some(Side::Width(MAX_SIDE)),
            (_, true) => Some(Side::Height(MAX_SIDE)),
            _ => None,
        },
    );
    let picture = bitmap(file, target).await.ok_or(DecodeError::NoPicture)?;
    let (width, height) = picture.size();
    if may_decode(width, height) {
        Ok(picture)
    } else {
        Err(DecodeError::TooLarge)
    }
}

/// The length of one side in pixels; the other one follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// From left to right.
    Width(u32),
    /// From top to bottom.
    Height(u32),
}

/// Decodes a picture; `side` is what it is scaled to, if it is. None if the
/// browser cannot.
pub async fn bitmap(file: &Blob, side: Option<Side>) -> Option<Picture> {
    let window = browser::window();
    let promise = match side {
        Some(side) => {
            let options = ImageBitmapOptions::new();
            match side {
                Side::Width(width) => options.set_resize_width(width),
                Side::Height(height) => options.set_resize_height(height),
            }
            options.set_resize_quality(ResizeQuality::High);
            window.create_image_bitmap_with_blob_and_image_bitmap_options(file, &options)
        }
        None => window.create_image_bitmap_with_blob(file),
    };
    let decoded = JsFuture::from(promise.ok()?).await.ok()?;
    Some(Picture(decoded.dyn_into().ok()?))
}

/// The first bytes of a file.
async fn start_of(file: &Blob) -> Option<Vec<u8>> {
    let start = file
        .slice_with_i32_and_i32(0, i32::try_from(HEADER_BYTES).ok()?)
        .ok()?;
    let bytes: ArrayBuffer = JsFuture::from(start.array_buffer())
        .await
        .ok()?
        .dyn_into()
        .ok()?;
    Some(Uint8Array::new(&bytes).to_vec())
}

impl Picture {
    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.0.width(), self.0.height())
    }

    /// The picture at its new size, in the palette's colours. None if
    /// `is_current` becomes false before it is done.
    pub async fn matched(
        &self,
        layout: &Layout,
        palette: &[[u8; 3]],
        dither: bool,
        is_current: impl Fn() -> bool,
    ) -> Option<Vec<u8>> {
        // A slider that is moved sends many changes before the next frame.
        TimeoutFuture::new(0).await;
        if !is_current() {
            return None;
        }
        let rgba = self.scaled(layout)?;
        let width = usize::try_from(layout.pixels().0).ok()?;
        let mut matcher = Matcher::new(palette, width, dither);
        let mut started = browser::monotonic_ms();
        for row in rgba.chunks_exact(width.max(1) * 4) {
            matcher.push_rows(row);
            if browser::monotonic_ms() - started > SLICE_MS {
                TimeoutFuture::new(0).await;
                if !is_current() {
                    return None;
                }
                started = browser::monotonic_ms();
            }
        }
        Some(matcher.into_indices())
    }

    /// The picture within its tiles, as RGBA.
    fn scaled(&self, layout: &Layout) -> Option<Vec<u8>> {
        let (width, height) = layout.pixels();
        let (_, context) = offscreen_canvas(width, height)?;
        let shrinks = u32::try_from(layout.width).is_ok_and(|width| width < self.0.width());
        context.set_image_smoothing_enabled(shrinks);
        // Not supported by every browser; the default quality is acceptable.
        let _ = Reflect::set(&context, &"imageSmoothingQuality".into(), &"high".into());
        let (x, y) = layout.margin();
        context
            .draw_image_with_image_bitmap_and_dw_and_dh(
                &self.0,
                x.into(),
                y.into(),
                layout.width.into(),
                layout.height.into(),
            )
            .ok()?;
        let data = context.get_image_data(0.0, 0.0, width.into(), height.into());
        Some(data.ok()?.data().0)
    }

    /// Draws it on a canvas of its size and returns it as a file; none if the
    /// browser does not give it.
    pub async fn to_png(&self) -> Option<Blob> {
        let (width, height) = self.size();
        let (canvas, context) =
            offscreen_canvas(i32::try_from(width).ok()?, i32::try_from(height).ok()?)?;
        context
            .draw_image_with_image_bitmap(&self.0, 0.0, 0.0)
            .ok()?;
        let promise = js_sys::Promise::new(&mut |done, _| {
            if canvas.to_blob(&done).is_err() {
                // Fails only for a canvas without pixels.
                let _ = done.call1(&JsValue::NULL, &JsValue::NULL);
            }
        });
        JsFuture::from(promise).await.ok()?.dyn_into().ok()
    }
}

/// Whether this browser gives the pixels of a canvas to the page as they are,
/// or nearly so. With protection against fingerprinting, some give others.
pub fn can_read_pixels() -> bool {
    const PAINTED: [(&str, [u8; 3]); 4] = [
        ("#f03c14", [240, 60, 20]),
        ("#0a8cdc", [10, 140, 220]),
        ("#000000", [0, 0, 0]),
        ("#5ac850", [90, 200, 80]),
    ];
    let read = || {
        let (_, context) = offscreen_canvas(8, 8)?;
        for (x, (color, _)) in (0..).zip(PAINTED) {
            context.set_fill_style_str(color);
            context.fill_rect(f64::from(x * 2), 0.0, 2.0, 8.0);
        }
        Some(context.get_image_data(0.0, 0.0, 8.0, 8.0).ok()?.data().0)
    };
    let Some(rgba) = read() else { return false };
    rgba.chunks_exact(4).enumerate().all(|(index, pixel)| {
        let (_, painted) = PAINTED[index % 8 / 2];
        pixel
            .iter()
            .zip(painted)
            .all(|(read, painted)| read.abs_diff(painted) <= READ_TOLERANCE)
    })
}
