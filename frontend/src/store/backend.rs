//! How the values of [`super::CanvasStore`] are kept. The page keeps them in
//! Leptos signals ([`Signals`]); the tests of the session keep them in plain
//! cells, so that they run without a browser and without a reactive runtime.

use leptos::prelude::{ArcRwSignal, RwSignal, Set, Update, UpdateUntracked, WithUntracked};

/// A value that the session reads and writes. Reading subscribes nobody.
pub trait Var<T>: Clone {
    /// Calls `read` with the value.
    fn with<R>(&self, read: impl FnOnce(&T) -> R) -> R;
    /// Changes the value and notifies its subscribers.
    fn update(&self, change: impl FnOnce(&mut T));
    /// Changes the value without notifying anybody.
    fn update_quietly(&self, change: impl FnOnce(&mut T));
    /// Replaces the value and notifies its subscribers.
    fn set(&self, value: T);

    /// A copy of the value.
    fn get(&self) -> T
    where
        T: Clone,
    {
        self.with(T::clone)
    }

    /// Replaces the value and notifies its subscribers, if it is another one.
    fn set_if_changed(&self, value: T)
    where
        T: PartialEq,
    {
        if self.with(|old| *old != value) {
            self.set(value);
        }
    }
}

/// Where values are kept.
pub trait Backend: 'static {
    /// A value that exists as long as the store.
    type Var<T: Send + Sync + 'static>: Var<T>;
    /// A value of an entry in a map, freed when the entry is removed.
    type Entry<T: Send + Sync + 'static>: Var<T> + Send + Sync + 'static;

    /// Makes a value.
    fn var<T: Send + Sync + 'static>(value: T) -> Self::Var<T>;
    /// Makes a value for an entry in a map.
    fn entry<T: Send + Sync + 'static>(value: T) -> Self::Entry<T>;
}

/// Values as Leptos signals.
#[derive(Clone, Copy, Debug)]
pub struct Signals;

impl Backend for Signals {
    type Var<T: Send + Sync + 'static> = RwSignal<T>;
    type Entry<T: Send + Sync + 'static> = ArcRwSignal<T>;

    fn var<T: Send + Sync + 'static>(value: T) -> RwSignal<T> {
        RwSignal::new(value)
    }

    fn entry<T: Send + Sync + 'static>(value: T) -> ArcRwSignal<T> {
        ArcRwSignal::new(value)
    }
}

macro_rules! signal_as_var {
    ($signal:ident) => {
        impl<T: Send + Sync + 'static> Var<T> for $signal<T> {
            fn with<R>(&self, read: impl FnOnce(&T) -> R) -> R {
                WithUntracked::with_untracked(self, read)
            }

            fn update(&self, change: impl FnOnce(&mut T)) {
                Update::update(self, change);
            }

            fn update_quietly(&self, change: impl FnOnce(&mut T)) {
                UpdateUntracked::try_update_untracked(self, change);
            }

            fn set(&self, value: T) {
                Set::set(self, value);
            }
        }
    };
}

signal_as_var!(RwSignal);
signal_as_var!(ArcRwSignal);
