//! What a join costs the server: token, access, presence, the first message.

use crate::{
    client_pool::{ClientPool, PeerId},
    group::{MessageType, PATIENCE},
    join_baseline::JoinBaseline,
    row::{Goal, Row, median},
    target::Target,
};
use anyhow::{Result, anyhow};
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
    /// Share of the baseline to reach
    #[arg(long, default_value_t = 0.5)]
    goal: f64,
}

/// Runs it. The baseline's thread stays on the core that the server was given.
pub(crate) fn run(target: &Target, core: usize, wanted: &Join) -> Result<Vec<Row>> {
    let people = target.people(wanted.connections)?;
    let groups = people.chunks(wanted.on_each);
    let canvases = groups
        .map(|group| target.canvas(&group[0], 4))
        .collect::<Result<Vec<_>>>()?;
    // Spread, as people are who do not come as a group.
    let spread = people.iter().zip(canvases.iter().cycle());
    let requests: Vec<Vec<u8>> = spread
        .map(|(person, canvas)| target.upgrade(canvas, person, None))
        .collect();
    let used = || target.processor_time();
    // Not counted, and shows what the baseline has to send.
    let (_, first) = round(target.address, &requests, wanted.at_once, &used)?;
    let join_baseline = JoinBaseline::start(core, &first)?;
    let least = || join_baseline.processor_time();
    let (mut rates, mut baselines) = (Vec::new(), Vec::new());
    for _ in 0..wanted.rounds {
        baselines.push(round(join_baseline.address, &requests, wanted.at_once, &least)?.0);
        rates.push(round(target.address, &requests, wanted.at_once, &used)?.0);
    }
    let ratios = rates
        .iter()
        .zip(&baselines)
        .map(|(rate, baseline)| rate / baseline);
    let ratios: Vec<f64> = ratios.collect();
    let detail = format!(
        "joins per second of processor time, server/baseline: {:.0}/{:.0}",
        median(&rates),
        median(&baselines)
    );
    let row = Row::new(
        "joins per second of processor time, with token and access check",
        "of the baseline",
        Goal::AtLeast(wanted.goal),
        ratios,
    );
    Ok(vec![row.detail(detail)])
}

/// Lets everybody in and go: joins per second of processor time, and the last
/// first message.
fn round(
    server: SocketAddr,
    requests: &[Vec<u8>],
    at_once: usize,
    processor_time: &impl Fn() -> Result<Duration>,
) -> Result<(f64, Vec<u8>)> {
    let mut pool = ClientPool::new()?;
    let connected = Cell::new(0);
    let mut first = Vec::new();
    let mut hear = |_: PeerId, payload: &[u8]| {
        if MessageType::of(payload) == MessageType::Connected {
            connected.set(connected.get() + 1);
            first = payload.to_vec();
        }
    };
    let before = processor_time()?;
    for (number, request) in requests.iter().enumerate() {
        pool.connect(server, Some(request))?;
        let enough = (number + 1).saturating_sub(at_once);
        pool.until("joining", PATIENCE, &mut hear, |pool| {
            pool.open() + pool.closed() >= enough
        })?;
    }
    pool.until("joining", PATIENCE, &mut hear, |pool| {
        pool.open() + pool.closed() == requests.len()
    })?;
    // The first message may come behind the answer.
    pool.until("joining", PATIENCE, &mut hear, |pool| {
        connected.get() >= pool.open()
    })?;
    drop(pool);
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
        return Err(anyhow!(format!("{came} of {all} came in")));
    }
    let used = after.saturating_sub(before);
    Ok((came as f64 / used.as_secs_f64(), first))
}
