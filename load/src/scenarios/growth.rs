//! How cost grows with the number of people on a canvas, open canvases, events in a log, and
//! tiles. Each row is the cost of one unit of work, so a row that rises with the size grows faster
//! than linearly.

mod canvases;
mod log;
mod members;
mod tiles;

use crate::{
    client_pool::{ClientPool, ConnectionId},
    group::{MessageType, TIMEOUT, seq},
    row::{Goal, Row, median},
    target::{Canvas, Person, Target},
};
use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use std::time::Instant;

/// How often each timed action is repeated.
const REPETITIONS: usize = 21;
/// How much more a unit may cost than at the smallest size: allows for noise, and for the
/// logarithm of an index.
const ALLOWED_FACTOR: f64 = 2.0;

/// Options of the scenario.
#[derive(Args)]
pub(crate) struct Growth {
    /// Sizes to vary
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "members,canvases,log,tiles"
    )]
    of: Vec<Of>,
    /// Sizes above this one are left out
    #[arg(long, default_value_t = 1_000_000)]
    up_to: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Of {
    /// Members on one canvas
    Members,
    /// Open canvases
    Canvases,
    /// Events in the log of a canvas
    Log,
    /// Tiles of a canvas
    Tiles,
}

/// Runs the scenario.
pub(crate) fn run(target: &Target, options: &Growth) -> Result<Vec<Row>> {
    let mut table = Table::default();
    for of in &options.of {
        match of {
            Of::Members => members::run(target, options.up_to, &mut table)?,
            Of::Canvases => canvases::run(target, options.up_to, &mut table)?,
            Of::Log => log::run(target, options.up_to, &mut table)?,
            Of::Tiles => tiles::run(target, options.up_to, &mut table)?,
        }
    }
    Ok(table.rows())
}

/// The measured costs, in the order in which they were first added.
#[derive(Default)]
struct Table {
    scenarios: Vec<Figure>,
}

struct Figure {
    name: &'static str,
    unit: &'static str,
    /// Each size in words, with the cost of a unit of work.
    sizes: Vec<(String, f64)>,
}

impl Table {
    fn add(&mut self, name: &'static str, unit: &'static str, size: String, cost: f64) {
        eprintln!("{name}, {size}: {cost:.3} {unit}");
        if let Some(figure) = self.scenarios.iter_mut().find(|figure| figure.name == name) {
            figure.sizes.push((size, cost));
        } else {
            let sizes = vec![(size, cost)];
            self.scenarios.push(Figure { name, unit, sizes });
        }
    }

    fn rows(self) -> Vec<Row> {
        let rows = self.scenarios.into_iter().flat_map(|figure| {
            let Figure { name, unit, sizes } = figure;
            let allowed = sizes
                .first()
                .map_or(f64::NAN, |(_, cost)| cost * ALLOWED_FACTOR);
            sizes.into_iter().map(move |(size, cost)| {
                Row::new(
                    format!("{name}, {size}"),
                    unit,
                    Goal::AtMost(allowed),
                    vec![cost],
                )
            })
        });
        rows.collect()
    }
}

/// One person connected to one canvas.
pub(super) struct Client<'a> {
    target: &'a Target,
    canvas: &'a Canvas,
    person: &'a Person,
    pool: ClientPool,
}

impl<'a> Client<'a> {
    pub(super) fn join_canvas(
        target: &'a Target,
        canvas: &'a Canvas,
        person: &'a Person,
    ) -> Result<Self> {
        let mut pool = ClientPool::new()?;
        join_canvas(&mut pool, target, canvas, person, None)?;
        Ok(Self {
            target,
            canvas,
            person,
            pool,
        })
    }

