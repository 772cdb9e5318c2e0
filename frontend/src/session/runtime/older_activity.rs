//! What happened before this page was opened, for the activity list.

use super::SessionRuntime;
use crate::{api, store::Older};
use leptos::{prelude::*, task::spawn_local};
use shared::limits;
use std::rc::Rc;

impl SessionRuntime {
    /// What was done up to `seq`, for the activity list: one page of it.
    pub(super) fn remember(self: &Rc<Self>, seq: i64) {
        let this = Rc::downgrade(self);
        let id = self.store.canvas_id;
        let after = (seq - limits::MAX_PAGE).max(0);
        self.store.older_activity.set(Older::Loading);
        spawn_local(async move {
            let page = api::events(id, after).await;
            let Some(link) = this.upgrade() else { return };
            link.store.older_activity.set(match &page {
                // Without it the list begins with what happens from now on.
                Ok(page) => {
                    link.state.borrow_mut().remember(&page.items);
                    link.remembered.set(after);
                    if after > 0 { Older::Maybe } else { Older::None }
                }
                Err(_) => Older::Maybe,
            });
            if link.state.borrow().has_strangers()
                && !link.asked_names.replace(true)
                && let Ok(members) = api::members(id).await
            {
                link.state.borrow_mut().learn(&members.items);
            }
        });
    }

    /// The page before the last row of the activity list.
    pub(in crate::session) fn remember_more(self: &Rc<Self>) {
        if self.store.older_activity.get_untracked() == Older::Maybe {
            self.remember(self.remembered.get());
        }
    }
}
