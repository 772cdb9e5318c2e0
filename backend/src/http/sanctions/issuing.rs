//! Issues sanctions: what a request for one must contain, and what follows from it.

use super::{acting_rank, end, publish, target_rank};
use crate::{
    db::{
        self, cases,
        moderation_log::{self, NewLine},
        notifications::{self, NewNotification, NotificationTarget},
        origins,
        sanctions::{self, SanctionRecord},
        users,
    },
    http::{
        canvases::check_rate,
        error::{ApiError, Resource},
        validator::Validator,
    },
    state::AppState,
};
use serde_json::json;
use shared::{
    api::{
        moderation::ModerationAction,
        notifications::NotificationKind,
        sanctions::{CreateSanction, SanctionKind},
    },
    canvas::Rank,
    ids::{CanvasId, UserId},
    text,
};
use std::{ops::RangeInclusive, time::Duration};
use tokio::time;

/// Characters of a reason.
const REASON: RangeInclusive<usize> = 1..=500;
/// Characters of a note.
const NOTE: RangeInclusive<usize> = 0..=1000;
/// Seconds that a sanction lasts.
const DURATION: RangeInclusive<i64> = 60..=365 * 24 * 3600;
/// The same for a `timeout`.
const TIMEOUT_DURATION: RangeInclusive<i64> = 60..=28 * 24 * 3600;
/// Why a sanction ended that one of the same kind superseded.
const SUPERSEDED: &str = "superseded";
/// Between two polls whether earlier transactions have ended.
const WRITERS_POLL: Duration = Duration::from_millis(5);
/// How long a sanction on the whole server waits for them.
const WRITERS_TIMEOUT: Duration = Duration::from_secs(1);

/// A validated request for a sanction.
struct SanctionRequest {
    username: String,
    kind: SanctionKind,
    reason: String,
    note: String,
    duration_s: Option<i64>,
    case_id: Option<i64>,
}

impl SanctionRequest {
    fn parse(body: CreateSanction) -> Result<Self, ApiError> {
        let mut validator = Validator::default();
        let reason = validator.value("reason", text::clean(&body.reason, &REASON));
        let note = body.note.unwrap_or_default();
        let note = validator.value("note", text::clean(&note, &NOTE));
        if let Err(message) = check_duration(body.kind, body.duration_s) {
            validator.refuse("duration_s", message);
        }
        validator.finish()?;
        Ok(Self {
            // No user has an invalid name.
            username: text::username(&body.username)
                .map_err(|_| ApiError::NotFound(Resource::User))?,
            kind: body.kind,
            reason,
            note,
            duration_s: body.duration_s,
            case_id: body.case_id,
        })
    }
}

fn check_duration(kind: SanctionKind, duration_s: Option<i64>) -> Result<(), String> {
    let range = match kind {
        SanctionKind::Warning if duration_s.is_some() => {
            return Err("a warning lasts until it is confirmed".to_owned());
        }
        SanctionKind::Timeout if duration_s.is_none() => {
            return Err("a timeout needs one".to_owned());
        }
        SanctionKind::Timeout => TIMEOUT_DURATION,
        SanctionKind::Warning | SanctionKind::Mute | SanctionKind::NoPaint | SanctionKind::Ban => {
            DURATION
        }
    };
    match duration_s {
        Some(seconds) if !range.contains(&seconds) => {
            Err(format!("must be from {} to {}", range.start(), range.end()))
        }
        Some(_) | None => Ok(()),
    }
}

/// Issues a sanction: checks ranks, ends one of the same kind, notifies the user and has every
/// node apply it.
pub(super) async fn put_in_force(
    state: &AppState,
    scope: Option<CanvasId>,
    actor: UserId,
    body: CreateSanction,
) -> Result<SanctionRecord, ApiError> {
    check_rate(state, actor)?;
    let mut transaction = state.pool.begin().await?;
    if !sanctions::lock_scope(&mut transaction, scope).await? {
        return Err(ApiError::NotFound(Resource::Canvas));
    }
    let rank = acting_rank(&mut transaction, scope, actor).await?;
    let request = SanctionRequest::parse(body)?;
    let target = users::by_name(&mut transaction, &request.username)
        .await?
        .ok_or(ApiError::NotFound(Resource::User))?;
    let target_rank = target_rank(&mut transaction, scope, target.id).await?;
    if !Rank::may_act((actor, rank), (target.id, target_rank)) {
        return Err(ApiError::Forbidden);
    }
    if let Some(case) = request.case_id
        && !cases::is_at(&mut transaction, case, scope).await?
    {
        return Err(ApiError::invalid("case_id", "is no case there"));
    }
    let before = sanctions::same_kind(&mut transaction, scope, target.id, request.kind).await?;
    if let Some(before) = before {
        if rank < before.issuer_rank {
            return Err(ApiError::Forbidden);
        }
        end(&mut transaction, &before, actor, SUPERSEDED).await?;
    }
    let new = sanctions::New {
        canvas: scope,
        user: target.id,
        kind: request.kind,
        reason: &request.reason,
        note: &request.note,
        issued_by: actor,
        issuer_rank: rank,
        duration_s: request.duration_s,
        case_id: request.case_id,
    };
    let id = sanctions::insert(&mut transaction, &new).await?;
    if request.kind == SanctionKind::Ban {
        let oldest = state.hub.clock().now() - state.config.ban_network_time();
        origins::remember_networks(&mut transaction, id, target.id, oldest).await?;
    }
    let line = NewLine {
        canvas: scope,
        action: ModerationAction::Sanctioned,
        actor,
        target: Some(target.id),
        reason: &request.reason,
        detail: json!({
            "sanction_id": id,
            "kind": request.kind,
            "duration_s": request.duration_s,
            "case_id": request.case_id,
        }),
    };
    moderation_log::append(&mut transaction, &line).await?;
    let issued = sanctions::find(&mut transaction, id)
        .await?
        .ok_or(ApiError::Internal(None))?;
    let notification = NewNotification {
        user: target.id,
        kind: NotificationKind::Sanction,
        canvas: scope,
        by: Some(actor),
        target: NotificationTarget::default(),
        count: 1,
        text: request.reason,
        is_read: false,
    };
    let outgoing = notifications::add(&mut transaction, &[notification]).await?;
    transaction.commit().await?;
    if request.kind == SanctionKind::Ban {
        state.origin_notes.banned();
    }
    // First: a ban closes the connections.
    state.hub.notifier().notify(outgoing);
    publish(state, &issued).await;
    if scope.is_none() {
        wait_for_writers(state).await;
    }
    Ok(issued)
}

/// Waits until the transactions have ended that may have been decided before a sanction on
/// the whole server, which holds no lock of a canvas: the answer comes after their events. Called
/// after its commit, since transactions that began at any moment before may not know of it.
async fn wait_for_writers(state: &AppState) {
    let ended = async {
        let newest = sanctions::new_transaction_id(&state.pool).await?;
        while !sanctions::have_earlier_ended(&state.pool, &newest).await? {
            time::sleep(WRITERS_POLL).await;
        }
        Ok::<_, db::DbError>(())
    };
    // What takes longer is a transaction of something else, such as a backup.
    if let Ok(Err(error)) = time::timeout(WRITERS_TIMEOUT, ended).await {
        tracing::debug!(%error, "cannot wait for writers");
    }
}
