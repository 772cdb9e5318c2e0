//! Memory of idle connections.

use crate::{
    connection_worker::{Assignment, ConnectionWorker},
    row::{Goal, Row},
    system,
    target::Target,
};
use anyhow::{Result, anyhow};
use clap::Args;
use std::{thread, time::Duration};

/// Idle time before memory is measured: two rounds of pings, and time for the server to give back
/// what joining has allocated.
const SETTLE: Duration = Duration::from_secs(25);

/// Options of the scenario.
#[derive(Args)]
pub(crate) struct Idle {
    /// Connections in total, spread over the servers
    #[arg(long, default_value_t = 10_000)]
    connections: usize,
    /// Connections on each canvas
    #[arg(long, default_value_t = 50)]
    on_each: usize,
    /// Allowed bytes for each connection
    #[arg(long, default_value_t = 4096.0)]
    goal: f64,
    /// Allowed MB of all servers together
    #[arg(long)]
    total: Option<f64>,
}

/// Runs the scenario on all servers. Each canvas has people on each server, as behind a load
/// balancer.
pub(crate) fn run(targets: &[Target], core: usize, options: &Idle) -> Result<Vec<Row>> {
    let first = targets.first().ok_or_else(|| anyhow!("no server"))?;
    let people = first.people(options.connections)?;
    let before = memory(targets)?;
    let mut assignments: Vec<Vec<Assignment>> = Vec::new();
    assignments.resize_with(targets.len(), Vec::new);
    for (number, group) in people.chunks(options.on_each).enumerate() {
        let canvas = first.canvas(&group[0], 4)?;
        for (position, assignments) in assignments.iter_mut().enumerate() {
            // The remainder of a group does not always go to the same server.
            let first = (position + number) % targets.len();
            assignments.push(Assignment {
                canvas: canvas.clone(),
                people: group
                    .iter()
                    .skip(first)
                    .step_by(targets.len())
                    .cloned()
                    .collect(),
            });
        }
    }
    let start = |(target, assignments): (&Target, &Vec<Assignment>)| {
        ConnectionWorker::start(target, core, assignments)
    };
    let workers = targets.iter().zip(&assignments).map(start);
    let mut workers = workers.collect::<Result<Vec<ConnectionWorker>>>()?;
    for worker in &mut workers {
        worker.joined()?;
    }
    thread::sleep(SETTLE);
    let after = memory(targets)?;
    let (mut open, mut connected) = (0, 0);
    for worker in workers {
        let report = worker.end()?;
        open += report.open;
        connected += report.connected;
    }
    let each = (after - before) / open.max(1) as f64;
    let lost = (options.connections - open.min(connected)) as u64;
    let row = Row::new(
        "resident memory per idle signed-in connection",
        "bytes",
        Goal::AtMost(options.goal),
        vec![each],
    );
    let megabytes = after / 1e6;
    let detail = format!(
        "{open} open on {} servers, {megabytes:.0} MB together",
        targets.len()
    );
    let mut rows = vec![row.lost(lost).detail(&detail)];
    if let Some(total) = options.total {
        let figure = format!(
            "memory of {} servers with {open} connections",
            targets.len()
        );
        let row = Row::new(figure, "MB", Goal::AtMost(total), vec![megabytes]);
        rows.push(row.lost(lost));
    }
    Ok(rows)
}

fn memory(targets: &[Target]) -> Result<f64> {
    let each = targets
        .iter()
        .map(|target| system::resident_memory(target.process));
    Ok(each.sum::<Result<u64>>()? as f64)
}
