//! Cost with many open canvases, one connection on each: of a join, a message, and of memory for an
//! idle canvas.

use super::{Table, join_canvas};
use crate::{
    client_pool::{ClientPool, ConnectionId},
    group::{MessageType, TIMEOUT},
    system,
    target::{self, Target},
};
use anyhow::Result;
use std::time::Instant;

const SIZES: [usize; 5] = [1, 10, 100, 1_000, 10_000];
/// Canvases that one person has open; the server allows 50.
const EACH: usize = 40;
/// Messages that are sent at each size, spread over the canvases.
const MESSAGES: usize = 200;
/// Canvases that are opened in addition at each size, to measure one opening.
const MORE: usize = 20;

pub(super) fn run(target: &Target, up_to: usize, table: &mut Table) -> Result<()> {
    let sizes = SIZES.iter().copied().filter(|size| *size <= up_to);
    let most = sizes.clone().max().unwrap_or(0) + SIZES.len() * MORE;
    let people = target.people(most.div_ceil(EACH))?;
    let mut pool = ClientPool::new()?;
    let mut open = 0;
    let start = system::resident_memory(target.process)?;
    for size in sizes {
        while open < size {
            let person = &people[open / EACH];
            join_canvas(&mut pool, target, &target.canvas(person, 4)?, person, None)?;
            open += 1;
        }
        let words = format!("{size} open canvases");
        let more: Vec<_> = (0..MORE)
            .map(|number| {
                let person = &people[(open + number) / EACH];
                target.canvas(person, 4).map(|canvas| (canvas, person))
            })
            .collect::<Result<_>>()?;
        let before = target.processor_time()?;
        for (canvas, person) in more {
            join_canvas(&mut pool, target, &canvas, person, None)?;
            open += 1;
        }
        let used = target.processor_time()?.saturating_sub(before);
        let each = used.as_secs_f64() * 1e6 / MORE as f64;
        table.add("opening one more", "µs", words.clone(), each);

        let begun = Instant::now();
        for number in 0..MESSAGES {
            let who = number * 7919 % open;
            let received = std::cell::Cell::new(false);
            pool.send(who, &target::sample_chat());
            let on_message = |from: ConnectionId, payload: &[u8]| {
                if from == who && MessageType::of(payload) == MessageType::Ack {
                    received.set(true);
                }
            };
            pool.poll_until("an answer", TIMEOUT, on_message, |_| received.get())?;
        }
        let each = begun.elapsed().as_secs_f64() * 1e3 / MESSAGES as f64;
        table.add("chat on one of them", "ms", words.clone(), each);

        let grown = system::resident_memory(target.process)?.saturating_sub(start);
        let each = grown as f64 / 1024.0 / open as f64;
        table.add("memory of one with its connection", "KiB", words, each);
    }
    Ok(())
}
