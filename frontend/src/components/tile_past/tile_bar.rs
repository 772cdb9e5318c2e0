//! The state of the bar: its position, and the changes, which are read a part at
//! a time, where somebody looks.

use crate::{
    api,
    components::dock::{DockState, Tab},
    i18n::board::board_texts,
    model::tile_past::{Span, Step, TilePast},
    store::Store,
    tasks::{Task, Tasks},
};
use gloo_timers::future::TimeoutFuture;
use leptos::{ev, prelude::*};
use shared::{canvas::Coord, ids::UserId, pixels::Pixels, protocol::DurableEvent};
use std::collections::HashMap;

/// Milliseconds from the selection of a tile until its past is asked for.
const LOOK_MS: u32 = 250;
/// Milliseconds from a change of the tile until its past is asked for again.
const CHANGED_MS: u32 = 1_500;
/// Milliseconds that the bar rests until what is missing there is read.
const REST_MS: u32 = 120;
/// Most steps of the bar in which all of a past is played.
const PLAY_STEPS: usize = 100;
/// Most pages of events in one part: its changes, and likes and comments between
/// them.
const MAX_PAGES: usize = 20;

/// How far the past is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum PastLoad {
    #[default]
    Loading,
    Ready,
    Failed,
}

/// The bar of one cell. It is read while the panel is seen.
#[derive(Clone, Copy)]
pub struct TileBar {
    pub(super) at: Coord,
    pub(super) store: Store,
    past: RwSignal<TilePast>,
    /// None for now, whatever happens meanwhile.
    position: RwSignal<Option<usize>>,
    pub(super) load: RwSignal<PastLoad>,
    /// Somebody looked at single changes.
    pub(super) is_touched: RwSignal<bool>,
    /// The names of those who are met only in this past.
    names: RwSignal<HashMap<UserId, String>>,
    pub(super) is_playing: RwSignal<bool>,
    tasks: Tasks,
}

impl TileBar {
    /// The bar of a cell, for the component that is being set up.
    pub fn new(store: Store, at: Coord) -> Self {
        let bar = Self {
            at,
            store,
            past: RwSignal::default(),
            position: RwSignal::default(),
            load: RwSignal::default(),
            is_touched: RwSignal::default(),
            names: RwSignal::default(),
            is_playing: RwSignal::default(),
            tasks: Tasks::new(),
        };
        bar.read_when_seen();
        bar.read_what_is_missing();
        bar.ask_for_names();
        bar
    }

    /// Whether something else is shown than what is there now. Reactive.
    pub fn is_past(self) -> bool {
        self.position.with(Option::is_some)
    }

    /// The picture where the bar stands; none while it stands at now, and while
    /// it is not known. Reactive.
    pub fn picture(self) -> Option<Option<Pixels>> {
        let position = self.position.get()?;
        self.past.with(|past| past.picture(position))
    }

    pub(super) fn len(self) -> usize {
        self.past.with(TilePast::len)
    }

    /// The position, where now is after the last change. Reactive.
    pub(super) fn place(self) -> usize {
        let len = self.len();
        self.position
            .get()
            .map_or(len, |position| position.min(len))
    }

    pub(super) fn go_to(self, place: usize) {
        let len = untrack(|| self.len());
        self.is_touched.set(true);
        self.position.set((place < len).then_some(place));
    }

    /// Asks for the timeline when the panel is seen, and again when the tile
    /// changed meanwhile.
    fn read_when_seen(self) {
        let dock = expect_context::<DockState>();
        let request = StoredValue::new(Task::default());
        let version = Memo::new(move |_| {
            self.store
                .tiles
                .with_tile(self.at, |tile| tile.map(|tile| tile.state.version))
        });
        let seen = Memo::new(move |_| dock.shows(Tab::Tile));
        Effect::new(move || {
            version.track();
            if !seen.get() {
                request.update_value(Task::cancel);
                return;
            }
            let is_first = self.load.get_untracked() != PastLoad::Ready;
            request.set_value(self.tasks.start(async move {
                TimeoutFuture::new(if is_first { LOOK_MS } else { CHANGED_MS }).await;
                let timeline = api::tile_past::timeline(self.store.canvas_id, self.at).await;
                let Ok(timeline) = timeline else {
                    if is_first {
                        self.load.set(PastLoad::Failed);
                    }
                    return;
                };
                let new = TilePast::from(&timeline);
                self.past.update(|past| {
                    let old = std::mem::replace(past, new);
                    past.take_loaded(old);
                });
                self.load.set(PastLoad::Ready);
            }));
        });
    }

