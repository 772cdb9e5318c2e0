//! Invites to canvases. The owner invites to any role below their own, moderators too. An
//! invite gives its role as long as who made it could give the role by hand.

use super::{
    canvases::{canvas_for, check_rate, role},
    client_addr::ClientAddr,
    error::{ApiError, Entry, Resource},
    extract::{AuthUser, CanvasPath, InviteCodePath, InvitePath, Query},
    json_body::Json,
    openapi::{
        AcceptsInvite, Body, ChangesCanvas, ChangesInvite, Limited, MakesInvite, QueryOnly,
        ReadsCanvas,
    },
    origins,
    pagination::{cursor, page, page_size},
    validator::Validator,
};
use crate::{
    audit::{Action, AuditEntry},
    auth::Session,
    db::{
        access::{self, Access},
        invites::{self, Acceptable, New},
        log, members,
        moderation_log::{self, NewLine},
        notifications::{self, NewNotification, NotificationTarget, OutgoingNotification},
    },
    state::AppState,
};
use axum::{Json as JsonBody, extract::State, http::StatusCode};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::json;
use shared::{
    api::{
        Canvas, Page,
        accounts::{CreateInvite, Invite},
        moderation::ModerationAction,
        notifications::NotificationKind,
    },
    canvas::Role,
    ids::{CanvasId, InviteId, UserId},
    limits, text,
};
use sqlx::{Connection, PgConnection};
use std::{fmt::Display, ops::RangeInclusive};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(revoke))
        .routes(routes!(accept))
}

/// The role of a user who manages invites.
///
/// # Errors
/// `Forbidden` below moderator; those of [`role`].
async fn managing(state: &AppState, id: CanvasId, user: UserId) -> Result<Role, ApiError> {
    let role = role(&state.pool, id, user).await?;
    if role < Role::Moderator {
        return Err(ApiError::Forbidden);
    }
    Ok(role)
}

/// Makes an invite
#[utoipa::path(post, path = "/canvases/{canvas_id}/invites", tag = "invites", request_body = CreateInvite,
    params(("canvas_id" = i64, Path)),
    responses((status = 201, body = Invite, description = "Made"), ChangesCanvas, MakesInvite, Body, Limited))]
async fn create(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    CanvasPath(id): CanvasPath,
    addr: ClientAddr,
    Json(body): Json<CreateInvite>,
) -> Result<(StatusCode, JsonBody<Invite>), ApiError> {
    let made = make(&state, id, session.user_id(), body).await;
    let entry = AuditEntry::new(Action::InviteMade, addr.ip)
        .by(session.user_id())
        .on(id)
        .ended(&made);
    state.audit.record(match &made {
        Ok(invite) => entry.to("invite", invite.id),
        Err(_) => entry,
    });
    made.map(|invite| (StatusCode::CREATED, JsonBody(invite)))
}

async fn make(
    state: &AppState,
    canvas: CanvasId,
    user: UserId,
    body: CreateInvite,
) -> Result<Invite, ApiError> {
    check_rate(state, user)?;
    let managing = managing(state, canvas, user).await?;
    let mut validator = Validator::default();
    if body.role == Role::Owner {
        validator.refuse("role", "must be moderator, editor or viewer");
    }
    let max_uses = validator.optional(
        "max_uses",
        body.max_uses.map(|uses| within(uses, &limits::INVITE_USES)),
    );
    let seconds = body.expires_in_s.unwrap_or(limits::DEFAULT_INVITE_SECONDS);
    let seconds = validator.value("expires_in_s", within(seconds, &limits::INVITE_SECONDS));
    let note = body.note.unwrap_or_default();
    let note = validator.value("note", text::clean(&note, &limits::INVITE_NOTE));
    validator.finish()?;
    // Only roles below one's own can be given.
    if body.role >= managing {
        return Err(ApiError::Forbidden);
    }
    let new = New {
        canvas,
        code: URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>()),
        role: body.role,
        max_uses,
        expires_at: state.hub.clock().now() + TimeDelta::seconds(seconds),
        note,
        created_by: user,
    };
    let mut lease = state.pool.acquire().await?;
    let mut transaction = lease.begin().await?;
    let made = invites::insert(&mut transaction, &new, limits::INVITES).await?;
    transaction.commit().await?;
    lease.done();
    made.ok_or(ApiError::ListFull(Entry::Invite))
}

fn within<T: PartialOrd + Display>(value: T, range: &RangeInclusive<T>) -> Result<T, String> {
    if range.contains(&value) {
        Ok(value)
    } else {
        Err(format!("must be from {} to {}", range.start(), range.end()))
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

/// The invites of a canvas, newest first; those of moderators for the owner alone
#[utoipa::path(get, path = "/canvases/{canvas_id}/invites", tag = "invites",
    params(("canvas_id" = i64, Path), ListQuery),
    responses((status = 200, body = Page<Invite>, description = "A page"), ReadsCanvas, QueryOnly))]
async fn list(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    CanvasPath(id): CanvasPath,
    Query(query): Query<ListQuery>,
) -> Result<JsonBody<Page<Invite>>, ApiError> {
    let limit = page_size(query.limit)?;
    let before = cursor(query.cursor.as_deref())?.unwrap_or(i64::MAX);
    let managing = managing(&state, id, session.user_id()).await?;
    // Whoever has the code can pass it on.
    let with_moderators = managing > Role::Moderator;
    let reads = &state.pools.reads;
    let found = invites::list(reads, id, with_moderators, before, limit + 1).await?;
    Ok(JsonBody(page(found, limit, |last| last.id.to_string())))
}

