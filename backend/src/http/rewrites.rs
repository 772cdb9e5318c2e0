//! Rewrites: taking back what was painted, making an area what it was, and undoing that.

use super::{
    bulk,
    canvases::{check_rate, readable, role},
    client_addr::ClientAddr,
    error::{ApiError, Resource},
    extract::{AuthUser, CanvasPath, OptionalUser, RewritePath},
    json_body::Json,
    openapi::{
        ChangesMember, ChangesRewrite, Limited, ReadsRewrite, RewriteBody, Rewrites, Undoes,
    },
    validator::Validator,
};
use crate::{
    auth::Session,
    cell_history::{Rule, Rules},
    db::{
        self,
        access::{self, Standing},
        canvases,
        moderation_log::{self, NewLine},
        rewrites::{self, New},
        sanctions, users,
    },
    realtime::{Operation, RewriteBatch, UNKNOWN_ACL, Write, WriteError},
    rewrites::{Job, MAX_SILENCE_MS, Survey, SurveyError, Task, run, survey},
    state::AppState,
};
use axum::{
    Json as JsonBody,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use shared::{
    api::{
        Canvas, User,
        moderation::{ModerationAction, UserRef},
        rewrites::{Area, NewRewrite, Rewrite, RewriteKind, RewritePreview, RewriteState},
        sanctions::Activity,
    },
    canvas::{Rank, Role},
    ids::{CanvasId, RewriteId, UserId},
    limits, text,
    time::Timestamp,
};
use sqlx::Connection;
use std::{collections::HashSet, sync::Arc};
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(find))
        .routes(routes!(undo))
        .routes(routes!(stop))
}

/// A rewrite that was asked for.
struct Asked {
    task: Task,
    kind: RewriteKind,
    /// Whether it takes back only what the user may paint over.
    is_own: bool,
    needs_moderator: bool,
    reason: String,
    /// The cells to look at, as `canvas_events.tile` names them.
    cells: Vec<i32>,
    head: i64,
    /// For the moderation log.
    detail: Value,
    /// The rewrite that it undoes.
    undoes: Option<RewriteId>,
}

/// Takes back what users painted, or makes an area what it was
#[utoipa::path(post, path = "/canvases/{canvas_id}/rewrites", tag = "rewrites", request_body = NewRewrite,
    params(("canvas_id" = i64, Path)),
    responses((status = 200, body = RewritePreview, description = "What would change (`dry_run`)"),
        (status = 202, body = Rewrite, description = "It is under way"),
        ChangesMember, RewriteBody, Rewrites, Limited))]
async fn create(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    CanvasPath(id): CanvasPath,
    client: ClientAddr,
    Json(body): Json<NewRewrite>,
) -> Result<Response, ApiError> {
    let user = session.user_id();
    check_rate(&state, user)?;
    let role = painter(&state, id, user).await?;
    let canvas = canvases::find(&state.pools.reads, id, Some(user))
        .await?
        .ok_or(ApiError::NotFound(Resource::Canvas))?;
    let asked = match body.kind.as_str() {
        "revert" => revert(&state, &session, &canvas, role, &body).await?,
        "restore" => restore(&state, &session, &canvas, role, &body).await?,
        _ => return Err(ApiError::invalid("kind", "must be revert or restore")),
    };
    let is_dry = body.dry_run.unwrap_or_default();
    if !is_dry {
        refuse_second(&state, id).await?;
    }
    let found = look(&state, &asked, client).await?;
    if asked.kind == RewriteKind::Restore && !asked.needs_moderator {
        let area = body.area.ok_or(ApiError::Forbidden)?;
        let mut creators = rewrites::creators(&state.pools.reads, id, area).await?;
        creators.extend(&found.creators);
        if creators.iter().any(|creator| *creator != user) {
            return Err(ApiError::Forbidden);
        }
    }
    if is_dry {
        let preview = RewritePreview {
            rewrite: preview(&session, &asked, &found),
            changes: found.marked,
        };
        return Ok(JsonBody(preview).into_response());
    }
    let rewrite = start(&state, &session, asked, found).await?;
    Ok((StatusCode::ACCEPTED, JsonBody(rewrite)).into_response())
}

