//! The moderation log, for everybody who may see the canvas.

use super::{
    list::{Items, ListState, Loaded, More},
    switches::span,
};
use crate::{
    api,
    components::rewrites::UndoRewrite,
    i18n::{
        list, moment,
        order::{self, act, action, appeal_state, order_texts, target},
        t, with_note,
    },
    store::Store,
};
use leptos::prelude::*;
use serde_json::Value;
use shared::{
    api::{
        moderation::{LogLine, ModerationAction},
        reports::{Outcome, ReportTarget},
        sanctions::{AppealState, SanctionKind},
    },
    canvas::Role,
    ids::RewriteId,
    time::Timestamp,
};
use std::collections::HashSet;

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
        let items = list.items.get().unwrap_or_default();
        let undone: HashSet<i64> = items
            .iter()
            .filter_map(|line| line.detail.get("undoes")?.as_i64())
            .collect();
        let line = |line: LogLine| {
            let rewrite = line.detail.get("rewrite_id").and_then(Value::as_i64);
            let is_undone = rewrite.is_some_and(|rewrite| undone.contains(&rewrite));
            view! { <Line line is_undone /> }
        };
        items.into_iter().map(line).collect_view()
    };
    view! {
        <ol class="order__list" aria-label=order_texts().moderation_log()>{rows}</ol>
        <More
            has_more=Signal::derive(move || list.next.with(Option::is_some))
            more=move |()| list.more(read(list.next.get_untracked()))
        />
        <ListState
            is_empty=Signal::derive(move || list.is_empty())
            is_loading=Signal::derive(move || list.items.with(Option::is_none))
            empty=order_texts().no_log()
            problem=list.problem
        />
    }
}

#[component]
fn Line(line: LogLine, is_undone: bool) -> impl IntoView {
    let store = expect_context::<Store>();
    let actor = line
        .actor
        .map(|person| order_texts().by(&person.display_name));
    let more = detail(&line.detail);
    // Who keeps order undoes from here what was taken back or restored.
    let is_rewrite = line.action == ModerationAction::Rewrite && !is_undone;
    let undo = (is_rewrite && store.may_moderate())
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
                {(!more.is_empty()).then(|| view! { <p class="soft" dir="auto">{more}</p> })}
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

/// What the server tells besides of an act, as far as this version knows it.
fn detail(detail: &Value) -> String {
    let texts = order_texts();
    let number = |name: &str| usize::try_from(detail.get(name)?.as_u64()?).ok();
    let named = |name: &str| detail.get(name).cloned().unwrap_or_default();
    let mut parts: Vec<String> = Vec::new();
    if let Ok(kind) = serde_json::from_value::<SanctionKind>(named("kind")) {
        parts.push(act(kind).to_owned());
    }
    if let Some(seconds) = named("duration_s").as_i64() {
        parts.push(span(seconds));
    }
    let people = detail
        .get("usernames")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let people = list(people);
    if !people.is_empty() {
        parts.push(people);
    }
    if let (Some(tiles), Some(pixels)) = (number("tiles"), number("pixels")) {
        parts.push(t().tiles(tiles));
        parts.push(texts.pixels(pixels));
    }
    if let (Some(x), Some(y)) = (named("x").as_i64(), named("y").as_i64()) {
        parts.push(target(&ReportTarget::Tile { x, y }));
    }
    if let Some(removed) = number("removed") {
        parts.push(texts.removed(removed));
    }
    if let Ok(outcome) = serde_json::from_value::<Outcome>(named("outcome")) {
        parts.push(order::outcome(outcome).to_owned());
    } else if let Ok(outcome) = serde_json::from_value::<AppealState>(named("outcome")) {
        parts.push(appeal_state(outcome).to_owned());
    }
    if let Ok(role) = serde_json::from_value::<Role>(named("role")) {
        parts.push(role_name(role).to_owned());
    }
    if let Some(seconds) = named("slow_mode_s").as_i64() {
        parts.push(with_note(texts.slow_mode(), &span(seconds)));
    }
    if let Some(until) = detail.get("lockdown_until") {
        let until = serde_json::from_value::<Timestamp>(until.clone()).ok();
        let until = until.map_or_else(|| texts.off().to_owned(), |at| order::until(Some(at)));
        parts.push(with_note(texts.lockdown(), &until));
    }
    parts.join(" · ")
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Owner => t().role_owner(),
        Role::Moderator => t().role_moderator(),
        Role::Editor => t().role_editor(),
        Role::Viewer => t().role_viewer(),
    }
}
