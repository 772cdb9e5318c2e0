//! Requests about order: sanctions, reports, cases, appeals, the moderation log.

use super::{ApiResult, Call, call, done, fetch, get, parse};
use crate::model::order::ModerationScope;
use gloo_net::http::Method;
use serde::Serialize;
use serde_json::json;
use shared::{
    api::{
        Member, Page,
        moderation::LogLine,
        reports::{Case, NewReport, Outcome, Report},
        sanctions::{Appeal, CreateSanction, Sanction},
    },
    ids::{CanvasId, CommentId, MessageId},
    limits,
    time::Timestamp,
};

/// The path of a list of a scope.
fn scope_path(scope: ModerationScope, list: &str) -> String {
    match scope {
        ModerationScope::Canvas(canvas) => format!("/canvases/{canvas}/{list}"),
        ModerationScope::Server => format!("/admin/{list}"),
    }
}

/// Lists the moderators of a canvas.
///
/// # Errors
/// [`super::ApiError`].
pub async fn moderators(canvas: CanvasId) -> ApiResult<Page<Member>> {
    let call = get(&format!("/canvases/{canvas}/members"))
        .query("role", "moderator")
        .query("limit", &limits::MAX_PAGE.to_string());
    parse(fetch(call).await)
}

/// Sanctions somebody.
///
/// # Errors
/// [`super::ApiError`].
pub async fn sanction(scope: ModerationScope, body: &CreateSanction) -> ApiResult<Sanction> {
    parse(fetch(post(&scope_path(scope, "sanctions"), body)).await)
}

/// Lists a scope's sanctions, newest first, with `active` those in force.
///
/// # Errors
/// [`super::ApiError`].
pub async fn sanctions(
    scope: ModerationScope,
    active: bool,
    cursor: Option<&str>,
) -> ApiResult<Page<Sanction>> {
    let mut call = get(&scope_path(scope, "sanctions"));
    if active {
        call = call.query("active", "true");
    }
    parse(fetch(page(call, cursor)).await)
}

/// Lists one's own sanctions, over ones too.
///
/// # Errors
/// [`super::ApiError`].
pub async fn my_sanctions() -> ApiResult<Page<Sanction>> {
    parse(fetch(get("/users/me/sanctions")).await)
}

/// Lifts a sanction.
///
/// # Errors
/// [`super::ApiError`].
pub async fn lift(sanction: i64) -> ApiResult<Sanction> {
    parse(fetch(post(&format!("/sanctions/{sanction}/lift"), &json!({}))).await)
}

/// Confirms a warning of one's own.
///
/// # Errors
/// [`super::ApiError`].
pub async fn confirm(sanction: i64) -> ApiResult<Sanction> {
    parse(fetch(post(&format!("/sanctions/{sanction}/confirm"), &json!({}))).await)
}

/// Appeals against a sanction of one's own.
///
/// # Errors
/// [`super::ApiError`].
pub async fn appeal(sanction: i64, text: &str) -> ApiResult<Appeal> {
    let body = json!({ "text": text });
    parse(fetch(post(&format!("/sanctions/{sanction}/appeal"), &body)).await)
}

/// Writes in an appeal that waits.
///
/// # Errors
/// [`super::ApiError`].
pub async fn write_in_appeal(appeal: i64, text: &str) -> ApiResult<Appeal> {
    let body = json!({ "text": text });
    parse(fetch(post(&format!("/appeals/{appeal}/messages"), &body)).await)
}

/// Lists the appeals of a scope that wait.
///
/// # Errors
/// [`super::ApiError`].
pub async fn appeals(scope: ModerationScope) -> ApiResult<Page<Appeal>> {
    let call = get(&scope_path(scope, "appeals"));
    parse(fetch(call.query("state", "waiting")).await)
}

/// Decides an appeal: `kept`, `lifted`, or `shortened` to end at `expires_at`.
///
/// # Errors
/// [`super::ApiError`].
pub async fn decide_appeal(
    appeal: i64,
    outcome: &str,
    expires_at: Option<Timestamp>,
    text: &str,
) -> ApiResult<()> {
    let mut body = json!({ "outcome": outcome, "text": text });
    if let Some(expires_at) = expires_at {
        body["expires_at"] = expires_at.to_string().into();
    }
    let answer = fetch(post(&format!("/appeals/{appeal}/decide"), &body)).await;
    answer.map(drop)
}

