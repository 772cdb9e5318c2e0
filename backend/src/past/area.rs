//! A rectangle of cells that a request names by its corners.

pub(crate) use shared::api::rewrites::Area;

use shared::canvas::Coord;

/// A field that is wrong, and why.
pub(crate) type WrongField = (&'static str, &'static str);

/// The area with these corners on a board of `width` × `height` cells; none where none of the
/// four is given.
///
/// # Errors
/// The field that is missing, outside of the board, or after its counterpart.
pub(crate) fn area(
    [x0, y0, x1, y1]: [Option<i64>; 4],
    width: i32,
    height: i32,
) -> Result<Option<Area>, WrongField> {
    let fields = [("x0", x0), ("y0", y0), ("x1", x1), ("y1", y1)];
    if fields.iter().all(|(_, value)| value.is_none()) {
        return Ok(None);
    }
    let side = |(field, value): (&'static str, Option<i64>), from: i32, size: i32| {
        let value = value.ok_or((field, "must be given together with the other corners"))?;
        match i32::try_from(value) {
            Ok(value) if !(0..size).contains(&value) => Err((field, "must be inside the board")),
            Ok(value) if value < from => Err((field, "must not be before the first corner")),
            Ok(value) => Ok(value),
            Err(_) => Err((field, "must be inside the board")),
        }
    };
    let x0 = side(fields[0], 0, width)?;
    let y0 = side(fields[1], 0, height)?;
    let x1 = side(fields[2], x0, width)?;
    let y1 = side(fields[3], y0, height)?;
    Ok(Some(Area { x0, y0, x1, y1 }))
}

/// Whether the cell is in the area.
pub(crate) fn contains(area: Area, cell: Coord) -> bool {
    (area.x0..=area.x1).contains(&cell.x) && (area.y0..=area.y1).contains(&cell.y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_has_four_corners_inside_the_board() {
        let on_board = |corners| area(corners, 4, 3);
        assert_eq!(on_board([None; 4]), Ok(None));
        let whole = Area {
            x0: 0,
            y0: 0,
            x1: 3,
            y1: 2,
        };
        assert_eq!(on_board([0, 0, 3, 2].map(Some)), Ok(Some(whole)));
        let cell = Area {
            x0: 3,
            y0: 2,
            x1: 3,
            y1: 2,
        };
        assert_eq!(on_board([3, 2, 3, 2].map(Some)), Ok(Some(cell)));
        assert!(contains(whole, Coord { x: 3, y: 0 }));
        assert!(!contains(cell, Coord { x: 3, y: 0 }));
        for (corners, field) in [
            ([None, Some(0), Some(0), Some(0)], "x0"),
            ([Some(0), Some(0), Some(0), None], "y1"),
            ([0, 0, 4, 2].map(Some), "x1"),
            ([0, 0, 3, 3].map(Some), "y1"),
            ([-1, 0, 3, 2].map(Some), "x0"),
            ([2, 0, 1, 2].map(Some), "x1"),
            ([0, 2, 1, 1].map(Some), "y1"),
            ([0, 0, i64::MAX, 2].map(Some), "x1"),
        ] {
            let wrong = on_board(corners).unwrap_err();
            assert_eq!(wrong.0, field, "{corners:?}");
        }
    }
}
