//! Short notices. They take no focus, and stay while the pointer is over them
//! or the focus is in them.

use crate::{
    components::{
        icons::{Glyph, Icon},
        rewrites::UndoRewrite,
    },
    i18n::{board::may_not, coordinates, order::order_texts, refusal, rewrites, t},
    model::{
        camera::CameraCommand,
        notice::{Notice, NoticeKind},
    },
    session::Session,
    store::Store,
};
use leptos::{ev::FocusEvent, html, prelude::*};
use shared::{
    canvas::{Coord, Role},
    ids::RewriteId,
};
use std::time::Duration;
use wasm_bindgen::JsCast;
use web_sys::Node;

/// How long a notice is shown.
const SHORT: Duration = Duration::from_secs(5);
/// How long a problem is shown.
const LONG: Duration = Duration::from_secs(10);
/// How long something is shown that can be undone.
const UNDO: Duration = Duration::from_secs(20);
/// Most toasts at a time; the newest are shown.
const MAX_TOASTS: usize = 4;

/// How a toast looks and what it offers.
struct Toast {
    text: String,
    glyph: Glyph,
    is_problem: bool,
    at: Option<Coord>,
    /// The rewrite that it offers to undo.
    undo: Option<RewriteId>,
}

/// The newest notices.
#[component]
pub fn Toasts() -> impl IntoView {
    let store = expect_context::<Store>();
    let newest = move || {
        store.notices.with(|notices| {
            let skip = notices.len().saturating_sub(MAX_TOASTS);
            notices.iter().skip(skip).cloned().collect::<Vec<_>>()
        })
    };
    view! {
        <div class="toasts" role="status" aria-label=t().notices()>
            <For each=newest key=|notice| notice.id let:notice>
                <OneToast notice />
            </For>
        </div>
    }
}

#[component]
fn OneToast(notice: Notice) -> impl IntoView {
    let session = expect_context::<Session>();
    let id = notice.id;
    let toast = toast(notice.kind);
    let (hovered, focused) = (RwSignal::new(false), RwSignal::new(false));
    let element = NodeRef::<html::Div>::new();
    let time = match (toast.undo, toast.is_problem) {
        (Some(_), _) => UNDO,
        (None, true) => LONG,
        (None, false) => SHORT,
    };
    Effect::new(move || {
        if hovered.get() || focused.get() {
            return;
        }
        if let Ok(timer) = set_timeout_with_handle(move || session.dismiss(id), time) {
            on_cleanup(move || timer.clear());
        }
    });
    let show = toast.at.map(|at| {
        view! {
            <button
                class="btn btn--small"
                type="button"
                on:click=move |_| {
                    session.fly_to(CameraCommand::Tile(at));
                    session.highlight(at);
                    session.dismiss(id);
                }
            >
                {t().show_tile()}
            </button>
        }
    });
    view! {
        <div
            class="toast"
            class=("toast--error", toast.is_problem)
            node_ref=element
            on:pointerenter=move |_| hovered.set(true)
            on:pointerleave=move |_| hovered.set(false)
            on:focusin=move |_| focused.set(true)
            on:focusout=move |event| focused.set(goes_within(element, &event))
        >
            <span class="toast__icon">
                <Icon glyph=toast.glyph />
            </span>
            <span class="toast__text" dir="auto">{toast.text}</span>
            {show}
            {toast
                .undo
                .map(|rewrite| {
                    view! { <UndoRewrite id=rewrite done=move |()| session.dismiss(id) /> }
                })}
            <button
                class="btn btn--quiet btn--icon btn--small"
                type="button"
                aria-label=t().dismiss()
                on:click=move |_| session.dismiss(id)
            >
                <Icon glyph=Glyph::Close small=true />
            </button>
        </div>
    }
}

/// Whether the focus goes to another button of the same toast.
fn goes_within(toast: NodeRef<html::Div>, event: &FocusEvent) -> bool {
    let to = event
        .related_target()
        .and_then(|to| to.dyn_into::<Node>().ok());
    to.is_some()
        && toast
            .get_untracked()
            .is_some_and(|toast| toast.contains(to.as_ref()))
}

fn toast(kind: NoticeKind) -> Toast {
    let good = |text: String, glyph| Toast {
        text,
        glyph,
        is_problem: false,
        at: None,
        undo: None,
    };
    let bad = |text: String| Toast {
        text,
        glyph: Glyph::Warning,
        is_problem: true,
        at: None,
        undo: None,
    };
    match kind {
        NoticeKind::Refused { code, at } => Toast {
            at,
            ..bad(t().taken_back(refusal(code)))
        },
        NoticeKind::QueueFull => bad(t().queue_full().to_owned()),
        NoticeKind::Role(role) => match role {
            Role::Viewer => bad(t().now_viewer().to_owned()),
            Role::Editor => good(t().now_editor().to_owned(), Glyph::Pencil),
            Role::Moderator | Role::Owner => good(t().now_moderator().to_owned(), Glyph::Check),
        },
        NoticeKind::NotKept => bad(t().not_kept().to_owned()),
        NoticeKind::MayNotDraw { why, name } => bad(may_not(why, &name)),
        NoticeKind::Announcement(text) => good(text, Glyph::Chat),
        NoticeKind::Mentioned {
            username,
            at,
            message,
        } => {
            let place = coordinates(at.x, at.y);
            let text = t().points_at(&username, &place);
            let text = if message.is_empty() {
                text
            } else {
                format!("{text}: {message}")
            };
            Toast {
                at: Some(at),
                ..good(text, Glyph::Point)
            }
        }
        NoticeKind::Rewritten(rewrite) => Toast {
            undo: (rewrite.tiles > 0).then_some(rewrite.id),
            ..good(rewrites::outcome(&rewrite), Glyph::Undo)
        },
        NoticeKind::Shelved => bad(order_texts().shelved().to_owned()),
        NoticeKind::SanctionOver => good(order_texts().sanction_over().to_owned(), Glyph::Check),
        NoticeKind::Reported => good(order_texts().case_came().to_owned(), Glyph::Shield),
        NoticeKind::Done(text) => good(text, Glyph::Check),
        NoticeKind::Problem(text) => bad(text),
    }
}
