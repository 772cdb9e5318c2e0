//! The room's sequencer, over random transactions of this and of other nodes: every
//! connection gets every event once and in order, whatever the room is handed,
//! and an answer never comes before what is older than it.

use super::*;
use crate::realtime::{
    bus::Bus,
    failure_detector::FailureDetector,
    node_id::NodeId,
    outbox::Outbox,
    presence::Presence,
    ring::Ring,
    room::{Member, Timers, fanout::FanoutBuffer, remote::RemotePresence},
    write::{Identity, Write},
};
use crate::{clock::Clock, db::ConnectionCache};
use proptest::{collection::vec, prelude::*};
use shared::{
    canvas::{Coord, Grid, Role, TileOp},
    ids::{CanvasId, Epoch, UserId},
    text::ChatText,
};
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};
use tokio::sync::mpsc;
use uuid::Uuid;

/// One request of the room's own transaction.
#[derive(Clone, Debug)]
enum Own {
    /// A chat message or a stroke by the member of this number.
    Event { by: usize, is_tile: bool },
    /// Refused.
    Refused { by: usize },
    /// Asked for over HTTP.
    Foreign,
}

#[derive(Clone, Debug)]
enum Step {
    Join,
    /// Another node commits so many events.
    Elsewhere(i64),
    /// A transaction of this room; before it others are found in the log.
    Commit(Vec<Own>),
    /// Events that it knows already, or that are too early.
    Stray(i64, i64),
}

fn step() -> impl Strategy<Value = Step> {
    let own = prop_oneof![
        6 => (0..5_usize, any::<bool>()).prop_map(|(by, is_tile)| Own::Event { by, is_tile }),
        1 => (0..5_usize).prop_map(|by| Own::Refused { by }),
        1 => Just(Own::Foreign),
    ];
    prop_oneof![
        2 => Just(Step::Join),
        1 => (1..4_i64).prop_map(Step::Elsewhere),
        5 => vec(own, 0..6).prop_map(Step::Commit),
        1 => (0..40_i64, 1..10_i64).prop_map(|(from, count)| Step::Stray(from, count)),
    ]
}

fn room(pool: PgPool) -> Room {
    Room {
        canvas_id: CanvasId(1),
        grid: Grid {
            width: 1,
            height: 1,
            tile_size: 8,
            palette: 2,
        },
        epoch: Epoch(Uuid::nil()),
        connection_cache: ConnectionCache::new(pool.clone()),
        pool,
        count: Arc::default(),
        clock: Clock::default(),
        bus: Bus::local(),
        nodes: Arc::new(FailureDetector::new(NodeId::random())),
        remote: RemotePresence::new(mpsc::channel(1).0.downgrade(), Arc::default()),
        sequencer: Sequencer::new(0),
        acl_version: 0,
        ring: Ring::default(),
        members: HashMap::new(),
        fanout: FanoutBuffer::default(),
        message_rates: Arc::default(),
        presence: Presence::default(),
        locks: HashMap::new(),
        timers: Timers::default(),
        queue: VecDeque::new(),
        in_flight: None,
        joining: Vec::new(),
        joins_ahead: Vec::new(),
        backfilled: Vec::new(),
        deleted: false,
    }
}

fn identity() -> Identity {
    Identity {
        user_id: UserId(1),
        username: "ann".into(),
        display_name: "Ann".into(),
        name_version: 0,
    }
}

fn event(seq: i64) -> Event {
    Event {
        seq,
        body: seq.to_string().into(),
    }
}

fn request(connection: Option<ConnectionId>, is_tile: bool) -> Request {
    let operation = if is_tile {
        Operation::Tile {
            at: Coord { x: 0, y: 0 },
            expected: None,
            op: TileOp::Delete,
        }
    } else {
        Operation::Chat(ChatText::parse("hi").unwrap())
    };
    let write = Write {
        identity: identity(),
        role: Role::Editor,
        op_id: None,
        operation,
    };
    Request { write, connection }
}

/// The members, in the order of joining, with the head that each found.
type Members = Vec<(ConnectionId, i64)>;

