//! States, timelines and events of the past.

use super::number;
use crate::{
    row::{Goal, Row},
    target::{Canvas, Person, Target},
};
use anyhow::{Result, bail};
use rand::{RngExt, SeedableRng, rngs::SmallRng};
use serde_json::Value;
use std::time::Instant;

/// Tiles of a side of the board, and of the area that is asked for.
const SIDE: i64 = 64;
const AREA: i64 = 12;
/// How often each is asked for.
const TIMES: usize = 60;

/// Each row has the slowest answer.
pub(super) fn run(target: &Target, canvas: &Canvas, person: &Person) -> Result<Vec<Row>> {
    let path = format!("/canvases/{}", canvas.id);
    let timeline = format!("{path}/timeline");
    let head = number(&target.get(&timeline, person)?, "last_seq")?;
    let mut random = SmallRng::seed_from_u64(7);
    let mut states = Vec::new();
    for _ in 0..TIMES {
        let (x, y) = (
            random.random_range(0..=SIDE - AREA),
            random.random_range(0..=SIDE - AREA),
        );
        let at = random.random_range(1..=head);
        let (x1, y1) = (x + AREA - 1, y + AREA - 1);
        let area = format!("x0={x}&y0={y}&x1={x1}&y1={y1}");
        let asked = format!("{path}/snapshot?at={at}&{area}");
        let (took, answer) = timed(target, &asked, person)?;
        if number(&answer, "seq")? != at {
            bail!("another state than {at}");
        }
        states.push(took);
    }
    let user = canvas_painter(&mut random);
    let mut timelines = Vec::new();
    for round in 0..TIMES {
        let x = i64::try_from(round)? % (SIDE - AREA);
        let more = match round % 4 {
            0 => String::new(),
            1 => "by=time".to_owned(),
            2 => format!("by=time&x0={x}&y0={x}&x1={}&y1={}", x + AREA, x + AREA),
            _ => format!("actor={user}"),
        };
        let (took, answer) = timed(target, &format!("{timeline}?{more}"), person)?;
        if answer["buckets"].as_array().is_none_or(Vec::is_empty) {
            bail!("nothing happened: {more}");
        }
        timelines.push(took);
    }
    let mut events = Vec::new();
    for _ in 0..TIMES {
        let (x, y) = (random.random_range(0..SIDE), random.random_range(0..SIDE));
        let actor = canvas_painter(&mut random);
        let asked = format!("{path}/events?x={x}&y={y}&actor={actor}&kind=tile_liked");
        events.push(timed(target, &asked, person)?.0);
    }
    Ok(vec![
        row("any 144 tiles at any of a million events", 100.0, &states),
        row("timeline of a million events", 50.0, &timelines),
        row("events that seldom match a filter", 100.0, &events),
    ])
}

fn row(figure: &str, goal: f64, times: &[f64]) -> Row {
    let slowest = times.iter().copied().fold(0.0, f64::max);
    let median = crate::row::median(times);
    let row = Row::new(figure, "ms", Goal::AtMost(goal), vec![slowest]);
    row.detail(format!(
        "the slowest of {}, the median is {median:.1} ms",
        times.len()
    ))
}

/// The name of somebody who painted.
fn canvas_painter(random: &mut SmallRng) -> String {
    format!("painter-{}", 1_000_000 + random.random_range(0..200))
}

/// The milliseconds that the answer took, and the answer.
fn timed(target: &Target, path: &str, person: &Person) -> Result<(f64, Value)> {
    let begun = Instant::now();
    let answer = target.fetch(path, person)?;
    let took = begun.elapsed().as_secs_f64() * 1e3;
    Ok((took, serde_json::from_slice(&answer)?))
}
