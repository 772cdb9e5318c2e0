//! Some receivers stop reading: the effect on the latency of the others and on memory, and whether
//! the slow ones lose anything.

use super::latency::send_steadily;
use crate::{
    group::{Group, MessageType, TIMEOUT, seq},
    latency::Latencies,
    row::{Goal, Row},
    system,
    target::{self, Target},
};
use anyhow::{Result, anyhow};
use clap::Args;
use std::time::{Duration, Instant};

/// How often memory is measured meanwhile.
const MEMORY_SAMPLES: usize = 10;

/// Options of the scenario.
#[derive(Args)]
pub(crate) struct Slow {
    /// Number of receivers
    #[arg(long, default_value_t = 100)]
    receivers: usize,
    /// Number of receivers that stop reading
    #[arg(long, default_value_t = 10)]
    stalled: usize,
    /// Messages a second
    #[arg(long, default_value_t = 500.0)]
    rate: f64,
    /// Seconds with them and without them
    #[arg(long, default_value_t = 15.0)]
    seconds: f64,
    /// Allowed p99 of the others, as a multiple of their p99 before
    #[arg(long, default_value_t = 1.5)]
    goal: f64,
}

/// Runs the scenario.
pub(crate) fn run(target: &Target, options: &Slow) -> Result<Vec<Row>> {
    let every = Duration::from_secs_f64(1.0 / options.rate);
    let count = (options.rate * options.seconds) as usize;
    let mut group = Group::join(target, options.receivers)?;
    let before = send_steadily(&mut group, count, every)?;
    let memory = system::resident_memory(target.process)?;
    // The last ones: they are removed from `people`, so that `send_steadily` does not use them.
    let readers = options.receivers - options.stalled;
    for id in readers..options.receivers {
        group.pool.stop_reading(id)?;
    }
    let away = group.people.split_off(readers);
    let mut peak = memory;
    let mut during = Latencies::new()?;

    for _ in 0..MEMORY_SAMPLES {
        let part = send_steadily(&mut group, count / MEMORY_SAMPLES, every)?;
        during.add(&part)?;
        peak = peak.max(system::resident_memory(target.process)?);
    }
    let ratio = during.millis(0.99) / before.millis(0.99);
    let lost = count / MEMORY_SAMPLES * MEMORY_SAMPLES * readers - during.count();
    let missing = come_back(&mut group, target, readers, &away)?;
    let figure = format!(
        "p99 of the others while {} of {} do not read",
        options.stalled, options.receivers
    );
    let row = Row::new(figure, "times", Goal::AtMost(options.goal), vec![ratio]);
    let detail = format!(
        "{:.2} ms, before {:.2} ms; memory grew by {:.1} MB; events missing after resume: {missing}",
        during.millis(0.99),
        before.millis(0.99),
        (peak - memory) as f64 / 1e6,
    );
    Ok(vec![row.lost((lost + missing) as u64).detail(detail)])
}

/// Reconnects those who did not read, to resume from their first event. Returns the number of
/// events that they do not receive.
fn come_back(
    group: &mut Group,
    target: &Target,
    first: usize,
    away: &[crate::target::Person],
) -> Result<usize> {
    let path = format!("/canvases/{}", group.canvas.id);
    let head = target.get(&path, &group.people[0])?["last_seq"]
        .as_i64()
        .ok_or_else(|| anyhow!("a canvas without last_seq"))?;
    // Not further back than the server replays.
    let from = (head - 9_000).max(0);
    let mut next = vec![from + 1; away.len()];
    for (number, person) in away.iter().enumerate() {
        let upgrade = target.upgrade(&group.canvas, person, Some(from));
        group
            .pool
            .reconnect(first + number, target.address, &upgrade)?;
    }
    let end = Instant::now() + TIMEOUT;
    while next.iter().any(|next| *next <= head) && Instant::now() < end {
        group.pool.poll(target::POLL_INTERVAL, |id, payload| {
            if id >= first && MessageType::of(payload) == MessageType::Chat {
                let next = &mut next[id - first];
                *next += i64::from(seq(payload) == Some(*next));
            }
        })?;
    }
    let missing = next.iter().map(|next| (head + 1 - next).max(0));
    Ok(usize::try_from(missing.sum::<i64>()).unwrap_or(usize::MAX))
}
