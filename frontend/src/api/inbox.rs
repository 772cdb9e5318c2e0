//! Requests about notifications and private messages.

use super::{ApiResult, call, done, fetch, get, parse};
use gloo_net::http::Method;
use serde_json::json;
use shared::{
    api::{
        Page,
        conversations::{Conversation, Conversations, DirectMessage},
        notifications::{NotificationPage, Preferences, ReadNotifications, UpdatePreferences},
        reports::{Report, ReportRule},
    },
    ids::{ConversationId, MessageId, OpId},
};

/// Lists the user's notifications, newest first.
///
/// # Errors
/// [`super::ApiError`].
pub async fn notifications(cursor: Option<&str>) -> ApiResult<NotificationPage> {
    let mut call = get("/users/me/notifications");
    if let Some(cursor) = cursor {
        call = call.query("cursor", cursor);
    }
    parse(fetch(call).await)
}

/// Says which notifications were read.
///
/// # Errors
/// [`super::ApiError`].
pub async fn mark_read(which: &ReadNotifications) -> ApiResult<()> {
    done(call(Method::POST, "/users/me/notifications/read").json(which)).await
}

/// Gets of what the user wants to be told.
///
/// # Errors
/// [`super::ApiError`].
pub async fn preferences() -> ApiResult<Preferences> {
    parse(fetch(get("/users/me/preferences")).await)
}

/// Changes of what the user wants to be told.
///
/// # Errors
/// [`super::ApiError`].
pub async fn update_preferences(change: &UpdatePreferences) -> ApiResult<Preferences> {
    parse(fetch(call(Method::PATCH, "/users/me/preferences").json(change)).await)
}

/// Lists the user's conversations, newest message first.
///
/// # Errors
/// [`super::ApiError`].
pub async fn conversations(cursor: Option<&str>) -> ApiResult<Conversations> {
    let mut call = get("/conversations");
    if let Some(cursor) = cursor {
        call = call.query("cursor", cursor);
    }
    parse(fetch(call).await)
}

/// Begins a conversation with somebody, or gets the one that is there.
///
/// # Errors
/// [`super::ApiError`] with the code `not_wanted`, `user_not_found` or another.
pub async fn open_conversation(username: &str) -> ApiResult<Conversation> {
    let body = json!({ "username": username });
    parse(fetch(call(Method::POST, "/conversations").json(&body)).await)
}

/// Gets messages of a conversation: the newest, those before a `seq`, both
/// newest first, or those after one, oldest first.
///
/// # Errors
/// [`super::ApiError`].
pub async fn messages(
    id: ConversationId,
    before: Option<i64>,
    after: Option<i64>,
) -> ApiResult<Page<DirectMessage>> {
    let mut call = get(&format!("/conversations/{id}/messages"));
    if let Some(before) = before {
        call = call.query("before_seq", &before.to_string());
    }
    if let Some(after) = after {
        call = call.query("after_seq", &after.to_string());
    }
    parse(fetch(call).await)
}

/// Sends a message. The same `op_id` stores it once.
///
/// # Errors
/// [`super::ApiError`].
pub async fn post_message(id: ConversationId, op_id: OpId, text: &str) -> ApiResult<DirectMessage> {
    let body = json!({ "text": text, "op_id": op_id });
    let path = format!("/conversations/{id}/messages");
    parse(fetch(call(Method::POST, &path).json(&body)).await)
}

/// Takes a message of one's own back.
///
/// # Errors
/// [`super::ApiError`].
pub async fn remove_message(id: ConversationId, message: MessageId) -> ApiResult<()> {
    let path = format!("/conversations/{id}/messages/{message}");
    done(call(Method::DELETE, &path)).await
}

/// Says up to where a conversation was read.
///
/// # Errors
/// [`super::ApiError`].
pub async fn read_conversation(id: ConversationId, seq: i64) -> ApiResult<()> {
    let body = json!({ "seq": seq });
    let path = format!("/conversations/{id}/read");
    done(call(Method::POST, &path).json(&body)).await
}

/// Accepts a request.
///
/// # Errors
/// [`super::ApiError`].
pub async fn accept(id: ConversationId) -> ApiResult<()> {
    done(call(Method::POST, &format!("/conversations/{id}/accept"))).await
}

/// Hides a conversation for oneself until something new comes.
///
/// # Errors
/// [`super::ApiError`].
pub async fn hide_conversation(id: ConversationId) -> ApiResult<()> {
    done(call(Method::DELETE, &format!("/conversations/{id}"))).await
}

/// Reports a private message to the server's admins.
///
/// # Errors
/// [`super::ApiError`].
pub async fn report(
    message: MessageId,
    rule: ReportRule,
    comment: Option<&str>,
) -> ApiResult<Report> {
    let mut body = json!({
        "target": { "kind": "direct_message", "message_id": message },
        "rule": rule,
    });
    if let Some(comment) = comment {
        body["comment"] = comment.into();
    }
    parse(fetch(call(Method::POST, "/reports").json(&body)).await)
}
