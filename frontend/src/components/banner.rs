//! The banner over the board: explains why the canvas is not live and offers
//! what the user can do. The top bar shows the short connection state.

use crate::{
    components::{
        dialogs::{DialogKind, Dialogs},
        icons::{Glyph, Icon},
        order::sanction_banners::SanctionBanners,
    },
    i18n::{account_texts, order::order_texts, t},
    model::connection::{ConnectionProblem, ConnectionStatus, EndReason, LoadState},
    session::Session,
    store::Store,
};
use leptos::prelude::*;
use shared::api::sanctions::SanctionKind;

/// The texts and the action of a banner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct BannerContent {
    title: &'static str,
    text: &'static str,
    action: BannerAction,
}

/// What the user can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BannerAction {
    /// Wait; the client connects again by itself.
    Wait,
    /// Connect again; the client does not do it by itself.
    Reconnect,
    /// Choose a name and a password.
    Keep,
    /// Leave the canvas.
    Leave,
}

fn banner_content(
    connection: ConnectionStatus,
    problem: Option<ConnectionProblem>,
    load: LoadState,
) -> Option<BannerContent> {
    let (title, text, action) = match (connection, problem) {
        (ConnectionStatus::Ended(EndReason::Kicked), _) => (
            t().ended_kicked(),
            t().ended_kicked_text(),
            BannerAction::Reconnect,
        ),
        (ConnectionStatus::Ended(EndReason::Banned), _) => (
            t().ended_banned(),
            t().ended_banned_text(),
            BannerAction::Reconnect,
        ),
        (ConnectionStatus::Ended(EndReason::NoGuests), _) => (
            order_texts().no_guests(),
            order_texts().no_guests_text(),
            BannerAction::Keep,
        ),
        (ConnectionStatus::Ended(EndReason::MustRegister), _) => (
            order_texts().must_register(),
            order_texts().must_register_text(),
            BannerAction::Keep,
        ),
        (ConnectionStatus::Ended(EndReason::CanvasDeleted), _) => {
            (t().deleted_title(), t().deleted_text(), BannerAction::Leave)
        }
        (ConnectionStatus::Ended(EndReason::NoAccess), _) => (
            t().ended_no_access(),
            t().ended_no_access_text(),
            BannerAction::Leave,
        ),
        (ConnectionStatus::Ended(EndReason::RateLimited), _) => (
            t().ended_rate_limited(),
            t().ended_rate_limited_text(),
            BannerAction::Reconnect,
        ),
        (ConnectionStatus::Ended(EndReason::Other), _) => (
            t().ended_other(),
            t().ended_other_text(),
            BannerAction::Reconnect,
        ),
        (ConnectionStatus::Live | ConnectionStatus::SignedOut, _) | (_, None) => return None,
        (_, Some(ConnectionProblem::Away | ConnectionProblem::Offline))
            if load == LoadState::Loading =>
        {
            (
                t().away_title(),
                t().away_loading_text(),
                BannerAction::Wait,
            )
        }
        (_, Some(ConnectionProblem::Away)) => {
            (t().away_title(), t().away_canvas_text(), BannerAction::Wait)
        }
        (_, Some(ConnectionProblem::Offline)) => {
            (t().offline_title(), t().offline_text(), BannerAction::Wait)
        }
        (_, Some(ConnectionProblem::TooMany)) => (
            t().too_many_title(),
            t().too_many_text(),
            BannerAction::Wait,
        ),
        (_, Some(ConnectionProblem::Blocked)) => {
            (t().blocked_title(), t().blocked_text(), BannerAction::Wait)
        }
        (_, Some(ConnectionProblem::WrongAddress)) => (
            t().wrong_address_title(),
            t().wrong_address_text(),
            BannerAction::Wait,
        ),
        (_, Some(ConnectionProblem::Full)) => {
            (t().full_title(), t().full_text(), BannerAction::Wait)
        }
    };
    Some(BannerContent {
        title,
        text,
        action,
    })
}

/// The banner, and the name of the user whom the viewport follows.
#[allow(clippy::too_many_lines, reason = "the markup of one component")]
#[component]
pub fn Banner() -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let dialogs = expect_context::<Dialogs>();
    let content = Memo::new(move |_| {
        let load = store.load.get();
        // Whose ban is known is told more by `SanctionBanners`.
        let is_told = store
            .sanctions
            .with(|all| all.iter().any(|one| one.kind == SanctionKind::Ban));
        if is_told && store.connection.get() == ConnectionStatus::Ended(EndReason::Banned) {
            return None;
        }
        let drawable = if load == LoadState::Loading && store.canvas.with(Option::is_some) {
            // What waits is shown, and more can be drawn.
            LoadState::Ready
        } else {
            load
        };
        banner_content(
            store.connection.get(),
            store.connection_problem.get(),
            drawable,
        )
        .filter(|_| !matches!(load, LoadState::Failed(_)))
    });
    let closed = RwSignal::new(None::<BannerContent>);
    Effect::new(move |_| {
        // Another problem is shown even if the last one was dismissed.
        if content.get().is_none() {
            closed.set(None);
        }
    });
    let shown = move || {
        let current = content
            .get()
            .filter(|banner_content| closed.get() != Some(*banner_content));
        current.map(
            |BannerContent {
                 title,
                 text,
                 action,
             }| {
                let action = match action {
                    // Can be dismissed, since the board remains usable.
                    BannerAction::Wait => Some(
                        view! {
                            <button
                                class="btn btn--quiet btn--icon btn--small"
                                type="button"
                                aria-label=t().dismiss()
                                on:click=move |_| closed.set(content.get_untracked())
                            >
                                <Icon glyph=Glyph::Close small=true />
                            </button>
                        }
                        .into_any(),
                    ),
                    BannerAction::Reconnect => Some(button(t().reconnect(), move || {
                        session.reconnect_now();
                    })),
                    BannerAction::Keep => Some(button(account_texts().keep_action(), move || {
                        dialogs.show(DialogKind::Keep);
                    })),
                    BannerAction::Leave => Some(
                        view! {
                            <a href="/" class="btn btn--primary">
                                {t().all_canvases()}
                            </a>
                        }
                        .into_any(),
                    ),
                };
                view! {
                    <div class="banner floating">
                        <div>
                            <h2 class="banner__title">{title}</h2>
                            <p class="soft">{text}</p>
                        </div>
                        {action}
                    </div>
                }
            },
        )
    };
    let followed = move || store.following.get().and_then(|user| store.name_of(user));
    view! {
        <div class="banners" role="status" aria-label=t().state_of_canvas()>
            {shown}
            <SanctionBanners />
            {move || {
                followed().map(|name| {
                    view! {
                        <div class="banner banner--small floating">
                            <span>{t().following(&name)}</span>
                            <button
                                class="btn btn--small"
                                type="button"
                                on:click=move |_| store.following.set(None)
                            >
                                {t().stop()}
                            </button>
                        </div>
                    }
                })
            }}
        </div>
    }
}

/// The button of a banner.
fn button(text: &'static str, act: impl Fn() + 'static) -> AnyView {
    view! {
        <button class="btn btn--primary" type="button" on:click=move |_| act()>
            {text}
        </button>
    }
    .into_any()
}
