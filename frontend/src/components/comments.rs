//! The comments on a tile: its threads, and the fields to write in.

pub mod field;
pub mod link;
pub mod note;
pub mod picture_comparison;
pub mod thread;

use self::{field::CommentField, thread::ThreadView};
use crate::{
    browser,
    components::dock::{DockState, Tab},
    i18n::comments::comment_texts,
    model::{
        comments::{CommentKey, CommentsLoad, Thread},
        connection::{ConnectionStatus, LoadState},
        notice::NoticeKind,
    },
    session::Session,
    store::Store,
};
use leptos::{html, prelude::*};
use shared::{api::moderation::UserRef, canvas::Coord, ids::CommentId};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// Which fields are open in the threads of a canvas page; a context. One of
/// each kind at a time.
#[derive(Clone, Copy)]
pub struct CommentFields {
    /// The thread that is being answered.
    pub answering: RwSignal<Option<CommentId>>,
    /// The comment whose text is being changed.
    pub editing: RwSignal<Option<CommentId>>,
}

impl CommentFields {
    /// Provides it to a page.
    pub fn provide() {
        provide_context(Self {
            answering: RwSignal::new(None),
            editing: RwSignal::new(None),
        });
    }
}

/// The threads of a cell, and the field for a new comment. They are read when
/// the panel is looked at.
#[component]
pub fn CommentSection(
    /// The cell.
    at: Coord,
    /// Whether there is a tile.
    #[prop(into)]
    is_painted: Signal<bool>,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let texts = comment_texts();
    read_when_shown(store, session, at);
    let threads = Memo::new(move |_| visible_threads(store, at));
    let keys = move |resolved: bool| {
        threads.with(|threads| {
            let threads = threads.iter();
            let wanted = threads.filter(|thread| thread.first.resolved == resolved);
            wanted.map(|thread| thread.first.key).collect::<Vec<_>>()
        })
    };
    let list = move |resolved: bool| {
        view! {
            <ul class="comments__threads">
                <For each=move || keys(resolved) key=|key| *key let:key>
                    <ThreadView at thread=thread_of(threads, key) />
                </For>
            </ul>
        }
    };
    let load = move || store.comments.with(|comments| comments.load_of(at));
    let resolved = Memo::new(move |_| keys(true).len());
    let open = Memo::new(move |_| keys(false).len());
    let shows_resolved = RwSignal::new(false);
    let write = NodeRef::<html::Textarea>::new();
    let section = NodeRef::<html::Section>::new();
    take_goal(at, threads, shows_resolved, write, section);
    let state = move || match load() {
        None | Some(CommentsLoad::Loading) if open.get() == 0 => view! {
            <div aria-hidden="true">
                <span class="skeleton skeleton--line skeleton--long"></span>
                <span class="skeleton skeleton--line skeleton--short"></span>
            </div>
        }
        .into_any(),
        Some(CommentsLoad::Failed) => view! {
            <p class="soft" role="status">
                {texts.away()}
                " "
                <button class="link" type="button" on:click=move |_| session.read_comments(at)>
                    {texts.try_again()}
                </button>
            </p>
        }
        .into_any(),
        Some(CommentsLoad::Ready) if open.get() == 0 => {
            let text = if is_painted.get() {
                texts.nothing()
            } else {
                texts.nothing_here()
            };
            view! { <p class="soft">{text}</p> }.into_any()
        }
        None | Some(CommentsLoad::Loading | CommentsLoad::Ready) => ().into_any(),
    };
    view! {
        <section class="comments" aria-label=texts.comments() node_ref=section>
            <h3 class="comments__title">{texts.comments()}</h3>
            {move || list(false)}
            {state}
            <CommentField
                at
                label=texts.new_comment()
                action=texts.send()
                field=write
                submit=move |text| session.comment(at, None, text)
            />
            <Show when=move || { resolved.get() > 0 }>
                <button
                    class="btn btn--quiet comments__resolved"
                    type="button"
                    aria-expanded=move || shows_resolved.get().to_string()
                    on:click=move |_| shows_resolved.update(|shown| *shown = !*shown)
                >
                    {move || texts.resolved(resolved.get())}
                </button>
                <Show when=move || shows_resolved.get()>{list(true)}</Show>
            </Show>
        </section>
    }
}

