//! Events in the log of one canvas: what coming in, catching up, the snapshot
//! and one more event cost.

use super::{Table, Visitor};
use crate::{
    failure::Outcome,
    target::{self, Target},
};

const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
/// Events that somebody missed who comes back soon, and late.
const MISSED: [(&str, i64); 2] = [
    ("catching up on 100 events", 100),
    ("catching up on 900 events", 900),
];

pub(super) fn run(target: &Target, up_to: usize, table: &mut Table) -> Outcome<()> {
    let people = target.people(1)?;
    let canvas = target.canvas(&people[0], 4)?;
    let mut visitor = Visitor::enter(target, &canvas, &people[0])?;
    let mut stored = 0;
    for size in SIZES.into_iter().filter(|size| *size <= up_to) {
        visitor.send_all(size - stored, |_| target::remark())?;
        stored = size;
        let words = format!("{size} events");
        let commit = visitor.commit(|_| target::remark())?;
        stored += super::TIMES;
        let head = visitor.send_all(1, |_| target::remark())?;
        stored += 1;
        table.add("one more event", "ms", words.clone(), commit);
        table.add("coming in", "ms", words.clone(), visitor.join()?);
        for (name, missed) in MISSED {
            let time = visitor.resume(head - missed, head)?;
            table.add(name, "ms", words.clone(), time);
        }
        table.add("the snapshot", "ms", words, visitor.snapshot()?);
    }
    Ok(())
}
