//! The history of a tile: who did what and when. Read backwards from the
//! canvas's event log, a few pages at a time.

use crate::{
    api,
    components::{
        avatar::Avatar,
        icons::{Glyph, Icon},
        restore::{may_restore, restore},
    },
    i18n::{
        board::{board_texts, kind},
        moment,
        rewrites::rewrite_texts,
    },
    model::{
        activity::{Activity, ActivityKind},
        rewrite::Change,
    },
    session::{Session, activity},
    store::Store,
    tasks::Tasks,
};
use leptos::prelude::*;
use shared::{canvas::Coord, limits};
use std::collections::VecDeque;

/// Most pages of the log that one search reads.
const PAGES: usize = 5;
/// Rows after which a search stops.
const ENOUGH: usize = 12;

/// The history as far as it is known.
#[derive(Clone, Copy)]
struct Past {
    rows: RwSignal<VecDeque<Activity>>,
    /// Events with this `seq` or a later one were searched.
    from: RwSignal<Option<i64>>,
    searching: RwSignal<bool>,
    away: RwSignal<bool>,
    tasks: Tasks,
}

/// The history of a tile; fetched when it is unfolded.
#[component]
pub fn TileHistory(
    /// The tile.
    at: Coord,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let past = Past {
        rows: RwSignal::default(),
        from: RwSignal::default(),
        searching: RwSignal::default(),
        away: RwSignal::default(),
        tasks: Tasks::new(),
    };
    // New events, and those that the activity panel has already.
    Effect::new(move || {
        store.activity.with(|lines| {
            past.add(lines.iter().filter(|line| line.at == Some(at)));
        });
    });
    let unfolded = move |_| {
        if past.from.get_untracked().is_none() {
            past.search(store, session, at);
        }
    };
    let rows = move || {
        past.rows
            .with(|rows| rows.iter().cloned().collect::<Vec<_>>())
    };
    let is_empty = move || past.rows.with(VecDeque::is_empty);
    let has_more = move || past.from.get().is_none_or(|from| from > 1) && !past.has_begun();
    view! {
        <details class="history" on:toggle=unfolded>
            <summary>{board_texts().history()}</summary>
            <ul class="history__rows" aria-label=board_texts().history()>
                <For each=rows key=|row| (row.seq, row.time.millis()) let:row>
                    <HistoryRow at row />
                </For>
            </ul>
            <Show when=move || is_empty() && !past.searching.get()>
                <p class="soft">{board_texts().history_none()}</p>
            </Show>
            <Show when=move || past.away.get()>
                <p class="soft" role="status">{board_texts().history_away()}</p>
            </Show>
            <Show when=has_more>
                <button
                    class="btn btn--quiet"
                    type="button"
                    disabled=move || past.searching.get()
                    on:click=move |_| past.search(store, session, at)
                >
                    {board_texts().history_older()}
                </button>
            </Show>
        </details>
    }
}

impl Past {
    fn add<'a>(self, lines: impl Iterator<Item = &'a Activity>) {
        let known = self
            .rows
            .with_untracked(|rows| rows.front().map(|row| row.seq));
        let mut lines = lines.peekable();
        // Newest first. The list changes with every event on the canvas, most of
        // which do not concern this tile.
        if lines.peek().map(|line| line.seq) == known {
            return;
        }
        self.rows.update(|rows| {
            for line in lines {
                activity::add(rows, line.clone());
            }
        });
    }

    /// Whether the creation of the tile is among the rows.
    fn has_begun(self) -> bool {
        self.rows
            .with(|rows| rows.iter().any(|row| row.kind == ActivityKind::Created))
    }

    /// Reads some pages of the log, backwards, until enough rows are found.
    fn search(self, store: Store, session: Session, at: Coord) {
        if self.searching.get_untracked() {
            return;
        }
        self.searching.set(true);
        self.away.set(false);
        let mut from = self
            .from
            .get_untracked()
            .unwrap_or_else(|| session.head() + 1);
        self.tasks.spawn(async move {
            let mut found = 0;
            for _ in 0..PAGES {
                if from <= 1 || found >= ENOUGH {
                    break;
                }
                let after = (from - 1 - limits::MAX_PAGE).max(0);
                let Ok(page) = api::events(store.canvas_id, after).await else {
                    self.away.set(true);
                    break;
                };
                let lines: Vec<Activity> = page
                    .items
                    .iter()
                    .filter(|event| event.seq() < from)
                    .filter_map(activity::from_event)
                    .filter(|line| line.at == Some(at))
                    .collect();
                from = after + 1;
                found += lines.len();
                self.rows.update(|rows| {
                    for line in lines {
                        activity::add(rows, line);
                    }
                });
                if untrack(|| self.has_begun()) {
                    break;
                }
            }
            self.from.set(Some(from));
            self.searching.set(false);
        });
    }
}

#[component]
fn HistoryRow(at: Coord, row: Activity) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let change = Change {
        seq: row.seq,
        at: row.time,
    };
    let name = move || {
        store
            .name_of(row.actor)
            .unwrap_or_else(|| board_texts().a_guest().to_owned())
    };
    view! {
        <li class="history__row">
            {move || view! { <Avatar user=row.actor name=name() /> }}
            <span class="row__text">
                <span class="row__name">
                    <span class="row__name-text" dir="auto">{name}</span>
                </span>
                <span class="row__note">{kind(row.kind)}</span>
            </span>
            <time class="row__time">{moment(row.time)}</time>
            <Show when=move || may_restore(store, at)>
                <button
                    class="btn btn--quiet btn--icon btn--small"
                    type="button"
                    aria-label=rewrite_texts().restore_before()
                    title=rewrite_texts().restore_before()
                    on:click=move |_| restore(store, session, at, Some(change))
                >
                    <Icon glyph=Glyph::Undo small=true />
                </button>
            </Show>
        </li>
    }
}