    /// Reads the changes around the place at which the bar rests.
    fn read_what_is_missing(self) {
        let request = StoredValue::new(Task::default());
        let missing = Memo::new(move |_| {
            let place = self.place();
            let is_touched = self.is_touched.get();
            self.past
                .with(|past| past.missing(place))
                .filter(|_| is_touched)
        });
        Effect::new(move || {
            let Some(span) = missing.get() else { return };
            request.set_value(self.tasks.start(async move {
                TimeoutFuture::new(REST_MS).await;
                match self.read(span).await {
                    Some((start, events)) => {
                        self.past.update(|past| past.load(span, start, events));
                        self.load.set(PastLoad::Ready);
                    }
                    None => self.load.set(PastLoad::Failed),
                }
            }));
        });
    }

    async fn read(self, span: Span) -> Option<(Option<Pixels>, Vec<DurableEvent>)> {
        let canvas = self.store.canvas_id;
        let start = if span.chunk == 0 {
            None
        } else {
            let before = (span.from_seq - 1).to_string();
            let pixels = api::tile_past::pixels_at(canvas, self.at, &before).await;
            pixels.ok()?
        };
        let mut events = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let seqs = (span.from_seq, span.to_seq);
            let page = api::tile_past::events_between(canvas, self.at, seqs, cursor.as_deref());
            let page = page.await.ok()?;
            events.extend(page.items);
            if page.next_cursor.is_none() {
                return Some((start, events));
            }
            cursor = page.next_cursor;
        }
        None
    }

    /// Asks who painted the tile then, where the one who made the change was
    /// never met.
    fn ask_for_names(self) {
        let request = StoredValue::new(Task::default());
        let unknown = Memo::new(move |_| {
            let place = self.place();
            let (seq, actor) = self
                .past
                .with(|past| past.step(place).map(|step| (step.seq, step.actor)))?;
            (self.is_touched.get() && self.name(actor).is_none()).then_some((seq, actor))
        });
        Effect::new(move || {
            let Some((seq, actor)) = unknown.get() else {
                return;
            };
            request.set_value(self.tasks.start(async move {
                TimeoutFuture::new(REST_MS).await;
                let canvas = self.store.canvas_id;
                let answer = api::rewrites::authors_at(canvas, self.at, seq).await;
                let Ok(authors) = answer else { return };
                self.names.update(|names| {
                    for author in authors.authors {
                        names.insert(author.user_id, author.display_name);
                    }
                    // Not asked again where nothing of theirs is left.
                    names.entry(actor).or_default();
                });
            }));
        });
    }

    /// Somebody's name; empty where it cannot be had, none where it was not asked
    /// for. Reactive.
    fn name(self, user: UserId) -> Option<String> {
        let met = self.store.name_of(user);
        met.or_else(|| self.names.with(|names| names.get(&user).cloned()))
    }

    pub(super) fn name_to_show(self, user: UserId) -> String {
        let name = self.name(user).filter(|name| !name.is_empty());
        name.unwrap_or_else(|| board_texts().a_guest().to_owned())
    }

    /// The change before the place of the bar. Reactive.
    pub(super) fn step(self) -> Option<Step> {
        let place = self.place();
        self.past.with(|past| past.step(place).cloned())
    }

    /// The `seq` after which the tile was as it is shown. Reactive.
    pub(super) fn seq(self) -> Option<i64> {
        let position = self.position.get()?;
        self.past.with(|past| match past.step(position) {
            Some(step) => Some(step.seq),
            None if position == 0 => past.seq_before(),
            None => None,
        })
    }

    /// Plays from the place of the bar on, or from the beginning.
    pub(super) fn toggle_play(self) {
        if self.is_playing.get_untracked() {
            self.is_playing.set(false);
            return;
        }
        if !untrack(|| self.is_past()) {
            self.go_to(0);
        }
        self.is_playing.set(true);
    }

    /// One step of what is played. It waits for what is not read yet.
    pub(super) fn play(self) {
        let (place, len) = untrack(|| (self.place(), self.len()));
        let is_known = place == 0 || self.past.with_untracked(|past| past.step(place).is_some());
        if is_known {
            self.go_to(place + len.div_ceil(PLAY_STEPS));
        }
        if self.position.with_untracked(Option::is_none) {
            self.is_playing.set(false);
        }
    }

    /// Shift and an arrow key go to what somebody else did.
    pub(super) fn key(self, event: &ev::KeyboardEvent) {
        let forwards = match event.key().as_str() {
            "ArrowRight" | "ArrowUp" => true,
            "ArrowLeft" | "ArrowDown" => false,
            _ => return,
        };
        if event.shift_key() {
            event.prevent_default();
            let place = untrack(|| self.place());
            let to = self
                .past
                .with_untracked(|past| past.next_person(place, forwards));
            self.go_to(to);
        }
    }
}
