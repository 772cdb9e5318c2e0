//! How late a message is heard by those who are connected to another node than
//! the speaker, beside those who are connected to the same.

use crate::{
    group::{Group, MessageType, PATIENCE},
    latency::{Latencies, MessageClock},
    row::{Goal, Row},
    target::{self, Target},
};
use anyhow::{Result, anyhow};
use clap::Args;
use std::time::{Duration, Instant};

/// What is measured.
#[derive(Args)]
pub(crate) struct CrossNode {
    /// Who hear each message
    #[arg(long, default_value_t = 100)]
    receivers: usize,
    /// Messages a second
    #[arg(long, default_value_t = 200.0)]
    rate: f64,
    /// Rounds, each on one node and on two
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Seconds of each round
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Milliseconds over one node's median that are allowed
    #[arg(long, default_value_t = 1.0)]
    goal_median: f64,
    /// Milliseconds over one node's 99th percentile that are allowed
    #[arg(long, default_value_t = 3.0)]
    goal: f64,
}

/// A speaker and those who listen.
struct Talk {
    group: Group,
    speaker: usize,
}

/// Runs it over the first two servers.
pub(crate) fn run(targets: &[Target], wanted: &CrossNode) -> Result<Vec<Row>> {
    let [first, second, ..] = targets else {
        return Err(anyhow!("it takes two servers"));
    };
    let every = Duration::from_secs_f64(1.0 / wanted.rate);
    let count = (wanted.rate * wanted.seconds) as usize;
    let mut near = Talk::gather(first, first, wanted.receivers)?;
    let mut far = Talk::gather(first, second, wanted.receivers)?;
    for talk in [&mut near, &mut far] {
        talk.speak(count / 2, every)?;
    }
    let (mut one, mut two) = (Vec::new(), Vec::new());
    let mut lost = 0;
    for _ in 0..wanted.rounds {
        for (talk, heard) in [(&mut near, &mut one), (&mut far, &mut two)] {
            let latencies = talk.speak(count, every)?;
            lost += count * wanted.receivers - latencies.count();
            heard.push(latencies);
        }
    }
    let row = |name: &str, quantile: f64, goal: f64| {
        let (mut over, mut details) = (Vec::new(), Vec::new());
        for (one, two) in one.iter().zip(&two) {
            let [one, two] = [one, two].map(|latencies| latencies.millis(quantile));
            over.push(two - one);
            details.push(format!("{two:.2}/{one:.2}"));
        }
        let figure = format!(
            "{name} of two nodes over one's, {} receivers, {} messages/s, chat, committed",
            wanted.receivers, wanted.rate
        );
        let row = Row::new(figure, "ms", Goal::AtMost(goal), over);
        row.lost(lost as u64)
            .detail(format!("ms, two nodes/one: {}", details.join(" ")))
    };
    Ok(vec![
        row("p50", 0.5, wanted.goal_median),
        row("p99", 0.99, wanted.goal),
    ])
}

impl Talk {
    /// Somebody at one server and those who listen at another, or at the same.
    fn gather(speaks_at: &Target, listen_at: &Target, receivers: usize) -> Result<Self> {
        let mut group = Group::gather(listen_at, receivers)?;
        let people = speaks_at.people(1)?;
        let upgrade = speaks_at.upgrade(&group.canvas, &people[0], None);
        let speaker = group.pool.connect(speaks_at.address, Some(&upgrade))?;
        group.pool.until(
            "joining",
            PATIENCE,
            |_, _| {},
            |pool| pool.open() > receivers,
        )?;
        group.calm()?;
        Ok(Self { group, speaker })
    }

    /// Says `count` things, one `every` so long: how late the others heard them.
    fn speak(&mut self, count: usize, every: Duration) -> Result<Latencies> {
        let Self { group, speaker } = self;
        let clock = MessageClock::start();
        let mut latencies = Latencies::new()?;
        let all = count * *speaker;
        let mut due = Instant::now();
        let mut sent = 0;
        let end = due + every.mul_f64(count as f64) + PATIENCE / 6;
        while latencies.count() < all && Instant::now() < end {
            while sent < count && Instant::now() >= due {
                let text = format!("{} {}", clock.timestamp(), "stellar ".repeat(8));
                group.pool.send(*speaker, &target::chat(&text));
                due += every;
                sent += 1;
            }
            let pause = if sent < count {
                due.saturating_duration_since(Instant::now())
            } else {
                end.saturating_duration_since(Instant::now())
            };
            group.pool.listen(pause, |id, payload| {
                if id != *speaker && MessageType::of(payload) == MessageType::Chat {
                    latencies.record(clock.age(payload));
                }
            })?;
        }
        Ok(latencies)
    }
}
