//! Appeals against sanctions. The sanctioned user makes one and writes in it, also during a
//! ban, and never learns the moderators' names. Somebody other than the issuer decides.

use super::{
    admin::Admin,
    bulk,
    canvases::{check_rate, role},
    client_addr::ClientAddr,
    error::{ApiError, Resource},
    extract::{AuthUser, CanvasPath, Query, SanctionPath, SessionUser, id_path},
    json_body::Json,
    openapi::{Body, ChangesAppeal, Limited, MakesAppeal, QueryOnly, ReadsCanvas, Watches},
    pagination::{cursor, page_size},
    sanctions::{acting_rank, lock, publish, target_rank},
};
use crate::{
    db::{
        self, Lease,
        appeals::{self, AppealFilter},
        moderation_log::{self, NewLine},
        notifications::{self, NewNotification, NotificationTarget},
        sanctions::{self, SanctionRecord},
    },
    state::AppState,
};
use axum::{Json as JsonBody, extract::State, http::StatusCode, response::Response};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;
use shared::{
    api::{
        Page,
        appeals::{AppealOutcome, AppealText, DecideAppeal},
        moderation::ModerationAction,
        notifications::NotificationKind,
        sanctions::{Appeal, AppealState, Sanction, SanctionKind},
    },
    canvas::{Rank, Role},
    ids::{CanvasId, UserId},
    limits, text,
};
use std::sync::Arc;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Messages of one appeal.
const MAX_MESSAGES: usize = 100;
/// Appeals read at a time: one may have hundreds of kilobytes.
const AT_ONCE: i64 = 4;
/// Why a sanction ended that was lifted on appeal.
const ON_APPEAL: &str = "appeal";

id_path!(
    /// `{appeal_id}` of the path; 404 for anything but a number.
    AppealPath, "appeal_id", Resource::Appeal
);

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(say))
        .routes(routes!(decide))
        .routes(routes!(list))
        .routes(routes!(list_for_admins))
}

fn checked_text(text: &str) -> Result<String, ApiError> {
    text::clean(text, &limits::APPEAL_TEXT).map_err(|error| ApiError::invalid("text", error))
}

/// Appeals against a sanction; by whom it concerns
#[utoipa::path(post, path = "/sanctions/{sanction_id}/appeal", tag = "appeals", request_body = AppealText,
    params(("sanction_id" = i64, Path)),
    responses((status = 201, body = Appeal, description = "Made"), MakesAppeal, Body, Limited))]
async fn create(
    State(state): State<AppState>,
    SessionUser(session): SessionUser,
    SanctionPath(id): SanctionPath,
    Json(body): Json<AppealText>,
) -> Result<(StatusCode, JsonBody<Appeal>), ApiError> {
    let text = checked_text(&body.text)?;
    let user = session.user_id();
    check_rate(&state, user)?;
    let (mut transaction, sanction) = lock(&state, id).await?;
    if sanction.user.user_id != user {
        return Err(ApiError::Forbidden);
    }
    if sanction.kind == SanctionKind::Warning {
        return Err(ApiError::invalid(
            "sanction_id",
            "there is no appeal against a warning",
        ));
    }
    if db::now(&mut transaction).await? - sanction.issued_at > appeals::WINDOW {
        return Err(ApiError::invalid(
            "sanction_id",
            "was issued more than 30 days ago",
        ));
    }
    appeals::insert(&mut transaction, id, user, &text)
        .await?
        .ok_or(ApiError::AlreadyAppealed)?;
    let appeal = committed(transaction, id, false).await?;
    Ok((StatusCode::CREATED, JsonBody(appeal)))
}

/// Commits, and returns the appeal against the sanction.
async fn committed(
    mut transaction: Lease,
    sanction_id: i64,
    moderates: bool,
) -> Result<Appeal, ApiError> {
    let appeal = sanctions::find(&mut transaction, sanction_id)
        .await?
        .and_then(|sanction| sanction.appeal)
        .ok_or(ApiError::NotFound(Resource::Appeal))?;
    transaction.commit().await?;
    Ok(appeal.shown(moderates))
}

/// The sanction of an appeal, with its scope locked.
async fn lock_appeal(state: &AppState, id: i64) -> Result<(Lease, SanctionRecord), ApiError> {
    let sanction = appeals::sanction_of(&state.pools.reads, id).await?;
    lock(state, sanction.ok_or(ApiError::NotFound(Resource::Appeal))?).await
}

