//! How long it takes until a sanction that is issued at one node reaches its user at another.

use crate::{
    client_pool::ClientPool,
    group::{MessageType, TIMEOUT},
    row::{Goal, Row},
    target::Target,
};
use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::json;
use std::{cell::Cell, time::Instant};

/// How a connection is told of a sanction.
const SANCTION: &[u8] = br#"{"type":"sanction","#;

/// Options of the scenario.
#[derive(Args)]
pub(crate) struct Sanction {
    /// Users who are sanctioned, one after the other
    #[arg(long, default_value_t = 20)]
    users: usize,
    /// Milliseconds that it may take
    #[arg(long, default_value_t = 1000.0)]
    goal: f64,
}

/// Runs the scenario on the first two servers.
pub(crate) fn run(targets: &[Target], options: &Sanction) -> Result<Vec<Row>> {
    let [first, second, ..] = targets else {
        bail!("it takes two servers");
    };
    let owners = first.people(1)?;
    let canvas = first.canvas(&owners[0], 4)?;
    let mut pool = ClientPool::new()?;
    let mut rounds = Vec::new();
    for person in second.people(options.users)? {
        let user = second.get("/users/me", &person)?;
        let username = user["username"].as_str().context("no username")?;
        let connection = pool.connect(
            second.address,
            Some(&second.upgrade(&canvas, &person, None)),
        )?;
        let mut wait_for = |what, wanted: fn(&[u8]) -> bool| {
            let came = Cell::new(false);
            pool.poll_until(
                what,
                TIMEOUT,
                |id, payload| {
                    if id == connection && wanted(payload) {
                        came.set(true);
                    }
                },
                |_| came.get(),
            )
        };
        wait_for("joining", |payload| {
            MessageType::of(payload) == MessageType::Connected
        })?;
        let path = format!("/canvases/{}/sanctions", canvas.id);
        let body = json!({ "username": username, "kind": "mute", "reason": "a measurement" });
        let begun = Instant::now();
        first.act(&path, &owners[0], &body)?;
        wait_for("a sanction", |payload| payload.starts_with(SANCTION))?;
        rounds.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    let worst = rounds.iter().copied().fold(0.0, f64::max);
    let figure = format!(
        "a sanction until its user is told at another node, {} users",
        options.users
    );
    let row = Row::new(figure, "ms", Goal::AtMost(options.goal), rounds);
    Ok(vec![row.detail(format!("ms, the slowest: {worst:.1}"))])
}
