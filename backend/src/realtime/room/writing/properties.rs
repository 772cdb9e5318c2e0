//! The room's delivery, over random transactions of this and of other nodes: every
//! connection gets every event once and in order, whatever reaches the room, and a
//! reply never comes before an older event.

use super::*;
use crate::past::log::Log;
use crate::{
    clock::DatabaseClock,
    db::{
        Pool, Pools, access::Standing, history::CheckedLog, log::RoomCanvas, order::OrderSettings,
    },
    realtime::{
        bus::Bus,
        failure_detector::FailureDetector,
        notifier::Notifier,
        outbox::Outbox,
        room::{
            Services,
            backfill::Chunk,
            command::{Join, Joined, Replay},
        },
        write::Identity,
    },
};
use proptest::{collection::vec, prelude::*};
use shared::{
    canvas::{Coord, Grid, Role, TileOp},
    ids::{CanvasId, Epoch, UserId},
    protocol::{CloseReason, Heartbeat},
    text::ChatText,
};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// One request of the room's own transaction.
#[derive(Clone, Debug)]
enum Own {
    /// A chat message or a stroke of the member with this index.
    Event { by: usize, is_tile: bool },
    /// Refused.
    Refused { by: usize },
    /// Asked for over HTTP.
    Foreign,
}

#[derive(Clone, Debug)]
enum Step {
    Join,
    /// Another node commits this many events.
    Elsewhere(i64),
    /// A transaction of this room; before it others are found in the log.
    Commit(Vec<Own>),
    /// Events that are delivered already, or out of order.
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

const EPOCH: Epoch = Epoch(Uuid::nil());
const INSTANCE: i64 = 1;

fn room(pool: Pool) -> Room {
    let bus = Bus::local();
    let canvas = RoomCanvas {
        order: OrderSettings::default(),
        grid: Grid {
            width: 1,
            height: 1,
            tile_size: 8,
            palette: 2,
        },
        epoch: EPOCH,
        last_seq: 0,
        last_event: None,
        acl_version: 0,
        instance: INSTANCE,
    };
    let services = Services {
        rate_limits: false,
        notifier: Notifier::new(pool.clone(), Arc::default(), bus.clone()),
        pool,
        log: Log::default(),
        clock: DatabaseClock::default(),
        nodes: Arc::new(FailureDetector::new(bus.node())),
        bus,
        versions: Arc::default(),
        message_rates: Arc::default(),
    };
    let commands = mpsc::channel(1).0.downgrade();
    Room::new(CanvasId(1), &canvas, services, commands, Arc::default())
}

/// Has a connection join, and returns the reply.
fn join(room: &mut Room, id: ConnectionId) -> Joined {
    let (reply, mut joined) = oneshot::channel();
    room.queue_join(Join {
        connection_id: id,
        identity: identity(),
        status_message: String::new(),
        blocked: Vec::new(),
        role: Role::Editor,
        acl_version: 0,
        sanctions: None,
        standing: Standing::default(),
        last_seq: None,
        epoch: None,
        last_timestamp: None,
        last_rewording: 0,
        is_compared: false,
        heartbeat: Heartbeat {
            interval_ms: 1,
            timeout_ms: 2,
        },
        outbox: Arc::default(),
        reply,
    });
    room.admit_waiting();
    joined.try_recv().unwrap()
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
            undo_of: None,
            op: TileOp::Delete,
        }
    } else {
        Operation::Chat {
            text: ChatText::parse("hi").unwrap(),
            reply_to: None,
        }
    };
    let write = Write {
        identity: identity(),
        role: Role::Editor,
        acl_version: 0,
        sanctions: None,
        standing: Standing::default(),
        op_id: None,
        operation,
    };
    Request { write, connection }
}

/// The members, in the order of joining, with the head that each found.
type Members = Vec<(ConnectionId, i64)>;

