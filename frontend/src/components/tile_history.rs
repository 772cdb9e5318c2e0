//! The history of a tile: who did what and when. Read backwards, as many changes
//! at a time as a page of events has.

use crate::{
    api::{self, ApiResult},
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
        activity::Activity,
        rewrite::Change,
        tile_past::{Span, TilePast},
    },
    session::{Session, activity},
    store::Store,
    tasks::Tasks,
};
use leptos::prelude::*;
use shared::canvas::Coord;
use std::collections::VecDeque;

/// Most pages of events in one part: its changes, and likes and comments between
/// them.
const MAX_PAGES: usize = 20;

/// The history as far as it is known.
#[derive(Clone, Copy)]
struct Past {
    rows: RwSignal<VecDeque<Activity>>,
    /// What is not read yet, oldest first; none until that is known.
    parts: RwSignal<Option<Vec<Span>>>,
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
        parts: RwSignal::default(),
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
        if past.parts.with_untracked(Option::is_none) {
            past.read(store, session, at);
        }
    };
    let rows = move || {
        past.rows
            .with(|rows| rows.iter().cloned().collect::<Vec<_>>())
    };
    let is_empty = move || past.rows.with(VecDeque::is_empty);
    let has_more = move || {
        past.parts
            .with(|parts| parts.as_ref().is_none_or(|parts| !parts.is_empty()))
    };
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
                    on:click=move |_| past.read(store, session, at)
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

    /// Reads the newest part that is not read yet.
    fn read(self, store: Store, session: Session, at: Coord) {
        if self.searching.get_untracked() {
            return;
        }
        self.searching.set(true);
        self.away.set(false);
        self.tasks.spawn(async move {
            let read = self.read_part(store, session, at).await;
            self.away.set(read.is_err());
            self.searching.set(false);
        });
    }

    async fn read_part(self, store: Store, session: Session, at: Coord) -> ApiResult<()> {
        if self.parts.with_untracked(Option::is_none) {
            let timeline = api::tile_past::timeline(store.canvas_id, at).await?;
            let mut parts = TilePast::from(&timeline).spans();
            // Likes and comments after the last change, too.
            if let Some(last) = parts.last_mut() {
                last.to_seq = last.to_seq.max(session.head());
            }
            self.parts.set(Some(parts));
        }
        let part = self
            .parts
            .with_untracked(|parts| parts.as_ref().and_then(|parts| parts.last().copied()));
        let Some(part) = part else { return Ok(()) };
        let mut cursor: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let seqs = (part.from_seq, part.to_seq);
            let page = api::tile_past::events_between(store.canvas_id, at, seqs, cursor.as_deref());
            let page = page.await?;
            let lines = page.items.iter().filter_map(activity::from_event);
            self.rows.update(|rows| {
                for line in lines {
                    activity::add(rows, line);
                }
            });
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        self.parts.update(|parts| {
            if let Some(parts) = parts {
                parts.retain(|one| one.chunk < part.chunk);
            }
        });
        Ok(())
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
