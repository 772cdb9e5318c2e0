//! Rasterizes lines, rectangles and ellipses, and finds the area of a flood
//! fill. Pure geometry; callers clip the points and add the colour.

use shared::pixels::{Pixels, TRANSPARENT};
use std::collections::BTreeSet;

/// Column and row of a pixel in a tile; it may lie outside the tile.
pub type Point = (i32, i32);

/// A straight line including both ends (Bresenham).
pub fn line(from: Point, to: Point) -> Vec<Point> {
    let (dx, dy) = ((to.0 - from.0).abs(), -(to.1 - from.1).abs());
    let (sx, sy) = ((to.0 - from.0).signum(), (to.1 - from.1).signum());
    let (mut x, mut y) = from;
    let mut error = dx + dy;
    let mut points = vec![(x, y)];
    while (x, y) != to {
        let twice = 2 * error;
        if twice >= dy {
            error += dy;
            x += sx;
        }
        if twice <= dx {
            error += dx;
            y += sy;
        }
        points.push((x, y));
    }
    points
}

/// The outline of the rectangle between two corners.
pub fn rectangle(a: Point, b: Point) -> Vec<Point> {
    let (left, right) = (a.0.min(b.0), a.0.max(b.0));
    let (top, bottom) = (a.1.min(b.1), a.1.max(b.1));
    let mut points = BTreeSet::new();
    for x in left..=right {
        points.extend([(x, top), (x, bottom)]);
    }
    for y in top..=bottom {
        points.extend([(left, y), (right, y)]);
    }
    points.into_iter().collect()
}

/// The outline of the ellipse inscribed in the rectangle between two corners
/// (Zingl, "A Rasterizing Algorithm for Drawing Curves", 2012).
pub fn ellipse(a: Point, b: Point) -> Vec<Point> {
    let (mut x0, mut x1) = (i64::from(a.0.min(b.0)), i64::from(a.0.max(b.0)));
    let (top, bottom) = (i64::from(a.1.min(b.1)), i64::from(a.1.max(b.1)));
    let width = x1 - x0;
    let height = bottom - top;
    let parity = height & 1;
    let mut dx = 4 * (1 - width) * height * height;
    let mut dy = 4 * (parity + 1) * width * width;
    let mut error = dx + dy + parity * width * width;
    let mut y0 = top + (height + 1) / 2;
    let mut y1 = y0 - parity;
    let grow_x = 8 * height * height;
    let grow_y = 8 * width * width;
    let mut points = BTreeSet::new();
    let mut plot = |x: i64, y: i64| {
        if let (Ok(x), Ok(y)) = (i32::try_from(x), i32::try_from(y)) {
            points.insert((x, y));
        }
    };
    while x0 <= x1 {
        plot(x1, y0);
        plot(x0, y0);
        plot(x0, y1);
        plot(x1, y1);
        let twice = 2 * error;
        if twice <= dy {
            y0 += 1;
            y1 -= 1;
            dy += grow_y;
            error += dy;
        }
        if twice >= dx || 2 * error > dy {
            x0 += 1;
            x1 -= 1;
            dx += grow_x;
            error += dx;
        }
    }
    // For very flat ellipses the loop ends too early.
    while y0 - y1 <= height {
        plot(x0 - 1, y0);
        plot(x1 + 1, y0);
        plot(x0 - 1, y1);
        plot(x1 + 1, y1);
        y0 += 1;
        y1 -= 1;
    }
    points.into_iter().collect()
}

/// The points of a flood fill: all pixels of the same colour that are connected
/// to `start` by their sides. Empty if `start` is outside the tile.
pub fn region(pixels: Option<&Pixels>, side: i32, start: Point) -> Vec<Point> {
    let color = |(x, y): Point| {
        let inside = (0..side).contains(&x) && (0..side).contains(&y);
        let index = usize::try_from(y * side + x).ok().filter(|_| inside)?;
        Some(pixels.map_or(TRANSPARENT, |pixels| {
            pixels.as_bytes().get(index).copied().unwrap_or(TRANSPARENT)
        }))
    };
    let Some(target_color) = color(start) else {
        return Vec::new();
    };
    let mut visited = BTreeSet::from([start]);
    let mut stack = vec![start];
    while let Some((x, y)) = stack.pop() {
        for next in [(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)] {
            if color(next) == Some(target_color) && visited.insert(next) {
                stack.push(next);
            }
        }
    }
    visited.into_iter().collect()
}

/// Moves the end `to` so that the line is horizontal, vertical or diagonal.
pub fn straighten(from: Point, to: Point) -> Point {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (width, height) = (dx.abs(), dy.abs());
    if width > 2 * height {
        (to.0, from.1)
    } else if height > 2 * width {
        (from.0, to.1)
    } else {
        square(from, to)
    }
}

/// Moves the corner `to` so that the rectangle is a square.
pub fn square(from: Point, to: Point) -> Point {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let side = dx.abs().max(dy.abs());
    let sign = |d: i32| if d < 0 { -1 } else { 1 };
    (from.0 + side * sign(dx), from.1 + side * sign(dy))
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::pixels::PixelEdit;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_line_has_no_holes_and_both_ends() {
        for (from, to) in [((0, 0), (7, 3)), ((5, 5), (5, 5)), ((3, 9), (-4, 0))] {
            let points = line(from, to);
            assert_eq!((points.first(), points.last()), (Some(&from), Some(&to)));
            for pair in points.windows(2) {
                let (dx, dy) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
                assert!(dx.abs() <= 1 && dy.abs() <= 1);
            }
        }
    }

    #[test]
    fn shapes_touch_the_sides_of_their_rectangle() {
        assert_eq!(rectangle((0, 0), (3, 2)).len(), 10);
        assert_eq!(rectangle((2, 2), (2, 2)), [(2, 2)]);
        for (a, b) in [
            ((0, 0), (8, 8)),
            ((10, 3), (2, 9)),
            ((0, 0), (0, 5)),
            ((1, 1), (1, 1)),
        ] {
            let points = ellipse(a, b);
            let xs: Vec<_> = points.iter().map(|point| point.0).collect();
            let ys: Vec<_> = points.iter().map(|point| point.1).collect();
            assert_eq!(xs.iter().min(), Some(&a.0.min(b.0)), "{a:?} {b:?}");
            assert_eq!(xs.iter().max(), Some(&a.0.max(b.0)));
            assert_eq!(ys.iter().min(), Some(&a.1.min(b.1)));
            assert_eq!(ys.iter().max(), Some(&a.1.max(b.1)));
        }
    }

    #[test]
    fn a_flood_fill_stops_at_other_colours_and_at_the_edge() {
        assert_eq!(region(None, 8, (3, 3)).len(), 64);
        assert_eq!(region(None, 8, (8, 3)).len(), 0);
        let mut pixels = Pixels::blank(8);
        // A line down the fourth column.
        let wall: Vec<PixelEdit> = (0..8).map(|row| PixelEdit(row * 8 + 3, 1)).collect();
        pixels.paint(&wall);
        assert_eq!(region(Some(&pixels), 8, (0, 0)).len(), 24);
        assert_eq!(region(Some(&pixels), 8, (3, 0)).len(), 8);
    }

    #[test]
    fn straighten_and_square_snap_the_end() {
        assert_eq!(straighten((0, 0), (9, 2)), (9, 0));
        assert_eq!(straighten((0, 0), (1, -9)), (0, -9));
        assert_eq!(straighten((0, 0), (-5, 6)), (-6, 6));
        assert_eq!(square((2, 2), (5, 0)), (5, -1));
    }
}
