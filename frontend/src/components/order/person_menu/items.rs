//! The items of a person's menu: what can be done about them, and about their
//! message or comment.

use super::is_me;
use crate::{
    api, browser,
    components::{
        comments::{CommentFields, link},
        dialogs::Dialogs,
        icons::{Glyph, Icon},
        inbox::ConversationOpener,
        order::{OrderState, SanctionDraft, Subject, ranks::Ranks},
        restore::take_back,
        share::copy,
    },
    i18n::{
        account_texts, api_problem, chat_texts,
        comments::comment_texts,
        inbox_texts,
        order::{act, order_texts},
        rewrites::rewrite_texts,
        t,
    },
    inbox::Inbox,
    model::{chat::ComposeCommand, notice::NoticeKind},
    session::Session,
    store::Store,
    tasks::Tasks,
};
use leptos::prelude::*;
use shared::{
    api::{
        moderation::UserRef,
        reports::ReportTarget,
        sanctions::{Activity, SanctionKind},
    },
    ids::{CommentId, MessageId},
};

/// In the order of the menu.
const KINDS: [SanctionKind; 5] = [
    SanctionKind::Warning,
    SanctionKind::Mute,
    SanctionKind::NoPaint,
    SanctionKind::Timeout,
    SanctionKind::Ban,
];
/// Milliseconds back of the messages that are removed at once.
const PURGE_MS: i64 = 60 * 60_000;

/// What can be done about the person, and about their message or comment.
#[component]
pub(super) fn Items(subject: Subject, close: Callback<()>) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let order = expect_context::<OrderState>();
    let dialogs = expect_context::<Dialogs>();
    let Subject {
        person,
        message,
        comment,
        case_id,
    } = subject;
    let is_me = untrack(|| is_me(store, person.user_id));
    let may_moderate = untrack(|| store.may_moderate());
    let ranks = expect_context::<Ranks>();
    let user = person.user_id;
    let may_act = Memo::new(move |_| ranks.may_act_on(user));
    let words = message.map(|message| reply_and_edit(message, is_me, close));
    let remove = message.map(|message| {
        let act = move || {
            close.run(());
            session.remove_message(message);
        };
        move || {
            let is_offered = is_me || may_act.get();
            is_offered.then(|| item(Glyph::Delete, order_texts().remove_message(), act))
        }
    });
    let about_comment = comment.map(|comment| comment_items(comment, is_me, may_act, close));
    let name = if message.is_some() {
        order_texts().message_of(&person.display_name)
    } else if comment.is_some() {
        comment_texts().comment_of(&person.display_name)
    } else {
        person.display_name.clone()
    };
    let target = match (message, comment) {
        (Some(message_id), _) => ReportTarget::Message { message_id },
        (None, Some(comment_id)) => ReportTarget::Comment { comment_id },
        (None, None) => ReportTarget::User {
            username: person.username.clone(),
        },
    };
    let write = (!is_me).then(|| {
        let opener = ConversationOpener::from_context();
        let username = person.username.clone();
        item(
            Glyph::Envelope,
            inbox_texts().write_a_message(),
            move || {
                close.run(());
                opener.write_to(username.clone());
            },
        )
    });
    let report = (!is_me).then(|| {
        item(Glyph::Warning, order_texts().report(), move || {
            close.run(());
            order.report(dialogs, target.clone(), name.clone());
        })
    });
    let hide = (!is_me).then(|| hide(person.clone(), close));
    let acts = (may_moderate && !is_me).then(|| {
        let person = person.clone();
        move || {
            if may_act.get() {
                return moderator_acts(&person, case_id, close).into_any();
            }
            let why = order_texts().higher_rank_needed(&person.display_name);
            view! {
                <hr class="menu__line" />
                <p class="faint person-menu__aside" dir="auto">{why}</p>
            }
            .into_any()
        }
    });
    let handle = t().at_name(&person.username);
    view! {
        <p class="person-menu__name">
            <strong dir="auto">{person.display_name.clone()}</strong>
            " "
            <span class="faint">{handle}</span>
        </p>
        {words}
        {write}
        {remove}
        {about_comment}
        {report}
        {hide}
        {acts}
    }
}

/// The items that answer a message, and edit one's own.
fn reply_and_edit(message: MessageId, is_me: bool, close: Callback<()>) -> impl IntoView {
    let store = expect_context::<Store>();
    let compose = move |command| {
        close.run(());
        store.compose.set(Some(command));
    };
    let now = store.server_now_ms();
    let is_editable = store.chat.with_untracked(|rows| {
        let row = rows.iter().find(|row| row.message_id == Some(message));
        is_me && row.is_some_and(|row| row.is_editable(now))
    });
    let may_speak = untrack(|| store.sanctioned(Activity::Speaking)).is_none();
    let texts = chat_texts();
    [
        may_speak.then(|| {
            item(Glyph::Reply, texts.reply(), move || {
                compose(ComposeCommand::Reply(message));
            })
        }),
        (may_speak && is_editable).then(|| {
            item(Glyph::Edit, texts.edit(), move || {
                compose(ComposeCommand::Edit(message));
            })
        }),
    ]
    .into_iter()
    .flatten()
    .collect_view()
}

