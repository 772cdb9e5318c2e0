//! What a view has become in the page.

use super::{
    View,
    control::RowsState,
    plan::{Planned, append},
};
use leptos::{prelude::document, reactive::effect::RenderEffect};
use std::{borrow::Cow, mem};
use web_sys::{Element, Node, Text};

/// The nodes of a view, and what follows its changes. It has one node at
/// least, which keeps its place among others.
pub(super) enum State {
    /// A comment, where nothing is to be seen.
    Nothing(Node),
    Text(Text, Cow<'static, str>),
    Element(Planned),
    /// One at least.
    Many(Vec<State>),
    Followed(RenderEffect<State>),
    Rows(RowsState),
}

impl State {
    /// Makes a view's nodes.
    pub(super) fn build(view: View) -> Self {
        match view {
            View::Nothing => Self::Nothing(placeholder()),
            View::Text(text) => Self::Text(document().create_text_node(&text), text),
            View::Element(plan, parts) => Self::Element(Planned::build(plan, parts)),
            View::Many(views) if views.is_empty() => Self::Nothing(placeholder()),
            View::Many(views) => Self::Many(views.into_iter().map(Self::build).collect()),
            View::Followed(mut view) => {
                Self::Followed(RenderEffect::new(move |before: Option<Self>| {
                    let view = view();
                    match before {
                        Some(before) => before.rebuild(view),
                        None => Self::build(view),
                    }
                }))
            }
            View::Rows(mut rows) => {
                let follow = move |before| match before {
                    Some(Self::Rows(before)) => Self::Rows(before.rebuild(rows())),
                    _ => unreachable!("a list stays one"),
                };
                let none = Self::Rows(RowsState::new());
                Self::Followed(RenderEffect::new_with_value(follow, Some(none)))
            }
        }
    }

    /// Shows another view in the same place.
    pub(super) fn rebuild(mut self, view: View) -> Self {
        match (&mut self, view) {
            (Self::Nothing(_), View::Nothing) => {}
            (Self::Text(node, before), View::Text(text)) => {
                if *before != text {
                    node.set_data(&text);
                    *before = text;
                }
            }
            (Self::Element(before), View::Element(plan, parts)) if before.plan == plan => {
                before.rebuild(parts);
            }
            (Self::Many(before), View::Many(views)) if !views.is_empty() => {
                rebuild_many(before, views);
            }
            (_, view) => return self.replace(Self::build(view)),
        }
        self
    }

    fn replace(self, new: Self) -> Self {
        let old = self.nodes();
        if let Some(parent) = old[0].parent_node() {
            insert(&parent, &new, Some(&old[0]));
        }
        self.remove();
        new
    }

    /// Takes it out of the page.
    pub(super) fn remove(self) {
        for node in self.nodes() {
            if let Some(parent) = node.parent_node() {
                // It is its child.
                let _ = parent.remove_child(&node);
            }
        }
    }

    /// Puts it at the end of an element.
    pub(super) fn append_to(&self, element: &Element) {
        for node in self.nodes() {
            append(element, &node);
        }
    }

    /// Its nodes in their order; one at least.
    pub(super) fn nodes(&self) -> Vec<Node> {
        let mut nodes = Vec::new();
        self.list(&mut nodes);
        nodes
    }

    pub(super) fn list(&self, nodes: &mut Vec<Node>) {
        match self {
            Self::Nothing(node) => nodes.push(node.clone()),
            Self::Text(text, _) => nodes.push(text.clone().into()),
            Self::Element(planned) => nodes.push(planned.element.clone().into()),
            Self::Many(states) => states.iter().for_each(|state| state.list(nodes)),
            Self::Followed(effect) => {
                effect.with_value_mut(|state| state.list(nodes));
            }
            Self::Rows(rows) => rows.list(nodes),
        }
    }
}

/// A node that is not to be seen.
pub(super) fn placeholder() -> Node {
    document().create_comment("").into()
}

/// Puts what is new, or elsewhere, before a child of `parent` or at its end.
pub(super) fn insert(parent: &Node, state: &State, before: Option<&Node>) {
    for node in state.nodes() {
        // `before` is its child.
        let _ = parent.insert_before(&node, before);
    }
}

/// Shows other views in the place of these, of which there is one at least.
fn rebuild_many(states: &mut Vec<State>, views: Vec<View>) {
    for state in states.drain(views.len().min(states.len())..) {
        state.remove();
    }
    let mut views = views.into_iter();
    let pairs = mem::take(states).into_iter().zip(views.by_ref());
    states.extend(pairs.map(|(state, view)| state.rebuild(view)));
    for view in views {
        let new = State::build(view);
        let last = states.last().and_then(|state| state.nodes().pop());
        if let Some((last, parent)) =
            last.and_then(|last| Some((last.clone(), last.parent_node()?)))
        {
            insert(&parent, &new, last.next_sibling().as_ref());
        }
        states.push(new);
    }
}
