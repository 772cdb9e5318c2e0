//! The start of a rewrite: what it would change, whether the room allows it, and its task.

use super::request::Asked;
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
    rewrites::{Job, Survey, SurveyError, run, survey},
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

/// Looks at what would change, with a permit of the large answers.
pub(super) async fn look(
    state: &AppState,
    asked: &Asked,
    permit: BulkPermit,
) -> Result<Survey, ApiError> {
    let permit: HeldPermit = Arc::new(permit);
    let reads = &state.pools.reads;
    survey(reads, &asked.task, &asked.cells, asked.head, &permit)
        .await
        .map_err(|error| match error {
            SurveyError::TooLarge => ApiError::TooLarge,
            SurveyError::Database(error) => error.into(),
        })
}

/// The rewrite as it would be.
pub(super) fn preview(session: &Session, asked: &Asked, found: &Survey, now: Timestamp) -> Rewrite {
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
        created_at: now,
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
pub(super) async fn start(
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
        let permits = state.rewrite_permits.clone();
        tokio::spawn(run(state.hub.clone(), state.pool.clone(), permits, job));
    }
    let stored = db::rewrites::find(&state.pool, id).await?;
    stored.ok_or(ApiError::NotFound(Resource::Rewrite))
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
