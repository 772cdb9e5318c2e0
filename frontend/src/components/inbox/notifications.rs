//! The list of notifications, by day; each leads to what it is about.

use super::{ConversationOpener, InboxPanelState};
use crate::{
    browser::now_ms,
    components::{
        avatar::Avatar,
        comments::link::show_comment,
        dialogs::{DialogKind, Dialogs},
        dock::{DockState, Tab},
        export::jobs::ExportJobs,
        icons::{Glyph, Icon},
    },
    i18n::{
        ago,
        inbox::{sentence, words},
        inbox_texts, moment, t,
    },
    inbox::Inbox,
    model::{
        camera::CameraCommand,
        inbox::{PagedListState, target_path, target_tile},
    },
    session::Session,
    store::Store,
};
use leptos::prelude::*;
use shared::{
    api::notifications::{Notification, NotificationKind},
    ids::{CommentId, ConversationId},
};

const DAY_MS: i64 = 24 * 60 * 60_000;

/// Marks all as read, and leads to the settings.
#[component]
pub fn NotificationTools() -> impl IntoView {
    let inbox = expect_context::<Inbox>();
    let dialogs = expect_context::<Dialogs>();
    view! {
        <div class="inbox-tools">
            <button
                class="btn btn--small"
                type="button"
                // A disabled button would lose the focus.
                aria-disabled=move || (inbox.unread.get() == 0).then_some("true")
                on:click=move |_| inbox.read_all_notifications()
            >
                <Icon glyph=Glyph::Check small=true />
                {inbox_texts().mark_all_read()}
            </button>
            <button
                class="btn btn--quiet btn--icon btn--small"
                type="button"
                aria-label=inbox_texts().settings()
                title=inbox_texts().settings()
                on:click=move |_| dialogs.show(DialogKind::Notifications)
            >
                <Icon glyph=Glyph::Settings small=true />
            </button>
        </div>
    }
}

/// A heading of the list: how long ago, in days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Day {
    Today,
    Yesterday,
    Earlier,
}

/// A line of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Line {
    Heading(Day),
    Notification(i64),
}

/// The lines for notifications that are sorted newest first. `days_ago` gives
/// the local days between a time and now.
fn lines(items: &[Notification], days_ago: impl Fn(i64) -> i64) -> Vec<Line> {
    let mut lines = Vec::with_capacity(items.len() + 3);
    let mut current = None;
    for one in items {
        let day = match days_ago(one.created_at.millis()) {
            ..=0 => Day::Today,
            1 => Day::Yesterday,
            2.. => Day::Earlier,
        };
        if current != Some(day) {
            lines.push(Line::Heading(day));
            current = Some(day);
        }
        lines.push(Line::Notification(one.id));
    }
    lines
}

/// The local days between a time in milliseconds since 1970 and now.
fn days_ago(at: i64) -> i64 {
    let day = |at: i64| {
        // An f64 holds the milliseconds of any date exactly, and the offset is
        // whole minutes.
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "see above"
        )]
        let behind = js_sys::Date::new(&(at as f64).into()).get_timezone_offset() as i64;
        (at - behind * 60_000).div_euclid(DAY_MS)
    };
    day(now_ms()) - day(at)
}

/// The list, and what is said while there is none.
#[component]
pub fn NotificationList() -> impl IntoView {
    let inbox = expect_context::<Inbox>();
    let list = inbox.notifications;
    let lines = Memo::new(move |_| list.with(|list| lines(&list.items, days_ago)));
    let state = Memo::new(move |_| list.with(|list| (list.state, list.items.is_empty())));
    let has_more = Memo::new(move |_| list.with(|list| list.next.is_some()));
    let opener = ConversationOpener::from_context();
    let around = move || match state.get() {
        (PagedListState::Loading, true) => Some(view! { <Waiting /> }.into_any()),
        (PagedListState::Failed, _) => {
            Some(view! { <Failed retry=move |()| inbox.retry_notifications() /> }.into_any())
        }
        (_, true) => Some(view! { <Nothing /> }.into_any()),
        (_, false) => None,
    };
    view! {
        <div class="inbox-scroll" tabindex="-1">
            <ul class="notices" aria-label=inbox_texts().notifications()>
                <For each=move || lines.get() key=|line| *line let:line>
                    {match line {
                        Line::Heading(day) => {
                            let text = match day {
                                Day::Today => t().today(),
                                Day::Yesterday => t().yesterday(),
                                Day::Earlier => inbox_texts().earlier(),
                            };
                            view! { <li class="notices__day">{text}</li> }.into_any()
                        }
                        Line::Notification(id) => view! { <Notice id opener /> }.into_any(),
                    }}
                </For>
            </ul>
            {around}
            <Show when=move || has_more.get()>
                <button
                    class="btn btn--wide"
                    type="button"
                    on:click=move |_| inbox.more_notifications()
                >
                    {t().show_more()}
                </button>
            </Show>
        </div>
    }
}

