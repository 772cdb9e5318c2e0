//! One comment: author, time, text, and what became of it.

use super::{CommentFields, element_id, field::CommentField};
use crate::{
    components::{
        avatar::{Avatar, Size},
        chat::message::message_text,
        order::{Subject, person_menu::PersonButton},
    },
    i18n::{ago, comments::comment_texts, moment, refusal},
    model::{
        chat::DeliveryStatus,
        comments::{CommentKey, CommentRow},
        connection::ConnectionStatus,
    },
    session::Session,
    store::Store,
};
use leptos::prelude::*;
use shared::{canvas::Coord, ids::CommentId};

/// One comment. Author and time stay the same; what changes of it is read from
/// the signal.
#[allow(clippy::too_many_lines, reason = "the markup of one component")]
#[component]
pub fn Note(
    /// The cell.
    at: Coord,
    /// The comment; none once it is gone.
    #[prop(into)]
    row: Signal<Option<CommentRow>>,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let fields = expect_context::<CommentFields>();
    let texts = comment_texts();
    let Some(first) = row.get_untracked() else {
        return ().into_any();
    };
    let CommentRow {
        author,
        created_at,
        key,
        ..
    } = first;
    let id = match key {
        CommentKey::Stored(id) => Some(id),
        CommentKey::Own(_) => None,
    };
    let delivery = Memo::new(move |_| {
        row.with(|row| {
            row.as_ref()
                .map_or(DeliveryStatus::Stored, |row| row.delivery)
        })
    });
    let is_removed = Memo::new(move |_| row.with(|row| row.as_ref().is_none_or(|row| row.removed)));
    let is_edited = Memo::new(move |_| row.with(|row| row.as_ref().is_some_and(|row| row.edited)));
    let words = Memo::new(move |_| {
        row.with(|row| row.as_ref().map(|row| row.text.clone()).unwrap_or_default())
    });
    let author_id = author.user_id;
    let is_hidden = Memo::new(move |_| store.hidden.with(|hidden| hidden.contains(&author_id)));
    let name = author.display_name.clone();
    let subject = move || Subject {
        person: author.clone(),
        message: None,
        comment: id.filter(|_| !is_removed.get()),
        case_id: None,
    };
    let is_editing = Memo::new(move |_| id.is_some() && fields.editing.get() == id);
    let text = move || {
        if is_hidden.get() {
            return view! { <p class="soft">{texts.hidden()}</p> }.into_any();
        }
        if is_removed.get() {
            return view! { <p class="soft">{texts.removed()}</p> }.into_any();
        }
        match id.filter(|_| is_editing.get()) {
            Some(id) => view! { <Editor at id text=words.get_untracked() /> }.into_any(),
            None => view! {
                <div class="note__text" dir="auto" translate="yes">
                    {message_text(&words.get())}
                </div>
            }
            .into_any(),
        }
    };
    let state = move || match delivery.get() {
        DeliveryStatus::Stored => "sent",
        DeliveryStatus::Pending => "pending",
        DeliveryStatus::Failed(_) => "failed",
    };
    let fate = move || match (delivery.get(), key) {
        (DeliveryStatus::Pending, _) if store.connection.get() != ConnectionStatus::Live => {
            view! { <p class="note__fate">{texts.waits()}</p> }.into_any()
        }
        (DeliveryStatus::Failed(code), CommentKey::Own(op)) => {
            let why = refusal(code);
            view! {
                <p class="note__fate">
                    <span>{texts.not_sent(why)}</span>
                    <button class="link" type="button" on:click=move |_| session.retry_comment(op)>
                        {texts.retry()}
                    </button>
                    <button
                        class="link link--danger"
                        type="button"
                        on:click=move |_| session.discard_comment(op)
                    >
                        {texts.discard()}
                    </button>
                </p>
            }
            .into_any()
        }
        (DeliveryStatus::Stored | DeliveryStatus::Pending | DeliveryStatus::Failed(_), _) => {
            ().into_any()
        }
    };
    view! {
        <article
            class="note"
            id=id.map(element_id)
            tabindex="-1"
            aria-label=texts.comment_of(&name)
            data-state=state
        >
            <Avatar user=author_id name=name.clone() size=Size::Small />
            <div class="note__body">
                <div class="note__head">
                    <bdi class="note__author">{name.clone()}</bdi>
                    <time class="note__time faint" title=moment(created_at)>
                        {ago(created_at, store.server_now_ms())}
                    </time>
                    <Show when=move || is_edited.get() && !is_removed.get()>
                        <span class="faint">{texts.edited()}</span>
                    </Show>
                </div>
                {text}
                {fate}
            </div>
            <Show when=move || id.is_some() && !is_removed.get()>
                <PersonButton subject=Signal::derive(subject.clone()) />
            </Show>
        </article>
    }
    .into_any()
}

/// The field in which the text of a comment is changed.
#[component]
fn Editor(at: Coord, id: CommentId, text: String) -> impl IntoView {
    let session = expect_context::<Session>();
    let fields = expect_context::<CommentFields>();
    let texts = comment_texts();
    let before = text.clone();
    let submit = move |text: String| {
        let is_taken = text == before || session.edit_comment(id, text);
        if is_taken {
            fields.editing.set(None);
        }
        is_taken
    };
    view! {
        <CommentField
            at
            label=texts.edit()
            action=texts.save()
            name=format!("edit{id}")
            initial=text
            submit
            cancel=move |()| fields.editing.set(None)
        />
    }
}
