//! The picture of the demonstration canvas: a sky with moon, stars and a
//! comet over hills with pines and a house, painted by arithmetic.

use shared::canvas::Coord;

/// Tiles in a row.
pub(super) const COLUMNS: i32 = 12;
/// Tiles in a column.
pub(super) const ROWS: i32 = 8;
/// Pixels along one side of a tile.
pub(super) const TILE_SIZE: i32 = 32;

/// First the colours of the picture, then bright ones for visitors.
pub(super) const PALETTE: [&str; 36] = [
    // The sky, from the top down.
    "#070b1f", "#0c1230", "#131a45", "#1d2358", "#2c2c6b", "#41347a", "#5d3f86", "#80508c",
    "#a9658c", "#d08387", "#eba983", "#f7d19a", // Moon and stars.
    "#fff6d8", "#f0dfb0", "#d3bd8d", "#ffffff", "#bcd4ff", "#ffe9a8",
    // Hills, far and near, pines, the house and its windows.
    "#3a3468", "#262a55", "#182142", "#0d1630", "#070d20", "#1f1526", "#ffb84d", "#ff8a3d",
    // For visitors.
    "#000000", "#7f8c9b", "#ff3b5c", "#ff7ab8", "#b05cff", "#4f7cff", "#35c8ff", "#2edb8f",
    "#a8e83c", "#ffe14a",
];

/// The row of pixels where the sky meets the hills.
const HORIZON: i32 = 196;

const LAST_SKY: i32 = 11;
const MOON: [u8; 3] = [12, 13, 14];
const STARS: [u8; 3] = [15, 16, 17];
const HILLS: [u8; 4] = [18, 19, 20, 21];
const PINE: u8 = 22;
const WALL: u8 = 23;
const WINDOW: u8 = 24;
const GLOW: u8 = 25;

/// Whether the cell stays free.
pub(super) fn is_free(at: Coord) -> bool {
    (4..8).contains(&at.x) && (6..8).contains(&at.y)
}

/// The title of a tile that shows something; empty for others.
pub(super) fn title(at: Coord) -> &'static str {
    match (at.x, at.y) {
        (9, 1) => "The moon",
        (2, 1) => "A comet",
        (2, 6) => "The house on the hill",
        _ => "",
    }
}

/// The pixels of a tile.
pub(super) fn tile(at: Coord) -> Vec<u8> {
    let (left, top) = (at.x * TILE_SIZE, at.y * TILE_SIZE);
    (0..TILE_SIZE)
        .flat_map(|y| (0..TILE_SIZE).map(move |x| pixel(left + x, top + y)))
        .collect()
}

fn pixel(x: i32, y: i32) -> u8 {
    house(x, y)
        .or_else(|| pines(x, y))
        .or_else(|| hills(x, y))
        .or_else(|| moon(x, y))
        .or_else(|| comet(x, y))
        .or_else(|| star(x, y))
        .unwrap_or_else(|| sky(x, y))
}

/// The threshold, 0 to 15, of ordered dithering (Bayer's matrix).
fn threshold(x: i32, y: i32) -> i32 {
    const BAYER: [[i32; 4]; 4] = [[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]];
    let index = |value: i32| usize::try_from(value.rem_euclid(4)).unwrap_or_default();
    BAYER[index(y)][index(x)]
}

/// The sky: darker towards the top, lighter around the moon, with the Milky Way.
fn sky(x: i32, y: i32) -> u8 {
    // Sixteenths of a step of the palette.
    let down = y.clamp(0, HORIZON);
    let height = LAST_SKY * 16 * down / HORIZON;
    let evening = height * height / (LAST_SKY * 16) * 6 / 10 + height * 4 / 10;
    let halo = (70 * 70 - moon_distance(x, y)).max(0) / 130;
    let across = (x + 2 * y - 190).abs();
    let milky_way = (46 - across).max(0) / 3;
    let level = evening + halo + milky_way + threshold(x, y);
    u8::try_from((level / 16).clamp(0, LAST_SKY)).unwrap_or_default()
}

/// The square of the distance to the middle of the moon.
fn moon_distance(x: i32, y: i32) -> i32 {
    let (dx, dy) = (x - 304, y - 48);
    dx * dx + dy * dy
}

fn moon(x: i32, y: i32) -> Option<u8> {
    const RADIUS: i32 = 24;
    const CRATERS: [(i32, i32, i32); 5] = [
        (296, 40, 5),
        (312, 52, 6),
        (300, 60, 3),
        (314, 37, 3),
        (289, 52, 2),
    ];
    let distance = moon_distance(x, y);
    if distance > RADIUS * RADIUS {
        return None;
    }
    let crater = CRATERS.iter().any(|&(cx, cy, radius)| {
        let (dx, dy) = (x - cx, y - cy);
        dx * dx + dy * dy <= radius * radius
    });
    // The light comes from the left above.
    let shade = (x - 304) + (y - 48) + threshold(x, y) / 2;
    Some(match (crater, shade > 20) {
        (false, false) => MOON[0],
        (true, false) | (false, true) => MOON[1],
        (true, true) => MOON[2],
    })
}

