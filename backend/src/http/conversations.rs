//! Private messages: conversations of two users, who may write, and what was written.

use super::{
    bulk,
    canvases::check_rate,
    client_addr::ClientAddr,
    error::{ApiError, Resource},
    extract::{AuthUser, Query, id_path, segment},
    json_body::Json,
    openapi::{
        BeginsConversation, Body, ChangesConversation, Limited, QueryOnly, ReadsConversation,
        ReadsOwn, RemovesDirectMessage, SendsDirectMessage,
    },
    pagination::{cursor, page_size},
};
use crate::{
    db::{
        conversations::{self, Accepted, ListPosition},
        direct_messages, users,
    },
    realtime::{NewMessage, RateCost, Sender, Sent},
    state::AppState,
};
use axum::{
    Json as JsonBody,
    extract::{FromRequestParts, State},
    http::{StatusCode, request::Parts},
    response::Response,
};
use serde::{Deserialize, Serialize};
use shared::{
    api::{
        Page,
        conversations::{
            Conversation, Conversations, DirectMessage, NewConversation, NewDirectMessage,
            ReadConversation,
        },
        notifications::DirectMessages,
    },
    ids::{CanvasId, ConversationId, MessageId, UserId},
    limits, text,
};
use std::sync::Arc;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Conversations and messages that are read at a time: a text has 8 KB at most.
const AT_ONCE: i64 = 16;

id_path!(
    /// `{conversation_id}` of the path; 404 for anything but a number.
    ConversationPath, "conversation_id", Resource::Conversation
);

/// `{message_id}` of the path; 404 for anything but a UUID.
struct DirectMessagePath(MessageId);

impl FromRequestParts<AppState> for DirectMessagePath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        segment(parts, state, "message_id", Resource::Message)
            .await
            .map(Self)
    }
}

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(begin, list))
        .routes(routes!(hide))
        .routes(routes!(send, messages))
        .routes(routes!(remove))
        .routes(routes!(read))
        .routes(routes!(accept))
}

/// Begins a conversation with somebody, or finds it
#[utoipa::path(post, path = "/conversations", tag = "conversations", request_body = NewConversation,
    responses((status = 201, body = Conversation, description = "Begun"),
        (status = 200, body = Conversation, description = "It was there"),
        BeginsConversation, Body, Limited))]
async fn begin(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    Json(body): Json<NewConversation>,
) -> Result<(StatusCode, JsonBody<Conversation>), ApiError> {
    let user = session.user_id();
    check_rate(&state, user)?;
    // No user has an invalid name.
    let name = text::username(&body.username).map_err(|_| ApiError::NotFound(Resource::User))?;
    let other = users::by_name(&state.pool, &name)
        .await?
        .ok_or(ApiError::NotFound(Resource::User))?;
    if other.id == user {
        return Err(ApiError::invalid("username", "must be somebody else's"));
    }
    let (status, id) = match conversations::of_pair(&state.pool, user, other.id).await? {
        Some(id) => (StatusCode::OK, id),
        None => insert(&state, user, other.id).await?,
    };
    if status == StatusCode::OK {
        conversations::set_hidden(&state.pool, user, id, false).await?;
    }
    let conversation = conversations::find(&state.pool, user, id)
        .await?
        .ok_or(ApiError::NotFound(Resource::Conversation))?;
    Ok((status, JsonBody(conversation)))
}

/// Begins a conversation with somebody who may be written to.
async fn insert(
    state: &AppState,
    user: UserId,
    other: UserId,
) -> Result<(StatusCode, ConversationId), ApiError> {
    let preference = conversations::preference_towards(&state.pool, user, other)
        .await?
        .ok_or(ApiError::NotWanted)?;
    let share = conversations::share_a_canvas(&state.pool, user, other).await?;
    let is_wanted = match preference {
        DirectMessages::Everybody => true,
        DirectMessages::SharedCanvas => share,
        DirectMessages::Nobody => false,
    };
    if !is_wanted {
        return Err(ApiError::NotWanted);
    }
    state
        .user_limits
        .conversation(user)
        .map_err(ApiError::RateLimited)?;
    match conversations::insert(&state.pool, user, other, !share).await? {
        Some(id) => Ok((StatusCode::CREATED, id)),
        // The other, or another request, was faster.
        None => conversations::of_pair(&state.pool, user, other)
            .await?
            .map(|id| (StatusCode::OK, id))
            .ok_or(ApiError::NotFound(Resource::User)),
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// How many, 50 by default
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `next_cursor` of the page before
    cursor: Option<String>,
}

/// What a page of conversations has before its items.
#[derive(Serialize)]
struct Head {
    unread_count: i64,
}

/// One's conversations, the newest message first
#[utoipa::path(get, path = "/conversations", tag = "conversations", params(ListQuery),
    responses((status = 200, body = Conversations, description = "A page"), ReadsOwn, QueryOnly))]
