//! Cost with many events in the log of one canvas: of joining, resuming, the snapshot, and one more
//! event.

use super::{Client, Table};
use crate::target::{self, Target};
use anyhow::Result;

const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// Number of events that a resuming client has missed: after a short and after a long absence.
const MISSED: [(&str, i64); 2] = [
    ("catching up on 100 events", 100),
    ("catching up on 900 events", 900),
];

pub(super) fn run(target: &Target, up_to: usize, table: &mut Table) -> Result<()> {
    let people = target.people(1)?;
    let canvas = target.canvas(&people[0], 4)?;
    let mut client = Client::join_canvas(target, &canvas, &people[0])?;
    let mut stored = 0;
    for size in SIZES.into_iter().filter(|size| *size <= up_to) {
        client.send_all(size - stored, |_| target::sample_chat())?;
        stored = size;
        let words = format!("{size} events");
        let commit = client.commit(|_| target::sample_chat())?;
        stored += super::REPETITIONS;
        let head = client.send_all(1, |_| target::sample_chat())?;
        stored += 1;
        table.add("one more event", "ms", words.clone(), commit);
        table.add("coming in", "ms", words.clone(), client.join()?);
        for (name, missed) in MISSED {
            let time = client.resume(head - missed, head)?;
            table.add(name, "ms", words.clone(), time);
        }
        table.add("the snapshot", "ms", words, client.snapshot()?);
    }
    Ok(())
}
