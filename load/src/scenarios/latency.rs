//! How late a message is heard when they come at a steady rate, beside the
//! baseline's.

use crate::{
    group::{Group, MessageType, PATIENCE},
    latency::{Latencies, MessageClock},
    row::{Goal, Row},
    send_baseline::SendBaseline,
    target::{self, Target},
};
use anyhow::Result;
use clap::Args;
use std::{
    thread,
    time::{Duration, Instant},
};

/// What is measured.
#[derive(Args)]
pub(crate) struct Latency {
    /// Who hear each message
    #[arg(long, default_value_t = 100)]
    receivers: usize,
    /// Messages a second
    #[arg(long, default_value_t = 2000.0)]
    rate: f64,
    /// Rounds, each beside one of the baseline
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of each round
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Milliseconds over the baseline's 99th percentile that are allowed
    #[arg(long, default_value_t = 1.0)]
    goal: f64,
}

/// Runs it.
pub(crate) fn run(target: &Target, core: usize, wanted: &Latency) -> Result<Vec<Row>> {
    let every = Duration::from_secs_f64(1.0 / wanted.rate);
    let count = (wanted.rate * wanted.seconds) as usize;
    let mut group = Group::gather(target, wanted.receivers)?;
    let mut baseline = SendBaseline::start(wanted.receivers, core)?;
    // Half a round to begin with, that is not counted.
    speak(&mut group, count / 2, every)?;
    let (mut rounds, mut details) = (Vec::new(), Vec::new());
    let mut lost = 0;
    for _ in 0..wanted.rounds {
        let least = baseline.latencies(count, every)?;
        let server = speak(&mut group, count, every)?;
        lost += count * wanted.receivers - server.count();
        let (server, least) = (server.millis(0.99), least.millis(0.99));
        rounds.push(server - least);
        details.push(format!("{server:.2}/{least:.2}"));
    }
    let figure = format!(
        "p99 over R's, {} receivers, {} messages/s, chat, committed",
        wanted.receivers, wanted.rate
    );
    let row = Row::new(figure, "ms", Goal::AtMost(wanted.goal), rounds);
    Ok(vec![row.lost(lost as u64).detail(format!(
        "ms, server/baseline: {}",
        details.join(" ")
    ))])
}

/// Says `count` things, one `every` so long, and hears them.
pub(crate) fn speak(group: &mut Group, count: usize, every: Duration) -> Result<Latencies> {
    let clock = MessageClock::start();
    let mut latencies = Latencies::new()?;
    let everybody = group.people.len();
    let mut due = Instant::now();
    let mut sent = 0;
    let end = due + every.mul_f64(count as f64) + PATIENCE / 6;
    while latencies.count() < count * everybody && Instant::now() < end {
        while sent < count && Instant::now() >= due {
            // In turn, so that nobody's answers pile up.
            let text = format!("{} {}", clock.timestamp(), "stellar ".repeat(8));
            group.pool.send(sent % everybody, &target::chat(&text));
            due += every;
            sent += 1;
        }
        group.pool.listen(Duration::ZERO, |_, payload| {
            if MessageType::of(payload) == MessageType::Chat {
                latencies.record(clock.age(payload));
            }
        })?;
        // Leaves the core to the database until the next is due.
        let pause = due.saturating_duration_since(Instant::now());
        thread::sleep(pause.min(Duration::from_micros(50)));
    }
    Ok(latencies)
}
