//! Changes the settings of a canvas.

use super::{canvas_for, check_rate, role, within};
use crate::{
    auth::Session,
    db::access::Standing,
    http::{error::ApiError, validator::Validator},
    realtime::{Operation, UNKNOWN_ACL, Write, settings_permit},
    state::AppState,
};
use chrono::{DateTime, Utc};
use shared::{
    api::{Canvas, UpdateCanvas},
    canvas::Role,
    ids::CanvasId,
    limits, text,
    time::Timestamp,
};

/// Writes the fields that differ, and returns the canvas as it is then.
pub(super) async fn change(
    state: &AppState,
    session: Session,
    id: CanvasId,
    body: UpdateCanvas,
) -> Result<Canvas, ApiError> {
    check_rate(state, session.user_id())?;
    let role = role(&state.pool, id, session.user_id()).await?;
    if role < Role::Moderator {
        return Err(ApiError::Forbidden);
    }
    let now = state.hub.clock().now();
    let mut validator = Validator::default();
    let change = UpdateCanvas {
        name: validator.optional(
            "name",
            body.name
                .map(|name| text::name(&name, &limits::CANVAS_NAME)),
        ),
        description: validator.optional(
            "description",
            body.description
                .map(|text| text::clean(&text, &limits::CANVAS_DESCRIPTION)),
        ),
        visibility: body.visibility,
        edit_policy: body.edit_policy,
        guests: body.guests,
        newcomers: body.newcomers,
        slow_mode_s: validator.optional(
            "slow_mode_s",
            body.slow_mode_s
                .map(|seconds| within(seconds, limits::SLOW_MODE_S)),
        ),
        lockdown_until: validator.optional(
            "lockdown_until",
            body.lockdown_until.map(|until| to_come(until, now)),
        ),
    };
    validator.finish()?;
    if !settings_permit(Some(role), &change, now) {
        return Err(ApiError::Forbidden);
    }
    let viewer = Some(session.user_id());
    let change = changed_fields(change, &canvas_for(state, id, viewer).await?);
    let changes = change != UpdateCanvas::default();
    if changes {
        let write = Write {
            identity: session.identity,
            role,
            acl_version: UNKNOWN_ACL,
            sanctions: None,
            standing: Standing::default(),
            op_id: None,
            operation: Operation::Settings(change),
        };
        state.hub.write(id, write).await?;
        state.hub.access_changed(id);
    }
    canvas_for(state, id, viewer).await
}

/// Without the fields that have that value already: if none is left, no event is
/// written.
fn changed_fields(change: UpdateCanvas, canvas: &Canvas) -> UpdateCanvas {
    UpdateCanvas {
        name: change.name.filter(|name| *name != canvas.name),
        description: change
            .description
            .filter(|description| *description != canvas.description),
        visibility: change
            .visibility
            .filter(|visibility| *visibility != canvas.visibility),
        edit_policy: change
            .edit_policy
            .filter(|policy| *policy != canvas.edit_policy),
        guests: change.guests.filter(|guests| *guests != canvas.guests),
        newcomers: change
            .newcomers
            .filter(|newcomers| *newcomers != canvas.newcomers),
        slow_mode_s: change
            .slow_mode_s
            .filter(|seconds| *seconds != canvas.slow_mode_s),
        lockdown_until: change
            .lockdown_until
            .filter(|until| *until != canvas.lockdown_until),
    }
}

fn to_come(
    until: Option<Timestamp>,
    now: DateTime<Utc>,
) -> Result<Option<Timestamp>, &'static str> {
    match until {
        Some(until) if DateTime::from(until) <= now => Err("must be a time to come"),
        until => Ok(until),
    }
}
