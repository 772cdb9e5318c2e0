//! Latency of messages at a steady rate, compared with the send baseline.

use crate::{
    group::{Group, MessageType, TIMEOUT},
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

/// Options of the scenario.
#[derive(Args)]
pub(crate) struct Latency {
    /// Number of receivers
    #[arg(long, default_value_t = 100)]
    receivers: usize,
    /// Messages a second
    #[arg(long, default_value_t = 2000.0)]
    rate: f64,
    /// Rounds, each after one of the baseline
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of each round
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Allowed milliseconds above the baseline's 99th percentile
    #[arg(long, default_value_t = 1.0)]
    goal: f64,
}

/// Runs the scenario.
pub(crate) fn run(target: &Target, core: usize, options: &Latency) -> Result<Vec<Row>> {
    let every = Duration::from_secs_f64(1.0 / options.rate);
    let count = (options.rate * options.seconds) as usize;
    let mut group = Group::join(target, options.receivers)?;
    let mut baseline = SendBaseline::start(options.receivers, core)?;
    // A warm-up of half a round.
    send_steadily(&mut group, count / 2, every)?;
    let (mut rounds, mut details) = (Vec::new(), Vec::new());
    let mut lost = 0;
    for _ in 0..options.rounds {
        let least = baseline.latencies(count, every)?;
        let server = send_steadily(&mut group, count, every)?;
        lost += count * options.receivers - server.count();
        let (server, least) = (server.millis(0.99), least.millis(0.99));
        rounds.push(server - least);
        details.push(format!("{server:.2}/{least:.2}"));
    }
    let figure = format!(
        "p99 over R's, {} receivers, {} messages/s, chat, committed",
        options.receivers, options.rate
    );
    let row = Row::new(figure, "ms", Goal::AtMost(options.goal), rounds);
    Ok(vec![row.lost(lost as u64).detail(format!(
        "ms, server/baseline: {}",
        details.join(" ")
    ))])
}

/// Sends `count` messages, one every `every`, and returns the latencies at all receivers.
pub(crate) fn send_steadily(group: &mut Group, count: usize, every: Duration) -> Result<Latencies> {
    let clock = MessageClock::start();
    let mut latencies = Latencies::new()?;
    let everybody = group.people.len();
    let mut due = Instant::now();
    let mut sent = 0;
    let end = due + every.mul_f64(count as f64) + TIMEOUT / 6;
    while latencies.count() < count * everybody && Instant::now() < end {
        while sent < count && Instant::now() >= due {
            // The senders take turns, so that nobody's answers pile up.
            let text = format!("{} {}", clock.timestamp(), "stellar ".repeat(8));
            group.pool.send(sent % everybody, &target::chat(&text));
            due += every;
            sent += 1;
        }
        group.pool.poll(Duration::ZERO, |_, payload| {
            if MessageType::of(payload) == MessageType::Chat {
                latencies.record(clock.age(payload));
            }
        })?;
        // Leaves the core to the database until the next message is due.
        let pause = due.saturating_duration_since(Instant::now());
        thread::sleep(pause.min(Duration::from_micros(50)));
    }
    Ok(latencies)
}