/// Revokes an invite
#[utoipa::path(delete, path = "/invites/{invite_id}", tag = "invites",
    params(("invite_id" = i64, Path)),
    responses((status = 204, description = "Revoked"), ChangesInvite, Limited))]
async fn revoke(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    InvitePath(id): InvitePath,
    addr: ClientAddr,
) -> Result<StatusCode, ApiError> {
    let revoked = remove(&state, id, session.user_id()).await;
    let entry = AuditEntry::new(Action::InviteRevoked, addr.ip)
        .by(session.user_id())
        .to("invite", id)
        .ended(&revoked);
    state.audit.record(entry);
    revoked.map(|()| StatusCode::NO_CONTENT)
}

async fn remove(state: &AppState, id: InviteId, user: UserId) -> Result<(), ApiError> {
    check_rate(state, user)?;
    let unknown = ApiError::NotFound(Resource::Invite);
    let Some((canvas, role)) = invites::find(&state.pool, id).await? else {
        return Err(unknown);
    };
    if role >= managing(state, canvas, user).await? {
        return Err(ApiError::Forbidden);
    }
    if !invites::delete(&state.pool, id).await? {
        return Err(unknown);
    }
    Ok(())
}

/// Takes the role of an invite
#[utoipa::path(post, path = "/invites/{code}/accept", tag = "invites",
    params(("code" = String, Path)),
    responses((status = 200, body = Canvas, description = "With at least the role of the invite"),
        AcceptsInvite, Limited))]
async fn accept(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    InviteCodePath(code): InviteCodePath,
    addr: ClientAddr,
) -> Result<JsonBody<Canvas>, ApiError> {
    let user = session.user_id();
    let accepted = take_role(&state, &session, &code).await;
    let entry = AuditEntry::new(Action::InviteAccepted, addr.ip).by(user);
    state.audit.record(match &accepted {
        Ok((canvas, Some(invite))) => entry.on(*canvas).to("invite", invite),
        Ok((canvas, None)) => entry.on(*canvas),
        Err(error) => entry.refused(error),
    });
    let (canvas, given_by) = accepted?;
    if given_by.is_some() {
        state.hub.access_changed(canvas);
    }
    canvas_for(&state, canvas, Some(user)).await.map(JsonBody)
}

/// Gives the user the role of the invite with this code, unless they have a higher one. Returns
/// the canvas, and the invite if it gave its role.
async fn take_role(
    state: &AppState,
    session: &Session,
    code: &str,
) -> Result<(CanvasId, Option<InviteId>), ApiError> {
    let user = session.user_id();
    check_rate(state, user)?;
    let unknown = || ApiError::NotFound(Resource::Invite);
    let canvas = invites::canvas_of(&state.pool, code)
        .await?
        .ok_or_else(unknown)?;
    if session.is_guest {
        origins::check_invited(state, canvas, user).await?;
    }
    let mut lease = state.pool.acquire().await?;
    let mut transaction = lease.begin().await?;
    let locked = log::lock_canvas(&mut transaction, canvas)
        .await?
        .ok_or_else(unknown)?;
    let invite = invites::acceptable(&mut transaction, code, user, locked.now)
        .await?
        .ok_or_else(unknown)?;
    let access = access::find(&mut *transaction, canvas, Some(user))
        .await?
        .ok_or_else(unknown)?;
    if let Some(ban) = access.ban {
        return Err(ApiError::Sanctioned(ban));
    }
    let maker = access::find(&mut *transaction, canvas, Some(invite.created_by)).await?;
    if !maker.is_some_and(|maker| may_give(&maker, invite.role)) {
        return Err(unknown());
    }
    let gives = is_higher(&invite, &access);
    let outgoing = if gives {
        give(&mut transaction, canvas, user, &invite).await?
    } else {
        Vec::new()
    };
    transaction.commit().await?;
    lease.done();
    state.hub.notifier().notify(outgoing);
    Ok((canvas, gives.then_some(invite.id)))
}

/// Whether somebody with this access may give the role.
fn may_give(access: &Access, role: Role) -> bool {
    access.role >= Some(Role::Moderator) && access.role > Some(role)
}

/// Whether the invite gives more than the user has. A role given by name counts for more than
/// the same role that everybody has.
fn is_higher(invite: &Acceptable, access: &Access) -> bool {
    match (access.role, invite.given) {
        (Some(Role::Owner), _) => false,
        (_, Some(given)) => given < invite.role,
        (everybody, None) => everybody <= Some(invite.role),
    }
}

async fn give(
    connection: &mut PgConnection,
    canvas: CanvasId,
    user: UserId,
    invite: &Acceptable,
) -> Result<Vec<OutgoingNotification>, ApiError> {
    members::set(&mut *connection, canvas, user, invite.role).await?;
    invites::count_use(&mut *connection, invite.id).await?;
    let line = NewLine {
        canvas: Some(canvas),
        action: ModerationAction::RoleSet,
        actor: invite.created_by,
        target: Some(user),
        reason: "",
        detail: json!({ "role": invite.role, "invite_id": invite.id }),
    };
    moderation_log::append(&mut *connection, &line).await?;
    let notification = NewNotification {
        user: invite.created_by,
        kind: NotificationKind::InviteUsed,
        canvas: Some(canvas),
        by: Some(user),
        target: NotificationTarget::default(),
        count: 1,
        text: invite.note.clone(),
        is_read: false,
    };
    Ok(notifications::add(connection, &[notification]).await?)
}
