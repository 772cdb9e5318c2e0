//! People on one canvas: what a join and a delivery cost the server for each
//! of those who hear of it.

use super::Table;
use crate::{
    client_pool::{ClientPool, PeerId},
    group::{MessageType, PATIENCE},
    target::{self, Target},
};
use anyhow::Result;
use std::time::Duration;

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
/// Who come in addition at each size, and messages that are said.
const MORE: usize = 50;

pub(super) fn run(target: &Target, up_to: usize, table: &mut Table) -> Result<()> {
    let sizes = SIZES.iter().copied().filter(|size| *size <= up_to);
    let most = sizes.clone().max().unwrap_or(0);
    let people = target.people(most + MORE)?;
    let canvas = target.canvas(&people[0], 4)?;
    let upgrade = |number: usize| target.upgrade(&canvas, &people[number], None);
    let mut pool = ClientPool::new()?;
    let mut present = 0;
    for size in sizes {
        while present < size {
            // In groups, as a pool comes.
            let group = size.min(present + 100);
            for number in present..group {
                pool.connect(target.address, Some(&upgrade(number)))?;
            }
            welcomed(&mut pool, group - present)?;
            present = group;
        }
        calm(&mut pool)?;
        let words = format!("{size} members");

        let before = target.processor_time()?;
        for _ in 0..MORE {
            pool.connect(target.address, Some(&upgrade(present)))?;
            present += 1;
            welcomed(&mut pool, 1)?;
        }
        calm(&mut pool)?;
        let used = target.processor_time()?.saturating_sub(before);
        let each = used.as_secs_f64() * 1e6 / (MORE * present) as f64;
        table.add("a join, for each who is there", "µs", words.clone(), each);

        let before = target.processor_time()?;
        for _ in 0..MORE {
            pool.send(0, &target::sample_chat());
            hear_chat(&mut pool, present)?;
        }
        let used = target.processor_time()?.saturating_sub(before);
        let each = used.as_secs_f64() * 1e6 / (MORE * present) as f64;
        table.add("chat, for each who hears it", "µs", words, each);
    }
    Ok(())
}

/// Listens until so many more are in.
fn welcomed(pool: &mut ClientPool, newcomers: usize) -> Result<()> {
    let welcomed = std::cell::Cell::new(0);
    let hear = |_: PeerId, payload: &[u8]| {
        welcomed
            .set(welcomed.get() + usize::from(MessageType::of(payload) == MessageType::Connected));
    };
    pool.until("joining", PATIENCE, hear, |_| welcomed.get() >= newcomers)
}

/// Listens until everybody has heard one message.
fn hear_chat(pool: &mut ClientPool, members: usize) -> Result<()> {
    let heard = std::cell::Cell::new(0);
    let hear = |_: PeerId, payload: &[u8]| {
        heard.set(heard.get() + usize::from(MessageType::of(payload) == MessageType::Chat));
    };
    pool.until("hearing", PATIENCE, hear, |_| heard.get() >= members)
}

/// Listens until nothing has come for a moment: joins are told of late.
fn calm(pool: &mut ClientPool) -> Result<()> {
    let mut heard = true;
    while heard {
        heard = false;
        pool.listen(Duration::from_millis(500), |_, _| heard = true)?;
    }
    Ok(())
}
