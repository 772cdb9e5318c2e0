//! Durable chat on one canvas: how many messages a second are stored.

use crate::{
    group::{Group, MessageType, TIMEOUT},
    row::{Goal, Row},
    target::{self, Target},
};
use anyhow::{Result, bail};
use clap::Args;
use std::time::{Duration, Instant};

/// Options of the scenario.
#[derive(Args)]
pub(crate) struct Hot {
    /// Number of writers
    #[arg(long, default_value_t = 4)]
    writers: usize,
    /// Messages of each writer in flight
    #[arg(long, default_value_t = 128)]
    in_flight: usize,
    /// Number of rounds
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of each round
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Messages a second to reach
    #[arg(long, default_value_t = 15_000.0)]
    goal: f64,
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
    let row = Row::new(
        "durable chat on one hot canvas",
        "messages/s",
        Goal::AtLeast(options.goal),
        rounds,
    );
    Ok(vec![row.detail(format!(
        "{} writers; the server used {share:.2} cores",
        options.writers
    ))])
}

/// Writes for `time` and returns the messages acknowledged per second.
fn write(group: &mut Group, options: &Hot, time: Duration) -> Result<f64> {
    let begun = Instant::now();
    for writer in 0..options.writers {
        for _ in 0..options.in_flight {
            group.pool.send(writer, &target::sample_chat());
        }
    }
    let mut sent = options.writers * options.in_flight;
    let (mut acked, mut errors) = (0, 0);
    let mut answered = Vec::new();
    while acked < sent {
        group
            .pool
            .poll(TIMEOUT, |writer, payload| match MessageType::of(payload) {
                MessageType::Ack => answered.push(writer),
                MessageType::Error => errors += 1,
                _ => {}
            })?;
        if errors > 0 || begun.elapsed() > time + TIMEOUT {
            bail!("{acked} of {sent} messages were stored, {errors} refused");
        }
        acked += answered.len();
        for writer in answered.drain(..) {
            if begun.elapsed() < time {
                group.pool.send(writer, &target::sample_chat());
                sent += 1;
            }
        }
    }
    Ok(acked as f64 / begun.elapsed().as_secs_f64())
}