async fn list(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    client: ClientAddr,
    Query(query): Query<ListQuery>,
) -> Result<Response, ApiError> {
    let user = session.user_id();
    let limit = page_size(query.limit)?;
    let after = cursor(query.cursor.as_deref())?.unwrap_or(ListPosition::START);
    let permit = bulk::permit(&state, own_lists(user), client).await?;
    let reads = state.pools.reads.clone();
    let head = Head {
        unread_count: conversations::unread_count(&reads, user).await?,
    };
    let read: bulk::ReadItems<ListPosition> = Arc::new(move |after, count| {
        let reads = reads.clone();
        Box::pin(async move {
            let found = conversations::list(&reads, user, after, count).await?;
            let items = found.iter();
            let items = items.map(|listed| bulk::item(listed.position, &listed.conversation));
            items.collect()
        })
    });
    let cursor = |at: ListPosition| at.to_string();
    bulk::page_with(permit, &head, after, limit, AT_ONCE, cursor, read).await
}

/// Private lists of a user take turns with others' answers as those of a canvas of its own.
fn own_lists(user: UserId) -> CanvasId {
    CanvasId(-user.0)
}

/// Hides a conversation from one's list until something new comes
#[utoipa::path(delete, path = "/conversations/{conversation_id}", tag = "conversations",
    params(("conversation_id" = i64, Path)),
    responses((status = 204, description = "Hidden; the other keeps it"),
        ChangesConversation, Limited))]
async fn hide(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    ConversationPath(id): ConversationPath,
) -> Result<StatusCode, ApiError> {
    let user = session.user_id();
    check_rate(&state, user)?;
    if !conversations::set_hidden(&state.pool, user, ConversationId(id), true).await? {
        return Err(ApiError::NotFound(Resource::Conversation));
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a message
#[utoipa::path(post, path = "/conversations/{conversation_id}/messages", tag = "conversations",
    request_body = NewDirectMessage, params(("conversation_id" = i64, Path)),
    responses((status = 201, body = DirectMessage, description = "Stored"),
        (status = 200, body = DirectMessage, description = "Stored before under the same `op_id`"),
        SendsDirectMessage, Body, Limited))]
async fn send(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    ConversationPath(id): ConversationPath,
    Json(body): Json<NewDirectMessage>,
) -> Result<(StatusCode, JsonBody<DirectMessage>), ApiError> {
    let text = text::clean(&body.text, &limits::DIRECT_MESSAGE_TEXT)
        .map_err(|error| ApiError::invalid("text", error))?;
    check_direct_rate(&state, session.user_id())?;
    let new = NewMessage {
        conversation: ConversationId(id),
        text,
        op_id: body.op_id,
    };
    let sender = Sender::Http(session.user_id());
    Ok(match state.hub.conversations().send(sender, new).await? {
        Sent::New(message) => (StatusCode::CREATED, JsonBody(message)),
        Sent::Before(message) => (StatusCode::OK, JsonBody(message)),
    })
}

/// Counts a request together with those of the user's connections.
fn check_direct_rate(state: &AppState, user: UserId) -> Result<(), ApiError> {
    state
        .hub
        .check_rate(user, RateCost::Direct)
        .map_err(ApiError::RateLimited)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct MessagesQuery {
    /// Those before this one, newest first
    before_seq: Option<i64>,
    /// Those after this one, oldest first
    after_seq: Option<i64>,
    /// How many, 50 by default
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `next_cursor` of the page before
    cursor: Option<String>,
}

/// What was written, newest first; after a message, oldest first
#[utoipa::path(get, path = "/conversations/{conversation_id}/messages", tag = "conversations",
    params(("conversation_id" = i64, Path), MessagesQuery),
    responses((status = 200, body = Page<DirectMessage>, description = "A page"),
        ReadsConversation, QueryOnly))]
