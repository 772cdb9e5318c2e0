//! The camera and the viewport of the board, with all conversions between board
//! pixels and CSS pixels. Pure.

use shared::canvas::{Coord, Grid};

/// The position and zoom of the view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// Board pixels from the left edge of the board to the centre of the view.
    pub x: f64,
    /// Board pixels from the top edge of the board to the centre of the view.
    pub y: f64,
    /// CSS pixels per board pixel.
    pub zoom: f64,
}

impl Default for Camera {
    fn default() -> Self {
        Self {
            x: 0.0,
            y: 0.0,
            zoom: 1.0,
        }
    }
}

/// A camera with the size of the board element, in CSS pixels. Positions in the
/// viewport are CSS pixels from its upper left corner.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Viewport {
    /// The position and zoom.
    pub camera: Camera,
    /// CSS pixels from left to right.
    pub width: f64,
    /// CSS pixels from top to bottom.
    pub height: f64,
}

/// A request to move the camera. Components set it through `Session::fly_to`;
/// the board's renderer carries it out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CameraCommand {
    /// Centres this tile, close enough to see it; keeps a closer zoom.
    Tile(Coord),
    /// Zooms so that this tile fills the viewport.
    FitTile(Coord),
    /// Moves to this camera.
    Camera(Camera),
    /// Shows the whole board.
    Fit,
    /// Zooms by this factor about the centre of the viewport.
    Zoom(f64),
}

/// Greatest zoom, in CSS pixels per board pixel.
pub const MAX_ZOOM: f64 = 64.0;

/// Share of the viewport that a fitted tile or board covers.
const FIT_SHARE: f64 = 0.82;

impl Viewport {
    /// Converts a position in the viewport to board pixels.
    pub fn to_board(&self, x: f64, y: f64) -> (f64, f64) {
        let Camera { x: cx, y: cy, zoom } = self.camera;
        (
            cx + (x - self.width / 2.0) / zoom,
            cy + (y - self.height / 2.0) / zoom,
        )
    }

    /// Converts a position in board pixels to the viewport.
    pub fn to_screen(&self, x: f64, y: f64) -> (f64, f64) {
        let Camera { x: cx, y: cy, zoom } = self.camera;
        (
            (x - cx) * zoom + self.width / 2.0,
            (y - cy) * zoom + self.height / 2.0,
        )
    }

    /// The smallest zoom: half the one at which the whole board fits, at most
    /// 1.
    pub fn min_zoom(&self, grid: &Grid) -> f64 {
        (self.fit_zoom(grid) / 2.0).min(1.0)
    }

    /// The zoom at which the whole board fits into the viewport.
    pub fn fit_zoom(&self, grid: &Grid) -> f64 {
        let (width, height) = board_size(grid);
        let zoom = (self.width / width).min(self.height / height) * FIT_SHARE;
        if zoom.is_finite() && zoom > 0.0 {
            zoom.min(MAX_ZOOM)
        } else {
            1.0
        }
    }

    /// The camera that shows the whole board.
    pub fn fit(&self, grid: &Grid) -> Camera {
        let (width, height) = board_size(grid);
        Camera {
            x: width / 2.0,
            y: height / 2.0,
            zoom: self.fit_zoom(grid),
        }
    }

    /// The camera that fits a tile into the viewport, except for `covered` CSS
    /// pixels at its left.
    pub fn fit_tile(&self, grid: &Grid, at: Coord, covered: f64) -> Camera {
        let side = f64::from(grid.tile_size);
        let zoom = ((self.width - covered).min(self.height) / side) * FIT_SHARE;
        let zoom = zoom.clamp(self.min_zoom(grid), MAX_ZOOM);
        let center = center_of(grid, at);
        Camera {
            x: center.x - covered / 2.0 / zoom,
            zoom,
            ..center
        }
    }

    /// Whether a tile is completely in view.
    pub fn contains_tile(&self, grid: &Grid, at: Coord) -> bool {
        let (x, y, side) = self.tile_rect(grid, at);
        x >= 0.0 && y >= 0.0 && x + side <= self.width && y + side <= self.height
    }

    /// The camera that centres a tile and shows it with at least a fifth of the
    /// viewport's size.
    pub fn center_on(&self, grid: &Grid, at: Coord) -> Camera {
        let side = f64::from(grid.tile_size);
        let min_zoom = self.width.min(self.height) / side / 5.0;
        Camera {
            zoom: self.camera.zoom.max(min_zoom).min(MAX_ZOOM),
            ..center_of(grid, at)
        }
    }

    /// Moves the picture by CSS pixels.
    pub fn pan(&mut self, dx: f64, dy: f64, grid: &Grid) {
        self.camera.x -= dx / self.camera.zoom;
        self.camera.y -= dy / self.camera.zoom;
        self.clamp_to(grid);
    }

    /// Zooms by `factor` about a position in the viewport, which keeps showing
    /// the same board position.
    pub fn zoom_at(&mut self, x: f64, y: f64, factor: f64, grid: &Grid) {
        let (bx, by) = self.to_board(x, y);
        let zoom = (self.camera.zoom * factor).clamp(self.min_zoom(grid), MAX_ZOOM);
        self.camera = Camera {
            x: bx - (x - self.width / 2.0) / zoom,
            y: by - (y - self.height / 2.0) / zoom,
            zoom,
        };
        self.clamp_to(grid);
    }

    /// Clamps the position to the board and the zoom to its bounds.
    pub fn clamp_to(&mut self, grid: &Grid) {
        let (width, height) = board_size(grid);
        let camera = &mut self.camera;
        if !(camera.x.is_finite() && camera.y.is_finite() && camera.zoom.is_finite()) {
            *camera = Camera::default();
        }
        camera.x = camera.x.clamp(0.0, width);
        camera.y = camera.y.clamp(0.0, height);
        let min_zoom = self.min_zoom(grid);
        self.camera.zoom = self.camera.zoom.clamp(min_zoom, MAX_ZOOM);
    }

