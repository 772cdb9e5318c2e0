//! Latency of messages between two nodes, compared with the latency within one node.

use crate::{
    group::{Group, MessageType, TIMEOUT},
    latency::{Latencies, MessageClock},
    row::{Goal, Row},
    target::{self, Target},
};
use anyhow::{Result, bail};
use clap::Args;
use std::time::{Duration, Instant};

/// Options of the scenario.
#[derive(Args)]
pub(crate) struct CrossNode {
    /// Number of receivers
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

/// A sender and its receivers.
struct Conversation {
    group: Group,
    speaker: usize,
}

/// Runs the scenario on the first two servers.
pub(crate) fn run(targets: &[Target], options: &CrossNode) -> Result<Vec<Row>> {
    let [first, second, ..] = targets else {
        bail!("it takes two servers");
    };
    let every = Duration::from_secs_f64(1.0 / options.rate);
    let count = (options.rate * options.seconds) as usize;
    let mut near = Conversation::join(first, first, options.receivers)?;
    let mut far = Conversation::join(first, second, options.receivers)?;
    for conversation in [&mut near, &mut far] {
        conversation.send_steadily(count / 2, every)?;
    }
    let (mut one, mut two) = (Vec::new(), Vec::new());
    let mut lost = 0;
    for _ in 0..options.rounds {
        for (conversation, received) in [(&mut near, &mut one), (&mut far, &mut two)] {
            let latencies = conversation.send_steadily(count, every)?;
            lost += count * options.receivers - latencies.count();
            received.push(latencies);
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
            options.receivers, options.rate
        );
        let row = Row::new(figure, "ms", Goal::AtMost(goal), over);
        row.lost(lost as u64)
            .detail(format!("ms, two nodes/one: {}", details.join(" ")))
    };
    Ok(vec![
        row("p50", 0.5, options.goal_median),
        row("p99", 0.99, options.goal),
    ])
}

impl Conversation {
    /// Connects a sender to one server and receivers to another, or to the same.
    fn join(speaks_at: &Target, listen_at: &Target, receivers: usize) -> Result<Self> {
        let mut group = Group::join(listen_at, receivers)?;
        let people = speaks_at.people(1)?;
        let upgrade = speaks_at.upgrade(&group.canvas, &people[0], None);
        let speaker = group.pool.connect(speaks_at.address, Some(&upgrade))?;
        group.pool.poll_until(
            "joining",
            TIMEOUT,
            |_, _| {},
            |pool| pool.open() > receivers,
        )?;
        group.wait_until_idle()?;
        Ok(Self { group, speaker })
    }

    /// Sends `count` messages, one every `every`; returns the latencies at the receivers.
    fn send_steadily(&mut self, count: usize, every: Duration) -> Result<Latencies> {
        let Self { group, speaker } = self;
        let clock = MessageClock::start();
        let mut latencies = Latencies::new()?;
        let all = count * *speaker;
        let mut due = Instant::now();
        let mut sent = 0;
        let end = due + every.mul_f64(count as f64) + TIMEOUT / 6;
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
            group.pool.poll(pause, |id, payload| {
                if id != *speaker && MessageType::of(payload) == MessageType::Chat {
                    latencies.record(clock.age(payload));
                }
            })?;
        }
        Ok(latencies)
    }
}
