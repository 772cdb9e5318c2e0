//! Files reports: finds or opens the case of what is reported, with its evidence, and bounds how
//! many one person files.

use crate::{
    cell_log::HeldPermit,
    config::Switch,
    db::{
        self, Lease, Pool,
        cases::{self, CaseTarget, NO_CANVAS, NewCase},
        reports,
    },
    evidence::{self, CaseEvidence},
    http::{bulk, client_addr::ClientAddr, error::ApiError},
    state::AppState,
};
use axum::{Json as JsonBody, http::StatusCode};
use chrono::{DateTime, TimeDelta, Utc};
use shared::{
    api::{
        Canvas, User,
        conversations::DirectMessage,
        reports::{CaseState, Report, ReportRule, ReportTarget},
    },
    ids::CanvasId,
    protocol::{CaseOpened, ServerMessage},
};
use std::{sync::Arc, time::Duration};

/// Reports of one person in [`WINDOW`].
const REPORTS: i64 = 20;
/// The same of a guest.
const GUEST_REPORTS: i64 = 3;
/// See [`REPORTS`].
const WINDOW: TimeDelta = TimeDelta::days(1);
/// Cases of one canvas that are not decided.
const MAX_CASES: i64 = 2_000;
/// The same of cases that guests opened, so that these leave room for others.
const MAX_GUEST_CASES: i64 = 1_000;
/// How long to wait where there are too many.
const FULL_WAIT: Duration = Duration::from_hours(1);
/// How often a report is tried again whose case was decided at the same moment.
const TRIES: usize = 4;

/// Where what is reported stands.
pub(super) enum Source<'a> {
    Canvas(&'a Canvas),
    DirectMessage(&'a DirectMessage),
}

/// A report that is to be made.
pub(super) struct ReportDraft<'a> {
    pub(super) source: Source<'a>,
    pub(super) reporter: &'a User,
    pub(super) target: &'a CaseTarget,
    pub(super) wire_target: &'a ReportTarget,
    pub(super) rule: ReportRule,
    pub(super) comment: &'a str,
}

/// Makes a report, or finds the one that the person made before.
pub(super) async fn report(
    state: &AppState,
    client: ClientAddr,
    draft: &ReportDraft<'_>,
) -> Result<(StatusCode, JsonBody<Report>), ApiError> {
    for _ in 0..TRIES {
        if let Some(report) = own_report(state, draft).await? {
            return Ok((StatusCode::OK, JsonBody(report)));
        }
        match file(state, client, draft).await? {
            FileOutcome::Filed(report) => return Ok((StatusCode::CREATED, JsonBody(report))),
            FileOutcome::Retry => {}
        }
    }
    Err(ApiError::Overloaded(Duration::from_secs(1)))
}

impl ReportDraft<'_> {
    fn canvas_id(&self) -> CanvasId {
        match self.source {
            Source::Canvas(canvas) => canvas.id,
            Source::DirectMessage(_) => NO_CANVAS,
        }
    }

    async fn evidence(
        &self,
        state: &AppState,
        now: DateTime<Utc>,
        permit: &HeldPermit,
    ) -> db::Result<CaseEvidence> {
        let reads = &state.pools.reads;
        match self.source {
            Source::Canvas(canvas) => {
                let (index, log) = (&state.event_index, &state.log);
                evidence::gather(reads, index, log, canvas, self.target, now, permit).await
            }
            Source::DirectMessage(message) => evidence::of_direct_message(reads, message).await,
        }
    }
}

/// The report of the same thing that the person made before, if its case is open.
async fn own_report(state: &AppState, draft: &ReportDraft<'_>) -> Result<Option<Report>, ApiError> {
    let reads = &state.pools.reads;
    let Some(case) = cases::open_case(reads, draft.canvas_id(), draft.target).await? else {
        return Ok(None);
    };
    Ok(reports::in_case(reads, case, draft.reporter.id).await?)
}

/// The outcome of one attempt to file a report.
enum FileOutcome {
    Filed(Report),
    /// To be tried again: the case was opened or decided by others meanwhile, or the same
    /// person reported the thing twice at once.
    Retry,
}