/// A rewrite, and how far it is
#[utoipa::path(get, path = "/rewrites/{rewrite_id}", tag = "rewrites",
    security((), ("bearer" = []), ("cookie" = [])), params(("rewrite_id" = i64, Path)),
    responses((status = 200, body = Rewrite, description = "The rewrite"), ReadsRewrite))]
async fn find(
    State(state): State<AppState>,
    user: OptionalUser,
    RewritePath(id): RewritePath,
) -> Result<JsonBody<Rewrite>, ApiError> {
    let found = stored(&state, id).await?;
    readable(&state.pools.reads, found.canvas_id, user.user_id()).await?;
    Ok(JsonBody(found))
}

/// Undoes a rewrite; what others painted since stays
#[utoipa::path(post, path = "/rewrites/{rewrite_id}/undo", tag = "rewrites",
    params(("rewrite_id" = i64, Path)),
    responses((status = 202, body = Rewrite, description = "The undo is under way"),
        ChangesRewrite, Undoes, Limited))]
async fn undo(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    RewritePath(id): RewritePath,
    client: ClientAddr,
) -> Result<(StatusCode, JsonBody<Rewrite>), ApiError> {
    let user = session.user_id();
    check_rate(&state, user)?;
    let undone = stored(&state, id).await?;
    let canvas_id = undone.canvas_id;
    let role = painter(&state, canvas_id, user).await?;
    let is_maker = undone.by.user_id == user;
    if !is_maker && role < Role::Moderator {
        return Err(ApiError::Forbidden);
    }
    refuse_second(&state, canvas_id).await?;
    let canvas = canvases::find(&state.pools.reads, canvas_id, Some(user))
        .await?
        .ok_or(ApiError::NotFound(Resource::Canvas))?;
    let maker = [undone.by.user_id];
    let cells = match (undone.first_seq, undone.last_seq) {
        (Some(first), Some(last)) => {
            rewrites::cells_of_users(&state.pools.reads, canvas_id, &maker, first, last).await?
        }
        _ => Vec::new(),
    };
    let asked = Asked {
        task: task(&canvas, user, role, Rule::Undo { of: id }),
        kind: RewriteKind::Undo,
        is_own: is_maker && rewrites::is_own(&state.pools.reads, id).await?,
        needs_moderator: !is_maker,
        reason: String::new(),
        cells,
        head: canvas.last_seq,
        detail: json!({ "undoes": id }),
        undoes: Some(id),
    };
    let found = look(&state, &asked, client).await?;
    let rewrite = start(&state, &session, asked, found).await?;
    Ok((StatusCode::ACCEPTED, JsonBody(rewrite)))
}

/// Stops a rewrite; what it changed stays
#[utoipa::path(post, path = "/rewrites/{rewrite_id}/stop", tag = "rewrites",
    params(("rewrite_id" = i64, Path)),
    responses((status = 200, body = Rewrite, description = "It runs no more"), ChangesRewrite, Limited))]
async fn stop(
    State(state): State<AppState>,
    AuthUser(session): AuthUser,
    RewritePath(id): RewritePath,
) -> Result<JsonBody<Rewrite>, ApiError> {
    let user = session.user_id();
    check_rate(&state, user)?;
    let found = stored(&state, id).await?;
    let role = role(&state.pool, found.canvas_id, user).await?;
    if found.by.user_id != user && role < Role::Moderator {
        return Err(ApiError::Forbidden);
    }
    rewrites::end(&state.pool, id, RewriteState::Stopped).await?;
    Ok(JsonBody(stored(&state, id).await?))
}

/// The role of a user who may paint.
///
/// # Errors
/// `Sanctioned` and `Forbidden`; those of [`role`].
async fn painter(state: &AppState, id: CanvasId, user: UserId) -> Result<Role, ApiError> {
    let role = role(&state.pool, id, user).await?;
    if role < Role::Editor {
        return Err(ApiError::Forbidden);
    }
    let in_force = sanctions::in_force(&state.pool, id, &[user]).await?;
    let now = state.hub.clock().now();
    let sanction = in_force
        .get(&user)
        .and_then(|found| sanctions::forbidding(found, Activity::Painting, now));
    match sanction {
        Some(sanction) => Err(ApiError::Sanctioned(sanction)),
        None => Ok(role),
    }
}

