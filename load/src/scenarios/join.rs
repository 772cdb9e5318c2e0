//! Processor time of a join (token, access, presence, first message), compared with the join
//! baseline.

use crate::{
    client_pool::{ClientPool, ConnectionId},
    group::{MessageType, TIMEOUT},
    join_baseline::JoinBaseline,
    row::{Goal, Row, median},
    target::Target,
};
use anyhow::{Result, bail};
use clap::Args;
use std::{cell::Cell, net::SocketAddr, thread, time::Duration};

/// Time between two looks at the server's processor time, to find out whether it is idle.
const IDLE_CHECK: Duration = Duration::from_millis(50);

/// Options of the scenario.
#[derive(Args)]
pub(crate) struct Join {
    /// Connections in a round
    #[arg(long, default_value_t = 2000)]
    connections: usize,
    /// Connections on each canvas
    #[arg(long, default_value_t = 10)]
    on_each: usize,
    /// Connections that join at the same time
    #[arg(long, default_value_t = 100)]
    at_once: usize,
    /// Number of rounds
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// Share of the baseline to reach
    #[arg(long, default_value_t = 0.5)]
    goal: f64,
}

/// Runs the scenario. The baseline's thread is pinned to `core`, as the server is.
pub(crate) fn run(target: &Target, core: usize, options: &Join) -> Result<Vec<Row>> {
    let people = target.people(options.connections)?;
    let groups = people.chunks(options.on_each);
    let canvases = groups
        .map(|group| target.canvas(&group[0], 4))
        .collect::<Result<Vec<_>>>()?;
    // Neighbours in time join different canvases.
    let spread = people.iter().zip(canvases.iter().cycle());
    let requests: Vec<Vec<u8>> = spread
        .map(|(person, canvas)| target.upgrade(canvas, person, None))
        .collect();
    let used = || target.processor_time();
    // A warm-up, which also gives the message that the baseline has to send.
    let (_, first) = round(target.address, &requests, options.at_once, &used)?;
    let join_baseline = JoinBaseline::start(core, &first)?;
    let least = || join_baseline.processor_time();
    let (mut rates, mut baselines) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        baselines.push(round(join_baseline.address, &requests, options.at_once, &least)?.0);
        rates.push(round(target.address, &requests, options.at_once, &used)?.0);
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
        Goal::AtLeast(options.goal),
        ratios,
    );
    Ok(vec![row.detail(detail)])
}

/// Connects and disconnects everybody. Returns the joins per second of processor time, and the
/// `connected` message that was received last.
fn round(
    server: SocketAddr,
    requests: &[Vec<u8>],
    at_once: usize,
    processor_time: &impl Fn() -> Result<Duration>,
) -> Result<(f64, Vec<u8>)> {
    let mut pool = ClientPool::new()?;
    let connected = Cell::new(0);
    let mut first = Vec::new();
    let mut on_message = |_: ConnectionId, payload: &[u8]| {
        if MessageType::of(payload) == MessageType::Connected {
            connected.set(connected.get() + 1);
            first = payload.to_vec();
        }
    };
    let before = processor_time()?;
    for (number, request) in requests.iter().enumerate() {
        pool.connect(server, Some(request))?;
        let enough = (number + 1).saturating_sub(at_once);
        pool.poll_until("joining", TIMEOUT, &mut on_message, |pool| {
            pool.open() + pool.closed() >= enough
        })?;
    }
    pool.poll_until("joining", TIMEOUT, &mut on_message, |pool| {
        pool.open() + pool.closed() == requests.len()
    })?;
    // The first message may arrive after the answer to the upgrade.
    pool.poll_until("joining", TIMEOUT, &mut on_message, |pool| {
        connected.get() >= pool.open()
    })?;
    drop(pool);
    // Leaving belongs to the cost: waits until the server is idle again.
    let mut after = processor_time()?;
    loop {
        thread::sleep(IDLE_CHECK);
        let now = processor_time()?;
        if now.saturating_sub(after) < IDLE_CHECK / 50 {
            break;
        }
        after = now;
    }
    let (came, all) = (connected.get(), requests.len());
    if came < all {
        bail!("{came} of {all} came in");
    }
    let used = after.saturating_sub(before);
    Ok((came as f64 / used.as_secs_f64(), first))
}
