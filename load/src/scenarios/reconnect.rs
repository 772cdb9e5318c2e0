//! All clients reconnect at the same time, as after a network failure.

use crate::{
    client_pool::ClientPool,
    group::{MessageType, TIMEOUT},
    row::{Goal, Row},
    target::Target,
};
use anyhow::Result;
use clap::Args;
use std::time::Instant;

/// Options of the scenario.
#[derive(Args)]
pub(crate) struct Reconnect {
    /// Number of connections
    #[arg(long, default_value_t = 5000)]
    connections: usize,
    /// Connections on each canvas
    #[arg(long, default_value_t = 50)]
    on_each: usize,
    /// Number of rounds
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds until all are connected again
    #[arg(long, default_value_t = 1.0)]
    goal: f64,
}

/// Runs the scenario.
pub(crate) fn run(target: &Target, options: &Reconnect) -> Result<Vec<Row>> {
    let people = target.people(options.connections)?;
    let mut pool = ClientPool::new()?;
    let mut upgrades = Vec::with_capacity(people.len());
    for group in people.chunks(options.on_each) {
        let canvas = target.canvas(&group[0], 4)?;
        for person in group {
            upgrades.push(target.upgrade(&canvas, person, Some(0)));
        }
    }
    for (number, upgrade) in upgrades.iter().enumerate() {
        pool.connect(target.address, Some(upgrade))?;
        let enough = number.saturating_sub(200);
        pool.poll_until("joining", TIMEOUT, |_, _| {}, |pool| pool.open() >= enough)?;
    }
    pool.poll_until(
        "joining",
        TIMEOUT,
        |_, _| {},
        |pool| pool.open() == people.len(),
    )?;
    let mut rounds = Vec::new();
    let mut lost = 0;
    for _ in 0..options.rounds {
        let begun = Instant::now();
        let mut back = 0;
        let mut on_message = |payload: &[u8]| {
            back += usize::from(MessageType::of(payload) == MessageType::Connected);
        };
        for (id, upgrade) in upgrades.iter().enumerate() {
            pool.reconnect(id, target.address, upgrade)?;
        }
        pool.poll_until(
            "coming back",
            TIMEOUT,
            |_, payload| on_message(payload),
            |pool| pool.open() + pool.closed() == people.len(),
        )?;
        while back < pool.open() {
            pool.poll(TIMEOUT, |_, payload| {
                back += usize::from(MessageType::of(payload) == MessageType::Connected);
            })?;
        }
        rounds.push(begun.elapsed().as_secs_f64());
        lost += people.len() - back;
    }
    let figure = format!(
        "{} clients reconnect at once, all back",
        options.connections
    );
    let row = Row::new(figure, "s", Goal::AtMost(options.goal), rounds);
    Ok(vec![row.lost(lost as u64)])
}