/// A stored rewrite. One whose node died is stopped first.
async fn stored(state: &AppState, id: RewriteId) -> Result<Rewrite, ApiError> {
    let unknown = || ApiError::NotFound(Resource::Rewrite);
    let found = rewrites::find(&state.pool, id).await?.ok_or_else(unknown)?;
    if found.state != RewriteState::Running {
        return Ok(found);
    }
    rewrites::stop_orphans(&state.pool, found.canvas_id, MAX_SILENCE_MS).await?;
    rewrites::find(&state.pool, id).await?.ok_or_else(unknown)
}

async fn refuse_second(state: &AppState, canvas: CanvasId) -> Result<(), ApiError> {
    rewrites::stop_orphans(&state.pool, canvas, MAX_SILENCE_MS).await?;
    if rewrites::is_running(&state.pool, canvas).await? {
        return Err(ApiError::RewriteRunning);
    }
    Ok(())
}

fn task(canvas: &Canvas, user: UserId, role: Role, rule: Rule) -> Task {
    Task {
        canvas: canvas.id,
        tile_size: canvas.tile_size,
        rule,
        user,
        role,
        policy: canvas.edit_policy,
    }
}

async fn revert(
    state: &AppState,
    session: &Session,
    canvas: &Canvas,
    role: Role,
    body: &NewRewrite,
) -> Result<Asked, ApiError> {
    let mut validator = Validator::default();
    let names = body.usernames.clone().unwrap_or_default();
    if !limits::REVERTED_USERS.contains(&names.len()) {
        validator.refuse("usernames", "must have 1 to 50 names");
    }
    let reason = reason(&mut validator, body);
    let area = area(&mut validator, canvas, body.area);
    for (field, seq) in [("from_seq", body.from_seq), ("to_seq", body.to_seq)] {
        if seq.is_some_and(|seq| seq < 0) {
            validator.refuse(field, "must not be negative");
        }
    }
    validator.finish()?;
    let head = canvas.last_seq;
    let mut from_seq = body.from_seq.unwrap_or_default();
    if let Some(from) = body.from {
        from_seq = from_seq.max(seq_at(state, canvas, from, false).await? + 1);
    }
    let mut to_seq = body.to_seq.unwrap_or(head).min(head);
    if let Some(to) = body.to {
        to_seq = to_seq.min(seq_at(state, canvas, to, true).await?);
    }
    let is_backwards = body.from.zip(body.to).is_some_and(|(from, to)| from > to)
        || body
            .from_seq
            .zip(body.to_seq)
            .is_some_and(|(from, to)| from > to);
    if is_backwards {
        return Err(ApiError::invalid("from_seq", "must not be after the end"));
    }
    let own = &session.identity.username;
    let names_others = names.iter().any(|name| !name.eq_ignore_ascii_case(own));
    if names_others && role < Role::Moderator {
        return Err(ApiError::Forbidden);
    }
    let mut named: Vec<User> = Vec::new();
    for name in &names {
        let user = users::by_name(&state.pool, name).await?;
        let user = user.ok_or(ApiError::NotFound(Resource::User))?;
        if named.iter().all(|other| other.id != user.id) {
            named.push(user);
        }
    }
    let user = session.user_id();
    let users: HashSet<UserId> = named.iter().map(|user| user.id).collect();
    if names_others {
        refuse_high_ranks(state, canvas.id, user, &users).await?;
    }
    let asked: Vec<UserId> = users.iter().copied().collect();
    let reads = &state.pools.reads;
    let mut cells = rewrites::cells_of_users(reads, canvas.id, &asked, from_seq, to_seq).await?;
    if let Some(area) = area {
        cells.retain(|cell| crate::rewrites::is_in(*cell, area));
    }
    let usernames: Vec<&str> = named.iter().map(|user| user.username.as_str()).collect();
    let detail = json!({
        "kind": RewriteKind::Revert, "usernames": usernames, "user_ids": asked,
        "from_seq": from_seq, "to_seq": to_seq, "area": area,
    });
    let rule = Rule::Revert {
        users,
        from_seq,
        to_seq,
    };
    Ok(Asked {
        task: task(canvas, user, role, rule),
        kind: RewriteKind::Revert,
        is_own: !names_others,
        needs_moderator: names_others,
        reason,
        cells,
        head,
        detail,
        undoes: None,
    })
}

