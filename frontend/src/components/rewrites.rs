//! Follows rewrites to their end, tells how they ended, and undoes them.

use crate::{
    api::{self, ApiError, ApiResult},
    components::order::OrderState,
    i18n::{api_problem, rewrites::rewrite_texts},
    model::notice::NoticeKind,
    session::Session,
    tasks::Tasks,
};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use shared::{
    api::rewrites::{Rewrite, RewriteState},
    ids::RewriteId,
};

/// Milliseconds between two questions how far a rewrite is.
const POLL_MS: u32 = 400;

/// Undoes a rewrite, by another one, and tells how that ended.
fn undo_rewrite(session: Session, order: OrderState, tasks: Tasks, id: RewriteId) {
    tasks.spawn(async move {
        match finish(api::rewrites::undo_rewrite(id).await, |_| ()).await {
            Ok(rewrite) => session.notify(NoticeKind::Rewritten(Box::new(rewrite))),
            Err(error) => session.notify(NoticeKind::Problem(rewrite_problem(&error))),
        }
        // It stands in the log.
        order.changed();
    });
}

/// Waits until a rewrite that was asked for is at its end; `progress` is called
/// with each answer on the way.
///
/// # Errors
/// The error with which it was refused. One that is under way is followed until
/// the server answers again.
pub async fn finish(asked: ApiResult<Rewrite>, progress: impl Fn(&Rewrite)) -> ApiResult<Rewrite> {
    let mut rewrite = asked?;
    while rewrite.state == RewriteState::Running {
        progress(&rewrite);
        TimeoutFuture::new(POLL_MS).await;
        match api::rewrites::rewrite_state(rewrite.id).await {
            Ok(now) => rewrite = now,
            Err(error) if error.status().is_none() => {}
            Err(error) if error.status() >= Some(500) || error.status() == Some(429) => {
                TimeoutFuture::new(error.retry_after_ms().unwrap_or(POLL_MS)).await;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(rewrite)
}

/// The text for a rewrite that was refused.
pub fn rewrite_problem(error: &ApiError) -> String {
    let texts = rewrite_texts();
    match error.code() {
        "too_large" => texts.too_large().to_owned(),
        "rewrite_running" => texts.is_running().to_owned(),
        "already_undone" => texts.already_undone().to_owned(),
        "forbidden" => texts.not_allowed().to_owned(),
        _ => api_problem(error),
    }
}

/// The button that undoes a rewrite; nothing where there is nothing to undo.
#[component]
pub fn UndoRewrite(
    /// The rewrite's id.
    id: RewriteId,
    /// Called when it was asked for.
    #[prop(into)]
    done: Callback<()>,
) -> impl IntoView {
    let session = expect_context::<Session>();
    let order = expect_context::<OrderState>();
    let tasks = expect_context::<Tasks>();
    let undo = move |_| {
        undo_rewrite(session, order, tasks, id);
        done.run(());
    };
    view! {
        <button class="btn btn--small" type="button" on:click=undo>
            {rewrite_texts().undo()}
        </button>
    }
}