/// One notification. The link leads to what it is about; on the same canvas the board
/// moves there.
#[component]
fn Notice(id: i64, opener: ConversationOpener) -> impl IntoView {
    let inbox = expect_context::<Inbox>();
    let notification_opener = NotificationOpener::from_context(opener);
    let notification = Memo::new(move |_| {
        inbox
            .notifications
            .with(|list| list.items.iter().find(|one| one.id == id).cloned())
    });
    let read = move |read: fn(&Notification) -> String| {
        move || notification.with(|one| one.as_ref().map(read).unwrap_or_default())
    };
    let is_unread =
        Memo::new(move |_| notification.with(|one| one.as_ref().is_some_and(|one| !one.read)));
    let face = move || {
        notification.with(|one| {
            Some(match &one.as_ref()?.actor {
                Some(actor) => {
                    let (user, name) = (actor.user_id, actor.display_name.clone());
                    view! { <Avatar user name /> }.into_any()
                }
                None => view! {
                    <span class="notice__glyph"><Icon glyph=Glyph::Shield /></span>
                }
                .into_any(),
            })
        })
    };
    let text = read(words);
    let has_text = Memo::new(move |_| {
        notification.with(|one| one.as_ref().is_some_and(|one| !words(one).is_empty()))
    });
    let canvas = read(|one| one.canvas_name.clone());
    let at = move || notification.with(|one| one.as_ref().map(|one| one.created_at));
    let click = move |event: leptos::ev::MouseEvent| {
        inbox.read_notification(id);
        let is_plain = !event.ctrl_key() && !event.meta_key() && !event.shift_key();
        let notification = notification.get_untracked();
        if is_plain && notification.is_some_and(|one| notification_opener.open(&one)) {
            event.prevent_default();
        }
    };
    view! {
        <li class="notice" class=("notice--unread", is_unread) data-notification-id=id.to_string()>
            <a class="row notice__main" href=read(target_path) on:click=click>
                {face}
                <span class="row__text">
                    <span class="notice__sentence" dir="auto">
                        {read(sentence)}
                        <Show when=move || is_unread.get()>
                            <span class="sr-only">{inbox_texts().unread_mark()}</span>
                        </Show>
                    </span>
                    <Show when=move || has_text.get()>
                        <span class="notice__words" dir="auto">{text}</span>
                    </Show>
                    <span class="notice__meta">
                        <bdi>{canvas}</bdi>
                        <time title=move || at().map(moment)>
                            {move || at().map(|at| ago(at, now_ms()))}
                        </time>
                    </span>
                </span>
            </a>
            <Show when=move || is_unread.get()>
                <button
                    class="btn btn--quiet btn--icon btn--small notice__read"
                    type="button"
                    aria-label=inbox_texts().mark_read()
                    title=inbox_texts().mark_read()
                    on:click=move |_| inbox.read_notification(id)
                >
                    <span class="notice__dot" aria-hidden="true"></span>
                </button>
            </Show>
        </li>
    }
}

/// Opens what a notification is about, where that needs no other page.
#[derive(Clone, Copy)]
struct NotificationOpener {
    opener: ConversationOpener,
    dialogs: Dialogs,
    /// The contexts of the open canvas, if there is one.
    here: Option<(Store, Session, DockState, InboxPanelState)>,
    exports: Option<ExportJobs>,
}

impl NotificationOpener {
    fn from_context(opener: ConversationOpener) -> Self {
        let here = use_context::<Store>()
            .zip(use_context::<Session>())
            .zip(use_context::<DockState>().zip(use_context::<InboxPanelState>()));
        Self {
            opener,
            dialogs: expect_context(),
            here: here.map(|((store, session), (dock, panel))| (store, session, dock, panel)),
            exports: use_context(),
        }
    }

    /// Returns false where the browser has to follow the link.
    fn open(self, notification: &Notification) -> bool {
        if let Some(id) = notification.conversation_id {
            self.opener.open(ConversationId(id));
            return true;
        }
        if matches!(
            notification.kind,
            NotificationKind::Sanction | NotificationKind::AppealDecided
        ) {
            self.dialogs.show(DialogKind::MySanctions);
            return true;
        }
        let Some((store, session, dock, panel)) = self.here else {
            return false;
        };
        if notification.canvas_id != Some(store.canvas_id) {
            return false;
        }
        panel.section.set(None);
        if let Some((id, exports)) = notification.export_id.zip(self.exports) {
            exports.show(id, notification.canvas_name.clone());
        } else if let (Some(at), Some(comment)) =
            (target_tile(notification), notification.comment_id)
        {
            show_comment(store, session, at, CommentId(comment));
        } else if let Some(at) = target_tile(notification) {
            session.fly_to(CameraCommand::Tile(at));
            session.select(Some(at));
            session.highlight(at);
        } else if notification.message_id.is_some() {
            dock.show(Tab::Chat);
            store.wanted_message.set(notification.message_id);
        }
        true
    }
}

/// A placeholder while the list is read.
#[component]
pub(super) fn Waiting() -> impl IntoView {
    [(); 4]
        .map(|()| {
            view! {
                <div class="row inbox-waiting" aria-hidden="true">
                    <span class="avatar skeleton"></span>
                    <span class="row__text">
                        <span class="skeleton skeleton--line skeleton--long"></span>
                        <span class="skeleton skeleton--line skeleton--short"></span>
                    </span>
                </div>
            }
        })
        .collect_view()
}

/// The list could not be read.
#[component]
pub(super) fn Failed(
    /// Reads it again.
    #[prop(into)]
    retry: Callback<()>,
) -> impl IntoView {
    view! {
        <div class="empty" role="status">
            <span class="empty__icon"><Icon glyph=Glyph::Warning /></span>
            <p class="empty__title">{inbox_texts().not_loaded()}</p>
            <button class="btn" type="button" on:click=move |_| retry.run(())>
                {t().try_again()}
            </button>
        </div>
    }
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <div class="empty">
            <span class="empty__icon"><Icon glyph=Glyph::Bell /></span>
            <p class="empty__title">{inbox_texts().nothing_title()}</p>
            <p>{inbox_texts().nothing_text()}</p>
        </div>
    }
}