/// Refuses what is only possible while the appeal waits.
fn check_waiting(sanction: &SanctionRecord) -> Result<(), ApiError> {
    let appeal = sanction.appeal.as_ref();
    let appeal = appeal.ok_or(ApiError::NotFound(Resource::Appeal))?;
    match appeal.state {
        AppealState::Waiting => Ok(()),
        AppealState::Kept | AppealState::Shortened | AppealState::Lifted => {
            Err(ApiError::AlreadyDecided)
        }
    }
}

/// Says something in an appeal that waits
#[utoipa::path(post, path = "/appeals/{appeal_id}/messages", tag = "appeals", request_body = AppealText,
    params(("appeal_id" = i64, Path)),
    responses((status = 201, body = Appeal, description = "Said"), ChangesAppeal, Body, Limited))]
async fn say(
    State(state): State<AppState>,
    SessionUser(session): SessionUser,
    AppealPath(id): AppealPath,
    Json(body): Json<AppealText>,
) -> Result<(StatusCode, JsonBody<Appeal>), ApiError> {
    let text = checked_text(&body.text)?;
    let user = session.user_id();
    check_rate(&state, user)?;
    let (mut transaction, sanction) = lock_appeal(&state, id).await?;
    let by_sanctioned = sanction.user.user_id == user;
    if !by_sanctioned {
        acting_rank(&mut transaction, sanction.canvas_id, user).await?;
    }
    check_waiting(&sanction)?;
    if sanction
        .appeal
        .as_ref()
        .is_some_and(|appeal| appeal.len() >= MAX_MESSAGES)
    {
        return Err(ApiError::invalid("text", "is one message too many"));
    }
    appeals::say(&mut transaction, id, user, by_sanctioned, &text).await?;
    let appeal = committed(transaction, sanction.id, !by_sanctioned).await?;
    Ok((StatusCode::CREATED, JsonBody(appeal)))
}

/// Decides an appeal
#[utoipa::path(post, path = "/appeals/{appeal_id}/decide", tag = "appeals", request_body = DecideAppeal,
    params(("appeal_id" = i64, Path)),
    responses((status = 200, body = Appeal, description = "Decided"), ChangesAppeal, Body, Limited))]
async fn decide(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    AppealPath(id): AppealPath,
    Json(body): Json<DecideAppeal>,
) -> Result<JsonBody<Appeal>, ApiError> {
    let text = checked_text(&body.text)?;
    let user = session.user_id();
    check_rate(&state, user)?;
    let (mut transaction, sanction) = lock_appeal(&state, id).await?;
    check_decider(&mut transaction, &sanction, user).await?;
    check_waiting(&sanction)?;
    let now = db::now(&mut transaction).await?;
    let expires_at = new_end(&body, &sanction, now)?;
    let changes = match body.outcome {
        AppealOutcome::Kept => false,
        AppealOutcome::Lifted => {
            sanctions::lift(&mut transaction, sanction.id, Some(user), ON_APPEAL).await?;
            true
        }
        AppealOutcome::Shortened => {
            if let Some(expires_at) = expires_at {
                appeals::shorten(&mut transaction, sanction.id, expires_at).await?;
            }
            true
        }
    };
    appeals::say(&mut transaction, id, user, false, &text).await?;
    appeals::decide(&mut transaction, id, body.outcome.into(), user).await?;
    let line = NewLine {
        canvas: sanction.canvas_id,
        action: ModerationAction::AppealDecided,
        actor: user,
        target: Some(sanction.user.user_id),
        reason: "",
        detail: json!({
            "appeal_id": id,
            "sanction_id": sanction.id,
            "kind": sanction.kind,
            "outcome": body.outcome,
        }),
    };
    moderation_log::append(&mut transaction, &line).await?;
    let notification = NewNotification {
        user: sanction.user.user_id,
        kind: NotificationKind::AppealDecided,
        canvas: sanction.canvas_id,
        by: Some(user),
        target: NotificationTarget::default(),
        count: 1,
        text: db::name_of(body.outcome),
        is_read: false,
    };
    let outgoing = notifications::add(&mut transaction, &[notification]).await?;
    let appeal = committed(transaction, sanction.id, true).await?;
    if changes {
        publish(&state, &sanction).await;
    }
    state.hub.notifier().notify(outgoing);
    Ok(JsonBody(appeal))
}

/// Refuses whoever may not decide about this sanction: those who rank no higher than the
/// sanctioned user, and the issuer, unless nobody else could decide.
async fn check_decider(
    transaction: &mut Lease,
    sanction: &SanctionRecord,
    user: UserId,
) -> Result<(), ApiError> {
    let (scope, target) = (sanction.canvas_id, sanction.user.user_id);
    let rank = acting_rank(transaction, scope, user).await?;
    let target_rank = target_rank(transaction, scope, target).await?;
    if !Rank::may_act((user, rank), (target, target_rank)) {
        return Err(ApiError::Forbidden);
    }
    let issuer = sanction.issued_by.user_id;
    if issuer == user
        && appeals::has_other_decider(transaction, scope, issuer, target, target_rank).await?
    {
        return Err(ApiError::Forbidden);
    }
    Ok(())
}