async fn file(
    state: &AppState,
    client: ClientAddr,
    draft: &ReportDraft<'_>,
) -> Result<FileOutcome, ApiError> {
    let reads = &state.pools.reads;
    let canvas = draft.canvas_id();
    check_count(state, reads, draft.reporter).await?;
    let open = cases::open_case(reads, canvas, draft.target).await?;
    let evidence = if open.is_some() {
        None
    } else {
        check_room(state, draft).await?;
        state
            .user_limits
            .case(client.ip)
            .map_err(ApiError::RateLimited)?;
        let permit: HeldPermit = Arc::new(bulk::compute_permit(state, canvas, client).await?);
        let now = state.hub.clock().now();
        Some(draft.evidence(state, now, &permit).await?)
    };
    let mut transaction = state.pool.begin().await?;
    if !reports::lock_reporter(&mut transaction, draft.reporter.id).await? {
        return Err(ApiError::Unauthenticated);
    }
    check_count_locked(state, &mut transaction, draft.reporter).await?;
    let opened = match &evidence {
        Some(gathered) => {
            let evidence = serde_json::to_string(&gathered.evidence).map_err(ApiError::internal)?;
            let case = NewCase {
                canvas_id: canvas,
                target: draft.target,
                reported: &gathered.reported,
                by_guest: draft.reporter.is_guest,
                evidence: &evidence,
            };
            cases::insert(&mut transaction, &case).await?
        }
        None => None,
    };
    let case = match opened {
        Some(case) => Some(case),
        None => cases::open_case(&mut transaction, canvas, draft.target).await?,
    };
    let Some(case) = case else {
        return Ok(FileOutcome::Retry);
    };
    let locked = cases::lock(&mut transaction, case).await?;
    if locked.is_none_or(|case| case.state == CaseState::Decided) {
        return Ok(FileOutcome::Retry);
    }
    let added = reports::insert(
        &mut transaction,
        case,
        draft.reporter.id,
        draft.rule,
        draft.comment,
    );
    let Some(report) = added.await? else {
        return Ok(FileOutcome::Retry);
    };
    transaction.commit().await?;
    if opened.is_some() && canvas != NO_CANVAS {
        let message = ServerMessage::CaseOpened(CaseOpened {
            case_id: case,
            canvas_id: canvas,
            target: draft.wire_target.clone(),
            rule: draft.rule,
            timestamp: report.created_at,
        });
        state.hub.send_to_moderators(canvas, &message);
    }
    Ok(FileOutcome::Filed(report))
}

/// Refuses a report beyond the daily number, before anything is read for it.
async fn check_count(state: &AppState, reads: &Pool, reporter: &User) -> Result<(), ApiError> {
    let mut lease = reads.acquire().await?;
    let checked = check_count_locked(state, &mut lease, reporter).await;
    lease.done();
    checked
}

/// The same under the lock of the person, who may be making others at the same moment.
async fn check_count_locked(
    state: &AppState,
    lease: &mut Lease,
    reporter: &User,
) -> Result<(), ApiError> {
    if state.config.rate_limits == Switch::Off {
        return Ok(());
    }
    let most = if reporter.is_guest {
        GUEST_REPORTS
    } else {
        REPORTS
    };
    let now = state.hub.clock().now();
    let oldest = reports::nth_newest(lease, reporter.id, now - WINDOW, most - 1).await?;
    match oldest {
        Some(oldest) => {
            let wait = (oldest + WINDOW - now).to_std().unwrap_or_default();
            Err(ApiError::RateLimited(wait.max(Duration::from_secs(1))))
        }
        None => Ok(()),
    }
}

/// Refuses to open a case where too many are not decided.
async fn check_room(state: &AppState, draft: &ReportDraft<'_>) -> Result<(), ApiError> {
    let undecided = cases::undecided(&state.pools.reads, draft.canvas_id(), MAX_CASES);
    let (all, by_guests) = undecided.await?;
    if all >= MAX_CASES || (draft.reporter.is_guest && by_guests >= MAX_GUEST_CASES) {
        return Err(ApiError::RateLimited(FULL_WAIT));
    }
    Ok(())
}
