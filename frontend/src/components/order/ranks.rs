//! Who ranks above whom on the open canvas, so that only acts are offered that the
//! server will carry out. Who is an admin is told to nobody: there the server's
//! refusal says it.

use super::OrderState;
use crate::{api, model::connection::ConnectionStatus, store::Store, tasks::Tasks};
use leptos::prelude::*;
use shared::{
    canvas::{Rank, Role},
    ids::UserId,
};
use std::collections::HashSet;

/// The ranks of a canvas; a context.
#[derive(Clone, Copy)]
pub struct Ranks {
    store: Store,
    moderators: RwSignal<HashSet<UserId>>,
}

impl Ranks {
    /// Provides it to the page of a canvas. For who keeps order, the moderators are
    /// read at first, when a menu about somebody opens, and when something was
    /// decided: roles change without an event.
    pub fn provide(store: Store, order: OrderState) {
        let moderators = RwSignal::new(HashSet::new());
        let tasks = Tasks::new();
        let may_moderate = Memo::new(move |_| store.may_moderate());
        let is_live = Memo::new(move |_| store.connection.get() == ConnectionStatus::Live);
        Effect::new(move || {
            order.changes.track();
            order.menu.track();
            order.is_open.track();
            if !may_moderate.get() || !is_live.get() {
                return;
            }
            tasks.spawn(async move {
                // What is not known is offered; the server decides.
                let Ok(page) = api::order::moderators(store.canvas_id).await else {
                    return;
                };
                let read: HashSet<UserId> = page.items.iter().map(|one| one.user_id).collect();
                if moderators.with_untracked(|known| *known != read) {
                    moderators.set(read);
                }
            });
        });
        provide_context(Self { store, moderators });
    }

    /// The rank of somebody, as far as it is known. Reactive.
    pub fn of(self, user: UserId) -> Rank {
        let is_owner = self.is_owner(user);
        let is_moderator = self.moderators.with(|all| all.contains(&user));
        let role = if is_owner {
            Some(Role::Owner)
        } else {
            is_moderator.then_some(Role::Moderator)
        };
        Rank::of(false, role)
    }

    /// The rank of this user. Reactive.
    pub fn mine(self) -> Rank {
        let role = self.store.role();
        let me = self.store.me.with(|me| me.as_ref().map(|me| me.user_id));
        // Admins are owners everywhere, also where somebody else is.
        let is_admin = role == Some(Role::Owner) && !me.is_some_and(|me| self.is_owner(me));
        Rank::of(is_admin, role)
    }

    /// Whether this user may act on somebody, as far as it is known. Reactive.
    pub fn may_act_on(self, user: UserId) -> bool {
        let me = self.store.me.with(|me| me.as_ref().map(|me| me.user_id));
        me.is_some_and(|me| Rank::may_act((me, self.mine()), (user, self.of(user))))
    }

    /// Whether somebody on the canvas other than this user may act on somebody.
    /// Reactive.
    pub fn others_may_act_on(self, user: UserId) -> bool {
        let me = self.store.me.with(|me| me.as_ref().map(|me| me.user_id));
        let owner = self
            .store
            .canvas
            .with(|canvas| canvas.as_ref().map(|canvas| canvas.owner_id));
        let moderators = self.moderators.get();
        let mut others = moderators.into_iter().chain(owner);
        others.any(|other| {
            Some(other) != me && Rank::may_act((other, self.of(other)), (user, self.of(user)))
        })
    }

    fn is_owner(self, user: UserId) -> bool {
        self.store.canvas.with(|canvas| {
            canvas
                .as_ref()
                .is_some_and(|canvas| canvas.owner_id == user)
        })
    }
}
