//! A smooth move of the camera. Pure.

use crate::model::camera::Camera;

/// Milliseconds of a move.
const DURATION_MS: f64 = 220.0;

/// From one camera to another.
#[derive(Clone, Copy, Debug)]
pub struct CameraAnimation {
    from: Camera,
    to: Camera,
    started_at: f64,
}

impl CameraAnimation {
    /// Begins to move. Times in milliseconds of one clock.
    pub fn new(from: Camera, to: Camera, now: f64) -> Self {
        Self {
            from,
            to,
            started_at: now,
        }
    }

    /// Where it leads.
    pub fn target(&self) -> Camera {
        self.to
    }

    /// The camera at this time, and whether it has arrived. Zoom moves by
    /// equal factors, and the place in step with it, so that zooming in keeps
    /// its aim.
    pub fn at(&self, now: f64) -> (Camera, bool) {
        let part = (now - self.started_at) / DURATION_MS;
        if part >= 1.0 {
            return (self.to, true);
        }
        let eased = 1.0 - (1.0 - part.max(0.0)).powi(3);
        let (from, to) = (self.from, self.to);
        let ratio = to.zoom / from.zoom;
        let zoom = from.zoom * ratio.powf(eased);
        let share = if (ratio - 1.0).abs() < 0.01 {
            eased
        } else {
            // The part of the way in screen terms at this zoom.
            (1.0 / from.zoom - 1.0 / zoom) / (1.0 / from.zoom - 1.0 / to.zoom)
        };
        let camera = Camera {
            x: from.x + (to.x - from.x) * share,
            y: from.y + (to.y - from.y) * share,
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
    fn it_begins_where_it_was_and_arrives() {
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
