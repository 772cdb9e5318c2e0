//! A list of canvases on the start page: fetched and looked through.

use crate::{account, api, store::Account, tasks::Tasks};
use leptos::prelude::*;
use shared::{api::Canvas, ids::CanvasId};

/// The canvases of one list, as they were last told.
#[derive(Clone, Copy)]
pub(super) struct CanvasList {
    pub(super) canvases: RwSignal<Vec<Canvas>>,
    pub(super) cursor: RwSignal<Option<String>>,
    /// What their names or descriptions must have in them.
    pub(super) query: RwSignal<String>,
    pub(super) state: RwSignal<ListState>,
    mine: bool,
    account: Account,
    tasks: Tasks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListState {
    Loading,
    Loaded,
    Failed,
}

impl CanvasList {
    pub(super) fn new(mine: bool, query: RwSignal<String>) -> Self {
        Self {
            canvases: RwSignal::default(),
            cursor: RwSignal::default(),
            query,
            state: RwSignal::new(ListState::Loading),
            mine,
            account: expect_context(),
            tasks: expect_context(),
        }
    }

    /// Fetches the first page and merges it with the rows that are there.
    pub(super) fn refresh(self) {
        let query = self.query.get_untracked();
        self.tasks.spawn(async move {
            let answer = api::canvases(query.trim(), self.mine, None).await;
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
                    self.state.set(ListState::Loaded);
                }
                Err(_) if self.state.get_untracked() == ListState::Loaded => {}
                Err(_) => self.state.set(ListState::Failed),
            }
        });
    }

    /// Forgets what is there: something else is being looked for.
    pub(super) fn clear(self) {
        self.canvases.set(Vec::new());
        self.cursor.set(None);
        self.state.set(ListState::Loading);
    }

    /// Fetches the next page.
    pub(super) fn more(self) {
        let Some(cursor) = self.cursor.get_untracked() else {
            return;
        };
        self.tasks.spawn(async move {
            let query = self.query.get_untracked();
            let answer = api::canvases(query.trim(), self.mine, Some(&cursor)).await;
            if let Ok(page) = answer
                && self.query.get_untracked() == query
            {
                self.cursor.set(page.next_cursor);
                self.canvases.update(|canvases| canvases.extend(page.items));
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
