//! What is to be expected of a number, from the events before it. Encoder and decoder make the
//! same guesses; a wrong one costs some bits. Arithmetic wraps, so that every number can be
//! stored.

use std::collections::HashMap;

/// The fields of a tile that mostly are as in the event before it of the same cell.
const OF_CELL: usize = 4;

/// How a field of integers is guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guess {
    /// The event's `seq`.
    Seq,
    /// Who acted.
    Actor,
    /// The column, or the row, in which the same user acted before.
    Cell(usize),
    /// The same field of the cell's event before; of its version, one more.
    OfCell(usize),
    /// The same field of the event before.
    Before,
}

impl Guess {
    /// How the field with this name is guessed.
    pub(super) fn of(field: &str) -> Self {
        match field {
            "seq" | "target_seq" | "at_seq" => Self::Seq,
            "updater_id" | "sender_id" | "liker_id" | "deleter_id" | "remover_id" | "user_id" => {
                Self::Actor
            }
            "x" => Self::Cell(0),
            "y" => Self::Cell(1),
            "tile_id" => Self::OfCell(0),
            "creator_id" => Self::OfCell(1),
            "version" => Self::OfCell(VERSION),
            "like_count" => Self::OfCell(3),
            _ => Self::Before,
        }
    }
}

const VERSION: usize = 2;

/// What is known of a user who acted.
#[derive(Clone, Copy, Debug, Default)]
struct Actor {
    cell: [i64; 2],
    pixel: i64,
    colour: i64,
}

/// What is known of the events so far.
#[derive(Debug, Default)]
pub(super) struct Context {
    actors: Vec<Actor>,
    cells: HashMap<[i64; 2], [Option<i64>; OF_CELL]>,
    /// The newest time, in milliseconds since 1970.
    pub(super) time: i64,
}

/// The event that is being read or written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    pub(super) seq: i64,
    pub(super) actor_id: i64,
    /// The actor's position among the actors of the part.
    pub(super) actor: usize,
    /// The cell, as far as it is known by now.
    pub(super) cell: [i64; 2],
}

impl Context {
    pub(super) fn new(actors: usize) -> Self {
        Self {
            actors: vec![Actor::default(); actors],
            ..Self::default()
        }
    }

    /// What is expected of a field. `before` is its value in the event before.
    pub(super) fn expected(&self, guess: Guess, event: &Event, before: i64) -> i64 {
        match guess {
            Guess::Seq => event.seq,
            Guess::Actor => event.actor_id,
            Guess::Cell(axis) => self.actors[event.actor].cell[axis],
            Guess::OfCell(field) => {
                let known = self.cells.get(&event.cell).and_then(|cell| cell[field]);
                match known {
                    Some(version) if field == VERSION => version.wrapping_add(1),
                    Some(value) => value,
                    None if field == VERSION => 1,
                    None if field == 1 => event.actor_id,
                    None => 0,
                }
            }
            Guess::Before => before,
        }
    }

    /// Notes the value of a field.
    pub(super) fn note(&mut self, guess: Guess, event: &mut Event, value: i64) {
        match guess {
            Guess::Cell(axis) => {
                event.cell[axis] = value;
                self.actors[event.actor].cell[axis] = value;
            }
            Guess::OfCell(field) => {
                self.cells.entry(event.cell).or_default()[field] = Some(value);
            }
            Guess::Seq | Guess::Actor | Guess::Before => {}
        }
    }

    /// The pixel and the colour with which the actor's stroke before ended.
    pub(super) fn stroke(&self, event: &Event) -> (i64, i64) {
        let actor = &self.actors[event.actor];
        (actor.pixel, actor.colour)
    }

    /// Notes the end of a stroke.
    pub(super) fn note_stroke(&mut self, event: &Event, pixel: i64, colour: i64) {
        let actor = &mut self.actors[event.actor];
        (actor.pixel, actor.colour) = (pixel, colour);
    }
}
