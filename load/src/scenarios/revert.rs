//! What many people painted is taken back, while others chat on the same canvas.

use super::growth::Client;
use crate::{
    latency::Latencies,
    row::{Goal, Row},
    target::{self, Canvas, Person, Target},
};
use anyhow::{Result, anyhow, bail};
use clap::Args;
use serde_json::{Value, json};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// Between two chat messages.
const CHAT_INTERVAL: Duration = Duration::from_millis(5);
/// Between two looks whether the rewrite has ended.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// Pixels of a stroke.
const PIXELS: usize = 8;
/// Tiles in a row of the canvas.
const SIDE: usize = 20;

/// Options of the scenario.
#[derive(Args)]
pub(crate) struct Revert {
    /// Number of strokes, in 400 tiles
    #[arg(long, default_value_t = 10_000)]
    strokes: usize,
    /// Number of rounds
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds that it may take
    #[arg(long, default_value_t = 5.0)]
    goal: f64,
    /// Milliseconds that 99 % of the chat may take meanwhile
    #[arg(long, default_value_t = 50.0)]
    chat_goal: f64,
}

/// Runs the scenario.
pub(crate) fn run(target: &Target, options: &Revert) -> Result<Vec<Row>> {
    let people = target.people(3)?;
    let [owner, vandal, talker] = people.as_slice() else {
        bail!("nobody signed in");
    };
    let canvas = target.canvas(owner, SIDE as u32)?;
    let name = target.get("/users/me", vandal)?["username"].take();
    let (mut rounds, mut late) = (Vec::new(), Vec::new());
    for round in 0..options.rounds {
        // Each joins when its turn comes: who does not read what others do is disconnected.
        let mut spoils = Client::join_canvas(target, &canvas, vandal)?;
        let last = spoils.send_all(options.strokes, |number| {
            let (x, y) = (number % SIDE, number / SIDE % SIDE);
            let start = number / (SIDE * SIDE) * PIXELS;
            let pixels: Vec<[usize; 2]> = (start..start + PIXELS)
                .map(|index| [index % 1024, (round + number) % 8])
                .collect();
            target::request(&json!({ "type": "tile_paint", "x": x, "y": y, "pixels": pixels }))
        })?;
        drop(spoils);
        let mut talks = Client::join_canvas(target, &canvas, talker)?;
        let is_over = AtomicBool::new(false);
        let (took, latencies) = thread::scope(|scope| -> Result<_> {
            let chat = scope.spawn(|| chat(&mut talks, &is_over));
            let ask = json!({ "kind": "revert", "usernames": [name], "to_seq": last });
            let took = revert(target, owner, &canvas, &ask);
            is_over.store(true, Ordering::Relaxed);
            let latencies = chat.join().map_err(|_| anyhow!("the chat failed"))??;
            Ok((took?, latencies))
        })?;
        rounds.push(took.as_secs_f64());
        late.push(latencies.millis(0.99));
    }
    let tiles = SIDE * SIDE;
    let figure = format!("revert of {} strokes over {tiles} tiles", options.strokes);
    let row = Row::new(figure, "s", Goal::AtMost(options.goal), rounds);
    let chat = Row::new(
        "p99 of others' chat meanwhile",
        "ms",
        Goal::AtMost(options.chat_goal),
        late,
    );
    Ok(vec![row, chat])
}

/// Takes it back, and returns how long that took.
fn revert(target: &Target, owner: &Person, canvas: &Canvas, ask: &Value) -> Result<Duration> {
    let begun = Instant::now();
    let path = format!("/canvases/{}/rewrites", canvas.id);
    let rewrite = target.act(&path, owner, ask)?;
    let path = format!("/rewrites/{}", rewrite["id"]);
    loop {
        let found = target.get(&path, owner)?;
        if found["state"] == "done" && found["tiles"] == SIDE * SIDE {
            return Ok(begun.elapsed());
        }
        if found["state"] != "running" {
            bail!("{found}");
        }
        thread::sleep(POLL_INTERVAL);
    }
}

/// Sends chat until it is over, and returns how long each message took to be acknowledged.
fn chat(client: &mut Client<'_>, is_over: &AtomicBool) -> Result<Latencies> {
    let mut latencies = Latencies::new()?;
    while !is_over.load(Ordering::Relaxed) {
        let begun = Instant::now();
        client.send_all(1, |_| target::sample_chat())?;
        latencies.record(Some(begun.elapsed()));
        thread::sleep(CHAT_INTERVAL);
    }
    Ok(latencies)
}
