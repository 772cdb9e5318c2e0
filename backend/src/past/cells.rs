//! In which cells something happened, by the event index.

use super::{
    area::Area,
    index::{EventIndex, Filter},
};
use crate::{cell_number::cell_at, db};
use shared::{
    canvas::Coord,
    ids::{CanvasId, UserId},
};
use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
    ops::Range,
};

/// The cells whose tiles these users changed after the start of the range up to its end, as
/// `canvas_events.tile` names them, in order.
///
/// # Errors
/// Those of the database.
pub(crate) async fn changed_by(
    index: &EventIndex,
    canvas: CanvasId,
    users: &[UserId],
    range: Range<i64>,
) -> db::Result<Vec<i32>> {
    let mut cells = BTreeSet::new();
    let filters = users.iter().map(|user| Filter {
        actor: Some(*user),
        ..TILES
    });
    let filters: Vec<Filter> = filters.collect();
    collect(index, canvas, &filters, range, |cell, _| {
        cells.insert(cell);
    })
    .await?;
    Ok(cells.into_iter().collect())
}

/// The cells of an area whose tiles changed after the event `seq`, in order.
///
/// # Errors
/// Those of the database.
pub(crate) async fn changed_in(
    index: &EventIndex,
    canvas: CanvasId,
    area: Area,
    seq: i64,
) -> db::Result<Vec<i32>> {
    let mut cells = BTreeSet::new();
    let filter = Filter {
        area: Some(area),
        ..TILES
    };
    collect(index, canvas, &[filter], seq..i64::MAX, |cell, _| {
        cells.insert(cell);
    })
    .await?;
    Ok(cells.into_iter().collect())
}

/// The cells in which a user changed a tile last up to the event `head`, newest first.
///
/// # Errors
/// Those of the database.
pub(crate) async fn newest_of(
    index: &EventIndex,
    canvas: CanvasId,
    user: UserId,
    head: i64,
    limit: usize,
) -> db::Result<Vec<Coord>> {
    let mut newest: HashMap<i32, i64> = HashMap::new();
    let filter = Filter {
        actor: Some(user),
        ..TILES
    };
    collect(index, canvas, &[filter], 0..head, |cell, seq| {
        newest.insert(cell, seq);
    })
    .await?;
    let mut cells: Vec<(i32, i64)> = newest.into_iter().collect();
    cells.sort_unstable_by_key(|(_, seq)| Reverse(*seq));
    cells.truncate(limit);
    Ok(cells.into_iter().map(|(cell, _)| cell_at(cell)).collect())
}

/// The events that change what is on the board.
const TILES: Filter = Filter {
    area: None,
    actor: None,
    kind: None,
    only_tiles: true,
};

/// Tells of each event that one of the filters wants its cell and its `seq`.
async fn collect(
    index: &EventIndex,
    canvas: CanvasId,
    filters: &[Filter],
    range: Range<i64>,
    mut found: impl FnMut(i32, i64),
) -> db::Result<()> {
    let mut scan = index.scan(canvas, range, true).await?;
    while let Some((chunk, positions)) = scan.next().await? {
        for filter in filters {
            let Some(matcher) = chunk.matcher(filter) else {
                continue;
            };
            for position in positions
                .clone()
                .filter(|position| matcher.matches(*position))
            {
                if let Some(cell) = chunk.cell(position) {
                    found(cell, chunk.seq(position));
                }
            }
        }
    }
    Ok(())
}
