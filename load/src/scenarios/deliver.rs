//! Deliveries per second of the server's processor time, compared with the send baseline.

use crate::{
    group::{Group, MessageType, TIMEOUT},
    row::{Goal, Row},
    send_baseline::SendBaseline,
    target::{self, Target},
};
use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use serde_json::json;
use std::time::{Duration, Instant};

/// Options of the scenario.
#[derive(Args)]
pub(crate) struct Deliver {
    /// Number of receivers
    #[arg(long, default_value_t = 100)]
    receivers: usize,
    /// Messages in flight at the same time
    #[arg(long, default_value_t = 1)]
    in_flight: usize,
    /// Mentions of a tile, which are not stored, or chat, which is stored
    #[arg(long, default_value = "chat")]
    traffic: Traffic,
    /// Rounds, each after one of the baseline
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of each round
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Share of the baseline to reach
    #[arg(long, default_value_t = 0.8)]
    goal: f64,
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Traffic {
    Mention,
    Chat,
}

/// Runs the scenario. The baseline's thread is pinned to `core`, as the server is.
pub(crate) fn run(target: &Target, core: usize, options: &Deliver) -> Result<Vec<Row>> {
    let time = Duration::from_secs_f64(options.seconds);
    // The sender receives its own chat, but not its own mentions.
    let others = usize::from(options.traffic == Traffic::Mention);
    let mut group = Group::join(target, options.receivers + others)?;
    let mut baseline = SendBaseline::start(options.receivers, core)?;
    deliver(&mut group, target, options, time / 2)?;
    baseline.cost(time / 2)?;
    let (mut ratios, mut costs) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let baseline = baseline.cost(time)?;
        let server = deliver(&mut group, target, options, time)?;
        ratios.push(baseline.as_secs_f64() / server.as_secs_f64());
        costs.push(format!("{:.2}/{:.2}", micros(server), micros(baseline)));
    }
    let figure = format!(
        "deliveries, {} receivers, {} in flight, {}",
        options.receivers,
        options.in_flight,
        match options.traffic {
            Traffic::Mention => "mentions",
            Traffic::Chat => "chat, committed",
        }
    );
    let row = Row::new(figure, "R", Goal::AtLeast(options.goal), ratios);
    Ok(vec![row.detail(format!(
        "µs of processor time a delivery, server/baseline: {}",
        costs.join(" ")
    ))])
}

/// Sends for `time` and returns the server's processor time for one delivery.
fn deliver(
    group: &mut Group,
    target: &Target,
    options: &Deliver,
    time: Duration,
) -> Result<Duration> {
    let kind = match options.traffic {
        Traffic::Mention => MessageType::Mention,
        Traffic::Chat => MessageType::Chat,
    };
    let before = target.processor_time()?;
    let begun = Instant::now();
    let (mut sent, mut received, mut errors) = (0, 0, 0);
    loop {
        // One count over all receivers is enough: each receives the messages in order.
        while begun.elapsed() < time
            && sent * options.receivers < received + options.in_flight * options.receivers
        {
            group.pool.send(0, &frame(options.traffic));
            sent += 1;
        }
        if received >= sent * options.receivers {
            break;
        }
        if errors > 0 || begun.elapsed() > time + TIMEOUT {
            let all = sent * options.receivers;
            bail!("{received} of {all} deliveries came, {errors} were refused");
        }
        group.pool.poll(TIMEOUT, |_, payload| {
            let found = MessageType::of(payload);
            received += usize::from(found == kind);
            errors += usize::from(found == MessageType::Error);
        })?;
    }
    let used = target.processor_time()?.saturating_sub(before);
    // Receives the answers that are still in flight.
    group.pool.poll(Duration::from_millis(50), |_, _| {})?;
    Ok(used.div_f64(received as f64))
}

/// The frame to send.
fn frame(kind: Traffic) -> Vec<u8> {
    match kind {
        // Of a person's presence the server passes on a few changes a second only; every
        // mention is passed on.
        Traffic::Mention => target::request(&json!({
            "type": "tile_mention",
            "tile_x": 0,
            "tile_y": 0,
            "highlight_type": "mention"
        })),
        Traffic::Chat => target::sample_chat(),
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
