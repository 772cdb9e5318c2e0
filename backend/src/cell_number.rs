//! The number by which `canvas_events.tile` and the tables of the past name a cell. It is the
//! same on boards of any size.

use shared::canvas::Coord;

/// As many columns as the widest board has ([`shared::limits::CANVAS_SIDE`]).
const COLUMNS: i32 = 256;

/// The number of a cell.
pub(crate) fn cell_number(at: Coord) -> i32 {
    at.y * COLUMNS + at.x
}

/// The cell with a number.
pub(crate) fn cell_at(number: i32) -> Coord {
    Coord {
        x: number.rem_euclid(COLUMNS),
        y: number.div_euclid(COLUMNS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_names_one_cell() {
        assert_eq!(*shared::limits::CANVAS_SIDE.end(), COLUMNS);
        for (x, y) in [(0, 0), (255, 0), (0, 1), (7, 200), (255, 255)] {
            let at = Coord { x, y };
            assert_eq!(cell_at(cell_number(at)), at);
        }
    }
}
