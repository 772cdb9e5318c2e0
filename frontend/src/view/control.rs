//! Components that decide what shows: a condition, a list.

use super::{
    ChildrenFn, MakeRow, View,
    state::{State, insert, placeholder},
};
use leptos::prelude::*;
use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    ops::Range,
    rc::Rc,
};
use web_sys::Node;

/// Shows what is in it while a condition holds.
#[component]
pub fn Show<W>(
    /// The condition. Reactive.
    when: W,
    /// What is in it.
    children: ChildrenFn,
) -> View
where
    W: Fn() -> bool + Send + Sync + 'static,
{
    show(Box::new(when), children)
}

fn show(when: Box<dyn Fn() -> bool + Send + Sync>, children: ChildrenFn) -> View {
    let holds = Memo::new(move |_| when());
    View::follow(move || holds.get().then(|| children()))
}

/// A list whose rows stay while their keys stay.
#[component]
pub fn Rows<E, I, T, K, N, C>(
    /// The items. Reactive.
    each: E,
    /// What tells an item from the others, and when it must be shown anew.
    key: K,
    /// The view of an item.
    children: C,
) -> View
where
    E: Fn() -> I + 'static,
    I: IntoIterator<Item = T>,
    T: 'static,
    K: Fn(&T) -> N + 'static,
    N: Hash,
    C: Fn(T) -> View + 'static,
{
    let children = Rc::new(children);
    View::Rows(Box::new(move || {
        each()
            .into_iter()
            .map(|item| {
                let mut hasher = DefaultHasher::new();
                key(&item).hash(&mut hasher);
                let children = Rc::clone(&children);
                let row: MakeRow = Box::new(move || children(item));
                (hasher.finish(), row)
            })
            .collect()
    }))
}

/// The rows of a list, with a node after the last.
pub(super) struct RowsState {
    rows: Vec<Row>,
    end: Node,
    owner: Owner,
}

struct Row {
    key: u64,
    state: State,
    /// Ends what the row has set up when it goes.
    _owner: Owner,
}

impl Row {
    fn new(key: u64, make: MakeRow, owner: Owner) -> Self {
        let state = owner.with(|| State::build(make()));
        Self {
            key,
            state,
            _owner: owner,
        }
    }
}

impl RowsState {
    /// No rows yet. What they set up ends with the list, not with its next
    /// change.
    pub(super) fn new() -> Self {
        Self {
            rows: Vec::new(),
            end: placeholder(),
            owner: Owner::current().unwrap_or_default(),
        }
    }

    /// Keeps the rows that are still there, makes those that are new, and puts
    /// all in order.
    pub(super) fn rebuild(mut self, rows: Vec<(u64, MakeRow)>) -> Self {
        let before: Vec<u64> = self.rows.iter().map(|row| row.key).collect();
        // At both ends, what was there before is where it was.
        let first = same(before.iter(), rows.iter());
        let last = same(before[first..].iter().rev(), rows[first..].iter().rev());
        let mut moved = first..rows.len() - last;

        let mut known = HashMap::with_capacity(self.rows.len());
        for row in self.rows {
            if let Some(twin) = known.insert(row.key, row) {
                // Which of two with one key was where cannot be told.
                twin.state.remove();
                moved = 0..rows.len();
            }
        }
        let owner = &self.owner;
        let row = |(key, make): (u64, MakeRow)| {
            let known = known.remove(&key);
            known.unwrap_or_else(|| Row::new(key, make, owner.with(Owner::new)))
        };
        self.rows = rows.into_iter().map(row).collect();
        for row in known.into_values() {
            row.state.remove();
        }
        self.arrange(moved);
        self
    }

    /// From the last to the first of these, moves only what is not before the
    /// next.
    fn arrange(&self, rows: Range<usize>) {
        let Some(parent) = self.end.parent_node() else {
            return;
        };
        let after = self.rows.get(rows.end);
        let mut next = after.map_or_else(|| self.end.clone(), |row| row.state.nodes().remove(0));
        for row in self.rows[rows].iter().rev() {
            let nodes = row.state.nodes();
            let last = nodes.last().and_then(Node::next_sibling);
            if last.as_ref() != Some(&next) {
                insert(&parent, &row.state, Some(&next));
            }
            next.clone_from(&nodes[0]);
        }
    }

    pub(super) fn list(&self, nodes: &mut Vec<Node>) {
        for row in &self.rows {
            row.state.list(nodes);
        }
        nodes.push(self.end.clone());
    }
}

/// How many keys are the same from the beginning.
fn same<'a>(
    before: impl Iterator<Item = &'a u64>,
    rows: impl Iterator<Item = &'a (u64, MakeRow)>,
) -> usize {
    let pairs = before.zip(rows);
    pairs.take_while(|(key, (row, _))| *key == row).count()
}
