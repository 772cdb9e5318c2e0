//! The menu of a person: what can be done about them, and about their message.

use super::{OrderState, SanctionDraft, Subject, ranks::Ranks};
use crate::{
    api, browser,
    components::{
        comments::{CommentFields, link},
        dialogs::Dialogs,
        icons::{Glyph, Icon},
        inbox::ConversationOpener,
        restore::take_back,
        share::copy,
    },
    i18n::{
        account_texts, api_problem, chat_texts,
        comments::comment_texts,
        inbox_texts, is_right_to_left,
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
use leptos::{ev, html, prelude::*};
use leptos_use_event_listener::use_event_listener;
use shared::{
    api::{
        moderation::UserRef,
        reports::ReportTarget,
        sanctions::{Activity, SanctionKind},
    },
    ids::{CommentId, UserId},
};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

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

/// The button that opens a person's menu. Nothing is shown for whom there is
/// nothing to do: who is not signed in, and for oneself unless it is about a
/// message.
#[component]
pub fn PersonButton(
    /// The person, and what it is about.
    #[prop(into)]
    subject: Signal<Subject>,
    /// Whether it is in the order of the Tab key.
    #[prop(default = true.into(), into)]
    in_tab_order: Signal<bool>,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let order = expect_context::<OrderState>();
    let element = NodeRef::<html::Button>::new();
    let is_offered = Memo::new(move |_| {
        let (user, has_words) = subject.with(|subject| {
            let has_words = subject.message.is_some() || subject.comment.is_some();
            (subject.person.user_id, has_words)
        });
        store.role().is_some() && (has_words || !is_me(store, user))
    });
    let label = move || {
        subject.with(|subject| {
            let name = &subject.person.display_name;
            if subject.message.is_some() {
                order_texts().acts_on_message(name)
            } else if subject.comment.is_some() {
                comment_texts().acts_on(name)
            } else {
                order_texts().acts_on(name)
            }
        })
    };
    let open = move |_| {
        order
            .opener
            .set(element.get_untracked().map(|button| (*button).clone()));
        order.menu.set(Some(subject.get_untracked()));
    };
    view! {
        <Show when=move || is_offered.get()>
            <button
                class="btn btn--quiet btn--icon btn--small person-button"
                type="button"
                aria-label=label
                title=label
                aria-haspopup="true"
                tabindex=move || if in_tab_order.get() { "0" } else { "-1" }
                node_ref=element
                on:click=open
            >
                <Icon glyph=Glyph::More small=true />
            </button>
        </Show>
    }
}

/// Whether this is the user of this tab. Reactive.
fn is_me(store: Store, user: UserId) -> bool {
    store
        .me
        .with(|me| me.as_ref().is_some_and(|me| me.user_id == user))
}

/// Shows the open menu beside its button; on a phone at the lower edge.
#[component]
pub fn PersonMenuHost() -> impl IntoView {
    let order = expect_context::<OrderState>();
    let root = NodeRef::<html::Div>::new();
    let close = move || {
        if order.menu.with_untracked(Option::is_none) {
            return;
        }
        order.menu.set(None);
        if let Some(opener) = order.opener.try_update(Option::take).flatten() {
            // Fails only for a button that is gone.
            let _ = opener.focus();
        }
    };
    let _ = use_event_listener(window(), ev::pointerdown, move |event| {
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        let is_inside = root
            .get_untracked()
            .is_some_and(|root| root.contains(target.as_ref()));
        if !is_inside {
            close();
        }
    });
    Effect::new(move || {
        if let (Some(menu), Some(opener)) = (root.get(), order.opener.get_untracked()) {
            place(&menu, &opener);
            focus_item(&menu, 0);
        }
    });
    let key = move |event: ev::KeyboardEvent| {
        let Some(menu) = root.get_untracked() else {
            return;
        };
        match event.key().as_str() {
            "Escape" => close(),
            "Tab" => {
                close();
                return;
            }
            "ArrowDown" => focus_item(&menu, 1),
            "ArrowUp" => focus_item(&menu, -1),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let menu = move || {
        order.menu.get().map(|subject| {
            let name = order_texts().acts_on(&subject.person.display_name);
            view! {
                <div
                    class="menu__list person-menu"
                    role="group"
                    aria-label=name
                    node_ref=root
                    on:keydown=key
                >
                    <Items subject close=Callback::new(move |()| close()) />
                </div>
            }
        })
    };
    view! { {menu} }
}

/// What can be done about the person.
#[component]
fn Items(subject: Subject, close: Callback<()>) -> impl IntoView {
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
    let words = message.map(|message| {
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
    });
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
            let told = match api::accounts::block(&person.username, !is_hidden).await {
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
            session.notify(told);
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
pub fn item(glyph: Glyph, text: &'static str, act: impl Fn() + 'static) -> AnyView {
    view! {
        <button class="menu__item" type="button" on:click=move |_| act()>
            <Icon glyph />
            {text}
        </button>
    }
    .into_any()
}

/// Places the menu below its button, or above it in the lower half of the
/// window. The style sheet overrides this on phones.
fn place(menu: &HtmlElement, button: &HtmlElement) {
    let rect = button.get_bounding_client_rect();
    let window = browser::window();
    let size = |value: Result<wasm_bindgen::JsValue, _>| {
        value
            .ok()
            .and_then(|size| size.as_f64())
            .unwrap_or_default()
    };
    let (width, height) = (size(window.inner_width()), size(window.inner_height()));
    let style = menu.style();
    let (edge, distance) = if rect.top() < height / 2.0 {
        ("top", rect.bottom() + 4.0)
    } else {
        ("bottom", height - rect.top() + 4.0)
    };
    // Setting a property of a mounted element cannot fail.
    let _ = style.set_property(edge, &format!("{distance}px"));
    let (side, distance) = if is_right_to_left() {
        ("left", rect.left())
    } else {
        ("right", width - rect.right())
    };
    let _ = style.set_property(side, &format!("{}px", distance.max(8.0)));
}

/// Moves the focus by so many items; with 0 to the first.
fn focus_item(menu: &HtmlElement, by: i32) {
    let Ok(items) = menu.query_selector_all("button") else {
        return;
    };
    let active = document().active_element();
    let count = items.length().cast_signed();
    let now = (0..count).find(|&index| {
        items.item(index.cast_unsigned()).is_some_and(|item| {
            active
                .as_ref()
                .is_some_and(|active| active.is_same_node(Some(&item)))
        })
    });
    let next = now.map_or(0, |now| (now + by).rem_euclid(count.max(1)));
    let item = items
        .item(next.cast_unsigned())
        .and_then(|item| item.dyn_into::<HtmlElement>().ok());
    if let Some(item) = item {
        // Cannot fail for a mounted button.
        let _ = item.focus();
    }
}
