//! Editing one's own chat messages, and removing them: one's own, and as a moderator those of
//! others.

use super::{
    canvases::{check_rate, role},
    error::{ApiError, Resource},
    extract::{AuthUser, CanvasPath, MessagePath},
    json_body::Json,
    openapi::{Body, ChangesMember, ChangesMessage, Limited, LimitedChat},
    validator::Validator,
};
use crate::{
    auth::Session,
    db::{
        access::{self, Standing},
        users,
    },
    realtime::{Done, Operation, RateCost, UNKNOWN_ACL, Write},
    state::AppState,
};
use axum::{Json as JsonBody, extract::State, http::StatusCode};
use shared::{
    api::{ChatMessage, EditMessage, PurgeMessages, Purged, User},
    canvas::{Rank, Role},
    ids::CanvasId,
    limits,
    text::{self, ChatText},
};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Messages that one transaction removes: their events are delivered together.
const AT_ONCE: usize = 250;

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(edit, remove))
        .routes(routes!(purge))
}

/// Replaces the words of one's own chat message, within 15 minutes
#[utoipa::path(patch, path = "/canvases/{canvas_id}/messages/{message_id}", tag = "messages", request_body = EditMessage,
    params(("canvas_id" = i64, Path), ("message_id" = String, Path)),
    responses((status = 200, body = ChatMessage, description = "The message with its new words"), ChangesMessage, Body, LimitedChat))]
async fn edit(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    CanvasPath(id): CanvasPath,
    MessagePath(message): MessagePath,
    Json(body): Json<EditMessage>,
) -> Result<JsonBody<ChatMessage>, ApiError> {
    state
        .hub
        .check_rate(session.user_id(), RateCost::Chat)
        .map_err(ApiError::RateLimited)?;
    let text = ChatText::parse(&body.text).map_err(|error| ApiError::invalid("text", error))?;
    let role = role(&state.pool, id, session.user_id()).await?;
    let operation = Operation::EditMessage { id: message, text };
    write(&state, &session, id, role, operation).await?;
    let edited = state.log.message(&state.pool, id, message).await?;
    edited
        .map(JsonBody)
        .ok_or(ApiError::NotFound(Resource::Message))
}

/// Removes a chat message: one's own, or as a moderator
#[utoipa::path(delete, path = "/canvases/{canvas_id}/messages/{message_id}", tag = "messages",
    params(("canvas_id" = i64, Path), ("message_id" = String, Path)),
    responses((status = 204, description = "Removed"), ChangesMessage, Limited))]
async fn remove(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    CanvasPath(id): CanvasPath,
    MessagePath(message): MessagePath,
) -> Result<StatusCode, ApiError> {
    state
        .hub
        .check_rate(session.user_id(), RateCost::Chat)
        .map_err(ApiError::RateLimited)?;
    let role = role(&state.pool, id, session.user_id()).await?;
    write(
        &state,
        &session,
        id,
        role,
        Operation::RemoveMessage(message),
    )
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn write(
    state: &AppState,
    session: &Session,
    canvas: CanvasId,
    role: Role,
    operation: Operation,
) -> Result<Done, ApiError> {
    let write = Write {
        identity: session.identity.clone(),
        role,
        acl_version: UNKNOWN_ACL,
        op_id: None,
        operation,
        sanctions: None,
        standing: Standing::default(),
    };
    Ok(state.hub.write(canvas, write).await?)
}

/// Removes a person's messages since a time, oldest first, at most 1,000; for moderators
#[utoipa::path(post, path = "/canvases/{canvas_id}/messages/purge", tag = "messages", request_body = PurgeMessages,
    params(("canvas_id" = i64, Path)),
    responses((status = 200, body = Purged, description = "Removed"), ChangesMember, Body, Limited))]
async fn purge(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    CanvasPath(id): CanvasPath,
    Json(body): Json<PurgeMessages>,
) -> Result<JsonBody<Purged>, ApiError> {
    check_rate(&state, session.user_id())?;
    let role = role(&state.pool, id, session.user_id()).await?;
    if role < Role::Moderator {
        return Err(ApiError::Forbidden);
    }
    let mut validator = Validator::default();
    let reason = body.reason.unwrap_or_default();
    let reason = validator.value("reason", text::clean(&reason, &limits::REASON));
    validator.finish()?;
    let sender = sender(&state, &session, id, &body.username).await?;
    let (since, limit) = (body.since.into(), limits::PURGED_MESSAGES);
    let seqs = state
        .log
        .messages_since(&state.pool, id, sender.id, since, limit)
        .await?;
    let mut removed = 0;
    for seqs in seqs.chunks(AT_ONCE) {
        let operation = Operation::PurgeMessages {
            sender: sender.id,
            seqs: seqs.to_vec(),
            reason: reason.clone(),
        };
        let done = write(&state, &session, id, role, operation).await?;
        removed += done.removed.unwrap_or_default();
    }
    Ok(JsonBody(Purged { removed }))
}

/// The person whose messages are to be removed.
///
/// # Errors
/// `Forbidden` unless they are the one who asks, or somebody of a lower rank.
async fn sender(
    state: &AppState,
    session: &Session,
    id: CanvasId,
    username: &str,
) -> Result<User, ApiError> {
    let user = users::by_name(&state.pool, username)
        .await?
        .ok_or(ApiError::NotFound(Resource::User))?;
    let asking = session.user_id();
    let of = async |user| {
        let access = access::find(&state.pool, id, Some(user)).await?;
        let access = access.ok_or(ApiError::NotFound(Resource::Canvas))?;
        Ok::<_, ApiError>((user, access.rank()))
    };
    if user.id != asking && !Rank::may_act(of(asking).await?, of(user.id).await?) {
        return Err(ApiError::Forbidden);
    }
    Ok(user)
}
