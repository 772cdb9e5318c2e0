//! Shapes as pixels. Pure geometry on a grid of any size; clipping and colour
//! are the callers'.

use shared::pixels::{Pixels, TRANSPARENT};
use std::collections::BTreeSet;

/// A pixel of a tile, which may lie outside it: column and row.
pub type Spot = (i32, i32);

/// A straight line with both its ends (Bresenham).
pub fn line(from: Spot, to: Spot) -> Vec<Spot> {
    let (dx, dy) = ((to.0 - from.0).abs(), -(to.1 - from.1).abs());
    let (sx, sy) = ((to.0 - from.0).signum(), (to.1 - from.1).signum());
    let (mut x, mut y) = from;
    let mut error = dx + dy;
    let mut spots = vec![(x, y)];
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
        spots.push((x, y));
    }
    spots
}

/// The outline of the rectangle between two corners.
pub fn rectangle(a: Spot, b: Spot) -> Vec<Spot> {
    let (left, right) = (a.0.min(b.0), a.0.max(b.0));
    let (top, bottom) = (a.1.min(b.1), a.1.max(b.1));
    let mut spots = BTreeSet::new();
    for x in left..=right {
        spots.extend([(x, top), (x, bottom)]);
    }
    for y in top..=bottom {
        spots.extend([(left, y), (right, y)]);
    }
    spots.into_iter().collect()
}

/// The outline of the ellipse that touches the sides of the rectangle between
/// two corners (Zingl, "A Rasterizing Algorithm for Drawing Curves", 2012).
pub fn ellipse(a: Spot, b: Spot) -> Vec<Spot> {
    let (mut x0, mut x1) = (i64::from(a.0.min(b.0)), i64::from(a.0.max(b.0)));
    let (top, bottom) = (i64::from(a.1.min(b.1)), i64::from(a.1.max(b.1)));
    let width = x1 - x0;
    let height = bottom - top;
    let odd = height & 1;
    let mut dx = 4 * (1 - width) * height * height;
    let mut dy = 4 * (odd + 1) * width * width;
    let mut error = dx + dy + odd * width * width;
    let mut y0 = top + (height + 1) / 2;
    let mut y1 = y0 - odd;
    let grow_x = 8 * height * height;
    let grow_y = 8 * width * width;
    let mut spots = BTreeSet::new();
    let mut put = |x: i64, y: i64| {
        if let (Ok(x), Ok(y)) = (i32::try_from(x), i32::try_from(y)) {
            spots.insert((x, y));
        }
    };
    while x0 <= x1 {
        put(x1, y0);
        put(x0, y0);
        put(x0, y1);
        put(x1, y1);
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
    // Very flat ellipses end too early.
    while y0 - y1 <= height {
        put(x0 - 1, y0);
        put(x1 + 1, y0);
        put(x0 - 1, y1);
        put(x1 + 1, y1);
        y0 += 1;
        y1 -= 1;
    }
    spots.into_iter().collect()
}

/// Everything of one colour that hangs together with `start` by its sides.
pub fn region(pixels: Option<&Pixels>, side: i32, start: Spot) -> Vec<Spot> {
    let color = |(x, y): Spot| {
        let inside = (0..side).contains(&x) && (0..side).contains(&y);
        let index = usize::try_from(y * side + x).ok().filter(|_| inside)?;
        Some(pixels.map_or(TRANSPARENT, |pixels| {
            pixels.as_bytes().get(index).copied().unwrap_or(TRANSPARENT)
        }))
    };
    let Some(wanted) = color(start) else {
        return Vec::new();
    };
    let mut seen = BTreeSet::from([start]);
    let mut open = vec![start];
    while let Some((x, y)) = open.pop() {
        for next in [(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)] {
            if color(next) == Some(wanted) && seen.insert(next) {
                open.push(next);
            }
        }
    }
    seen.into_iter().collect()
}

/// The end nearest to `to` that makes a level, upright or diagonal line.
pub fn straighten(from: Spot, to: Spot) -> Spot {
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

/// The corner nearest to `to` that makes a square.
pub fn square(from: Spot, to: Spot) -> Spot {
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
            let spots = line(from, to);
            assert_eq!((spots.first(), spots.last()), (Some(&from), Some(&to)));
            for pair in spots.windows(2) {
                let (dx, dy) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
                assert!(dx.abs() <= 1 && dy.abs() <= 1);
            }
        }
    }

    #[test]
    fn shapes_touch_their_corners_sides() {
        assert_eq!(rectangle((0, 0), (3, 2)).len(), 10);
        assert_eq!(rectangle((2, 2), (2, 2)), [(2, 2)]);
        for (a, b) in [
            ((0, 0), (8, 8)),
            ((10, 3), (2, 9)),
            ((0, 0), (0, 5)),
            ((1, 1), (1, 1)),
        ] {
            let spots = ellipse(a, b);
            let xs: Vec<_> = spots.iter().map(|spot| spot.0).collect();
            let ys: Vec<_> = spots.iter().map(|spot| spot.1).collect();
            assert_eq!(xs.iter().min(), Some(&a.0.min(b.0)), "{a:?} {b:?}");
            assert_eq!(xs.iter().max(), Some(&a.0.max(b.0)));
            assert_eq!(ys.iter().min(), Some(&a.1.min(b.1)));
            assert_eq!(ys.iter().max(), Some(&a.1.max(b.1)));
        }
    }

    #[test]
    fn filling_stops_at_other_colours_and_at_the_edge() {
        assert_eq!(region(None, 8, (3, 3)).len(), 64);
        assert_eq!(region(None, 8, (8, 3)).len(), 0);
        let mut pixels = Pixels::blank(8);
        // A wall down the fourth column.
        let wall: Vec<PixelEdit> = (0..8).map(|row| PixelEdit(row * 8 + 3, 1)).collect();
        pixels.paint(&wall);
        assert_eq!(region(Some(&pixels), 8, (0, 0)).len(), 24);
        assert_eq!(region(Some(&pixels), 8, (3, 0)).len(), 8);
    }

    #[test]
    fn shift_makes_lines_straight_and_boxes_square() {
        assert_eq!(straighten((0, 0), (9, 2)), (9, 0));
        assert_eq!(straighten((0, 0), (1, -9)), (0, -9));
        assert_eq!(straighten((0, 0), (-5, 6)), (-6, 6));
        assert_eq!(square((2, 2), (5, 0)), (5, -1));
    }
}
