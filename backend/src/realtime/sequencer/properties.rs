//! Whatever is lost, doubled or overtaken on the way: every event is released once
//! and in order, and no gap stays open.

use super::*;
use proptest::{collection::vec, prelude::*};

fn event(seq: i64) -> Event {
    Event {
        seq,
        body: vec![0; 10].into(),
    }
}

/// What happens to the events of another node.
#[derive(Clone, Debug)]
enum Step {
    /// An event that is in the log arrives, from so far before its end.
    Arrives(i64),
    /// The log grows by so many.
    Grows(i64),
    /// A transaction of this node: what is missing before it is read first.
    Own(i64),
    /// Time passes, in milliseconds, and what is due is done.
    Waits(u64),
    /// The heads are polled.
    Heads,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0_i64..30).prop_map(Step::Arrives),
        4 => (1_i64..6).prop_map(Step::Grows),
        2 => (1_i64..6).prop_map(Step::Own),
        2 => (0_u64..80).prop_map(Step::Waits),
        1 => Just(Step::Heads),
    ]
}

/// Releases what is ready, and records it.
fn pass(sequencer: &mut Sequencer, out: &mut Vec<i64>, now: Instant) {
    while let Some(event) = sequencer.pop_ready(now) {
        out.push(event.seq);
    }
}

/// Reads the log as a room does.
fn read_log(sequencer: &mut Sequencer, out: &mut Vec<i64>, until: i64, log: i64, now: Instant) {
    for seq in sequencer.head() + 1..=until.min(log) {
        if sequencer.accept_next(seq) {
            out.push(seq);
        }
    }
    pass(sequencer, out, now);
}

proptest! {
    #[test]
    fn everything_comes_out_once_and_in_order(steps in vec(step(), 1..200)) {
        let mut now = Instant::now();
        let mut sequencer = Sequencer::new(0);
        let mut out = Vec::new();
        let mut log = 0;
        for step in steps {
            match step {
                Step::Grows(count) => log += count,
                Step::Arrives(back) => {
                    if log - back > 0 {
                        sequencer.insert(event(log - back), now);
                        pass(&mut sequencer, &mut out, now);
                    }
                }
                Step::Own(count) => {
                    let base = log;
                    log += count;
                    read_log(&mut sequencer, &mut out, base, log, now);
                    for seq in base + 1..=log {
                        prop_assert!(sequencer.accept_next(seq));
                        out.push(seq);
                    }
                    pass(&mut sequencer, &mut out, now);
                    prop_assert_eq!(sequencer.head(), log);
                }
                Step::Waits(millis) => {
                    now += Duration::from_millis(millis);
                    sequencer.on_timer(now);
                    if let Some(until) = sequencer.gap_until() {
                        read_log(&mut sequencer, &mut out, until, log, now);
                        sequencer.mark_read(until);
                    }
                    // No gap is older than it may be.
                    prop_assert!(sequencer.gap_deadline().is_none_or(|at| at > now));
                }
                Step::Heads => {
                    sequencer.observe_head(log);
                    if let Some(until) = sequencer.gap_until() {
                        read_log(&mut sequencer, &mut out, until, log, now);
                        sequencer.mark_read(until);
                    }
                    prop_assert_eq!(sequencer.head(), log);
                }
            }
            let expected: Vec<i64> = (1..=sequencer.head()).collect();
            prop_assert_eq!(&out, &expected);
            // What is in the log and not released is waited for, or unknown.
            prop_assert!(sequencer.out_of_order.keys().all(|seq| *seq > sequencer.head()));
            prop_assert_eq!(sequencer.gap_since.is_some(), !sequencer.out_of_order.is_empty());
            let bytes: usize = sequencer.out_of_order.values().map(|event| event.body.len()).sum();
            prop_assert_eq!(sequencer.out_of_order_bytes, bytes);
        }
    }

    #[test]
    fn what_is_kept_for_later_is_bounded(from in 2_i64..1000, count in 1_i64..2000) {
        let now = Instant::now();
        let mut sequencer = Sequencer::new(0);
        for seq in from..from + count {
            sequencer.insert(event(seq), now);
        }
        prop_assert!(sequencer.out_of_order.len() <= MAX_OUT_OF_ORDER);
        let mut out = Vec::new();
        sequencer.on_timer(now + GAP_TIMEOUT);
        let until = sequencer.gap_until().unwrap();
        prop_assert_eq!(until, from + count - 1);
        read_log(&mut sequencer, &mut out, until, until, now);
        prop_assert_eq!(out, (1..=until).collect::<Vec<_>>());
    }
}