fn comet(x: i32, y: i32) -> Option<u8> {
    // Its head, and how far behind it this is along its path of slope ½.
    let (head_x, head_y) = (70, 58);
    let behind = x - head_x;
    let beside = (y - head_y) * 2 + behind;
    let (dx, dy) = (x - head_x, y - head_y);
    if dx * dx + dy * dy <= 6 {
        return Some(STARS[0]);
    }
    let width = 5 - behind / 12;
    let in_tail = (0..58).contains(&behind) && beside.abs() <= width;
    let thins_out = threshold(x, y) * 4 > behind;
    (in_tail && thins_out).then_some(if behind < 20 { STARS[0] } else { STARS[1] })
}

/// A pseudo-random number that depends on the place alone.
fn noise(x: i32, y: i32) -> u32 {
    let mut hash =
        x.cast_unsigned().wrapping_mul(0x9e37_79b1) ^ y.cast_unsigned().wrapping_mul(0x85eb_ca77);
    hash ^= hash >> 15;
    hash = hash.wrapping_mul(0x2c1b_3c6d);
    hash ^= hash >> 12;
    hash = hash.wrapping_mul(0x297a_2d39);
    hash ^ (hash >> 15)
}

/// Small stars at random places, more of them in the Milky Way; a few have rays.
fn star(x: i32, y: i32) -> Option<u8> {
    let colour = |noise: u32| STARS[usize::try_from(noise >> 28).unwrap_or_default() % 3];
    for (dx, dy) in [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)] {
        let (cx, cy) = (x + dx, y + dy);
        let chance = noise(cx, cy);
        if chance.is_multiple_of(1500) && cy < HORIZON - 60 {
            return Some(colour(chance));
        }
    }
    let chance = noise(x, y);
    let across = (x + 2 * y - 190).abs();
    let rare = if across < 40 { 70 } else { 170 };
    (chance % rare == 1 && y < HORIZON - 40).then(|| colour(chance))
}

/// A wave of this length between −16 and 16, made of lines and parabolas.
fn wave(x: i32, length: i32) -> i32 {
    let phase = x.rem_euclid(length) * 64 / length;
    let half = if phase < 32 { phase } else { phase - 32 };
    let bow = half * (32 - half) / 16;
    if phase < 32 { bow } else { -bow }
}

/// The upper edge of a range of hills; 3 is the nearest.
fn ridge(range: usize, x: i32) -> i32 {
    match range {
        0 => 186 + wave(x, 170) / 2 + wave(x + 40, 61) / 4 + wave(x, 23) / 8,
        1 => 198 + wave(x + 90, 220) * 3 / 4 + wave(x, 83) / 4,
        2 => 214 + wave(x + 10, 300) * 3 / 4 + wave(x + 30, 97) / 5,
        _ => 236 + wave(x + 150, 260) / 2 + wave(x, 71) / 6,
    }
}

fn hills(x: i32, y: i32) -> Option<u8> {
    let nearest = (0..HILLS.len()).rev().find(|&range| y >= ridge(range, x))?;
    let below = y - ridge(nearest, x);
    // The moon lights the edges.
    let lit = nearest > 0 && below < 2 && threshold(x, y) < 6;
    Some(HILLS[if lit { nearest - 1 } else { nearest }])
}

fn pines(x: i32, y: i32) -> Option<u8> {
    // One in every 11 columns or so, of different heights, in two rows.
    let stands = |row: usize, every: i32, tallest: i32| {
        (-1..=1).any(|neighbour| {
            let number = x.div_euclid(every) + neighbour;
            let chance = noise(number, i32::try_from(row).unwrap_or_default() + 1000);
            let shift = i32::try_from(chance % 7).unwrap_or_default() - 3;
            let foot_x = number * every + every / 2 + shift;
            if chance & 0x300 == 0 || (row == 2 && (48..110).contains(&foot_x)) {
                return false;
            }
            let height = tallest - i32::try_from((chance >> 12) % 9).unwrap_or_default();
            let foot = ridge(row, foot_x) + 3;
            let up = foot - y;
            // Branches widen downwards in steps.
            let half_width = (height - up) * 2 / 7 - (up % 5) / 2;
            (0..height).contains(&up) && (x - foot_x).abs() <= half_width.max(0)
        })
    };
    if stands(3, 13, 34) {
        Some(PINE)
    } else if stands(2, 11, 20) && y < ridge(3, x) {
        Some(HILLS[3])
    } else {
        None
    }
}

fn house(x: i32, y: i32) -> Option<u8> {
    let (left, floor) = (68, ridge(2, 80) + 3);
    let (across, up) = (x - left, floor - y);
    if (20..23).contains(&across) && (18..30).contains(&up) {
        return Some(WALL);
    }
    if (14..26).contains(&up) {
        // The roof.
        let reach = 26 - up;
        return ((13 - reach - 3)..=(13 + reach + 3))
            .contains(&across)
            .then_some(PINE);
    }
    if !(0..14).contains(&up) || !(0..27).contains(&across) {
        return None;
    }
    let window = (6..11).contains(&up) && ((4..9).contains(&across) || (18..23).contains(&across));
    let bar = across == 6 || across == 20 || up == 8;
    let door = up < 9 && (11..16).contains(&across);
    Some(match (window, bar, door) {
        (true, false, _) => WINDOW,
        (true, true, _) | (false, _, true) => GLOW,
        (false, _, false) => WALL,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pixel_has_a_colour_of_the_palette() {
        for y in 0..ROWS {
            for x in 0..COLUMNS {
                let pixels = tile(Coord { x, y });
                assert_eq!(pixels.len(), 1024);
                let colours = PALETTE.len();
                assert!(pixels.iter().all(|&colour| usize::from(colour) < colours));
            }
        }
    }
}