/// Reports something on a canvas.
///
/// # Errors
/// [`super::ApiError`].
pub async fn report(canvas: CanvasId, body: &NewReport) -> ApiResult<Report> {
    parse(fetch(post(&format!("/canvases/{canvas}/reports"), body)).await)
}

/// Takes a report of one's own back.
///
/// # Errors
/// [`super::ApiError`].
pub async fn withdraw(report: i64) -> ApiResult<()> {
    done(call(Method::DELETE, &format!("/reports/{report}"))).await
}

/// Lists the cases of a scope in a state: `open`, `claimed` or `decided`.
///
/// # Errors
/// [`super::ApiError`].
pub async fn cases(scope: ModerationScope, state: &str) -> ApiResult<Page<Case>> {
    let call = get(&scope_path(scope, "cases"));
    parse(fetch(call.query("state", state)).await)
}

/// Gets a case, with the comments of its reports.
///
/// # Errors
/// [`super::ApiError`].
pub async fn case(id: i64) -> ApiResult<Case> {
    parse(fetch(get(&format!("/cases/{id}"))).await)
}

/// Takes a case for oneself, for 15 minutes.
///
/// # Errors
/// [`super::ApiError`].
pub async fn claim(case: i64) -> ApiResult<Case> {
    parse(fetch(post(&format!("/cases/{case}/claim"), &json!({}))).await)
}

/// Decides a case.
///
/// # Errors
/// [`super::ApiError`].
pub async fn decide(case: i64, outcome: Outcome, note: &str) -> ApiResult<()> {
    let body = json!({ "outcome": outcome, "note": note });
    let answer = fetch(post(&format!("/cases/{case}/decide"), &body)).await;
    answer.map(drop)
}

/// Removes a chat message.
///
/// # Errors
/// [`super::ApiError`].
pub async fn remove_message(canvas: CanvasId, message: MessageId) -> ApiResult<()> {
    let path = format!("/canvases/{canvas}/messages/{message}");
    done(call(Method::DELETE, &path)).await
}

/// Removes a comment.
///
/// # Errors
/// [`super::ApiError`].
pub async fn remove_comment(comment: CommentId) -> ApiResult<()> {
    done(call(Method::DELETE, &format!("/comments/{comment}"))).await
}

/// Lists the acts of moderation on a canvas, newest first.
///
/// # Errors
/// [`super::ApiError`].
pub async fn moderation_log(canvas: CanvasId, cursor: Option<&str>) -> ApiResult<Page<LogLine>> {
    let call = get(&format!("/canvases/{canvas}/moderation_log"));
    parse(fetch(page(call, cursor)).await)
}

/// Removes a person's messages since a time. Returns how many were.
///
/// # Errors
/// [`super::ApiError`].
pub async fn purge(canvas: CanvasId, username: &str, since: Timestamp) -> ApiResult<usize> {
    let body = json!({ "username": username, "since": since });
    let answer = fetch(post(&format!("/canvases/{canvas}/messages/purge"), &body)).await?;
    let removed = answer["removed"].as_u64().unwrap_or_default();
    Ok(usize::try_from(removed).unwrap_or_default())
}

/// Sets the lockdown's end, or ends it.
///
/// # Errors
/// [`super::ApiError`].
pub async fn lock_down(canvas: CanvasId, until: Option<Timestamp>) -> ApiResult<()> {
    let body = json!({ "lockdown_until": until });
    patch_canvas(canvas, &body).await
}

/// Sets the seconds between two messages of a person; 0 ends slow mode.
///
/// # Errors
/// [`super::ApiError`].
pub async fn slow_mode(canvas: CanvasId, seconds: i32) -> ApiResult<()> {
    patch_canvas(canvas, &json!({ "slow_mode_s": seconds })).await
}

async fn patch_canvas(canvas: CanvasId, body: &impl Serialize) -> ApiResult<()> {
    let call = call(Method::PATCH, &format!("/canvases/{canvas}"));
    fetch(call.json(body)).await.map(drop)
}

fn post(path: &str, body: &impl Serialize) -> Call {
    call(Method::POST, path).json(body)
}

fn page(call: Call, cursor: Option<&str>) -> Call {
    match cursor {
        Some(cursor) => call.query("cursor", cursor),
        None => call,
    }
}
