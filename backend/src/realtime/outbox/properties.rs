//! Properties of the outbox, over random pushes of random sizes.

use super::*;
use crate::realtime::outbound::Class;
use proptest::{collection::vec, prelude::*};
use shared::ids::UserId;
use std::collections::HashMap;

const KINDS: [&str; 2] = ["cursor", "typing"];

/// One push: its class and size.
type Push = (Class, usize);

fn class() -> impl Strategy<Value = Class> {
    prop_oneof![
        2 => Just(Class::Durable),
        3 => (1..4_i64, 0..2_usize)
            .prop_map(|(user, kind)| Class::Ephemeral(UserId(user), KINDS[kind])),
    ]
}

fn pushes() -> impl Strategy<Value = Vec<Push>> {
    let size = prop_oneof![
        9 => 0..4_000_usize,
        1 => 0..OUTBOX_BYTES / 4,
    ];
    vec((class(), size), 1..120)
}

/// A message that can be recognized by its place among the pushes.
fn message((class, size): Push, position: usize) -> OutboundMessage {
    let position = i64::try_from(position).unwrap();
    OutboundMessage {
        class,
        ..OutboundMessage::event(position, vec![b'x'; size].into())
    }
}

fn position(message: &OutboundMessage) -> usize {
    usize::try_from(message.seq.unwrap()).unwrap()
}

/// The place of the newest push of each sender and kind.
fn newest(pushes: &[Push]) -> HashMap<(UserId, &'static str), usize> {
    let key = |(position, (class, _)): (usize, &Push)| match class {
        Class::Durable => None,
        Class::Ephemeral(user, kind) => Some(((*user, *kind), position)),
    };
    pushes.iter().enumerate().filter_map(key).collect()
}

proptest! {
    #[test]
    fn it_is_bounded_and_loses_nothing_durable_and_no_newest_ephemeral(pushes in pushes()) {
        let outbox = Outbox::default();
        for (position, push) in pushes.iter().enumerate() {
            outbox.push(message(*push, position));
            let state = outbox.state.lock();
            let bytes: usize = state.queue.messages.iter().map(OutboundMessage::cost).sum();
            prop_assert!(bytes == state.queue.bytes() && bytes <= OUTBOX_BYTES);
        }
        let drained = outbox.try_drain();
        let messages = drained.as_ref().map(|drained| &drained.messages);
        let positions: Vec<usize> = messages.into_iter().flatten().map(position).collect();
        prop_assert!(positions.is_sorted(), "{:?}", positions);
        let cost = |push: &Push| message(*push, 0).cost();
        let durable = pushes.iter().filter(|(class, _)| *class == Class::Durable);
        let durable_bytes: usize = durable.map(cost).sum();
        let closed = drained.is_some_and(|drained| drained.close == Some(CloseReason::SlowConsumer));
        // Ended exactly when the durable ones alone are too many.
        prop_assert_eq!(closed, durable_bytes > OUTBOX_BYTES);
        if closed {
            prop_assert!(positions.is_empty());
            return Ok(());
        }
        for (position, (class, _)) in pushes.iter().enumerate() {
            let lost = *class == Class::Durable && !positions.contains(&position);
            prop_assert!(!lost, "{} is lost", position);
        }
        // Where one of a sender's and kind stays, so does the newest.
        let newest = newest(&pushes);
        for position in &positions {
            if let Class::Ephemeral(user, kind) = pushes[*position].0 {
                prop_assert!(positions.contains(&newest[&(user, kind)]));
            }
        }
        // And all the newest stay where there is room for one of each.
        let mut largest = HashMap::new();
        for push in &pushes {
            if let Class::Ephemeral(user, kind) = push.0 {
                let most = largest.entry((user, kind)).or_insert(0);
                *most = cost(push).max(*most);
            }
        }
        let one_more = largest.values().max().copied().unwrap_or_default();
        if durable_bytes + largest.values().sum::<usize>() + one_more <= OUTBOX_BYTES {
            prop_assert!(newest.values().all(|position| positions.contains(position)));
        }
    }

    #[test]
    fn what_is_drained_in_between_comes_once_and_in_order(
        rounds in vec(vec((class(), 0..100_usize), 0..20), 1..10),
    ) {
        let outbox = Outbox::default();
        let mut next = 0;
        for round in rounds {
            let from = next;
            let messages = round.iter().map(|push| {
                next += 1;
                message(*push, next - 1)
            });
            outbox.extend(messages.collect());
            let drained = outbox.try_drain();
            let messages = drained.into_iter().flat_map(|drained| drained.messages);
            let positions: Vec<usize> = messages.map(|message| position(&message)).collect();
            prop_assert_eq!(positions, (from..next).collect::<Vec<_>>());
        }
    }
}
