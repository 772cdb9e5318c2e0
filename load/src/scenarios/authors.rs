//! Who painted each pixel of a tile in which many people drew.

use super::growth::Client;
use crate::{
    row::{Goal, Row},
    target::{self, Target},
};
use anyhow::{Result, bail};
use clap::Args;
use serde_json::{Value, json};
use std::time::Instant;

/// Pixels of a stroke.
const PIXELS: usize = 8;
/// Pixels of a tile.
const AREA: usize = 32 * 32;

/// Options of the scenario.
#[derive(Args)]
pub(crate) struct Authors {
    /// Number of strokes in each tile
    #[arg(long, default_value_t = 10_000)]
    strokes: usize,
    /// Number of people who paint
    #[arg(long, default_value_t = 10)]
    people: usize,
    /// Number of tiles
    #[arg(long, default_value_t = 4)]
    tiles: usize,
    /// How often the authors of each tile are asked for
    #[arg(long, default_value_t = 6)]
    repetitions: usize,
    /// Milliseconds that an answer may take
    #[arg(long, default_value_t = 20.0)]
    goal: f64,
}

/// Runs the scenario.
pub(crate) fn run(target: &Target, options: &Authors) -> Result<Vec<Row>> {
    let people = target.people(options.people)?;
    let [first, ..] = people.as_slice() else {
        bail!("nobody paints");
    };
    let canvas = target.canvas(first, 8)?;
    let mut clients = people
        .iter()
        .map(|person| Client::join_canvas(target, &canvas, person))
        .collect::<Result<Vec<_>>>()?;
    let each = options.strokes / options.people;
    let mut rounds = Vec::new();
    let mut first_reads = Vec::new();
    for tile in 0..options.tiles {
        let (x, y) = (tile % 8, tile / 8 % 8);
        for (author, client) in clients.iter_mut().enumerate() {
            client.send_all(each, |number| {
                let start = (author * each + number) * PIXELS;
                let color = (number + author) % 8;
                let pixels: Vec<[usize; 2]> = (start..start + PIXELS)
                    .map(|index| [index % AREA, color])
                    .collect();
                target::request(&json!({ "type": "tile_paint", "x": x, "y": y, "pixels": pixels }))
            })?;
        }
        let path = format!("/canvases/{}/authors?x={x}&y={y}", canvas.id);
        for repetition in 0..options.repetitions {
            let begun = Instant::now();
            let answer = target.fetch(&path, first)?;
            let took = begun.elapsed().as_secs_f64() * 1e3;
            rounds.push(took);
            if repetition == 0 {
                first_reads.push(took);
            }
            let answer: Value = serde_json::from_slice(&answer)?;
            if answer["authors"].as_array().is_none_or(Vec::is_empty) {
                bail!("nobody painted: {answer}");
            }
        }
    }
    let figure = format!("authors of a tile with {} events", options.strokes);
    let slowest = first_reads.iter().copied().fold(0.0, f64::max);
    let row = Row::new(figure, "ms", Goal::AtMost(options.goal), rounds);
    Ok(vec![row.detail(format!(
        "{} people; the slowest first answer of {} tiles took {slowest:.1} ms",
        options.people, options.tiles
    ))])
}
