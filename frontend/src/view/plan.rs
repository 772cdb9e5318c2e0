//! Elements. Their plan is a text that [`view!`](super::view) has written, of
//! one line for each step: a sign, and what follows it.
//!
//! | line | step |
//! |---|---|
//! | `<div` | begins an element of HTML |
//! | `~path` | begins one of SVG |
//! | `@type button` | gives it an attribute |
//! | `"text` | puts a text into it |
//! | `/` | ends it |
//!
//! These take the next part:
//!
//! | line | step |
//! |---|---|
//! | `=title` | gives an attribute this value |
//! | `?class` | gives it the class, or not |
//! | `:color` | gives a style this value |
//! | `.value` | gives a property this value |
//! | `!click` | calls the part on this event |
//! | `&` | tells the part which element it is |
//! | `$` | puts the view into it |

use super::{
    IntoValue, Value, View,
    state::State,
    value::{Target, ValueState},
};
use leptos::{
    ev::EventDescriptor, html::ElementType, prelude::*, tachys::html::node_ref::NodeRefContainer,
};
use std::{
    cell::RefCell,
    rc::{Rc, Weak},
};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, Event, Node};

/// What a plan cannot know.
pub enum Part {
    /// Of an attribute, a class, a style or a property.
    Value(Value),
    /// Called on an event.
    On(Box<dyn FnMut(Event)>),
    /// Told which element it is.
    Reference(Box<dyn FnOnce(&Element)>),
    /// Inside the element.
    View(View),
}

impl Part {
    /// A value.
    pub fn value(value: impl IntoValue) -> Self {
        Self::Value(value.into_value())
    }

    /// What to do on an event. The descriptor tells its type; its name is in
    /// the plan.
    pub fn on<E>(_: E, mut act: impl FnMut(E::EventType) + 'static) -> Self
    where
        E: EventDescriptor,
        E::EventType: JsCast,
    {
        Self::On(Box::new(move |event| act(event.unchecked_into())))
    }

    /// A reference to the element.
    pub fn reference<E: ElementType>(reference: impl NodeRefContainer<E>) -> Self {
        Self::Reference(Box::new(move |element| reference.load(element)))
    }
}

/// An element of the page.
pub(super) struct Planned {
    pub(super) plan: &'static str,
    pub(super) element: Element,
    parts: Vec<PartState>,
}

/// A part that has its place.
enum PartState {
    Value(Rc<Target>, ValueState),
    On(Rc<RefCell<Listener>>),
    Reference(Element),
    View(State),
}

/// Called on an event, as long as the element is shown.
struct Listener {
    owner: Owner,
    act: Box<dyn FnMut(Event)>,
}

impl Planned {
    /// Follows a plan that [`view!`](super::view) has written with its parts.
    pub(super) fn build(plan: &'static str, parts: Vec<Part>) -> Self {
        let mut states = Vec::with_capacity(parts.len());
        let mut parts = parts.into_iter();
        let mut open: Vec<Element> = Vec::new();
        let mut built = None;
        for line in plan.split('\n') {
            let (sign, name) = line.split_at(1);
            match (sign.as_bytes()[0], open.last()) {
                (b'<', _) => open.push(create(HTML, name)),
                (b'~', _) => open.push(create(SVG, name)),
                (b'/', _) => {
                    built = open.pop();
                    if let (Some(outer), Some(inner)) = (open.last(), &built) {
                        append(outer, inner);
                    }
                }
                (b'@', Some(element)) => {
                    let (name, value) = name.split_once(' ').unwrap_or((name, ""));
                    // Fails only for names that are none.
                    let _ = element.set_attribute(name, value);
                }
                (b'"', Some(element)) => append(element, &document().create_text_node(name)),
                (sign, Some(element)) => {
                    let part = parts.next().map(|part| part.build(element, sign, name));
                    states.extend(part);
                }
                (_, None) => {}
            }
        }
        Self {
            plan,
            element: built.expect("a plan has an element"),
            parts: states,
        }
    }

    /// Takes the parts of another view of the same plan.
    pub(super) fn rebuild(&mut self, parts: Vec<Part>) {
        let states = std::mem::take(&mut self.parts);
        let pairs = parts.into_iter().zip(states);
        self.parts = pairs.map(|(part, state)| part.rebuild(state)).collect();
    }
}

impl Part {
    fn build(self, element: &Element, sign: u8, name: &'static str) -> PartState {
        match self {
            Self::Value(value) => {
                let target = Rc::new(Target::new(element.clone(), sign, name));
                let state = value.build(&target, None);
                PartState::Value(target, state)
            }
            Self::On(act) => PartState::On(listen(element, name, Listener::new(act))),
            Self::Reference(tell) => {
                tell(element);
                PartState::Reference(element.clone())
            }
            Self::View(view) => {
                let state = State::build(view);
                state.append_to(element);
                PartState::View(state)
            }
        }
    }

    fn rebuild(self, state: PartState) -> PartState {
        match (self, state) {
            (Self::Value(value), PartState::Value(target, before)) => {
                let state = value.build(&target, Some(before));
                PartState::Value(target, state)
            }
            (Self::On(act), PartState::On(listener)) => {
                listener.replace(Listener::new(act));
                PartState::On(listener)
            }
            (Self::Reference(tell), PartState::Reference(element)) => {
                tell(&element);
                PartState::Reference(element)
            }
            (Self::View(view), PartState::View(state)) => PartState::View(state.rebuild(view)),
            // The same plan has the same kinds of parts.
            (_, state) => state,
        }
    }
}

impl Listener {
    fn new(act: Box<dyn FnMut(Event)>) -> Self {
        let owner = Owner::current().unwrap_or_default();
        Self { owner, act }
    }
}

/// Calls the listener on events of this name.
fn listen(element: &Element, event: &str, listener: Listener) -> Rc<RefCell<Listener>> {
    let listener = Rc::new(RefCell::new(listener));
    // An element that is taken out of the page may still tell of it.
    let weak: Weak<RefCell<Listener>> = Rc::downgrade(&listener);
    let call = Closure::<dyn FnMut(Event)>::new(move |event| {
        if let Some(listener) = weak.upgrade() {
            let Listener { owner, act } = &mut *listener.borrow_mut();
            owner.with(|| act(event));
        }
    });
    let call = call.into_js_value();
    // Cannot fail.
    let _ = element.add_event_listener_with_callback(event, call.unchecked_ref());
    listener
}

const HTML: &str = "http://www.w3.org/1999/xhtml";
const SVG: &str = "http://www.w3.org/2000/svg";

fn create(namespace: &str, name: &str) -> Element {
    document()
        .create_element_ns(Some(namespace), name)
        .expect("a plan's elements have names")
}

/// Puts a new node at the end of an element.
pub(super) fn append(element: &Element, node: &Node) {
    // Fails only where a node would be inside itself.
    let _ = element.append_child(node);
}
