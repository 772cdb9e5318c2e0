//! A list of canvases on the start page: fetched and looked through.

use crate::{account, api, store::Account};
use leptos::{prelude::*, task::spawn_local};
use shared::{api::Canvas, ids::CanvasId};

/// The canvases of one list, as they were last told.
#[derive(Clone, Copy)]
pub(super) struct Shelf {
    pub(super) canvases: RwSignal<Vec<Canvas>>,
    pub(super) cursor: RwSignal<Option<String>>,
    /// What their names or descriptions must have in them.
    pub(super) query: RwSignal<String>,
    pub(super) state: RwSignal<ShelfState>,
    mine: bool,
    account: Account,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShelfState {
    Waiting,
    Here,
    Away,
}

impl Shelf {
    pub(super) fn new(mine: bool, query: RwSignal<String>) -> Self {
        Self {
            canvases: RwSignal::default(),
            cursor: RwSignal::default(),
            query,
            state: RwSignal::new(ShelfState::Waiting),
            mine,
            account: expect_context(),
        }
    }

    /// Fetches the first page and lays it over what is there. The page may
    /// have been left when the answer comes.
    pub(super) fn refresh(self) {
        let query = self.query.get_untracked();
        spawn_local(async move {
            let answer = api::canvases(query.trim(), self.mine, None).await;
            let Some(state) = self.state.try_get_untracked() else {
                return;
            };
            if self.query.get_untracked() != query {
                return;
            }
            match answer {
                Ok(page) => {
                    // Of nothing there is no role to tell.
                    let knows = page.items.first().is_none_or(|first| first.role.is_some());
                    account::heard(self.account, knows);
                    let more = self.canvases.with_untracked(Vec::len) > page.items.len();
                    if !more {
                        self.cursor.set(page.next_cursor);
                    }
                    self.canvases.update(|canvases| {
                        let ids: Vec<CanvasId> = page.items.iter().map(|c| c.id).collect();
                        let mut rest = std::mem::replace(canvases, page.items);
                        rest.retain(|canvas| more && !ids.contains(&canvas.id));
                        canvases.append(&mut rest);
                    });
                    self.state.set(ShelfState::Here);
                }
                Err(_) if state == ShelfState::Here => {}
                Err(_) => self.state.set(ShelfState::Away),
            }
        });
    }

    /// Forgets what is there: something else is being looked for.
    pub(super) fn clear(self) {
        self.canvases.set(Vec::new());
        self.cursor.set(None);
        self.state.set(ShelfState::Waiting);
    }

    /// Fetches the next page.
    pub(super) fn more(self) {
        let Some(cursor) = self.cursor.get_untracked() else {
            return;
        };
        spawn_local(async move {
            let query = self.query.get_untracked();
            let answer = api::canvases(query.trim(), self.mine, Some(&cursor)).await;
            if let Ok(page) = answer
                && self.query.try_get_untracked() == Some(query)
            {
                self.cursor.try_set(page.next_cursor);
                self.canvases
                    .try_update(|canvases| canvases.extend(page.items));
            }
        });
    }

    pub(super) fn canvas(self, id: CanvasId) -> Memo<Option<Canvas>> {
        Memo::new(move |_| {
            self.canvases
                .with(|canvases| canvases.iter().find(|canvas| canvas.id == id).cloned())
        })
    }
}

/// The canvas to show behind the name and to lead a guest to: where most
/// people are, then where most is drawn.
pub(super) fn liveliest(canvases: &[Canvas]) -> Option<&Canvas> {
    canvases
        .iter()
        .max_by_key(|canvas| (canvas.active_users, canvas.tile_count))
}
