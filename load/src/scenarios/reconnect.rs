//! Everybody comes back at once, as after a broken line.

use crate::{
    client_pool::ClientPool,
    group::{MessageType, PATIENCE},
    row::{Goal, Row},
    target::Target,
};
use anyhow::Result;
use clap::Args;
use std::time::Instant;

/// What is measured.
#[derive(Args)]
pub(crate) struct Reconnect {
    /// Connections
    #[arg(long, default_value_t = 5000)]
    connections: usize,
    /// Connections on each canvas
    #[arg(long, default_value_t = 50)]
    on_each: usize,
    /// Rounds
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds until all are back
    #[arg(long, default_value_t = 1.0)]
    goal: f64,
}

/// Runs it.
pub(crate) fn run(target: &Target, wanted: &Reconnect) -> Result<Vec<Row>> {
    let people = target.people(wanted.connections)?;
    let mut pool = ClientPool::new()?;
    let mut upgrades = Vec::with_capacity(people.len());
    for group in people.chunks(wanted.on_each) {
        let canvas = target.canvas(&group[0], 4)?;
        for person in group {
            upgrades.push(target.upgrade(&canvas, person, Some(0)));
        }
    }
    for (number, upgrade) in upgrades.iter().enumerate() {
        pool.connect(target.address, Some(upgrade))?;
        let enough = number.saturating_sub(200);
        pool.until("joining", PATIENCE, |_, _| {}, |pool| pool.open() >= enough)?;
    }
    pool.until(
        "joining",
        PATIENCE,
        |_, _| {},
        |pool| pool.open() == people.len(),
    )?;
    let mut rounds = Vec::new();
    let mut lost = 0;
    for _ in 0..wanted.rounds {
        let begun = Instant::now();
        let mut back = 0;
        let mut hear = |payload: &[u8]| {
            back += usize::from(MessageType::of(payload) == MessageType::Connected);
        };
        for (id, upgrade) in upgrades.iter().enumerate() {
            pool.reconnect(id, target.address, upgrade)?;
        }
        pool.until(
            "coming back",
            PATIENCE,
            |_, payload| hear(payload),
            |pool| pool.open() + pool.closed() == people.len(),
        )?;
        while back < pool.open() {
            pool.listen(PATIENCE, |_, payload| {
                back += usize::from(MessageType::of(payload) == MessageType::Connected);
            })?;
        }
        rounds.push(begun.elapsed().as_secs_f64());
        lost += people.len() - back;
    }
    let figure = format!("{} clients reconnect at once, all back", wanted.connections);
    let row = Row::new(figure, "s", Goal::AtMost(wanted.goal), rounds);
    Ok(vec![row.lost(lost as u64)])
}
