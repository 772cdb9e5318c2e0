//! The API of admins (`ADMIN_USERS` and `stellar-canvas admin`): connections, statistics,
//! kicks and announcements.

use super::{
    client_addr::ClientAddr,
    error::{ApiError, Resource},
    extract::{AuthUser, Query},
    json_body::Json,
    openapi::{Body, Governs, Kicks, QueryOnly, Watches},
    pagination::{cursor, page, page_size},
};
use crate::{
    audit::{Action, AuditEntry},
    auth::Session,
    db::{
        self,
        moderation_log::{self, NewLine},
    },
    realtime::{ClientFilter, KickOutcome},
    state::AppState,
};
use axum::{
    Json as JsonBody,
    extract::{FromRequestParts, RawPathParams, State},
    http::{StatusCode, request::Parts},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{
    api::{Client, Page, moderation::ModerationAction, storage::Storage},
    ids::{CanvasId, ConnectionId, UserId},
    protocol, text,
};
use std::{collections::BTreeMap, ops::RangeInclusive};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Characters of an announcement.
const ANNOUNCEMENT: RangeInclusive<usize> = 1..=500;

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(clients))
        .routes(routes!(kick))
        .routes(routes!(stats))
        .routes(routes!(storage))
        .routes(routes!(announce))
}

/// An admin; 403 for everybody else.
pub(super) struct Admin(pub(super) UserId);

impl FromRequestParts<AppState> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let AuthUser(session) = AuthUser::from_request_parts(parts, state).await?;
        if is_admin(state, &session) {
            Ok(Self(session.user_id()))
        } else {
            Err(ApiError::Forbidden)
        }
    }
}

/// Whether the session is an admin's.
pub(super) fn is_admin(state: &AppState, session: &Session) -> bool {
    session.is_admin || state.config.names_admin(&session.identity.username)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ClientsQuery {
    /// On this canvas
    canvas_id: Option<i64>,
    /// Of this user
    user_id: Option<i64>,
    /// `browser` or `agent`
    client_type: Option<String>,
    /// As the client said
    platform: Option<String>,
    /// How many, 50 by default
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `next_cursor` of the page before
    cursor: Option<String>,
}

/// Connections, in the order in which they came
#[utoipa::path(get, path = "/admin/clients", tag = "admin", params(ClientsQuery),
    responses((status = 200, body = Page<Client>, description = "A page"), Watches, QueryOnly))]
async fn clients(
    State(state): State<AppState>,
    _: Admin,
    Query(query): Query<ClientsQuery>,
) -> Result<JsonBody<Page<Client>>, ApiError> {
    let limit = page_size(query.limit)?;
    let after = cursor::<ConnectionId>(query.cursor.as_deref())?;
    if let Some(kind) = query.client_type.as_deref()
        && !matches!(kind, "browser" | "agent")
    {
        return Err(ApiError::invalid("client_type", "must be browser or agent"));
    }
    let filter = ClientFilter {
        canvas_id: query.canvas_id.map(CanvasId),
        user_id: query.user_id.map(UserId),
        client_type: query.client_type,
        platform: query.platform,
    };
    // One more than the page, to know whether there is another page.
    let count = usize::try_from(limit + 1).unwrap_or(usize::MAX);
    let clients = state.hub.clients(filter, after, count).await;
    Ok(JsonBody(page(clients, limit, |last| {
        last.connection_id.to_string()
    })))
}

/// `{connection_id}` of the path; 404 for anything but a UUID.
struct ConnectionPath(ConnectionId);

impl FromRequestParts<AppState> for ConnectionPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, state).await.ok();
        params
            .iter()
            .flat_map(RawPathParams::iter)
            .find(|(name, _)| *name == "connection_id")
            .and_then(|(_, value)| value.parse().ok())
            .map(Self)
            .ok_or(ApiError::NotFound(Resource::Connection))
    }
}

/// Ends a connection
#[utoipa::path(delete, path = "/admin/clients/{connection_id}", tag = "admin",
    params(("connection_id" = Uuid, Path)),
    responses((status = 204, description = "Ended"), Kicks))]
