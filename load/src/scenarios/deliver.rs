//! Deliveries per second of server processor time, beside the baseline's.

use crate::{
    group::{Group, MessageType, PATIENCE},
    row::{Goal, Row},
    send_baseline::SendBaseline,
    target::{self, Target},
};
use anyhow::{Result, anyhow};
use clap::{Args, ValueEnum};
use serde_json::json;
use std::time::{Duration, Instant};

/// What is measured.
#[derive(Args)]
pub(crate) struct Deliver {
    /// Who hear each message
    #[arg(long, default_value_t = 100)]
    receivers: usize,
    /// Messages under way at the same time
    #[arg(long, default_value_t = 1)]
    in_flight: usize,
    /// Typing, which is not stored, or chat, which is
    #[arg(long, default_value = "chat")]
    traffic: Traffic,
    /// Rounds, each beside one of the baseline
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of each round
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Share of the baseline to reach
    #[arg(long, default_value_t = 0.8)]
    goal: f64,
}

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Traffic {
    Typing,
    Chat,
}

/// Runs it. The baseline's thread stays on the core that the server was given.
pub(crate) fn run(target: &Target, core: usize, wanted: &Deliver) -> Result<Vec<Row>> {
    let time = Duration::from_secs_f64(wanted.seconds);
    // The sender hears its own chat, but not that it types.
    let others = usize::from(wanted.traffic == Traffic::Typing);
    let mut group = Group::gather(target, wanted.receivers + others)?;
    let mut baseline = SendBaseline::start(wanted.receivers, core)?;
    deliver(&mut group, target, wanted, time / 2)?;
    baseline.cost(time / 2)?;
    let (mut ratios, mut costs) = (Vec::new(), Vec::new());
    for _ in 0..wanted.rounds {
        let baseline = baseline.cost(time)?;
        let server = deliver(&mut group, target, wanted, time)?;
        ratios.push(baseline.as_secs_f64() / server.as_secs_f64());
        costs.push(format!("{:.2}/{:.2}", micros(server), micros(baseline)));
    }
    let figure = format!(
        "deliveries, {} receivers, {} in flight, {}",
        wanted.receivers,
        wanted.in_flight,
        match wanted.traffic {
            Traffic::Typing => "typing",
            Traffic::Chat => "chat, committed",
        }
    );
    let row = Row::new(figure, "R", Goal::AtLeast(wanted.goal), ratios);
    Ok(vec![row.detail(format!(
        "µs of processor time a delivery, server/baseline: {}",
        costs.join(" ")
    ))])
}

/// The server's processor time for one delivery.
fn deliver(
    group: &mut Group,
    target: &Target,
    wanted: &Deliver,
    time: Duration,
) -> Result<Duration> {
    let kind = match wanted.traffic {
        Traffic::Typing => MessageType::Typing,
        Traffic::Chat => MessageType::Chat,
    };
    let before = target.processor_time()?;
    let begun = Instant::now();
    let (mut sent, mut heard, mut errors) = (0, 0, 0);
    loop {
        // Counted over all receivers: each hears the messages in order.
        while begun.elapsed() < time
            && sent * wanted.receivers < heard + wanted.in_flight * wanted.receivers
        {
            group.pool.send(0, &frame(wanted.traffic, sent));
            sent += 1;
        }
        if heard >= sent * wanted.receivers {
            break;
        }
        if errors > 0 || begun.elapsed() > time + PATIENCE {
            let all = sent * wanted.receivers;
            return Err(anyhow!(format!(
                "{heard} of {all} deliveries came, {errors} were refused"
            )));
        }
        group.pool.listen(PATIENCE, |_, payload| {
            let found = MessageType::of(payload);
            heard += usize::from(found == kind);
            errors += usize::from(found == MessageType::Error);
        })?;
    }
    let used = target.processor_time()?.saturating_sub(before);
    // The last answers are under way.
    group.pool.listen(Duration::from_millis(50), |_, _| {})?;
    Ok(used.div_f64(heard as f64))
}

/// The frame after `sent` others.
fn frame(kind: Traffic, sent: usize) -> Vec<u8> {
    match kind {
        // What is no change need not be told.
        Traffic::Typing => target::request(&json!({
            "type": "user_presence",
            "presence_type": "typing",
            "is_typing": sent.is_multiple_of(2)
        })),
        Traffic::Chat => target::sample_chat(),
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
