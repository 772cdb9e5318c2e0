//! People on one canvas: what a join and a delivery cost the server for each
//! of those who hear of it.

use super::Table;
use crate::{
    crowd::{Crowd, PeerId},
    failure::Outcome,
    party::{Kind, PATIENCE},
    target::{self, Target},
};
use std::time::Duration;

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
/// Who come in addition at each size, and messages that are said.
const MORE: usize = 50;

pub(super) fn run(target: &Target, up_to: usize, table: &mut Table) -> Outcome<()> {
    let sizes = SIZES.iter().copied().filter(|size| *size <= up_to);
    let most = sizes.clone().max().unwrap_or(0);
    let people = target.people(most + MORE)?;
    let canvas = target.canvas(&people[0], 4)?;
    let upgrade = |number: usize| target.upgrade(&canvas, &people[number], None);
    let mut crowd = Crowd::new()?;
    let mut present = 0;
    for size in sizes {
        while present < size {
            // In groups, as a crowd comes.
            let group = size.min(present + 100);
            for number in present..group {
                crowd.connect(target.address, Some(&upgrade(number)))?;
            }
            welcomed(&mut crowd, group - present)?;
            present = group;
        }
        calm(&mut crowd)?;
        let words = format!("{size} members");

        let before = target.processor_time()?;
        for _ in 0..MORE {
            crowd.connect(target.address, Some(&upgrade(present)))?;
            present += 1;
            welcomed(&mut crowd, 1)?;
        }
        calm(&mut crowd)?;
        let used = target.processor_time()?.saturating_sub(before);
        let each = used.as_secs_f64() * 1e6 / (MORE * present) as f64;
        table.add("a join, for each who is there", "µs", words.clone(), each);

        let before = target.processor_time()?;
        for _ in 0..MORE {
            crowd.send(0, &target::remark());
            hear_chat(&mut crowd, present)?;
        }
        let used = target.processor_time()?.saturating_sub(before);
        let each = used.as_secs_f64() * 1e6 / (MORE * present) as f64;
        table.add("chat, for each who hears it", "µs", words, each);
    }
    Ok(())
}

/// Listens until so many more are in.
fn welcomed(crowd: &mut Crowd, newcomers: usize) -> Outcome<()> {
    let welcomed = std::cell::Cell::new(0);
    let hear = |_: PeerId, payload: &[u8]| {
        welcomed.set(welcomed.get() + usize::from(Kind::of(payload) == Kind::Connected));
    };
    crowd.until("joining", PATIENCE, hear, |_| welcomed.get() >= newcomers)
}

/// Listens until everybody has heard one message.
fn hear_chat(crowd: &mut Crowd, members: usize) -> Outcome<()> {
    let heard = std::cell::Cell::new(0);
    let hear = |_: PeerId, payload: &[u8]| {
        heard.set(heard.get() + usize::from(Kind::of(payload) == Kind::Chat));
    };
    crowd.until("hearing", PATIENCE, hear, |_| heard.get() >= members)
}

/// Listens until nothing has come for a moment: joins are told of late.
fn calm(crowd: &mut Crowd) -> Outcome<()> {
    let mut heard = true;
    while heard {
        heard = false;
        crowd.listen(Duration::from_millis(500), |_, _| heard = true)?;
    }
    Ok(())
}
