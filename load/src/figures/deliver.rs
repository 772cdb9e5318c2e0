//! Deliveries per second of server processor time, beside the bound's.

use crate::{
    bound::Bound,
    failure::{Failure, Outcome},
    party::{Kind, PATIENCE, Party},
    row::{Goal, Row},
    target::{self, Target},
};
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
    kind: Said,
    /// Rounds, each beside one of the bound
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of each round
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Share of the bound to reach
    #[arg(long, default_value_t = 0.8)]
    goal: f64,
}

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Said {
    Typing,
    Chat,
}

/// Runs it. The bound's thread stays on the core that the server was given.
pub(crate) fn run(target: &Target, core: usize, wanted: &Deliver) -> Outcome<Vec<Row>> {
    let time = Duration::from_secs_f64(wanted.seconds);
    // The sender hears its own chat, but not that it types.
    let others = usize::from(wanted.kind == Said::Typing);
    let mut party = Party::gather(target, wanted.receivers + others)?;
    let mut bound = Bound::start(wanted.receivers, core)?;
    deliver(&mut party, target, wanted, time / 2)?;
    bound.cost(time / 2)?;
    let (mut ratios, mut costs) = (Vec::new(), Vec::new());
    for _ in 0..wanted.rounds {
        let bound = bound.cost(time)?;
        let server = deliver(&mut party, target, wanted, time)?;
        ratios.push(bound.as_secs_f64() / server.as_secs_f64());
        costs.push(format!("{:.2}/{:.2}", micros(server), micros(bound)));
    }
    let figure = format!(
        "deliveries, {} receivers, {} in flight, {}",
        wanted.receivers,
        wanted.in_flight,
        match wanted.kind {
            Said::Typing => "typing",
            Said::Chat => "chat, committed",
        }
    );
    let row = Row::new(figure, "R", Goal::AtLeast(wanted.goal), ratios);
    Ok(vec![row.detail(format!(
        "µs of processor time a delivery, server/bound: {}",
        costs.join(" ")
    ))])
}

/// The server's processor time for one delivery.
fn deliver(
    party: &mut Party,
    target: &Target,
    wanted: &Deliver,
    time: Duration,
) -> Outcome<Duration> {
    let kind = match wanted.kind {
        Said::Typing => Kind::Typing,
        Said::Chat => Kind::Chat,
    };
    let before = target.processor_time()?;
    let begun = Instant::now();
    let (mut sent, mut heard, mut errors) = (0, 0, 0);
    loop {
        // Counted over all receivers: each hears the messages in order.
        while begun.elapsed() < time
            && sent * wanted.receivers < heard + wanted.in_flight * wanted.receivers
        {
            party.crowd.send(0, &frame(wanted.kind, sent));
            sent += 1;
        }
        if heard >= sent * wanted.receivers {
            break;
        }
        if errors > 0 || begun.elapsed() > time + PATIENCE {
            let all = sent * wanted.receivers;
            return Err(Failure::told(format!(
                "{heard} of {all} deliveries came, {errors} were refused"
            )));
        }
        party.crowd.listen(PATIENCE, |_, payload| {
            let found = Kind::of(payload);
            heard += usize::from(found == kind);
            errors += usize::from(found == Kind::Error);
        })?;
    }
    let used = target.processor_time()?.saturating_sub(before);
    // The last answers are under way.
    party.crowd.listen(Duration::from_millis(50), |_, _| {})?;
    Ok(used.div_f64(heard as f64))
}

/// The frame after `sent` others.
fn frame(kind: Said, sent: usize) -> Vec<u8> {
    match kind {
        // What is no change need not be told.
        Said::Typing => target::request(&json!({
            "type": "user_presence",
            "presence_type": "typing",
            "is_typing": sent.is_multiple_of(2)
        })),
        Said::Chat => target::remark(),
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
