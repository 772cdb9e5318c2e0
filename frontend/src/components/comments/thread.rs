//! A thread: the first comment, its answers, and what can be done about it.

use super::{
    CommentFields, field::CommentField, note::Note, picture_comparison::PictureComparison,
};
use crate::{
    components::icons::{Glyph, Icon},
    i18n::comments::comment_texts,
    model::comments::{CommentKey, CommentRow, Thread},
    session::Session,
    store::Store,
};
use leptos::prelude::*;
use shared::{
    canvas::{Coord, Role},
    ids::{CommentId, UserId},
};

/// One thread of a cell.
#[component]
pub fn ThreadView(
    /// The cell.
    at: Coord,
    /// The thread; none once it is gone.
    thread: Memo<Option<Thread>>,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let fields = expect_context::<CommentFields>();
    let texts = comment_texts();
    let first = Signal::derive(move || thread.with(|thread| Some(thread.as_ref()?.first.clone())));
    let Some(row) = first.get_untracked() else {
        return ().into_any();
    };
    let (author, name) = (row.author.user_id, row.author.display_name.clone());
    let answers = move || {
        thread.with(|thread| {
            let answers = thread.iter().flat_map(|thread| &thread.answers);
            answers.map(|answer| answer.key).collect::<Vec<_>>()
        })
    };
    let is_resolved =
        Memo::new(move |_| first.with(|row| row.as_ref().is_some_and(|r| r.resolved)));
    let is_removed = Memo::new(move |_| first.with(|row| row.as_ref().is_none_or(|r| r.removed)));
    let id = row.id();
    let may_resolve = Memo::new(move |_| !is_removed.get() && may_resolve(store, at, author));
    let is_answering = Memo::new(move |_| id.is_some() && fields.answering.get() == id);
    let shows_then = RwSignal::new(false);
    // What can be done about it once it is stored.
    let acts = id.map(|id| {
        let answer = view! {
            <Show when=move || store.role().is_some() && !is_removed.get()>
                <button
                    class="btn btn--quiet btn--small"
                    type="button"
                    aria-expanded=move || is_answering.get().to_string()
                    on:click=move |_| {
                        let open = !is_answering.get_untracked();
                        fields.answering.set(open.then_some(id));
                    }
                >
                    <Icon glyph=Glyph::Reply small=true />
                    {texts.answer()}
                </button>
            </Show>
        };
        let resolve = view! {
            <Show when=move || may_resolve.get()>
                <button
                    class="btn btn--quiet btn--small"
                    type="button"
                    on:click=move |_| session.resolve_comment(id, !is_resolved.get_untracked())
                >
                    <Icon glyph=Glyph::Check small=true />
                    {move || if is_resolved.get() { texts.reopen() } else { texts.resolve() }}
                </button>
            </Show>
        };
        let then = view! {
            <button
                class="btn btn--quiet btn--small"
                type="button"
                aria-expanded=move || shows_then.get().to_string()
                on:click=move |_| shows_then.update(|shown| *shown = !*shown)
            >
                <Icon glyph=Glyph::Picture small=true />
                {texts.then_and_now()}
            </button>
        };
        let name = name.clone();
        let write = move || {
            is_answering
                .get()
                .then(|| view! { <Answer at parent=id name=name.clone() /> })
        };
        view! {
            <div class="thread__acts">{answer} {resolve} {then}</div>
            {write}
        }
    });
    let pictures = move || {
        let at_seq = first.with(|row| row.as_ref()?.at_seq)?;
        let (id, created_at) = (id?, row.created_at);
        shows_then
            .get()
            .then(|| view! { <PictureComparison at id at_seq created_at /> })
    };
    view! {
        <li class="thread" class=("thread--resolved", is_resolved)>
            <Note at row=first />
            {move || is_resolved.get().then(|| view! { <p class="thread__resolved">{texts.was_resolved()}</p> })}
            <ul class="thread__answers">
                <For each=answers key=|key| *key let:key>
                    <li>
                        <Note at row=answer_of(thread, key) />
                    </li>
                </For>
            </ul>
            {pictures}
            {acts}
        </li>
    }
    .into_any()
}

fn answer_of(thread: Memo<Option<Thread>>, key: CommentKey) -> Signal<Option<CommentRow>> {
    let answer = Memo::new(move |_| {
        thread.with(|thread| {
            let answers = &thread.as_ref()?.answers;
            answers.iter().find(|answer| answer.key == key).cloned()
        })
    });
    answer.into()
}

/// The field for an answer.
#[component]
fn Answer(at: Coord, parent: CommentId, name: String) -> impl IntoView {
    let session = expect_context::<Session>();
    let fields = expect_context::<CommentFields>();
    let texts = comment_texts();
    let submit = move |text| {
        let is_taken = session.comment(at, Some(parent), text);
        if is_taken {
            fields.answering.set(None);
        }
        is_taken
    };
    view! {
        <CommentField
            at
            label=texts.answer_to(&name)
            action=texts.answer()
            name=parent.to_string()
            submit
            cancel=move |()| fields.answering.set(None)
        />
    }
}

/// Whether this user may resolve a thread: its author, the tile's creator, and
/// moderators. Reactive.
fn may_resolve(store: Store, at: Coord, author: UserId) -> bool {
    let Some(role) = store.role() else {
        return false;
    };
    let me = store.me.with(|me| me.as_ref().map(|me| me.user_id));
    let creator = store
        .tiles
        .with_tile(at, |tile| tile.map(|tile| tile.state.creator_id));
    role >= Role::Moderator || me == Some(author) || (me.is_some() && me == creator)
}
