//! A seeded fuzz: whatever the network does, in the end every tab shows what
//! the server has, and nothing that was taken is lost.

#![cfg(not(target_arch = "wasm32"))]

use super::{
    server::{GRID, user},
    simulation::{Fault, Simulation, Tab},
};
use crate::store::backend::Var;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use shared::{
    canvas::Coord,
    ids::{OpId, UserId},
    pixels::Pixels,
    protocol::ClientMessage,
};
use std::collections::HashSet;

/// Steps of one run.
const STEPS: usize = 400;
/// Seeds that once showed a fault are kept here.
const REGRESSIONS: [u64; 0] = [];

fn cell(random: &mut StdRng) -> Coord {
    Coord {
        x: random.random_range(0..GRID.width),
        y: random.random_range(0..GRID.height),
    }
}

/// A tab does something; the id of what must not get lost.
fn act(simulation: &mut Simulation, random: &mut StdRng, tab: usize) -> Option<(UserId, OpId)> {
    let now = simulation.now;
    let tab = &mut simulation.tabs[tab];
    let me = tab.state.store.me.get()?.user_id;
    let at = cell(random);
    let (x, y) = (at.x, at.y);
    let message = match random.random_range(0..14) {
        0..=6 => {
            let edits: Vec<(u16, u8)> = (0..random.random_range(1..6))
                .map(|_| (random.random_range(0..64), random.random_range(0..4)))
                .collect();
            tab.paint(at, &edits, now);
            return None;
        }
        7 => {
            tab.state.store.editing.set(Some(at));
            let undo = random.random_bool(0.6);
            tab.input(now, |state| {
                if undo {
                    state.undo(now);
                } else {
                    state.redo(now);
                }
            });
            return None;
        }
        8 => {
            let id = tab.say(&format!("message at {now}"), now)?;
            return Some((me, id));
        }
        9 => ClientMessage::TileCreate {
            x,
            y,
            title: "new".into(),
            pixels: None,
        },
        10 => ClientMessage::TileDelete { x, y },
        11 => ClientMessage::TileUpdate {
            x,
            y,
            title: Some(format!("title {now}")),
            pixels: None,
        },
        12 => ClientMessage::TileUpdate {
            x,
            y,
            title: None,
            pixels: Some(Pixels::from_bytes(vec![random.random_range(0..4); 64])),
        },
        _ => ClientMessage::TileLike {
            x,
            y,
            liked: random.random_bool(0.5),
        },
    };
    let id = tab.input(now, |state| state.dispatch(message, now))?;
    Some((me, id))
}

/// Somebody signs in as this user in another page of the browser of the first
/// two tabs.
fn change_cookie(simulation: &mut Simulation, id: i64) {
    for tab in &mut simulation.tabs[..2] {
        tab.user = user(id);
        // The server ends the session before it.
        tab.disconnect(simulation.now);
    }
}

fn run(seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut simulation = Simulation::open(&[user(1), user(1), user(2), user(3)]);
    let mut taken = Vec::new();
    for _ in 0..STEPS {
        let tab = random.random_range(0..simulation.tabs.len());
        simulation.now += random.random_range(0..200);
        let now = simulation.now;
        match random.random_range(0..100) {
            0..30 => taken.extend(act(&mut simulation, &mut random, tab)),
            30..55 => {
                let fault = match random.random_range(0..20) {
                    0 => Fault::Refuse,
                    1 => Fault::Unavailable,
                    2 => Fault::LoseAnswer,
                    _ => Fault::None,
                };
                simulation.serve(tab, fault);
            }
            55..80 => {
                simulation.deliver(tab);
            }
            80..84 => {
                // The same message twice: the server may repeat what it sent.
                if let Some(message) = simulation.tabs[tab].to_tab.front().cloned() {
                    simulation.deliver(tab);
                    let tab = &mut simulation.tabs[tab];
                    if tab.connected {
                        tab.to_tab.push_front(message);
                    }
                }
            }
            84..87 => simulation.tabs[tab].disconnect(now),
            87..93 => {
                simulation.connect(tab);
            }
            93..95 => {
                simulation.read_snapshot(tab);
            }
            97 if random.random_bool(0.5) => {
                // Not twice before the pages know: a snapshot does not say whom it was read for.
                let cookie = simulation.tabs[0].user.id;
                let knows = |tab: &Tab| {
                    tab.state
                        .store
                        .me
                        .with(|me| me.as_ref().is_some_and(|me| me.user_id == cookie))
                };
                if simulation.tabs[..2].iter().all(knows) {
                    change_cookie(&mut simulation, if cookie == user(1).id { 4 } else { 1 });
                }
            }
            97 => simulation.pass(random.random_range(1..10)),
            95..97 if random.random_bool(0.3) => {
                simulation.tell_me(tab);
            }
            96 if random.random_bool(0.3) => {
                let step = random.random_range(-100_000..100_000);
                simulation.storage(tab).clock_step.set(step);
            }
            95..97 => {
                simulation.deliver_snapshot(tab);
            }
            98 => simulation.tabs[tab].reload(random.random_bool(0.5), now),
            _ => {
                // A message gets lost: what follows shows the gap.
                simulation.tabs[tab].to_tab.pop_front();
            }
        }
    }
    // A message that got lost as the last one is noticed by the next one.
    for tab in 0..simulation.tabs.len() {
        simulation.tabs[tab].disconnect(simulation.now);
    }
    // Each comes back for what they left unsent. Requests of pages that
    // crashed are taken over, even if their last heartbeat is in the future.
    for id in [4, 1] {
        change_cookie(&mut simulation, id);
        simulation.settle();
        simulation.now += 300_000;
        simulation.pass(6);
        simulation.settle();
        simulation.assert_converged();
    }
    for key in taken {
        assert!(
            simulation.server.applied.contains_key(&key) || simulation.refused.contains(&key),
            "{key:?} got lost"
        );
    }
    let mut ids = HashSet::new();
    for (_, id) in simulation.server.applied.keys() {
        assert!(ids.insert(id), "{id:?} was stored for two people");
    }
    assert_eq!(simulation.storage(0).requests(), 0, "left in the storage");
}

#[test]
fn all_tabs_converge_whatever_the_network_does() {
    for seed in REGRESSIONS.into_iter().chain(0..300) {
        let result = std::panic::catch_unwind(|| run(seed));
        assert!(result.is_ok(), "seed {seed}");
    }
}
