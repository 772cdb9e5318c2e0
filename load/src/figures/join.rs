//! What a join costs the server: token, access, presence, the first message.

use crate::{
    crowd::{Crowd, PeerId},
    doorman::Doorman,
    failure::{Failure, Outcome},
    party::{Kind, PATIENCE},
    row::{Goal, Row, median},
    target::Target,
};
use clap::Args;
use std::{cell::Cell, net::SocketAddr, thread, time::Duration};

/// In this time a server that has something left to do does some of it.
const CALM: Duration = Duration::from_millis(50);

/// What is measured.
#[derive(Args)]
pub(crate) struct Join {
    /// Connections in a round
    #[arg(long, default_value_t = 2000)]
    connections: usize,
    /// Connections on each canvas
    #[arg(long, default_value_t = 10)]
    on_each: usize,
    /// Connections on their way in at the same time
    #[arg(long, default_value_t = 100)]
    at_once: usize,
    /// Rounds
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// Joins per second of processor time to reach
    #[arg(long, default_value_t = 20_000.0)]
    goal: f64,
}

/// Runs it. The bound's thread stays on the core that the server was given.
pub(crate) fn run(target: &Target, core: usize, wanted: &Join) -> Outcome<Vec<Row>> {
    let people = target.people(wanted.connections)?;
    let groups = people.chunks(wanted.on_each);
    let canvases = groups
        .map(|group| target.canvas(&group[0], 4))
        .collect::<Outcome<Vec<_>>>()?;
    // Spread, as people are who do not come as a group.
    let spread = people.iter().zip(canvases.iter().cycle());
    let requests: Vec<Vec<u8>> = spread
        .map(|(person, canvas)| target.upgrade(canvas, person, None))
        .collect();
    let used = || target.processor_time();
    // Not counted, and shows what the bound has to send.
    let (_, first) = round(target.address, &requests, wanted.at_once, &used)?;
    let doorman = Doorman::start(core, &first)?;
    let least = || doorman.processor_time();
    let (mut rates, mut bounds) = (Vec::new(), Vec::new());
    for _ in 0..wanted.rounds {
        bounds.push(round(doorman.address, &requests, wanted.at_once, &least)?.0);
        rates.push(round(target.address, &requests, wanted.at_once, &used)?.0);
    }
    let ratios = rates.iter().zip(&bounds).map(|(rate, bound)| rate / bound);
    let ratios: Vec<f64> = ratios.collect();
    let detail = format!(
        "{:.2} of the bound, which let in {:.0}",
        median(&ratios),
        median(&bounds)
    );
    let row = Row::new(
        "joins per second of processor time, with token and access check",
        "joins",
        Goal::AtLeast(wanted.goal),
        rates,
    );
    Ok(vec![row.detail(detail)])
}

/// Lets everybody in and go: joins per second of processor time, and the last
/// first message.
fn round(
    server: SocketAddr,
    requests: &[Vec<u8>],
    at_once: usize,
    processor_time: &impl Fn() -> Outcome<Duration>,
) -> Outcome<(f64, Vec<u8>)> {
    let mut crowd = Crowd::new()?;
    let connected = Cell::new(0);
    let mut first = Vec::new();
    let mut hear = |_: PeerId, payload: &[u8]| {
        if Kind::of(payload) == Kind::Connected {
            connected.set(connected.get() + 1);
            first = payload.to_vec();
        }
    };
    let before = processor_time()?;
    for (number, request) in requests.iter().enumerate() {
        crowd.connect(server, Some(request))?;
        let enough = (number + 1).saturating_sub(at_once);
        crowd.until("joining", PATIENCE, &mut hear, |crowd| {
            crowd.open() + crowd.closed() >= enough
        })?;
    }
    crowd.until("joining", PATIENCE, &mut hear, |crowd| {
        crowd.open() + crowd.closed() == requests.len()
    })?;
    // The first message may come behind the answer.
    crowd.until("joining", PATIENCE, &mut hear, |crowd| {
        connected.get() >= crowd.open()
    })?;
    drop(crowd);
    // Their going is part of it.
    let mut after = processor_time()?;
    loop {
        thread::sleep(CALM);
        let now = processor_time()?;
        if now.saturating_sub(after) < CALM / 50 {
            break;
        }
        after = now;
    }
    let (came, all) = (connected.get(), requests.len());
    if came < all {
        return Err(Failure::told(format!("{came} of {all} came in")));
    }
    let used = after.saturating_sub(before);
    Ok((came as f64 / used.as_secs_f64(), first))
}
