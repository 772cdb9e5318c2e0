//! Cost with many tiles on one canvas: of joining, a stroke, and the snapshot for each tile.

use super::{Client, Table};
use crate::target::{self, Target};
use anyhow::Result;
use serde_json::json;

/// Sides of the canvas in tiles, all of which are painted.
const SIDES: [u32; 4] = [1, 16, 64, 256];

pub(super) fn run(target: &Target, up_to: usize, table: &mut Table) -> Result<()> {
    let people = target.people(1)?;
    for side in SIDES {
        let tiles = (side * side) as usize;
        if tiles > up_to {
            continue;
        }
        let canvas = target.canvas(&people[0], side)?;
        let mut client = Client::join_canvas(target, &canvas, &people[0])?;
        // A stroke of eight pixels in a colour that changes.
        let stroke = |tile: usize, color: usize| {
            let (x, y) = (tile as u32 % side, tile as u32 / side);
            let pixels: Vec<[usize; 2]> = (0..8).map(|step| [step * 33, color % 8]).collect();
            target::request(&json!({ "type": "tile_paint", "x": x, "y": y, "pixels": pixels }))
        };
        client.send_all(tiles, |tile| stroke(tile, 1))?;
        let words = format!("{tiles} tiles");
        let middle = tiles / 2;
        let commit = client.commit(|color| stroke(middle, color))?;
        table.add("a stroke", "ms", words.clone(), commit);
        table.add("coming in there", "ms", words.clone(), client.join()?);
        let each = client.snapshot()? * 1e3 / tiles as f64;
        table.add("the snapshot, for each tile", "µs", words, each);
    }
    Ok(())
}
