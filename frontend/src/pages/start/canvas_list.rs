//! A list of canvases on the start page: fetches, searches and pages.

use crate::{
    account, api,
    browser::{self, uptime_ms},
    socket::backoff::Backoff,
    store::Account,
    tasks::{Task, Tasks},
};
use leptos::prelude::*;
use shared::{
    api::Canvas,
    ids::{CanvasId, UserId},
};

/// The state of one list.
#[derive(Clone, Copy)]
pub(super) struct CanvasList {
    pub(super) canvases: RwSignal<Vec<Canvas>>,
    pub(super) cursor: RwSignal<Option<String>>,
    /// The text that is searched for in names and descriptions.
    pub(super) query: RwSignal<String>,
    pub(super) state: RwSignal<ListState>,
    mine: bool,
    account: Account,
    tasks: Tasks,
    /// The request of the first page that is under way.
    request: StoredValue<Task>,
    pauses: StoredValue<Pauses>,
}

/// The pauses after requests that failed.
#[derive(Clone, Copy, Debug, Default)]
struct Pauses {
    backoff: Backoff,
    /// No request by itself before this time, by `browser::uptime_ms`.
    until: i64,
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
            request: StoredValue::default(),
            pauses: StoredValue::default(),
        }
    }

    /// Fetches the first page anew, unless that is under way, or the last one
    /// failed and its pause is not over. Called every few seconds.
    pub(super) fn poll(self) {
        let is_paused = self.pauses.get_value().until > uptime_ms();
        if !is_paused && !self.request.with_value(Task::is_running) {
            self.refresh();
        }
    }

    /// Fetches the first page and merges it with the rows that are there. Ends
    /// an earlier request.
    pub(super) fn refresh(self) {
        let (query, user) = (self.query.get_untracked(), self.user());
        let request = self.tasks.start(async move {
            let answer = api::canvases(query.trim(), self.mine, None).await;
            self.request.update_value(Task::finish);
            if self.query.get_untracked() != query || self.user() != user {
                return;
            }
            self.pauses.update_value(|pauses| match &answer {
                Ok(_) => *pauses = Pauses::default(),
                Err(error) => {
                    let delay = pauses.backoff.next_delay(browser::random());
                    let delay = delay.max(error.retry_after_ms().unwrap_or(0));
                    pauses.until = uptime_ms() + i64::from(delay);
                }
            });
            match answer {
                Ok(page) => {
                    // An empty list does not show whether the server knows the user.
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
        self.request.set_value(request);
    }

    /// Removes all rows before another search.
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
            let (query, user) = (self.query.get_untracked(), self.user());
            let answer = api::canvases(query.trim(), self.mine, Some(&cursor)).await;
            if let Ok(page) = answer
                && self.query.get_untracked() == query
                && self.user() == user
            {
                self.cursor.set(page.next_cursor);
                self.canvases.update(|canvases| canvases.extend(page.items));
            }
        });
    }

    /// Whose canvases these are; none for those of everybody.
    fn user(self) -> Option<UserId> {
        let user = self.mine.then(|| untrack(|| self.account.user()));
        user.flatten().map(|user| user.id)
    }

    pub(super) fn canvas(self, id: CanvasId) -> Memo<Option<Canvas>> {
        Memo::new(move |_| {
            self.canvases
                .with(|canvases| canvases.iter().find(|canvas| canvas.id == id).cloned())
        })
    }
}

/// The canvas with the most users, then the most tiles: shown as background, and
/// opened for guests.
pub(super) fn liveliest(canvases: &[Canvas]) -> Option<&Canvas> {
    canvases
        .iter()
        .max_by_key(|canvas| (canvas.active_users, canvas.tile_count))
}