async fn restore(
    state: &AppState,
    session: &Session,
    canvas: &Canvas,
    role: Role,
    body: &NewRewrite,
) -> Result<Asked, ApiError> {
    let mut validator = Validator::default();
    let reason = reason(&mut validator, body);
    let area = area(&mut validator, canvas, body.area);
    if body.area.is_none() {
        validator.refuse("area", "must be given");
    }
    let head = canvas.last_seq;
    match (body.at_seq, body.at) {
        (Some(_), Some(_)) | (None, None) => {
            validator.refuse("at_seq", "must be given, or `at`");
        }
        (Some(seq), None) if !(0..=head).contains(&seq) => {
            validator.refuse("at_seq", "is no event of the canvas");
        }
        _ => {}
    }
    validator.finish()?;
    let at_seq = match (body.at_seq, body.at) {
        (None, Some(at)) => seq_at(state, canvas, at, true).await?,
        (at_seq, _) => at_seq.unwrap_or(head),
    };
    let Some(area) = area else {
        return Err(ApiError::invalid("area", "must be given"));
    };
    let reads = &state.pools.reads;
    let cells = rewrites::cells_changed_after(reads, canvas.id, area, at_seq).await?;
    let needs_moderator = role >= Role::Moderator;
    Ok(Asked {
        task: task(canvas, session.user_id(), role, Rule::Restore { at_seq }),
        kind: RewriteKind::Restore,
        is_own: !needs_moderator,
        needs_moderator,
        reason,
        cells,
        head,
        detail: json!({ "kind": RewriteKind::Restore, "at_seq": at_seq, "area": area }),
        undoes: None,
    })
}

fn reason(validator: &mut Validator, body: &NewRewrite) -> String {
    let reason = body.reason.as_deref().unwrap_or_default();
    validator.value("reason", text::clean(reason, &limits::REASON))
}

/// An area on the canvas.
fn area(validator: &mut Validator, canvas: &Canvas, area: Option<Area>) -> Option<Area> {
    let Area { x0, y0, x1, y1 } = area?;
    let fits = |from: i32, to: i32, size: i32| 0 <= from && from <= to && to < size;
    if fits(x0, x1, canvas.width) && fits(y0, y1, canvas.height) {
        return area;
    }
    validator.refuse("area", "must be a rectangle of cells of the canvas");
    None
}

/// The newest event before this time, or up to it.
async fn seq_at(
    state: &AppState,
    canvas: &Canvas,
    time: Timestamp,
    inclusive: bool,
) -> Result<i64, ApiError> {
    let mut lease = state.pools.reads.acquire().await?;
    let head = canvas.last_seq;
    let seq = rewrites::seq_at(&mut lease, canvas.id, time.into(), inclusive, head).await?;
    lease.done();
    Ok(seq)
}

/// # Errors
/// `Forbidden` unless all others have a lower rank than the user who asks.
async fn refuse_high_ranks(
    state: &AppState,
    canvas: CanvasId,
    user: UserId,
    named: &HashSet<UserId>,
) -> Result<(), ApiError> {
    let mut asked: Vec<UserId> = named.iter().copied().collect();
    asked.push(user);
    let roles = access::roles(&state.pool, canvas, &asked).await?;
    let roles = roles.ok_or(ApiError::NotFound(Resource::Canvas))?;
    let rank = |user: UserId| {
        let is_admin = roles.standings.get(&user).is_some_and(|it| it.is_admin);
        (
            user,
            Rank::of(is_admin, roles.roles.get(&user).copied().flatten()),
        )
    };
    let mut others = named.iter().filter(|other| **other != user);
    if others.all(|other| Rank::may_act(rank(user), rank(*other))) {
        Ok(())
    } else {
        Err(ApiError::Forbidden)
    }
}