/// When the sanction ends, if it is shortened.
fn new_end(
    body: &DecideAppeal,
    sanction: &SanctionRecord,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, ApiError> {
    let refuse = |message: &str| Err(ApiError::invalid("expires_at", message));
    let end = body.expires_at.map(DateTime::<Utc>::from);
    match (body.outcome, end) {
        (AppealOutcome::Kept | AppealOutcome::Lifted, None) => Ok(None),
        (AppealOutcome::Kept | AppealOutcome::Lifted, Some(_)) => {
            refuse("is only for sanctions that are shortened")
        }
        (AppealOutcome::Shortened, None) => refuse("is required"),
        (AppealOutcome::Shortened, Some(end)) if end <= now => refuse("must be in the future"),
        (AppealOutcome::Shortened, Some(end)) => {
            if !sanction.is_in_force(now) || sanction.expires_at.is_some_and(|old| end >= old) {
                return refuse("must be before the end of the sanction");
            }
            Ok(Some(end))
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// `waiting`, `kept`, `shortened` or `lifted`
    state: Option<AppealState>,
    /// How many, 50 by default
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `next_cursor` of the page before
    cursor: Option<String>,
}

/// The appeals on a canvas, newest first; for its moderators
#[utoipa::path(get, path = "/canvases/{canvas_id}/appeals", tag = "appeals",
    params(("canvas_id" = i64, Path), ListQuery),
    responses((status = 200, body = Page<Appeal>, description = "A page"), ReadsCanvas, QueryOnly))]
async fn list(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    CanvasPath(id): CanvasPath,
    client: ClientAddr,
    Query(query): Query<ListQuery>,
) -> Result<Response, ApiError> {
    if role(&state.pools.reads, id, session.user_id()).await? < Role::Moderator {
        return Err(ApiError::Forbidden);
    }
    read_page(
        &state,
        client,
        AppealFilter::Canvas(id),
        query,
        session.user_id(),
    )
    .await
}

/// The appeals that concern admins, newest first: against sanctions on the whole server, and
/// those that their canvas does not answer or cannot decide
#[utoipa::path(get, path = "/admin/appeals", tag = "appeals", params(ListQuery),
    responses((status = 200, body = Page<Appeal>, description = "A page"), Watches, QueryOnly))]
async fn list_for_admins(
    State(state): State<AppState>,
    Admin(admin): Admin,
    client: ClientAddr,
    Query(query): Query<ListQuery>,
) -> Result<Response, ApiError> {
    read_page(&state, client, AppealFilter::Admins, query, admin).await
}

async fn read_page(
    state: &AppState,
    client: ClientAddr,
    filter: AppealFilter,
    query: ListQuery,
    reader: UserId,
) -> Result<Response, ApiError> {
    let limit = page_size(query.limit)?;
    let before = cursor(query.cursor.as_deref())?.unwrap_or(i64::MAX);
    let canvas = match filter {
        AppealFilter::Canvas(canvas) => canvas,
        // These lists take turns as those of one more canvas.
        AppealFilter::Admins => CanvasId(0),
    };
    let permit = bulk::permit(state, canvas, client).await?;
    let (reads, wanted) = (state.pools.reads.clone(), query.state);
    let read: bulk::ReadItems<i64> = Arc::new(move |before, count| {
        let reads = reads.clone();
        Box::pin(async move {
            let ids = appeals::list(&reads, filter, wanted, before, count).await?;
            let mut found = sanctions::by_ids(&reads, &ids).await?;
            found.sort_by_key(|sanction| ids.iter().position(|id| *id == sanction.id));
            let shown = found.iter().filter_map(|sanction| {
                let appeal = sanction.appeal.as_ref()?;
                // Not even a moderator learns who sanctioned them.
                let moderates = sanction.user.user_id != reader;
                let sanction = Sanction {
                    appeal: None,
                    ..sanction.shown(moderates)
                };
                let shown = Appeal {
                    sanction: Some(Box::new(sanction)),
                    ..appeal.shown(moderates)
                };
                Some(bulk::item(appeal.id, &shown))
            });
            shown.collect()
        })
    });
    let cursor = |id: i64| id.to_string();
    bulk::page(permit, before, limit, AT_ONCE, cursor, read).await
}