fn transaction(head: i64, base: i64, own: &[Own], members: &Members) -> Finished {
    let mut finished = Finished {
        requests: Vec::new(),
        answers: Vec::new(),
        committed: Committed {
            base,
            ..Committed::default()
        },
        chunk: Some(Chunk {
            events: (head + 1..=base).map(event).collect(),
            read_until: base,
            ..Chunk::default()
        }),
        ..Finished::nothing()
    };
    for own in own {
        let member = |by: usize| members.get(by % members.len().max(1)).map(|m| m.0);
        let (by, is_tile, refused) = match own {
            Own::Event { by, is_tile } => (member(*by), *is_tile, false),
            Own::Refused { by } => (member(*by), false, true),
            Own::Foreign => (None, true, false),
        };
        finished.requests.push(request(by, is_tile));
        finished.answers.push(match by {
            Some(by) if is_tile => Answer::Socket(by, "tile_paint", None),
            Some(by) => Answer::Socket(by, "canvas_chat", None),
            None => Answer::Nobody,
        });
        let committed = &mut finished.committed;
        if refused {
            committed.results.push(Err(WriteError::Unavailable));
            continue;
        }
        let place = committed.events.len();
        let seq = base + 1 + i64::try_from(place).unwrap();
        committed.events.push(event(seq));
        let done = Done {
            seq: Some(seq),
            ..Done::default()
        };
        committed.results.push(Ok(Applied {
            done,
            event: Some(place),
        }));
    }
    finished
}

/// Reads an outbox as a client does: how far it gets from `seq`.
fn read(outbox: &Outbox, mut seq: i64) -> Result<i64, TestCaseError> {
    let taken = outbox.try_drain();
    for frame in taken.into_iter().flat_map(|taken| taken.frames) {
        let Some(now) = frame.seq else { continue };
        let text = String::from_utf8(frame.text.json().to_vec()).unwrap();
        if text == now.to_string() || text.contains("tile_paint") {
            prop_assert_eq!(now, seq + 1, "{} after {}", text, seq);
            seq = now;
        } else {
            // The answer to a chat message follows its event.
            prop_assert_eq!(now, seq, "{}", text);
        }
    }
    Ok(seq)
}

proptest! {
    #[test]
    fn everybody_gets_every_event_once_and_in_order(steps in vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let _inside = runtime.enter();
        // Never connected to.
        let pool = PgPoolOptions::new().connect_lazy("postgres://localhost/none").unwrap();
        let mut room = room(pool);
        let mut members = Members::new();
        let mut log = 0;
        for step in steps {
            match step {
                Step::Join => {
                    let id = ConnectionId(Uuid::new_v4());
                    room.members.insert(id, Member::for_tests(room.fanout.count()));
                    members.push((id, room.sequencer.head()));
                }
                Step::Elsewhere(count) => log += count,
                Step::Commit(own) => {
                    let finished = transaction(room.sequencer.head(), log, &own, &members);
                    log += i64::try_from(finished.committed.events.len()).unwrap();
                    room.finish(finished);
                    prop_assert_eq!(room.sequencer.head(), log);
                }
                Step::Stray(from, count) => {
                    let mut finished = transaction(room.sequencer.head(), room.sequencer.head(), &[], &members);
                    finished.chunk = Some(Chunk {
                        events: (from..from + count).filter(|seq| *seq <= log).map(event).collect(),
                        read_until: room.sequencer.head(),
                        ..Chunk::default()
                    });
                    let before = room.sequencer.head();
                    room.finish(finished);
                    let next_was_there = from <= before + 1;
                    let expected = if next_was_there {
                        before.max((from + count - 1).min(log))
                    } else {
                        before
                    };
                    prop_assert_eq!(room.sequencer.head(), expected);
                }
            }
        }
        room.flush_now();
        for (id, joined_at) in members {
            let reached = read(&room.members[&id].outbox, joined_at)?;
            prop_assert_eq!(reached, room.sequencer.head());
        }
        let all = room.ring.since(0, room.sequencer.head());
        let seqs: Option<Vec<i64>> = all.map(|all| all.iter().map(|e| e.seq).collect());
        let expected: Vec<i64> = (1..=room.sequencer.head()).collect();
        prop_assert_eq!(seqs, Some(expected));
    }
}
