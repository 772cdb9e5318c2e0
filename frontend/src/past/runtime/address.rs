//! The moment in the page's address (`?t=`).

use super::{PastRuntime, problem, with};
use crate::{
    api, browser,
    model::{moment, rewrite::area_between},
    past::state::PastState,
};
use leptos::prelude::*;
use shared::canvas::Coord;
use std::rc::Rc;
use wasm_bindgen::JsValue;

impl PastRuntime {
    /// Shows the moment in the page's address.
    pub(in crate::past) fn follow_address(self: &Rc<Self>) {
        let search = browser::window().location().search().unwrap_or_default();
        let wanted = moment::moment(&search);
        if *self.followed.borrow() == wanted {
            return;
        }
        self.followed.replace(wanted.clone());
        self.moment.borrow_mut().cancel();
        let Some(wanted) = wanted else {
            return self.input(|state| state.address_changed(None));
        };
        if let Ok(seq) = wanted.parse() {
            return self.input(|state| state.address_changed(Some(seq)));
        }
        // A time: the server says which event that is.
        let (id, this) = (self.store.canvas_id, Rc::downgrade(self));
        let task = self.tasks.start(async move {
            let corner = area_between(Coord { x: 0, y: 0 }, Coord { x: 0, y: 0 });
            let answer = api::past::snapshot(id, &wanted, corner).await;
            with(&this, |runtime| {
                runtime.moment.borrow_mut().finish();
                match answer {
                    Ok(snapshot) => {
                        runtime.input(|state| state.address_changed(Some(snapshot.seq)));
                        // A time to come is now.
                        if snapshot.seq >= runtime.session.head() {
                            runtime.input(PastState::now);
                        }
                    }
                    Err(error) => {
                        let problem = problem(&error);
                        runtime.input(PastState::open);
                        runtime.store.past.problem.set(Some(problem));
                    }
                }
            });
        });
        self.moment.replace(task);
    }

    /// Writes the moment to the page's address; none for now.
    pub(super) fn write_address(&self, seq: Option<i64>, push: bool) {
        let window = browser::window();
        let location = window.location();
        let (Ok(path), Ok(search), Ok(hash), Ok(history)) = (
            location.pathname(),
            location.search(),
            location.hash(),
            window.history(),
        ) else {
            return;
        };
        self.followed.replace(seq.map(|seq| seq.to_string()));
        let address = format!("{path}{}{hash}", moment::with_moment(&search, seq));
        // Browsers refuse too frequent changes; the next one will be accepted.
        let _ = if push {
            history.push_state_with_url(&JsValue::NULL, "", Some(&address))
        } else {
            let state = history.state().unwrap_or(JsValue::NULL);
            history.replace_state_with_url(&state, "", Some(&address))
        };
    }
}