/// Looks at what would change.
async fn look(state: &AppState, asked: &Asked, client: ClientAddr) -> Result<Survey, ApiError> {
    let _place = bulk::place(state, asked.task.canvas, client).await?;
    survey(&state.pools.reads, &asked.task, &asked.cells, asked.head)
        .await
        .map_err(|error| match error {
            SurveyError::TooLarge => ApiError::TooLarge,
            SurveyError::Database(error) => error.into(),
        })
}

fn preview(session: &Session, asked: &Asked, found: &Survey) -> Rewrite {
    let identity = &session.identity;
    Rewrite {
        id: RewriteId(0),
        canvas_id: asked.task.canvas,
        kind: asked.kind,
        state: RewriteState::Previewed,
        by: UserRef {
            user_id: identity.user_id,
            username: identity.username.to_string(),
            display_name: identity.display_name.to_string(),
        },
        reason: asked.reason.clone(),
        tiles: count(found.cells.len()),
        pixels: count(found.pixels),
        skipped_pixels: count(found.skipped_pixels),
        first_seq: None,
        last_seq: None,
        undone_by: None,
        created_at: chrono::Utc::now().into(),
    }
}

/// Asks the room whether the user may paint now: it checks a batch without cells, of a
/// rewrite that does not exist, as it checks all others.
async fn ask_room(state: &AppState, session: &Session, asked: &Asked) -> Result<(), ApiError> {
    let batch = RewriteBatch {
        rewrite: RewriteId(0),
        kind: asked.kind,
        rule: asked.task.rule.clone(),
        rules: Rules::new(),
        needs_moderator: asked.needs_moderator,
        head: asked.head,
        cells: Vec::new(),
    };
    let write = Write {
        identity: session.identity.clone(),
        role: asked.task.role,
        acl_version: UNKNOWN_ACL,
        sanctions: None,
        standing: Standing::default(),
        op_id: None,
        operation: Operation::Rewrite(Arc::new(batch)),
    };
    match state.hub.write(asked.task.canvas, write).await {
        Ok(_) | Err(WriteError::RewriteStopped) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Stores the rewrite and its line of the moderation log, and starts it.
async fn start(
    state: &AppState,
    session: &Session,
    asked: Asked,
    found: Survey,
) -> Result<Rewrite, ApiError> {
    let canvas = asked.task.canvas;
    ask_room(state, session, &asked).await?;
    let new = New {
        canvas,
        kind: asked.kind,
        state: if found.cells.is_empty() {
            RewriteState::Done
        } else {
            RewriteState::Running
        },
        by: session.user_id(),
        reason: &asked.reason,
        rule: &asked.task.rule,
        is_own: asked.is_own,
        skipped_pixels: count(found.skipped_elsewhere),
    };
    let mut lease = state.pool.acquire().await?;
    let mut transaction = lease.begin().await?;
    let id = rewrites::insert(&mut *transaction, &new).await?;
    let id = id.ok_or(ApiError::RewriteRunning)?;
    if let Some(undone) = asked.undoes
        && !rewrites::mark_undone(&mut *transaction, undone, id).await?
    {
        return Err(ApiError::AlreadyUndone);
    }
    if !asked.is_own {
        let mut detail = asked.detail.clone();
        detail["rewrite_id"] = json!(id);
        detail["tiles"] = json!(found.cells.len());
        detail["pixels"] = json!(found.pixels);
        detail["skipped_pixels"] = json!(found.skipped_pixels);
        let line = NewLine {
            canvas: Some(canvas),
            action: if asked.undoes.is_some() {
                ModerationAction::RewriteUndone
            } else {
                ModerationAction::Rewrite
            },
            actor: session.user_id(),
            target: None,
            reason: &asked.reason,
            detail,
        };
        moderation_log::append(&mut *transaction, &line).await?;
    }
    transaction.commit().await?;
    lease.done();
    if !found.cells.is_empty() {
        let job = Job {
            id,
            kind: asked.kind,
            task: asked.task,
            needs_moderator: asked.needs_moderator,
            identity: session.identity.clone(),
            cells: found.cells,
        };
        tokio::spawn(run(state.hub.clone(), state.pool.clone(), job));
    }
    let stored = db::rewrites::find(&state.pool, id).await?;
    stored.ok_or(ApiError::NotFound(Resource::Rewrite))
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