    /// The cell at a position in the viewport; none outside the board.
    pub fn cell_at(&self, x: f64, y: f64, grid: &Grid) -> Option<Coord> {
        let (bx, by) = self.to_board(x, y);
        let side = f64::from(grid.tile_size);
        let at = Coord {
            x: floor(bx / side),
            y: floor(by / side),
        };
        grid.contains(at).then_some(at)
    }

    /// Left, top and side of a tile in the viewport.
    pub fn tile_rect(&self, grid: &Grid, at: Coord) -> (f64, f64, f64) {
        let side = f64::from(grid.tile_size);
        let (x, y) = self.to_screen(f64::from(at.x) * side, f64::from(at.y) * side);
        (x, y, side * self.camera.zoom)
    }

    /// The first and the last cell that are at least partly in view; none if
    /// the board is not in view.
    pub fn visible(&self, grid: &Grid) -> Option<(Coord, Coord)> {
        let side = f64::from(grid.tile_size);
        let (left, top) = self.to_board(0.0, 0.0);
        let (right, bottom) = self.to_board(self.width, self.height);
        let first = Coord {
            x: floor(left / side).max(0),
            y: floor(top / side).max(0),
        };
        let last = Coord {
            x: floor(right / side).min(grid.width - 1),
            y: floor(bottom / side).min(grid.height - 1),
        };
        (first.x <= last.x && first.y <= last.y).then_some((first, last))
    }
}

/// The cell of a board pixel; none outside the board.
pub fn cell_of(grid: &Grid, x: i32, y: i32) -> Option<Coord> {
    let at = Coord {
        x: x.div_euclid(grid.tile_size),
        y: y.div_euclid(grid.tile_size),
    };
    grid.contains(at).then_some(at)
}

/// Width and height of the board in board pixels.
pub fn board_size(grid: &Grid) -> (f64, f64) {
    (
        f64::from(grid.width) * f64::from(grid.tile_size),
        f64::from(grid.height) * f64::from(grid.tile_size),
    )
}

/// Rounds down to an integer. Saturates, far beyond the size of a board.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
pub fn floor(value: f64) -> i32 {
    value.floor() as i32
}

/// A camera at the centre of a tile, with zoom 1.
fn center_of(grid: &Grid, at: Coord) -> Camera {
    let side = f64::from(grid.tile_size);
    Camera {
        x: (f64::from(at.x) + 0.5) * side,
        y: (f64::from(at.y) + 0.5) * side,
        zoom: 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const GRID: Grid = Grid {
        width: 10,
        height: 5,
        tile_size: 32,
        palette: 16,
    };

    fn viewport() -> Viewport {
        let mut viewport = Viewport {
            camera: Camera::default(),
            width: 800.0,
            height: 600.0,
        };
        viewport.camera = viewport.fit(&GRID);
        viewport
    }

    #[test]
    fn to_screen_is_the_inverse_of_to_board() {
        let viewport = viewport();
        let (bx, by) = viewport.to_board(123.0, 456.0);
        let (x, y) = viewport.to_screen(bx, by);
        assert!((x - 123.0).abs() < 1e-9 && (y - 456.0).abs() < 1e-9);
    }

    #[test]
    fn zooming_keeps_the_position_under_the_pointer() {
        let mut viewport = viewport();
        let before = viewport.to_board(300.0, 310.0);
        viewport.zoom_at(300.0, 310.0, 3.0, &GRID);
        let after = viewport.to_board(300.0, 310.0);
        assert!((before.0 - after.0).abs() < 1e-9);
        assert!((before.1 - after.1).abs() < 1e-9);
    }

    #[test]
    fn zoom_and_position_stay_within_bounds() {
        let mut viewport = viewport();
        viewport.zoom_at(0.0, 0.0, 1e9, &GRID);
        assert!((viewport.camera.zoom - MAX_ZOOM).abs() < 1e-9);
        viewport.zoom_at(0.0, 0.0, 1e-9, &GRID);
        assert!((viewport.camera.zoom - viewport.min_zoom(&GRID)).abs() < 1e-9);
        viewport.pan(1e9, -1e9, &GRID);
        assert!(viewport.camera.x.abs() < 1e-9);
        assert!((viewport.camera.y - 160.0).abs() < 1e-9);
    }

    #[test]
    fn a_fitted_tile_is_completely_in_view_and_its_cell_is_hit() {
        let mut viewport = viewport();
        let at = Coord { x: 7, y: 2 };
        for covered in [0.0, 300.0] {
            viewport.camera = viewport.fit_tile(&GRID, at, covered);
            let (x, y, side) = viewport.tile_rect(&GRID, at);
            assert!(x > covered && y > 0.0 && x + side < 800.0 && y + side < 600.0);
            assert!(
                viewport.contains_tile(&GRID, at)
                    && !viewport.contains_tile(&GRID, Coord { x: 6, y: 2 })
            );
            assert_eq!(viewport.cell_at(400.0, 300.0, &GRID), Some(at));
            assert_eq!(viewport.cell_at(x + 1.0, y + 1.0, &GRID), Some(at));
        }
    }

    #[test]
    fn only_what_is_on_the_board_is_visible() {
        let viewport = viewport();
        assert_eq!(
            viewport.visible(&GRID),
            Some((Coord { x: 0, y: 0 }, Coord { x: 9, y: 4 }))
        );
        assert_eq!(viewport.cell_at(1.0, 1.0, &GRID), None);
    }
}
