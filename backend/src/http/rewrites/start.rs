//! The start of a rewrite: what it would change, whether the room allows it, and its task.

use super::request::RewriteRequest;
use crate::{
    auth::Session,
    bulk_reads::BulkPermit,
    cell_history::Rules,
    cell_log::HeldPermit,
    db::{
        self,
        access::Standing,
        moderation_log::{self, NewLine},
        rewrites::{self, New},
    },
    http::error::{ApiError, Resource},
    realtime::{Operation, RewriteBatch, UNKNOWN_ACL, Write, WriteError},
    rewrites::{self as rewriting, Job, PlanError, RewritePlan, run},
    state::AppState,
};
use serde_json::json;
use shared::{
    api::{
        moderation::{ModerationAction, UserRef},
        rewrites::{Rewrite, RewriteState},
    },
    ids::RewriteId,
    time::Timestamp,
};
use sqlx::Connection;
use std::sync::Arc;

/// Plans the changes, with a permit of the large answers.
pub(super) async fn plan(
    state: &AppState,
    request: &RewriteRequest,
    permit: BulkPermit,
) -> Result<RewritePlan, ApiError> {
    let permit: HeldPermit = Arc::new(permit);
    let reads = &state.pools.reads;
    rewriting::plan(reads, &request.task, &request.cells, request.head, &permit)
        .await
        .map_err(|error| match error {
            PlanError::TooLarge => ApiError::TooLarge,
            PlanError::Database(error) => error.into(),
        })
}

/// The rewrite as it would be.
pub(super) fn preview(
    session: &Session,
    request: &RewriteRequest,
    plan: &RewritePlan,
    now: Timestamp,
) -> Rewrite {
    let identity = &session.identity;
    Rewrite {
        id: RewriteId(0),
        canvas_id: request.task.canvas,
        kind: request.kind,
        state: RewriteState::Previewed,
        by: UserRef {
            user_id: identity.user_id,
            username: identity.username.to_string(),
            display_name: identity.display_name.to_string(),
        },
        reason: request.reason.clone(),
        tiles: count(plan.cells.len()),
        pixels: count(plan.pixels),
        skipped_pixels: count(plan.skipped_pixels),
        first_seq: None,
        last_seq: None,
        undone_by: None,
        created_at: now,
    }
}

/// Asks the room whether the user may paint now: it checks a batch without cells, of a
/// rewrite that does not exist, as it checks all others.
async fn check_with_room(
    state: &AppState,
    session: &Session,
    request: &RewriteRequest,
) -> Result<(), ApiError> {
    let batch = RewriteBatch {
        rewrite: RewriteId(0),
        kind: request.kind,
        rule: request.task.rule.clone(),
        rules: Rules::new(),
        needs_moderator: request.needs_moderator,
        head: request.head,
        cells: Vec::new(),
    };
    let write = Write {
        identity: session.identity.clone(),
        role: request.task.role,
        acl_version: UNKNOWN_ACL,
        sanctions: None,
        standing: Standing::default(),
        op_id: None,
        operation: Operation::Rewrite(Arc::new(batch)),
    };
    match state.hub.write(request.task.canvas, write).await {
        Ok(_) | Err(WriteError::RewriteStopped) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Stores the rewrite and its line of the moderation log, and starts it.
pub(super) async fn start(
    state: &AppState,
    session: &Session,
    request: RewriteRequest,
    plan: RewritePlan,
) -> Result<Rewrite, ApiError> {
    let canvas = request.task.canvas;
    check_with_room(state, session, &request).await?;
    let new = New {
        canvas,
        kind: request.kind,
        state: if plan.cells.is_empty() {
            RewriteState::Done
        } else {
            RewriteState::Running
        },
        by: session.user_id(),
        reason: &request.reason,
        rule: &request.task.rule,
        is_own: request.is_own,
        skipped_pixels: count(plan.skipped_elsewhere),
    };
    let mut lease = state.pool.acquire().await?;
    let mut transaction = lease.begin().await?;
    let id = rewrites::insert(&mut *transaction, &new).await?;
    let id = id.ok_or(ApiError::RewriteRunning)?;
    if let Some(undone) = request.undoes
        && !rewrites::mark_undone(&mut *transaction, undone, id).await?
    {
        return Err(ApiError::AlreadyUndone);
    }
    if !request.is_own {
        let mut detail = request.detail.clone();
        detail["rewrite_id"] = json!(id);
        detail["tiles"] = json!(plan.cells.len());
        detail["pixels"] = json!(plan.pixels);
        detail["skipped_pixels"] = json!(plan.skipped_pixels);
        let line = NewLine {
            canvas: Some(canvas),
            action: if request.undoes.is_some() {
                ModerationAction::RewriteUndone
            } else {
                ModerationAction::Rewrite
            },
            actor: session.user_id(),
            target: None,
            reason: &request.reason,
            detail,
        };
        moderation_log::append(&mut *transaction, &line).await?;
    }
    transaction.commit().await?;
    lease.done();
    if !plan.cells.is_empty() {
        let job = Job {
            id,
            kind: request.kind,
            task: request.task,
            needs_moderator: request.needs_moderator,
            identity: session.identity.clone(),
            cells: plan.cells,
        };
        let permits = state.rewrite_permits.clone();
        tokio::spawn(run(state.hub.clone(), state.pool.clone(), permits, job));
    }
    let stored = db::rewrites::find(&state.pool, id).await?;
    stored.ok_or(ApiError::NotFound(Resource::Rewrite))
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