fn transaction(head: i64, base: i64, own: &[Own], members: &Members) -> InFlightResult {
    let mut committed = Committed {
        base,
        epoch: EPOCH,
        instance: INSTANCE,
        events: Vec::new(),
        results: Vec::new(),
        locks: Vec::new(),
        notifications: Vec::new(),
    };
    let mut finished = InFlightResult {
        chunk: Some(Chunk {
            events: (head + 1..=base).map(event).collect(),
            read_until: base,
            ..Chunk::default()
        }),
        ..InFlightResult::empty()
    };
    for own in own {
        let member = |by: usize| members.get(by % members.len().max(1)).map(|m| m.0);
        let (by, is_tile, refused) = match own {
            Own::Event { by, is_tile } => (member(*by), *is_tile, false),
            Own::Refused { by } => (member(*by), false, true),
            Own::Foreign => (None, true, false),
        };
        finished.requests.push(request(by, is_tile));
        finished.replies.push(match by {
            Some(by) if is_tile => ReplyTo::Socket(by, "tile_paint", None),
            Some(by) => ReplyTo::Socket(by, "canvas_chat", None),
            None => ReplyTo::Nobody,
        });
        if refused {
            committed.results.push(Err(WriteError::Unavailable));
            continue;
        }
        let position = committed.events.len();
        let seq = base + 1 + i64::try_from(position).unwrap();
        committed.events.push(event(seq));
        let done = Done {
            seq: Some(seq),
            ..Done::default()
        };
        committed.results.push(Ok(Applied {
            done,
            event: Some(position),
        }));
    }
    finished.outcome = Some(Outcome::Committed(committed));
    finished
}

/// The number of events that the transaction made.
fn events(finished: &InFlightResult) -> usize {
    match &finished.outcome {
        Some(Outcome::Committed(committed)) => committed.events.len(),
        _ => 0,
    }
}

/// Reads an outbox as a client does: how far it gets from `seq`.
fn read(outbox: &Outbox, mut seq: i64) -> Result<i64, TestCaseError> {
    let drained = outbox.try_drain();
    for message in drained.into_iter().flat_map(|drained| drained.messages) {
        let Some(now) = message.seq else { continue };
        let text = String::from_utf8(message.frame.json().to_vec()).unwrap();
        if text == now.to_string() || text.contains("tile_paint") {
            prop_assert_eq!(now, seq + 1, "{} after {}", text, seq);
            seq = now;
        } else {
            // The reply to a chat message follows its event.
            prop_assert_eq!(now, seq, "{}", text);
        }
    }
    Ok(seq)
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

/// A pool that is never connected to.
fn no_pool() -> Pool {
    Pools::new("postgres://localhost/none", 2).unwrap().writes
}

/// The types of what waits in a member's outbox, and why it is closed.
fn received(room: &Room, id: ConnectionId) -> (Vec<String>, Option<CloseReason>) {
    let drained = room.members.get(id).unwrap().outbox.try_drain();
    let close = drained.as_ref().and_then(|drained| drained.close);
    let messages = drained.into_iter().flat_map(|drained| drained.messages);
    let texts = messages.map(|m| String::from_utf8(m.frame.json().to_vec()).unwrap());
    (texts.collect(), close)
}

#[test]
fn what_cannot_be_read_for_long_is_answered_and_left_to_the_log() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let mut room = room(no_pool());
    let id = ConnectionId(Uuid::new_v4());
    let members = vec![(id, join(&mut room, id).head)];
    let own = [Own::Event {
        by: 0,
        is_tile: true,
    }];
    let mut finished = transaction(0, 5, &own, &members);
    finished.chunk = None;
    finished.has_backfill_failed = true;
    room.finish(finished);
    room.delivery.flush_now(&room.members);
    let (received, _) = received(&room, id);
    assert_eq!(received.len(), 1);
    assert!(received[0].contains("unavailable"), "{received:?}");
    assert_eq!(
        (room.delivery.head(), room.delivery.gap_until()),
        (0, Some(6))
    );
    // Later a poll reads all of it.
    room.finish(transaction(0, 6, &[], &members));
    assert_eq!(room.delivery.head(), 6);
}

