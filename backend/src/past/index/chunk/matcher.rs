//! Which events of a chunk are wanted.

use super::{Chunk, MISSING, NO_CELL};
use crate::{
    cell_number::cell_at,
    past::area::{self, Area},
};
use shared::ids::UserId;

/// The events that change what is on the board.
const TILE_KINDS: [&str; 3] = ["tile_created", "tile_updated", "tile_deleted"];

/// Which events are wanted. Everything that is given must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Those about a cell of this area.
    pub(crate) area: Option<Area>,
    /// Those that this user made.
    pub(crate) actor: Option<UserId>,
    /// Those of this type.
    pub(crate) kind: Option<&'static str>,
    /// Those that change what is on the board.
    pub(crate) only_tiles: bool,
}

/// Tells which events of a chunk a filter wants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matcher<'a> {
    chunk: &'a Chunk,
    actor: Option<u16>,
    kinds: [bool; 256],
    area: Option<Area>,
}

impl Matcher<'_> {
    /// Whether the event at this position is wanted.
    pub(crate) fn matches(&self, position: usize) -> bool {
        self.kinds[usize::from(self.chunk.kinds[position])]
            && self
                .actor
                .is_none_or(|actor| self.chunk.actors[position] == actor)
            && self.area.is_none_or(|area| {
                let cell = self.chunk.cells[position];
                cell != NO_CELL && area::contains(area, cell_at(cell))
            })
    }
}

impl Chunk {
    /// Finds the events that a filter wants; none where no event of the chunk can be one.
    pub(crate) fn matcher(&self, filter: &Filter) -> Option<Matcher<'_>> {
        let actor = match filter.actor {
            None => None,
            Some(UserId(wanted)) => {
                let position = self.actor_ids.iter().position(|actor| *actor == wanted)?;
                Some(u16::try_from(position).ok()?)
            }
        };
        let mut kinds = [false; 256];
        for (wanted, name) in kinds.iter_mut().zip(&self.kind_names) {
            *wanted = filter.kind.map_or(name != MISSING, |kind| kind == name)
                && (!filter.only_tiles || TILE_KINDS.contains(&name.as_str()));
        }
        kinds.contains(&true).then_some(Matcher {
            chunk: self,
            actor,
            kinds,
            area: filter.area,
        })
    }

    /// How many events change what is on the board.
    pub(crate) fn tile_events(&self) -> usize {
        let filter = Filter {
            only_tiles: true,
            ..Filter::default()
        };
        let matcher = self.matcher(&filter);
        matcher.map_or(0, |it| (0..self.len()).filter(|at| it.matches(*at)).count())
    }
}
