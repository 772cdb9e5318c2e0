//! Views: what the page shows, as data.
//!
//! Leptos keeps signals, effects, contexts and components; elements are ours.
//! Its own make a type of every element and code for every type, which was
//! half of the download (docs/performance.md). Here [`view!`] makes a
//! [`View`], one type whatever it shows, and the modules below make nodes of
//! the page out of it and follow its changes.
//!
//! A view that is computed anew takes over the nodes of the one before it
//! where both come of the same `view!`; otherwise it replaces them.

pub mod control;
mod plan;
mod state;
mod value;

pub use self::{
    control::{Rows, Show},
    plan::Part,
    value::{IntoValue, Scalar, Value},
};
pub use view_macro::view;

use self::state::State;
use leptos::prelude::*;
use std::{borrow::Cow, rc::Rc};

/// What a part of the page shows.
#[derive(Default)]
pub enum View {
    /// Nothing.
    #[default]
    Nothing,
    /// A text.
    Text(Cow<'static, str>),
    /// An element: its plan, and what the plan cannot know.
    Element(&'static str, Vec<Part>),
    /// One after the other.
    Many(Vec<View>),
    /// Computed, and computed again whenever something that it read has
    /// changed.
    Followed(Box<dyn FnMut() -> View>),
    /// Rows that stay while their keys stay.
    Rows(Box<dyn FnMut() -> Vec<(u64, MakeRow)>>),
}

impl View {
    /// Computes a view, and computes it again whenever something that it read
    /// has changed.
    pub fn follow<V: IntoView>(mut view: impl FnMut() -> V + 'static) -> Self {
        Self::Followed(Box::new(move || view().into_view()))
    }
}

/// Makes one row.
pub type MakeRow = Box<dyn FnOnce() -> View>;

/// What stands between the tags of a component that shows it once.
pub type Children = Box<dyn FnOnce() -> View>;

/// What stands between the tags of a component that may show it again.
pub type ChildrenFn = Rc<dyn Fn() -> View>;

/// A type for what stands between the tags of a component; for [`view!`].
pub trait Inside<F> {
    /// Makes it of a closure.
    fn from_closure(make: F) -> Self;
}

impl<F: FnOnce() -> View + 'static> Inside<F> for Children {
    fn from_closure(make: F) -> Self {
        Box::new(make)
    }
}

impl<F: Fn() -> View + 'static> Inside<F> for ChildrenFn {
    fn from_closure(make: F) -> Self {
        Rc::new(make)
    }
}

/// Shows the application as the page's body, for ever.
pub fn mount(app: fn() -> View) {
    // Leptos is given nothing to show: what it does is to start its effects.
    leptos::mount::mount_to_body(move || {
        let state = State::build(app());
        if let Some(body) = document().body() {
            state.append_to(&body);
        }
        std::mem::forget(state);
    });
}

/// What can stand in a view.
pub trait IntoView {
    /// The view of it.
    fn into_view(self) -> View;
}

impl IntoView for View {
    fn into_view(self) -> View {
        self
    }
}

impl IntoView for () {
    fn into_view(self) -> View {
        View::Nothing
    }
}

impl IntoView for &'static str {
    fn into_view(self) -> View {
        View::Text(Cow::Borrowed(self))
    }
}

impl IntoView for String {
    fn into_view(self) -> View {
        View::Text(Cow::Owned(self))
    }
}

impl<T: IntoView> IntoView for Option<T> {
    fn into_view(self) -> View {
        self.map_or(View::Nothing, IntoView::into_view)
    }
}

impl<F, V> IntoView for F
where
    F: FnMut() -> V + 'static,
    V: IntoView,
{
    fn into_view(self) -> View {
        View::follow(self)
    }
}

impl<T: IntoView, const N: usize> IntoView for [T; N] {
    fn into_view(self) -> View {
        View::Many(self.map(IntoView::into_view).into())
    }
}

macro_rules! followed {
    ($($signal:ident),*) => {$(
        impl<T: IntoView + Clone + Send + Sync + 'static> IntoView for $signal<T> {
            fn into_view(self) -> View {
                View::follow(move || self.get())
            }
        }
    )*};
}

followed!(Memo, RwSignal, Signal);

impl FromIterator<View> for View {
    fn from_iter<I: IntoIterator<Item = View>>(views: I) -> Self {
        Self::Many(views.into_iter().collect())
    }
}

#[cfg(test)]
mod tests;