#[test]
fn a_log_that_went_back_disconnects_everybody_and_refuses_what_waits() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let mut room = room(no_pool());
    let id = ConnectionId(Uuid::new_v4());
    let members = vec![(id, join(&mut room, id).head)];
    room.finish(transaction(0, 5, &[], &members));
    room.delivery.flush_now(&room.members);
    received(&room, id);
    let reply_to = ReplyTo::Socket(id, "tile_paint", None);
    room.enqueue(request(Some(id), true).write, Some(id), reply_to);
    let canvas = RoomCanvas {
        order: OrderSettings::default(),
        grid: room.grid,
        epoch: Epoch(Uuid::from_u128(2)),
        last_seq: 3,
        last_event: Some("{}".to_owned()),
        acl_version: 0,
        instance: INSTANCE + 1,
    };
    let continued = |is_continued| {
        Some(CheckedLog {
            canvas: canvas.clone(),
            is_continued,
        })
    };
    // The same log under another epoch disturbs nobody.
    room.finish(InFlightResult {
        checked: continued(true),
        ..InFlightResult::empty()
    });
    assert_eq!(
        (room.delivery.head(), room.writes.has_requests()),
        (5, true)
    );
    room.finish(InFlightResult {
        checked: continued(false),
        ..InFlightResult::empty()
    });
    let (received, close) = received(&room, id);
    assert_eq!(received.len(), 1);
    assert!(received[0].contains("unavailable"), "{received:?}");
    assert!(
        matches!(close, Some(CloseReason::GoingAway(_))),
        "{close:?}"
    );
    assert_eq!(
        (room.delivery.head(), room.writes.has_requests()),
        (3, false)
    );
    assert_eq!(room.log.epoch, canvas.epoch);
    // What comes now is for those who join now.
    room.finish(transaction(3, 4, &[], &members));
    room.delivery.flush_now(&room.members);
    let late = room.members.get(id).unwrap().outbox.try_drain().unwrap();
    assert!(late.messages.is_empty());
}

proptest! {
    #[test]
    fn everybody_gets_every_event_once_and_in_order(steps in vec(step(), 1..60)) {
        let runtime = runtime();
        let _inside = runtime.enter();
        let mut room = room(no_pool());
        let mut members = Members::new();
        let mut log = 0;
        for step in steps {
            match step {
                Step::Join => {
                    let id = ConnectionId(Uuid::new_v4());
                    let joined = join(&mut room, id);
                    prop_assert_eq!(joined.head, room.delivery.head());
                    members.push((id, joined.head));
                }
                Step::Elsewhere(count) => log += count,
                Step::Commit(own) => {
                    let finished = transaction(room.delivery.head(), log, &own, &members);
                    log += i64::try_from(events(&finished)).unwrap();
                    room.finish(finished);
                    prop_assert_eq!(room.delivery.head(), log);
                }
                Step::Stray(from, count) => {
                    let mut finished = transaction(room.delivery.head(), room.delivery.head(), &[], &members);
                    finished.chunk = Some(Chunk {
                        events: (from..from + count).filter(|seq| *seq <= log).map(event).collect(),
                        read_until: room.delivery.head(),
                        ..Chunk::default()
                    });
                    let before = room.delivery.head();
                    room.finish(finished);
                    let next_was_there = from <= before + 1;
                    let expected = if next_was_there {
                        before.max((from + count - 1).min(log))
                    } else {
                        before
                    };
                    prop_assert_eq!(room.delivery.head(), expected);
                }
            }
        }
        room.delivery.flush_now(&room.members);
        for (id, joined_at) in members {
            let reached = read(&room.members.get(id).unwrap().outbox, joined_at)?;
            prop_assert_eq!(reached, room.delivery.head());
        }
        // A client that resumes from the beginning gets all of it from memory.
        let (_, replay) = room.delivery.resume(Some(0), Some(EPOCH), EPOCH);
        let Replay::Events(all) = replay else {
            return Err(TestCaseError::fail("the ring does not have all events"));
        };
        let seqs: Vec<i64> = all.iter().map(|e| e.seq).collect();
        let expected: Vec<i64> = (1..=room.delivery.head()).collect();
        prop_assert_eq!(seqs, expected);
    }
}
