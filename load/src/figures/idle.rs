//! Memory of connections that do nothing.

use crate::{
    failure::{Failure, Outcome},
    holder::{Group, Holder},
    row::{Goal, Row},
    system,
    target::Target,
};
use clap::Args;
use std::{thread, time::Duration};

/// How long nothing happens before memory is measured.
const SETTLE: Duration = Duration::from_secs(25);

/// What is measured.
#[derive(Args)]
pub(crate) struct Idle {
    /// Connections in total, shared out over the servers
    #[arg(long, default_value_t = 10_000)]
    connections: usize,
    /// Connections on each canvas
    #[arg(long, default_value_t = 50)]
    on_each: usize,
    /// Bytes of each connection that are allowed
    #[arg(long, default_value_t = 6144.0)]
    goal: f64,
    /// MB of all servers together that are allowed
    #[arg(long)]
    total: Option<f64>,
}

/// Runs it over all servers. Each canvas has people on each of them, as behind
/// a load balancer.
pub(crate) fn run(targets: &[Target], core: usize, wanted: &Idle) -> Outcome<Vec<Row>> {
    let first = targets.first().ok_or_else(|| Failure::told("no server"))?;
    let people = first.people(wanted.connections)?;
    let before = memory(targets)?;
    let mut groups: Vec<Vec<Group>> = Vec::new();
    groups.resize_with(targets.len(), Vec::new);
    for (number, group) in people.chunks(wanted.on_each).enumerate() {
        let canvas = first.canvas(&group[0], 4)?;
        for (place, groups) in groups.iter_mut().enumerate() {
            // Whoever is one too many is not always at the same server.
            let first = (place + number) % targets.len();
            groups.push(Group {
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
    let start = |(target, groups): (&Target, &Vec<Group>)| Holder::start(target, core, groups);
    let holders = targets.iter().zip(&groups).map(start);
    let mut holders = holders.collect::<Outcome<Vec<Holder>>>()?;
    for holder in &mut holders {
        holder.joined()?;
    }
    // Two rounds of pings, and what joining left behind is given back.
    thread::sleep(SETTLE);
    let after = memory(targets)?;
    let (mut open, mut connected) = (0, 0);
    for holder in holders {
        let held = holder.end()?;
        open += held.open;
        connected += held.connected;
    }
    let each = (after - before) / open.max(1) as f64;
    let lost = (wanted.connections - open.min(connected)) as u64;
    let row = Row::new(
        "resident memory per idle signed-in connection",
        "bytes",
        Goal::AtMost(wanted.goal),
        vec![each],
    );
    let megabytes = after / 1e6;
    let detail = format!(
        "{open} open on {} servers, {megabytes:.0} MB together",
        targets.len()
    );
    let mut rows = vec![row.lost(lost).detail(&detail)];
    if let Some(total) = wanted.total {
        let figure = format!(
            "memory of {} servers with {open} connections",
            targets.len()
        );
        let row = Row::new(figure, "MB", Goal::AtMost(total), vec![megabytes]);
        rows.push(row.lost(lost));
    }
    Ok(rows)
}

fn memory(targets: &[Target]) -> Outcome<f64> {
    let each = targets
        .iter()
        .map(|target| system::resident(target.process));
    Ok(each.sum::<Outcome<u64>>()? as f64)
}
