//! Durable chat or strokes on one canvas: how many events a second are stored.

use crate::{
    group::{Group, MessageType, TIMEOUT},
    row::{Goal, Row},
    target::{self, Target},
};
use anyhow::{Result, bail};
use clap::Args;
use serde_json::json;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Pixels of a stroke.
const STROKE: usize = 12;
/// Pixels of a tile.
const PIXELS: usize = 32 * 32;
/// Colours that strokes have by turns.
const COLOURS: usize = 13;
/// Tiles in each direction.
const SIDE: usize = 4;

/// Options of the scenario.
#[derive(Args)]
pub(crate) struct Hot {
    /// Number of writers
    #[arg(long, default_value_t = 4)]
    writers: usize,
    /// Each draws in a tile instead of writing
    #[arg(long)]
    strokes: bool,
    /// Messages of each writer in flight
    #[arg(long, default_value_t = 128)]
    in_flight: usize,
    /// Number of rounds
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of each round
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Events a second to reach
    #[arg(long, default_value_t = 15_000.0)]
    goal: f64,
}

impl Hot {
    /// What a writer sends as the `number`th request of all.
    fn request(&self, writer: usize, number: usize) -> Vec<u8> {
        if !self.strokes {
            return target::sample_chat();
        }
        let pixel = |position| json!([(number * STROKE + position) % PIXELS, number % COLOURS]);
        let pixels: Vec<_> = (0..STROKE).map(pixel).collect();
        target::request(&json!({
            "type": "tile_paint", "x": writer % SIDE, "y": writer / SIDE % SIDE,
            "pixels": pixels, "op_id": Uuid::new_v4()
        }))
    }
}

/// Runs the scenario.
pub(crate) fn run(target: &Target, options: &Hot) -> Result<Vec<Row>> {
    let time = Duration::from_secs_f64(options.seconds);
    let mut group = Group::join(target, options.writers)?;
    write(&mut group, options, time / 2)?;
    let mut rounds = Vec::new();
    let before = target.processor_time()?;
    let begun = Instant::now();
    for _ in 0..options.rounds {
        rounds.push(write(&mut group, options, time)?);
    }
    let used = target.processor_time()?.saturating_sub(before);
    let share = used.as_secs_f64() / begun.elapsed().as_secs_f64();
    let (figure, unit) = if options.strokes {
        ("durable strokes on one hot canvas", "strokes/s")
    } else {
        ("durable chat on one hot canvas", "messages/s")
    };
    let row = Row::new(figure, unit, Goal::AtLeast(options.goal), rounds);
    Ok(vec![row.detail(format!(
        "{} writers; the server used {share:.2} cores",
        options.writers
    ))])
}

/// Writes for `time` and returns the messages acknowledged per second.
fn write(group: &mut Group, options: &Hot, time: Duration) -> Result<f64> {
    let begun = Instant::now();
    let mut sent = 0;
    let mut send = |group: &mut Group, writer| {
        sent += 1;
        group.pool.send(writer, &options.request(writer, sent));
        sent
    };
    let mut expected = 0;
    for writer in 0..options.writers {
        for _ in 0..options.in_flight {
            expected = send(group, writer);
        }
    }
    let (mut acked, mut errors) = (0, 0);
    let mut answered = Vec::new();
    while acked < expected {
        group
            .pool
            .poll(TIMEOUT, |writer, payload| match MessageType::of(payload) {
                MessageType::Ack => answered.push(writer),
                MessageType::Error => errors += 1,
                _ => {}
            })?;
        if errors > 0 || begun.elapsed() > time + TIMEOUT {
            bail!("{acked} of {expected} messages were stored, {errors} refused");
        }
        acked += answered.len();
        for writer in answered.drain(..) {
            if begun.elapsed() < time {
                expected = send(group, writer);
            }
        }
    }
    Ok(acked as f64 / begun.elapsed().as_secs_f64())
}
