//! Cost with many people on one canvas: of a join and of a delivery, for each receiver.

use super::Table;
use crate::{
    client_pool::{ClientPool, ConnectionId},
    group::{MessageType, TIMEOUT},
    target::{self, Target},
};
use anyhow::Result;
use std::time::Duration;

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
/// People who join in addition at each size, and messages that are sent.
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
            // A hundred at a time.
            let group = size.min(present + 100);
            for number in present..group {
                pool.connect(target.address, Some(&upgrade(number)))?;
            }
            welcomed(&mut pool, group - present)?;
            present = group;
        }
        wait_until_idle(&mut pool)?;
        let words = format!("{size} members");

        let before = target.processor_time()?;
        for _ in 0..MORE {
            pool.connect(target.address, Some(&upgrade(present)))?;
            present += 1;
            welcomed(&mut pool, 1)?;
        }
        wait_until_idle(&mut pool)?;
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

/// Polls until `newcomers` more have joined.
fn welcomed(pool: &mut ClientPool, newcomers: usize) -> Result<()> {
    let welcomed = std::cell::Cell::new(0);
    let on_message = |_: ConnectionId, payload: &[u8]| {
        welcomed
            .set(welcomed.get() + usize::from(MessageType::of(payload) == MessageType::Connected));
    };
    pool.poll_until("joining", TIMEOUT, on_message, |_| {
        welcomed.get() >= newcomers
    })
}

/// Polls until all members have received one chat message.
fn hear_chat(pool: &mut ClientPool, members: usize) -> Result<()> {
    let received = std::cell::Cell::new(0);
    let on_message = |_: ConnectionId, payload: &[u8]| {
        received.set(received.get() + usize::from(MessageType::of(payload) == MessageType::Chat));
    };
    pool.poll_until("hearing", TIMEOUT, on_message, |_| {
        received.get() >= members
    })
}

/// Polls until nothing has been received for 500 ms: joins are announced with a delay.
fn wait_until_idle(pool: &mut ClientPool) -> Result<()> {
    let mut received = true;
    while received {
        received = false;
        pool.poll(Duration::from_millis(500), |_, _| received = true)?;
    }
    Ok(())
}