async fn messages(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    ConversationPath(id): ConversationPath,
    client: ClientAddr,
    Query(query): Query<MessagesQuery>,
) -> Result<Response, ApiError> {
    let (user, id) = (session.user_id(), ConversationId(id));
    let limit = page_size(query.limit)?;
    let cursor = cursor::<i64>(query.cursor.as_deref())?;
    let reads = state.pools.reads.clone();
    if !conversations::is_member(&reads, user, id).await? {
        return Err(ApiError::NotFound(Resource::Conversation));
    }
    let permit = bulk::permit(&state, own_lists(user), client).await?;
    let before = query.before_seq.unwrap_or(i64::MAX);
    let (start, read): (i64, bulk::ReadItems<i64>) = match query.after_seq {
        Some(after) => (
            cursor.map_or(after, |cursor| cursor.max(after)),
            Arc::new(move |after, count| {
                let reads = reads.clone();
                Box::pin(async move {
                    let found = direct_messages::after(&reads, id, after, before, count).await?;
                    items(&found)
                })
            }),
        ),
        None => (
            cursor.map_or(before, |cursor| cursor.min(before)),
            Arc::new(move |before, count| {
                let reads = reads.clone();
                Box::pin(async move {
                    let found = direct_messages::before(&reads, id, 0, before, count).await?;
                    items(&found)
                })
            }),
        ),
    };
    let cursor = |seq: i64| seq.to_string();
    bulk::page(permit, start, limit, AT_ONCE, cursor, read).await
}

fn items(messages: &[DirectMessage]) -> Result<Vec<(i64, String)>, ApiError> {
    let items = messages.iter();
    items
        .map(|message| bulk::item(message.seq, message))
        .collect()
}

/// Removes the words of one's own message; its place stays
#[utoipa::path(delete, path = "/conversations/{conversation_id}/messages/{message_id}",
    tag = "conversations",
    params(("conversation_id" = i64, Path), ("message_id" = String, Path)),
    responses((status = 204, description = "Removed"), RemovesDirectMessage, Limited))]
async fn remove(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    ConversationPath(id): ConversationPath,
    DirectMessagePath(message): DirectMessagePath,
) -> Result<StatusCode, ApiError> {
    let user = session.user_id();
    check_direct_rate(&state, user)?;
    let conversations = state.hub.conversations();
    conversations
        .remove(user, ConversationId(id), message)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Marks a conversation as read up to a message
#[utoipa::path(post, path = "/conversations/{conversation_id}/read", tag = "conversations",
    request_body = ReadConversation, params(("conversation_id" = i64, Path)),
    responses((status = 204, description = "Read"), ChangesConversation, Body, Limited))]
async fn read(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    ConversationPath(id): ConversationPath,
    Json(body): Json<ReadConversation>,
) -> Result<StatusCode, ApiError> {
    if body.seq < 0 {
        return Err(ApiError::invalid("seq", "must not be negative"));
    }
    let user = session.user_id();
    check_direct_rate(&state, user)?;
    let conversations = state.hub.conversations();
    conversations
        .read(user, ConversationId(id), body.seq, None)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Accepts a request
#[utoipa::path(post, path = "/conversations/{conversation_id}/accept", tag = "conversations",
    params(("conversation_id" = i64, Path)),
    responses((status = 204, description = "Both may write"), ChangesConversation, Limited))]
async fn accept(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    ConversationPath(id): ConversationPath,
) -> Result<StatusCode, ApiError> {
    let user = session.user_id();
    check_rate(&state, user)?;
    let mut transaction = state.pool.begin().await?;
    let accepted = conversations::accept(&mut transaction, user, ConversationId(id)).await?;
    transaction.commit().await?;
    match accepted {
        Accepted::Done => Ok(StatusCode::NO_CONTENT),
        Accepted::Own => Err(ApiError::Forbidden),
        Accepted::NotFound => Err(ApiError::NotFound(Resource::Conversation)),
    }
}