    /// Sends `count` requests, the nth being `request(n)`, with a bounded number in flight.
    /// Returns the `seq` of the last.
    ///
    /// # Errors
    /// A refusal, or the end of the connection: a client that does not read what others do is
    /// disconnected.
    pub(super) fn send_all(
        &mut self,
        count: usize,
        request: impl Fn(usize) -> Vec<u8>,
    ) -> Result<i64> {
        const IN_FLIGHT: usize = 256;
        let (mut sent, mut acked, mut last) = (0, 0, 0);
        while acked < count {
            while sent < count && sent - acked < IN_FLIGHT {
                self.pool.send(0, &request(sent));
                sent += 1;
            }
            let mut refused = None;
            self.pool
                .poll(TIMEOUT, |_, payload| match MessageType::of(payload) {
                    MessageType::Ack => {
                        acked += 1;
                        last = seq(payload).unwrap_or(last);
                    }
                    MessageType::Error => {
                        refused = Some(String::from_utf8_lossy(payload).into_owned());
                    }
                    _ => {}
                })?;
            if let Some(error) = refused {
                bail!(error);
            }
            if self.pool.closed() > 0 {
                bail!("the server closed the connection");
            }
        }
        Ok(last)
    }

    /// Milliseconds until a request is acknowledged (median).
    pub(super) fn commit(&mut self, request: impl Fn(usize) -> Vec<u8>) -> Result<f64> {
        timed(|number| self.send_all(1, |_| request(number)).map(drop))
    }

    /// Milliseconds until another connection of the same person has joined (median).
    pub(super) fn join(&self) -> Result<f64> {
        timed(|_| {
            let mut pool = ClientPool::new()?;
            join_canvas(&mut pool, self.target, self.canvas, self.person, None).map(drop)
        })
    }

    /// Milliseconds until a connection that resumes behind `after` has received `last` (median).
    pub(super) fn resume(&self, after: i64, last: i64) -> Result<f64> {
        timed(|_| {
            let mut pool = ClientPool::new()?;
            let upgrade = self.target.upgrade(self.canvas, self.person, Some(after));
            pool.connect(self.target.address, Some(&upgrade))?;
            let reached = std::cell::Cell::new(false);
            let on_message = |_: ConnectionId, payload: &[u8]| {
                if MessageType::of(payload) == MessageType::Chat && seq(payload) == Some(last) {
                    reached.set(true);
                }
            };
            pool.poll_until("resuming", TIMEOUT, on_message, |_| reached.get())
        })
    }

    /// Milliseconds until the snapshot is received (median).
    fn snapshot(&self) -> Result<f64> {
        let path = format!("/canvases/{}/snapshot", self.canvas.id);
        timed(|_| self.target.fetch(&path, self.person).map(drop))
    }
}

/// Opens one more connection and waits for its `connected`.
fn join_canvas(
    pool: &mut ClientPool,
    target: &Target,
    canvas: &Canvas,
    person: &Person,
    after: Option<i64>,
) -> Result<ConnectionId> {
    let upgrade = target.upgrade(canvas, person, after);
    let id = pool.connect(target.address, Some(&upgrade))?;
    let connected = std::cell::Cell::new(false);
    let on_message = |from: ConnectionId, payload: &[u8]| {
        if from == id && MessageType::of(payload) == MessageType::Connected {
            connected.set(true);
        }
    };
    pool.poll_until("joining", TIMEOUT, on_message, |_| connected.get())?;
    Ok(id)
}

/// Milliseconds that `act` takes (median of [`REPETITIONS`]).
fn timed(mut act: impl FnMut(usize) -> Result<()>) -> Result<f64> {
    let mut times = Vec::with_capacity(REPETITIONS);
    for number in 0..REPETITIONS {
        let begun = Instant::now();
        act(number)?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    Ok(median(&times))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_that_gets_dearer_is_not_met() {
        let mut table = Table::default();
        for (size, cost) in [("10", 1.0), ("100", 1.5), ("1000", 2.5)] {
            table.add("a join", "ms", size.to_owned(), cost);
        }
        let met: Vec<_> = table.rows().iter().map(|row| row.met).collect();
        assert_eq!(met, [true, true, false]);
    }
}