async fn kick(
    State(state): State<AppState>,
    Admin(admin): Admin,
    addr: ClientAddr,
    ConnectionPath(id): ConnectionPath,
) -> Result<StatusCode, ApiError> {
    let kicked = end_connection(&state, admin, id).await;
    let entry = AuditEntry::new(Action::Kick, addr.ip).by(admin);
    let entry = entry.to("connection", id).ended(&kicked);
    state.audit.record(entry);
    kicked.map(|()| StatusCode::NO_CONTENT)
}

/// Ends a connection, with a line in the log of its canvas.
async fn end_connection(state: &AppState, admin: UserId, id: ConnectionId) -> Result<(), ApiError> {
    let client = state.hub.client(id).await;
    let mut transaction = state.pool.begin().await?;
    let line = NewLine {
        canvas: client.as_ref().and_then(|client| client.canvas_id),
        action: ModerationAction::Kicked,
        actor: admin,
        target: client.map(|client| client.user_id),
        reason: "",
        detail: json!({}),
    };
    moderation_log::append(&mut transaction, &line).await?;
    match state.hub.kick(id).await {
        KickOutcome::Kicked => Ok(transaction.commit().await?),
        KickOutcome::NotFound => Err(ApiError::NotFound(Resource::Connection)),
        KickOutcome::Unknown => Err(ApiError::Unavailable),
    }
}

/// How much there is of everything.
#[derive(Serialize, ToSchema)]
struct Stats {
    /// Open connections.
    connections: usize,
    /// Users with one or more.
    users: usize,
    /// Canvases with one or more.
    canvases: usize,
    /// Servers.
    nodes: usize,
    /// Connections by `client_type`.
    by_type: BTreeMap<String, usize>,
    /// Connections by `platform`.
    by_platform: BTreeMap<String, usize>,
    /// Messages read in the last second.
    messages_in_per_s: u64,
    /// Messages written in the last second.
    messages_out_per_s: u64,
}

/// How much there is of everything
#[utoipa::path(get, path = "/admin/stats", tag = "admin",
    responses((status = 200, body = Stats, description = "Now"), Watches))]
async fn stats(State(state): State<AppState>, _: Admin) -> JsonBody<Stats> {
    let (now, nodes) = state.hub.stats().await;
    JsonBody(Stats {
        connections: now.connections,
        users: now.users.len(),
        canvases: now.canvases.len(),
        nodes,
        by_type: now.by_type,
        by_platform: now.by_platform,
        messages_in_per_s: now.messages_in_per_s,
        messages_out_per_s: now.messages_out_per_s,
    })
}

/// What events take in the database
#[utoipa::path(get, path = "/admin/storage", tag = "admin",
    responses((status = 200, body = Storage, description = "Now"), Watches))]
async fn storage(State(state): State<AppState>, _: Admin) -> Result<JsonBody<Storage>, ApiError> {
    let storage = db::storage::storage(&state.pools.reads).await?;
    Ok(JsonBody(storage))
}

/// Something to tell.
#[derive(Deserialize, ToSchema)]
struct Announcement {
    /// 1–500 characters.
    message: String,
    /// To everybody on this canvas alone.
    canvas_id: Option<CanvasId>,
    /// To every connection of this user alone.
    user_id: Option<UserId>,
}

/// Tells everybody, one canvas or one user something
#[utoipa::path(post, path = "/admin/announcements", tag = "admin", request_body = Announcement,
    responses((status = 202, description = "On its way"), Governs, Body))]
async fn announce(
    State(state): State<AppState>,
    Admin(admin): Admin,
    addr: ClientAddr,
    Json(body): Json<Announcement>,
) -> Result<StatusCode, ApiError> {
    let message = text::clean(&body.message, &ANNOUNCEMENT)
        .map_err(|error| ApiError::invalid("message", error))?;
    let announcement = protocol::Announcement {
        message,
        canvas_id: body.canvas_id,
        timestamp: state.hub.clock().now().into(),
    };
    state.hub.announce(announcement, body.user_id);
    let mut entry = AuditEntry::new(Action::Announce, addr.ip).by(admin);
    if let Some(canvas_id) = body.canvas_id {
        entry = entry.on(canvas_id);
    }
    if let Some(user_id) = body.user_id {
        entry = entry.to("user", user_id);
    }
    state.audit.record(entry);
    Ok(StatusCode::ACCEPTED)
}
