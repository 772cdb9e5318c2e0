//! Moves the camera smoothly from one position to another. Pure: the renderer
//! passes the time in.

use crate::model::camera::Camera;

/// Duration of an animation, in milliseconds.
const DURATION_MS: f64 = 220.0;

/// An animation from one camera to another.
#[derive(Clone, Copy, Debug)]
pub struct CameraAnimation {
    from: Camera,
    to: Camera,
    started_at: f64,
}

impl CameraAnimation {
    /// Starts an animation. `now` is in milliseconds, of the same clock as in
    /// [`CameraAnimation::at`].
    pub fn new(from: Camera, to: Camera, now: f64) -> Self {
        Self {
            from,
            to,
            started_at: now,
        }
    }

    /// The camera at the end of the animation.
    pub fn target(&self) -> Camera {
        self.to
    }

    /// The camera at the time `now`, and whether the animation has ended. The
    /// zoom changes by equal factors in equal times. The position changes in
    /// step with it, so that the target stays at the same screen position while
    /// zooming in.
    pub fn at(&self, now: f64) -> (Camera, bool) {
        let progress = (now - self.started_at) / DURATION_MS;
        if progress >= 1.0 {
            return (self.to, true);
        }
        let eased = 1.0 - (1.0 - progress.max(0.0)).powi(3);
        let (from, to) = (self.from, self.to);
        let ratio = to.zoom / from.zoom;
        let zoom = from.zoom * ratio.powf(eased);
        let pan_share = if (ratio - 1.0).abs() < 0.01 {
            eased
        } else {
            // The travelled share of the distance, measured on screen at this
            // zoom.
            (1.0 / from.zoom - 1.0 / zoom) / (1.0 / from.zoom - 1.0 / to.zoom)
        };
        let camera = Camera {
            x: from.x + (to.x - from.x) * pan_share,
            y: from.y + (to.y - from.y) * pan_share,
            zoom,
        };
        (camera, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn an_animation_starts_at_from_and_ends_at_to() {
        let from = Camera {
            x: 10.0,
            y: 20.0,
            zoom: 0.5,
        };
        let to = Camera {
            x: 400.0,
            y: 90.0,
            zoom: 16.0,
        };
        let animation = CameraAnimation::new(from, to, 1_000.0);
        let (start, arrived) = animation.at(1_000.0);
        assert!((start.x - 10.0).abs() < 1e-9 && (start.zoom - 0.5).abs() < 1e-9);
        assert!(!arrived);
        let (middle, _) = animation.at(1_100.0);
        assert!(middle.x > 10.0 && middle.x < 400.0 && middle.zoom > 0.5);
        assert_eq!(animation.at(5_000.0), (to, true));
    }
}
