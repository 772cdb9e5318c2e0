//! The moderation log, for everybody who may see the canvas.

use super::list::{Items, ListState, Loaded, More};
use crate::{
    api,
    components::rewrites::UndoRewrite,
    i18n::{
        interpolate, moment,
        order::{action, order_texts},
    },
    store::Store,
};
use leptos::prelude::*;
use shared::{
    api::moderation::{LogLine, ModerationAction},
    ids::RewriteId,
};

/// The section with the log.
#[component]
pub fn ModerationLog() -> impl IntoView {
    let store = expect_context::<Store>();
    let canvas = store.canvas_id;
    let read = move |cursor: Option<String>| -> Items<LogLine> {
        Box::pin(async move {
            let page = api::order::moderation_log(canvas, cursor.as_deref()).await?;
            Ok((page.items, page.next_cursor))
        })
    };
    let list = Loaded::new(move || read(None));
    let rows = move || {
        let items = list.items.get().unwrap_or_default().into_iter();
        items.map(|line| view! { <Line line /> }).collect_view()
    };
    view! {
        <ol class="order__list" aria-label=order_texts().moderation_log>{rows}</ol>
        <More
            has_more=Signal::derive(move || list.next.with(Option::is_some))
            more=move |()| list.more(read(list.next.get_untracked()))
        />
        <ListState
            is_empty=Signal::derive(move || list.is_empty())
            is_loading=Signal::derive(move || list.items.with(Option::is_none))
            empty=order_texts().no_log
            problem=list.problem
        />
    }
}

#[component]
fn Line(line: LogLine) -> impl IntoView {
    let store = expect_context::<Store>();
    let actor = line
        .actor
        .map(|person| interpolate(order_texts().by, &[("name", &person.display_name)]));
    // Who keeps order undoes from here what was taken back or restored.
    let undo = (line.action == ModerationAction::Rewrite && store.may_moderate())
        .then(|| line.detail.get("rewrite_id")?.as_i64())
        .flatten();
    let undo = undo.map(|id| view! { <UndoRewrite id=RewriteId(id) done=move |()| () /> });
    view! {
        <li class="order__item" data-action=format!("{:?}", line.action)>
            <div class="order__item-text">
                <p>
                    <strong>{action(line.action)}</strong>
                    {line.target.map(|person| format!(": {}", person.display_name))}
                </p>
                {(!line.reason.is_empty())
                    .then(|| view! { <p dir="auto" translate="yes">{line.reason}</p> })}
                <p class="faint">
                    <time>{moment(line.at)}</time>
                    " "
                    {actor}
                </p>
            </div>
            {undo}
        </li>
    }
}
