//! Some receivers stop reading: what the others notice, what it costs, and
//! whether the slow ones lose anything.

use super::latency::speak;
use crate::{
    group::{Group, MessageType, PATIENCE, seq},
    latency::Latencies,
    row::{Goal, Row},
    system,
    target::{self, Target},
};
use anyhow::{Result, anyhow};
use clap::Args;
use std::time::{Duration, Instant};

/// How often the memory is looked at meanwhile.
const LOOKS: usize = 10;

/// What is measured.
#[derive(Args)]
pub(crate) struct Slow {
    /// Who hear each message
    #[arg(long, default_value_t = 100)]
    receivers: usize,
    /// How many of them stop reading
    #[arg(long, default_value_t = 10)]
    stalled: usize,
    /// Messages a second
    #[arg(long, default_value_t = 500.0)]
    rate: f64,
    /// Seconds with them and without them
    #[arg(long, default_value_t = 15.0)]
    seconds: f64,
    /// The others' p99, as a multiple of what it was
    #[arg(long, default_value_t = 1.5)]
    goal: f64,
}

/// Runs it.
pub(crate) fn run(target: &Target, wanted: &Slow) -> Result<Vec<Row>> {
    let every = Duration::from_secs_f64(1.0 / wanted.rate);
    let count = (wanted.rate * wanted.seconds) as usize;
    let mut group = Group::gather(target, wanted.receivers)?;
    let before = speak(&mut group, count, every)?;
    let memory = system::resident_memory(target.process)?;
    // The last ones: `speak` lets everybody speak in turn, and these do not.
    let readers = wanted.receivers - wanted.stalled;
    for id in readers..wanted.receivers {
        group.pool.stop_reading(id)?;
    }
    let away = group.people.split_off(readers);
    let mut peak = memory;
    let mut during = Latencies::new()?;

    for _ in 0..LOOKS {
        let part = speak(&mut group, count / LOOKS, every)?;
        during.add(&part)?;
        peak = peak.max(system::resident_memory(target.process)?);
    }
    let ratio = during.millis(0.99) / before.millis(0.99);
    let lost = count / LOOKS * LOOKS * readers - during.count();
    let missing = come_back(&mut group, target, readers, &away)?;
    let figure = format!(
        "p99 of the others while {} of {} do not read",
        wanted.stalled, wanted.receivers
    );
    let row = Row::new(figure, "times", Goal::AtMost(wanted.goal), vec![ratio]);
    let detail = format!(
        "{:.2} ms, before {:.2} ms; memory grew by {:.1} MB; events missing after resume: {missing}",
        during.millis(0.99),
        before.millis(0.99),
        (peak - memory) as f64 / 1e6,
    );
    Ok(vec![row.lost((lost + missing) as u64).detail(detail)])
}

/// Lets those who did not read come back from their first event on: how many
/// events they do not get.
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
    // No further than the server replays.
    let from = (head - 9_000).max(0);
    let mut next = vec![from + 1; away.len()];
    for (number, person) in away.iter().enumerate() {
        let upgrade = target.upgrade(&group.canvas, person, Some(from));
        group
            .pool
            .reconnect(first + number, target.address, &upgrade)?;
    }
    let end = Instant::now() + PATIENCE;
    while next.iter().any(|next| *next <= head) && Instant::now() < end {
        group.pool.listen(target::TICK, |id, payload| {
            if id >= first && MessageType::of(payload) == MessageType::Chat {
                let next = &mut next[id - first];
                *next += i64::from(seq(payload) == Some(*next));
            }
        })?;
    }
    let missing = next.iter().map(|next| (head + 1 - next).max(0));
    Ok(usize::try_from(missing.sum::<i64>()).unwrap_or(usize::MAX))
}
