//! Effects that are compiled once, instead of once for every place where they
//! are used (docs/performance.md).

use leptos::prelude::*;

/// Runs `act` soon and again whenever something that it read has changed.
pub fn effect(act: impl FnMut() + 'static) {
    run(Box::new(act));
}

fn run(mut act: Box<dyn FnMut()>) {
    Effect::new(move |_| act());
}
