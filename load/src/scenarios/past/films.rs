//! GIFs: of a tile at once, and of an area as an export.

use super::{POLL_INTERVAL, number};
use crate::{
    row::{Goal, Row},
    system,
    target::{Canvas, Person, Target},
};
use anyhow::{Context, Result, bail};
use serde_json::json;
use std::{
    thread,
    time::{Duration, Instant},
};

/// Frames of each film, and the seconds in which they fit, at 20 ms each.
const FRAMES: i64 = 300;
const SECONDS: i64 = 6;
/// Tiles of a side of the area: 512 pixels.
const AREA: i64 = 16;
/// How often each film is made.
const TIMES: usize = 5;
/// How long an export may take at all.
const EXPORT_TIMEOUT: Duration = Duration::from_mins(1);

pub(super) fn run(target: &Target, canvas: &Canvas, person: &Person) -> Result<Vec<Row>> {
    let path = format!("/canvases/{}", canvas.id);
    let (x, y) = busy_tile(target, &path, person)?;
    let of_tile = format!("{path}/timelapse.gif?x0={x}&y0={y}&x1={x}&y1={y}&seconds={SECONDS}");
    let mut tile = Vec::new();
    for _ in 0..TIMES {
        let begun = Instant::now();
        let gif = target.fetch(&of_tile, person)?;
        tile.push(begun.elapsed().as_secs_f64() * 1e3);
        if !gif.starts_with(b"GIF89a") {
            bail!("no GIF");
        }
    }
    let (mut times, mut memory) = (Vec::new(), Vec::new());
    for number in 0..3 {
        let (took, bytes) = export(target, &path, person, number * AREA)?;
        times.push(took.as_secs_f64());
        memory.push(bytes / 1e6);
    }
    Ok(vec![
        Row::new(
            format!("GIF of a tile, {FRAMES} frames"),
            "ms",
            Goal::AtMost(200.0),
            tile,
        ),
        Row::new(
            format!("processor time of a GIF of 512 × 512 pixels, {FRAMES} frames"),
            "s",
            Goal::AtMost(3.0),
            times,
        ),
        Row::new("memory that it takes", "MB", Goal::AtMost(64.0), memory),
    ])
}

/// A tile with at least as many changes as a film has frames.
fn busy_tile(target: &Target, path: &str, person: &Person) -> Result<(i64, i64)> {
    for cell in 0..64 * 64 {
        let (x, y) = (cell % 64, cell / 64);
        let asked = format!("{path}/timeline?x0={x}&y0={y}&x1={x}&y1={y}");
        if number(&target.get(&asked, person)?, "events")? >= FRAMES {
            return Ok((x, y));
        }
    }
    bail!("no tile has so many changes");
}

/// Exports an area, and returns the processor time and the memory that it took.
fn export(target: &Target, path: &str, person: &Person, from: i64) -> Result<(Duration, f64)> {
    let area = json!({ "x0": from, "y0": from, "x1": from + AREA - 1, "y1": from + AREA - 1 });
    let ask = json!({ "kind": "gif", "area": area, "seconds": SECONDS });
    let memory_before = system::resident_memory(target.process)?;
    let before = target.processor_time()?;
    let begun = Instant::now();
    let export = target.act(&format!("{path}/exports"), person, &ask)?;
    let path = format!("/exports/{}", number(&export, "id")?);
    let mut most = memory_before;
    loop {
        most = most.max(system::resident_memory(target.process)?);
        let found = target.get(&path, person)?;
        match found["state"].as_str() {
            Some("done") => {
                let took = target.processor_time()?.saturating_sub(before);
                let url = found["url"].as_str().context("no address of the file")?;
                let url = url.strip_prefix("/api/v1").unwrap_or(url);
                if !target.fetch(url, person)?.starts_with(b"GIF89a") {
                    bail!("no GIF");
                }
                return Ok((took, most.saturating_sub(memory_before) as f64));
            }
            Some("waiting" | "running") if begun.elapsed() < EXPORT_TIMEOUT => {}
            _ => bail!("{found}"),
        }
        thread::sleep(POLL_INTERVAL / 10);
    }
}