/// Reads the comments once the panel is looked at, and again after a snapshot or
/// when there is a connection again after a failure.
fn read_when_shown(store: Store, session: Session, at: Coord) {
    let dock = expect_context::<DockState>();
    let load = Memo::new(move |_| store.comments.with(|comments| comments.load_of(at)));
    let is_live = Memo::new(move |_| store.connection.get() == ConnectionStatus::Live);
    let is_shown =
        Memo::new(move |_| store.load.get() == LoadState::Ready && dock.shows(Tab::Tile));
    Effect::new(move || {
        if is_shown.get() && load.get().is_none() {
            session.read_comments(at);
        }
    });
    Effect::new(move || {
        if is_live.get() && load.get_untracked() == Some(CommentsLoad::Failed) {
            session.read_comments(at);
        }
    });
}

/// The threads of a cell without what people wrote whom this user hides.
fn visible_threads(store: Store, at: Coord) -> Vec<Thread> {
    let me = store.me.with(|me| {
        me.as_ref().map(|me| UserRef {
            user_id: me.user_id,
            username: me.username.clone(),
            display_name: me.display_name.clone(),
        })
    });
    let mut threads = store
        .comments
        .with(|comments| comments.threads(at, me.as_ref()));
    store.hidden.with(|hidden| {
        for thread in &mut threads {
            thread
                .answers
                .retain(|answer| !hidden.contains(&answer.author.user_id));
        }
        threads.retain(|thread| {
            !hidden.contains(&thread.first.author.user_id) || !thread.answers.is_empty()
        });
    });
    threads
}

fn thread_of(threads: Memo<Vec<Thread>>, key: CommentKey) -> Memo<Option<Thread>> {
    Memo::new(move |_| {
        threads.with(|threads| {
            let found = threads.iter().find(|thread| thread.first.key == key);
            found.cloned()
        })
    })
}

/// Scrolls to the comment that somebody wants to see, or to the field for a new
/// one, once it is there.
fn take_goal(
    at: Coord,
    threads: Memo<Vec<Thread>>,
    shows_resolved: RwSignal<bool>,
    write: NodeRef<html::Textarea>,
    section: NodeRef<html::Section>,
) {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let is_ready = Memo::new(move |_| {
        let load = store.comments.with(|comments| comments.load_of(at));
        matches!(load, Some(CommentsLoad::Ready | CommentsLoad::Failed))
    });
    Effect::new(move || {
        let goal = store.comment_goal.get();
        let Some(goal) = goal.filter(|goal| goal.at == at) else {
            return;
        };
        // The field is there at once, what was written later.
        if !goal.writes && !is_ready.get() {
            return;
        }
        store.comment_goal.set(None);
        let Some(comment) = goal.comment else {
            // The panel may become visible in this frame.
            request_animation_frame(move || {
                if goal.writes
                    && let Some(field) = write.get_untracked()
                {
                    let _ = field.focus();
                } else if let Some(section) = section.get_untracked() {
                    section.scroll_into_view();
                }
            });
            return;
        };
        let found = threads.with_untracked(|threads| {
            let of = |thread: &&Thread| {
                thread.first.id() == Some(comment)
                    || thread.answers.iter().any(|row| row.id() == Some(comment))
            };
            threads.iter().find(of).map(|thread| thread.first.resolved)
        });
        match found {
            Some(is_resolved) => {
                shows_resolved.update(|shown| *shown |= is_resolved);
                request_animation_frame(move || show(comment));
            }
            None => session.notify(NoticeKind::Problem(comment_texts().gone().to_owned())),
        }
    });
}

/// Scrolls to a comment and moves the focus there, so that it stands out and is
/// read aloud.
fn show(comment: CommentId) {
    let element = document()
        .get_element_by_id(&element_id(comment))
        .and_then(|element| element.dyn_into::<HtmlElement>().ok());
    if let Some(element) = element {
        element.scroll_into_view();
        browser::focus_in_place(&element);
    }
}

/// The id of a comment's element.
fn element_id(comment: CommentId) -> String {
    format!("comment-{comment}")
}