/// What those who rank higher can do to the person.
fn moderator_acts(
    person: &UserRef,
    case_id: Option<i64>,
    close: Callback<()>,
) -> impl IntoView + use<> {
    let store = expect_context::<Store>();
    let order = expect_context::<OrderState>();
    let dialogs = expect_context::<Dialogs>();
    let kinds = KINDS.map(|kind| {
        let person = person.clone();
        item(Glyph::Shield, act(kind), move || {
            close.run(());
            let draft = SanctionDraft {
                people: vec![person.clone()],
                kind,
                scope: order.scope,
                case_id,
                outcome: None,
                decision_note: String::new(),
            };
            order.sanction(dialogs, draft);
        })
    });
    let purge = purge(person, close);
    let take_back = {
        let person = person.clone();
        item(Glyph::Undo, rewrite_texts().take_back(), move || {
            close.run(());
            take_back(store, person.clone());
        })
    };
    view! {
        <hr class="menu__line" />
        {kinds.into_iter().collect_view()}
        {take_back}
        {purge}
    }
}

/// The items about a comment: link, edit and remove.
fn comment_items(
    comment: CommentId,
    is_me: bool,
    may_act: Memo<bool>,
    close: Callback<()>,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let fields = expect_context::<CommentFields>();
    let tasks = expect_context::<Tasks>();
    let texts = comment_texts();
    let edit = is_me.then(|| {
        item(Glyph::Edit, texts.edit(), move || {
            close.run(());
            fields.editing.set(Some(comment));
        })
    });
    let remove = move || {
        let is_offered = is_me || may_act.get();
        is_offered.then(|| {
            item(Glyph::Delete, texts.remove(), move || {
                close.run(());
                session.remove_comment(comment);
            })
        })
    };
    let copy_link = item(Glyph::Share, texts.copy_link(), move || {
        close.run(());
        let Some(path) = link::address(store, comment) else {
            return;
        };
        tasks.spawn(async move {
            let origin = browser::window().location().origin().unwrap_or_default();
            let address = format!("{origin}{path}");
            session.notify(NoticeKind::Done(if copy(&address).await {
                texts.link_copied().to_owned()
            } else {
                address
            }));
        });
    });
    view! {
        {edit}
        {remove}
        {copy_link}
    }
}

/// The item that hides the person from this user, or shows them again.
fn hide(person: UserRef, close: Callback<()>) -> AnyView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let inbox = expect_context::<Inbox>();
    let tasks = expect_context::<Tasks>();
    let texts = account_texts();
    let is_hidden = store
        .hidden
        .with_untracked(|hidden| hidden.contains(&person.user_id));
    let (glyph, label) = if is_hidden {
        (Glyph::Follow, texts.show_person())
    } else {
        (Glyph::Close, texts.hide_person())
    };
    item(glyph, label, move || {
        close.run(());
        let person = person.clone();
        tasks.spawn(async move {
            let notice = match api::accounts::block(&person.username, !is_hidden).await {
                Ok(()) => {
                    session.hide(person.user_id, !is_hidden);
                    inbox.blocks_changed();
                    NoticeKind::Done(if is_hidden {
                        texts.shown_again(&person.display_name)
                    } else {
                        texts.hidden(&person.display_name)
                    })
                }
                Err(error) => NoticeKind::Problem(api_problem(&error)),
            };
            session.notify(notice);
        });
    })
}

/// The item that removes the person's messages of the last hour.
fn purge(person: &UserRef, close: Callback<()>) -> impl IntoView + use<> {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let tasks = expect_context::<Tasks>();
    let username = person.username.clone();
    item(Glyph::Delete, order_texts().remove_all(), move || {
        close.run(());
        let since = chrono::DateTime::from_timestamp_millis(store.server_now_ms() - PURGE_MS);
        let since = since.unwrap_or_default().into();
        let username = username.clone();
        tasks.spawn(async move {
            session.notify(
                match api::order::purge(store.canvas_id, &username, since).await {
                    Ok(n) => NoticeKind::Done(order_texts().removed(n)),
                    Err(error) => NoticeKind::Problem(api_problem(&error)),
                },
            );
        });
    })
}

/// An item of the menu.
fn item(glyph: Glyph, text: &'static str, act: impl Fn() + 'static) -> AnyView {
    view! {
        <button class="menu__item" type="button" on:click=move |_| act()>
            <Icon glyph />
            {text}
        </button>
    }
    .into_any()
}
