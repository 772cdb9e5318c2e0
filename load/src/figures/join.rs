//! What a join costs the server: token, access, presence, the first message.

use crate::{
    crowd::Crowd,
    failure::Outcome,
    party::{Kind, PATIENCE},
    row::{Goal, Row},
    target::Target,
};
use clap::Args;

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

/// Runs it.
pub(crate) fn run(target: &Target, wanted: &Join) -> Outcome<Vec<Row>> {
    let people = target.people(wanted.connections)?;
    let groups = people.chunks(wanted.on_each);
    let canvases = groups
        .map(|group| target.canvas(&group[0], 4))
        .collect::<Outcome<Vec<_>>>()?;
    let mut rounds = Vec::new();
    let mut lost = 0;
    for _ in 0..wanted.rounds {
        let mut crowd = Crowd::new()?;
        let mut connected = 0;
        let before = target.processor_time()?;
        for (number, person) in people.iter().enumerate() {
            // Spread, as people are who do not come as a group.
            let canvas = &canvases[number % canvases.len()];
            let upgrade = target.upgrade(canvas, person, None);
            crowd.connect(target.address, Some(&upgrade))?;
            let enough = (number + 1).saturating_sub(wanted.at_once);
            crowd.until(
                "joining",
                PATIENCE,
                |_, payload| connected += usize::from(Kind::of(payload) == Kind::Connected),
                |crowd| crowd.open() + crowd.closed() >= enough,
            )?;
        }
        crowd.until(
            "joining",
            PATIENCE,
            |_, payload| connected += usize::from(Kind::of(payload) == Kind::Connected),
            |crowd| crowd.open() + crowd.closed() == people.len(),
        )?;
        while connected < crowd.open() {
            crowd.listen(PATIENCE, |_, payload| {
                connected += usize::from(Kind::of(payload) == Kind::Connected);
            })?;
        }
        let used = target.processor_time()?.saturating_sub(before);
        rounds.push(connected as f64 / used.as_secs_f64());
        lost += people.len() - connected;
    }
    let row = Row::new(
        "joins per second of processor time, with token and access check",
        "joins",
        Goal::AtLeast(wanted.goal),
        rounds,
    );
    Ok(vec![row.lost(lost as u64)])
}
