//! Memory of connections that do nothing.

use crate::{
    crowd::Crowd,
    failure::{Failure, Outcome},
    party::{Kind, PATIENCE},
    row::{Goal, Row},
    system,
    target::Target,
};
use clap::Args;
use std::time::Duration;

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

/// Runs it over all servers.
pub(crate) fn run(targets: &[Target], wanted: &Idle) -> Outcome<Vec<Row>> {
    let first = targets.first().ok_or_else(|| Failure::told("no server"))?;
    let people = first.people(wanted.connections)?;
    let before = memory(targets)?;
    let mut crowd = Crowd::new()?;
    let mut connected = 0;
    let mut count = |payload: &[u8]| connected += usize::from(Kind::of(payload) == Kind::Connected);
    for (number, group) in people.chunks(wanted.on_each).enumerate() {
        let target = &targets[number % targets.len()];
        let canvas = first.canvas(&group[0], 4)?;
        for person in group {
            let upgrade = target.upgrade(&canvas, person, None);
            crowd.connect(target.address, Some(&upgrade))?;
        }
        let here = ((number + 1) * wanted.on_each).min(people.len());
        crowd.until(
            "joining",
            PATIENCE,
            |_, payload| count(payload),
            |crowd| crowd.open() + crowd.closed() >= here,
        )?;
    }
    // Two rounds of pings, and what joining left behind is given back.
    for _ in 0..100 {
        crowd.listen(Duration::from_millis(250), |_, payload| count(payload))?;
    }
    let after = memory(targets)?;
    let open = crowd.open();
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
