//! Where the board shows how many comments are open: a pin on each tile close
//! up, a small number on each tile farther away, and one number for several
//! neighbouring tiles where tiles are too small for it. Pure.

use crate::model::camera::Viewport;
use shared::canvas::{Coord, Grid};
use std::collections::BTreeMap;

/// Side of a tile in CSS pixels from which it has a pin.
const MIN_SIDE_FOR_PINS: f64 = 64.0;
/// Side of a tile in CSS pixels from which it has a number of its own.
const MIN_SIDE_FOR_NUMBERS: f64 = 22.0;
/// Least CSS pixels between the numbers of groups of tiles.
const GROUP_SIDE: f64 = 52.0;
/// CSS pixels from the corner of a tile to its pin.
const INSET: f64 = 5.0;
/// Height of a pin, CSS pixels.
const PIN_HEIGHT: f64 = 22.0;
/// Height of a number, CSS pixels.
const NUMBER_HEIGHT: f64 = 16.0;
/// Height of a group's number, CSS pixels.
const GROUP_HEIGHT: f64 = 20.0;
/// Highest number that is written out.
const MAX_NUMBER: i64 = 99;

/// How open comments are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinKind {
    /// As a speech bubble with their number.
    Pin,
    /// As a number.
    Number,
}

/// Something that is drawn for open comments. Positions are CSS pixels of the
/// board element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pin {
    /// The cell; of a group the one with the most open comments.
    pub at: Coord,
    /// How many comments are open.
    pub open: i64,
    /// How it is drawn.
    pub kind: PinKind,
    /// The left edge.
    pub left: f64,
    /// The upper edge.
    pub top: f64,
    /// From the left edge to the right one.
    pub width: f64,
    /// From the upper edge to the lower one.
    pub height: f64,
}

impl Pin {
    fn new(at: Coord, open: i64, kind: PinKind, (left, top): (f64, f64), height: f64) -> Self {
        // Each digit more, and the plus sign, take half of the height.
        let digits: f64 = match open {
            ..10 => 1.0,
            10..=MAX_NUMBER => 2.0,
            _ => 3.0,
        };
        Self {
            at,
            open,
            kind,
            left,
            top,
            width: height * (0.5 + digits / 2.0),
            height,
        }
    }

    /// The number that is written in it, and whether there are more.
    pub fn number(&self) -> (usize, bool) {
        let shown = self.open.min(MAX_NUMBER);
        (
            usize::try_from(shown).unwrap_or_default(),
            shown < self.open,
        )
    }

    /// Whether a click hits it; `margin` CSS pixels around it count too.
    fn is_hit(&self, x: f64, y: f64, margin: f64) -> bool {
        (self.left - margin..=self.left + self.width + margin).contains(&x)
            && (self.top - margin..=self.top + self.height + margin).contains(&y)
    }
}

/// What is drawn for cells with open comments that are in view.
pub fn pins(viewport: &Viewport, grid: &Grid, open: &[(Coord, i64)]) -> Vec<Pin> {
    let Some((first, last)) = viewport.visible(grid) else {
        return Vec::new();
    };
    let in_view =
        |at: Coord| (first.x..=last.x).contains(&at.x) && (first.y..=last.y).contains(&at.y);
    let side = f64::from(grid.tile_size) * viewport.camera.zoom;
    let shown = open.iter().copied().filter(|(at, _)| in_view(*at));
    let corner = |at: Coord| {
        let (left, top, _) = viewport.tile_rect(grid, at);
        (left, top)
    };
    if side >= MIN_SIDE_FOR_PINS {
        return shown
            .map(|(at, open)| {
                let (left, top) = corner(at);
                Pin::new(
                    at,
                    open,
                    PinKind::Pin,
                    (left + INSET, top + INSET),
                    PIN_HEIGHT,
                )
            })
            .collect();
    }
    if side >= MIN_SIDE_FOR_NUMBERS {
        return shown
            .map(|(at, open)| {
                let place = corner(at);
                Pin::new(at, open, PinKind::Number, place, NUMBER_HEIGHT)
            })
            .collect();
    }
    groups(viewport, grid, shown, side)
}

