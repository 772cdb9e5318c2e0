//! The past of a canvas with a million events (`stellar-load generate`): how long reading it
//! takes, how fast it is archived while people chat, and whether joining, resuming and
//! committing become slower by that.

mod films;
mod reads;

use super::growth::Client;
use crate::{
    latency::Latencies,
    row::{Goal, Row},
    target::{self, Canvas, Person, Target},
};
use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, ValueEnum};
use serde_json::Value;
use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// Between two looks at how far the server is.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// How long the server may take to prepare a million events.
const PREPARATION: Duration = Duration::from_mins(20);
/// Between two chat messages.
const CHAT_INTERVAL: Duration = Duration::from_millis(5);
/// Events that a resuming client missed.
const MISSED: i64 = 5_000;
/// By how much joining, resuming and committing may become slower: noise.
const NOISE: f64 = 1.25;
/// The same in milliseconds, for what takes less than one.
const NOISE_MS: f64 = 0.5;
/// What is measured of the canvas's head.
const HEAD: [&str; 3] = ["a join", "a resume of 5000 events", "a commit"];

/// Options of the scenario.
#[derive(Args)]
pub(crate) struct Past {
    /// What is measured
    #[arg(value_enum)]
    part: Part,
    /// The canvas
    #[arg(long, default_value_t = crate::generate::CANVAS.0)]
    canvas: i64,
    /// Milliseconds of a join, a resume and a commit to compare with
    #[arg(long, value_delimiter = ',')]
    before: Vec<f64>,
    /// Events that are archived
    #[arg(long, default_value_t = 900_000.0)]
    archived: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Waits until what is derived from the log is made
    Prepare,
    /// States, timelines and events of the past
    Reads,
    /// GIFs
    Films,
    /// The archive, while people chat
    Archive,
    /// Joins, resumes and commits
    Head,
}

/// Runs the scenario.
pub(crate) fn run(target: &Target, options: &Past) -> Result<Vec<Row>> {
    let people = target.people(2)?;
    let [person, other] = people.as_slice() else {
        bail!("nobody signed in");
    };
    let found = target.get(&format!("/canvases/{}", options.canvas), person)?;
    let canvas: Canvas = serde_json::from_value(found)?;
    match options.part {
        Part::Prepare => prepare(target).map(|()| Vec::new()),
        Part::Reads => reads::run(target, &canvas, person),
        Part::Films => films::run(target, &canvas, person),
        Part::Archive => archive(target, &canvas, other, options.archived),
        Part::Head => head(target, &canvas, person, other, &options.before),
    }
}

/// Waits until the index and the keyframes lack next to nothing.
fn prepare(target: &Target) -> Result<()> {
    let begun = Instant::now();
    // The figures are made when the server looks for the first time.
    thread::sleep(Duration::from_secs(10));
    while begun.elapsed() < PREPARATION {
        let index = target.metric("stellar_event_index_missing_events")?;
        let keyframes = target.metric("stellar_tile_keyframes_missing_events")?;
        if index < 1_000.0 && keyframes < 1_000.0 {
            eprintln!("prepared within {:.0} s", begun.elapsed().as_secs_f64());
            return Ok(());
        }
        thread::sleep(POLL_INTERVAL);
    }
    bail!("the server is still preparing the past");
}

/// Chats until enough events are archived.
fn archive(target: &Target, canvas: &Canvas, person: &Person, count: f64) -> Result<Vec<Row>> {
    let archived = || target.metric("stellar_archived_events_total");
    let mut talks = Client::join_canvas(target, canvas, person)?;
    let is_over = AtomicBool::new(false);
    let (rate, latencies) = thread::scope(|scope| -> Result<_> {
        let chat = scope.spawn(|| chat(&mut talks, &is_over));
        let watch = || -> Result<f64> {
            let deadline = Instant::now() + PREPARATION;
            let (mut first, mut begun) = (archived()?, Instant::now());
            while first == 0.0 && Instant::now() < deadline {
                thread::sleep(POLL_INTERVAL / 10);
                (first, begun) = (archived()?, Instant::now());
            }
            let mut last = first;
            while last < count && Instant::now() < deadline {
                thread::sleep(POLL_INTERVAL / 10);
                last = archived()?;
            }
            Ok((last - first) / begun.elapsed().as_secs_f64())
        };
        let rate = watch();
        is_over.store(true, Ordering::Relaxed);
        let latencies = chat.join().map_err(|_| anyhow!("the chat failed"))??;
        Ok((rate?, latencies))
    })?;
    Ok(vec![
        Row::new(
            "archiving a million events",
            "events/s",
            Goal::AtLeast(50_000.0),
            vec![rate],
        ),
        Row::new(
            "p99 of chat on the canvas meanwhile",
            "ms",
            Goal::AtMost(50.0),
            vec![latencies.millis(0.99)],
        ),
    ])
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

/// How long a join, a resume and a commit take.
fn head(
    target: &Target,
    canvas: &Canvas,
    person: &Person,
    other: &Person,
    before: &[f64],
) -> Result<Vec<Row>> {
    let mut client = Client::join_canvas(target, canvas, person)?;
    let last = client.send_all(1, |_| target::sample_chat())?;
    let join = Client::join_canvas(target, canvas, other)?.join()?;
    let resume = client.resume(last - MISSED, last)?;
    let commit = client.commit(|_| target::sample_chat())?;
    let measured = HEAD.into_iter().zip([join, resume, commit]);
    let row = |(position, (name, took)): (usize, (&str, f64))| match before.get(position) {
        Some(before) => Row::new(
            format!("{name} with a million archived events"),
            "ms",
            Goal::AtMost(before * NOISE + NOISE_MS),
            vec![took],
        )
        .detail(format!("{before:.2} ms without an archive")),
        None => Row::new(
            format!("{name} without an archive"),
            "ms",
            Goal::AtMost(f64::MAX),
            vec![took],
        ),
    };
    Ok(measured.enumerate().map(row).collect())
}

/// A number of an answer.
fn number(answer: &Value, field: &str) -> Result<i64> {
    let number = answer[field].as_i64();
    number.with_context(|| format!("{field} of {answer}"))
}