/// One number for each square of tiles that is large enough for it.
fn groups(
    viewport: &Viewport,
    grid: &Grid,
    open: impl Iterator<Item = (Coord, i64)>,
    side: f64,
) -> Vec<Pin> {
    // A power of two, so that groups stay together while the zoom changes.
    let mut tiles = 1;
    while f64::from(tiles) * side < GROUP_SIDE && tiles < 256 {
        tiles *= 2;
    }
    let mut groups: BTreeMap<Coord, (i64, (Coord, i64))> = BTreeMap::new();
    for (at, open) in open {
        let group = Coord {
            x: at.x.div_euclid(tiles),
            y: at.y.div_euclid(tiles),
        };
        let (sum, most) = groups.entry(group).or_insert((0, (at, 0)));
        *sum += open;
        if open > most.1 {
            *most = (at, open);
        }
    }
    groups
        .into_iter()
        .map(|(group, (open, (at, _)))| {
            let first = Coord {
                x: group.x * tiles,
                y: group.y * tiles,
            };
            let (left, top, _) = viewport.tile_rect(grid, first);
            // At the edge of the board a group has fewer tiles.
            let across = f64::from(tiles.min(grid.width - first.x)) * side;
            let down = f64::from(tiles.min(grid.height - first.y)) * side;
            let mut pin = Pin::new(at, open, PinKind::Number, (left, top), GROUP_HEIGHT);
            pin.left += (across - pin.width) / 2.0;
            pin.top += (down - pin.height) / 2.0;
            pin
        })
        .collect()
}

/// The pin at a position; `margin` CSS pixels around a pin count too.
pub fn hit(pins: &[Pin], x: f64, y: f64, margin: f64) -> Option<Pin> {
    let exact = pins.iter().rev().find(|pin| pin.is_hit(x, y, 0.0));
    exact
        .or_else(|| pins.iter().rev().find(|pin| pin.is_hit(x, y, margin)))
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::camera::Camera;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const GRID: Grid = Grid {
        width: 20,
        height: 10,
        tile_size: 32,
        palette: 4,
    };

    fn at(x: i32, y: i32) -> Coord {
        Coord { x, y }
    }

    /// The whole board in the middle of the view.
    fn view(zoom: f64) -> Viewport {
        Viewport {
            camera: Camera {
                x: 320.0,
                y: 160.0,
                zoom,
            },
            width: 800.0,
            height: 600.0,
        }
    }

    fn numbers(zoom: f64, open: &[(Coord, i64)]) -> Vec<(PinKind, (usize, bool))> {
        pins(&view(zoom), &GRID, open)
            .iter()
            .map(|pin| (pin.kind, pin.number()))
            .collect()
    }

    #[test]
    fn close_up_a_tile_has_a_pin_and_farther_away_a_number() {
        let open = [(at(10, 5), 2), (at(9, 5), 120)];
        let shown = |kind| vec![(kind, (2, false)), (kind, (99, true))];
        assert_eq!(numbers(4.0, &open), shown(PinKind::Pin));
        assert_eq!(numbers(1.0, &open), shown(PinKind::Number));
    }

    #[test]
    fn far_away_neighbours_share_a_number_that_leads_to_the_most_of_them() {
        let open = [(at(0, 0), 2), (at(1, 1), 5), (at(2, 0), 1), (at(19, 9), 3)];
        let pins = pins(&view(0.25), &GRID, &open);
        let found: Vec<_> = pins.iter().map(|pin| (pin.open, pin.at)).collect();
        assert_eq!(found, [(8, at(1, 1)), (3, at(19, 9))]);
        assert!(pins.iter().all(|pin| pin.kind == PinKind::Number));
    }

    #[test]
    fn what_is_out_of_view_has_no_pin() {
        assert_eq!(numbers(4.0, &[(at(0, 0), 1)]), []);
    }

    #[test]
    fn a_click_on_a_pin_or_close_to_it_hits_it() {
        let pins = pins(&view(4.0), &GRID, &[(at(10, 5), 1)]);
        let Pin { left, top, .. } = pins[0];
        let cell = |x, y, margin| hit(&pins, x, y, margin).map(|pin| pin.at);
        assert_eq!(cell(left + 1.0, top + 1.0, 0.0), Some(at(10, 5)));
        assert_eq!(cell(left - 3.0, top - 3.0, 0.0), None);
        assert_eq!(cell(left - 3.0, top - 3.0, 4.0), Some(at(10, 5)));
        assert_eq!(cell(left + 60.0, top, 4.0), None);
    }
}
