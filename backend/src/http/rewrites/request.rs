//! What the body of a request for a rewrite asks for: users, times and area, resolved and
//! checked.

use crate::{
    auth::Session,
    bulk_reads::BulkPermit,
    cell_history::Rule,
    db::{access, users},
    http::{
        bulk,
        client_addr::ClientAddr,
        error::{ApiError, Resource},
        validator::Validator,
    },
    past::{cells, moment},
    rewrites::Task,
    state::AppState,
};
use serde_json::{Value, json};
use shared::{
    api::{
        Canvas, User,
        rewrites::{Area, NewRewrite, RewriteKind},
    },
    canvas::{Rank, Role},
    ids::{CanvasId, RewriteId, UserId},
    limits, text,
    time::Timestamp,
};
use std::collections::HashSet;

/// A checked request for a rewrite.
pub(super) struct RewriteRequest {
    pub(super) task: Task,
    pub(super) kind: RewriteKind,
    /// Whether it takes back only what the user may paint over.
    pub(super) is_own: bool,
    pub(super) needs_moderator: bool,
    pub(super) reason: String,
    /// The cells to look at, as `canvas_events.tile` names them.
    pub(super) cells: Vec<i32>,
    pub(super) head: i64,
    /// For the moderation log.
    pub(super) detail: Value,
    /// The rewrite that it undoes.
    pub(super) undoes: Option<RewriteId>,
}

pub(super) fn task(canvas: &Canvas, user: UserId, role: Role, rule: Rule) -> Task {
    Task {
        canvas: canvas.id,
        tile_size: canvas.tile_size,
        rule,
        user,
        role,
        policy: canvas.edit_policy,
    }
}

/// Resolves the users, time and area of a revert. The permit was acquired to find the cells, and
/// is returned for planning the changes.
pub(super) async fn revert(
    state: &AppState,
    session: &Session,
    canvas: &Canvas,
    role: Role,
    body: &NewRewrite,
    client: ClientAddr,
) -> Result<(RewriteRequest, BulkPermit), ApiError> {
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
    let user_ids: Vec<UserId> = users.iter().copied().collect();
    let range = from_seq.saturating_sub(1)..to_seq;
    let permit = bulk::compute_permit(state, canvas.id, client).await?;
    let mut cells = cells::changed_by(&state.event_index, canvas.id, &user_ids, range).await?;
    if let Some(area) = area {
        cells.retain(|cell| crate::rewrites::is_in(*cell, area));
    }
    let usernames: Vec<&str> = named.iter().map(|user| user.username.as_str()).collect();
    let detail = json!({
        "kind": RewriteKind::Revert, "usernames": usernames, "user_ids": user_ids,
        "from_seq": from_seq, "to_seq": to_seq, "area": area,
    });
    let rule = Rule::Revert {
        users,
        from_seq,
        to_seq,
    };
    let request = RewriteRequest {
        task: task(canvas, user, role, rule),
        kind: RewriteKind::Revert,
        is_own: !names_others,
        needs_moderator: names_others,
        reason,
        cells,
        head,
        detail,
        undoes: None,
    };
    Ok((request, permit))
}

/// Resolves the area and time of a restore. The permit is as that of [`revert`].
pub(super) async fn restore(
    state: &AppState,
    session: &Session,
    canvas: &Canvas,
    role: Role,
    body: &NewRewrite,
    client: ClientAddr,
) -> Result<(RewriteRequest, BulkPermit), ApiError> {
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
    let permit = bulk::compute_permit(state, canvas.id, client).await?;
    let cells = cells::changed_in(&state.event_index, canvas.id, area, at_seq).await?;
    let needs_moderator = role >= Role::Moderator;
    let request = RewriteRequest {
        task: task(canvas, session.user_id(), role, Rule::Restore { at_seq }),
        kind: RewriteKind::Restore,
        is_own: !needs_moderator,
        needs_moderator,
        reason,
        cells,
        head,
        detail: json!({ "kind": RewriteKind::Restore, "at_seq": at_seq, "area": area }),
        undoes: None,
    };
    Ok((request, permit))
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
    let millis = time.millis() - i64::from(!inclusive);
    let seq = moment::last_until(&state.pools.reads, canvas.id, millis).await?;
    Ok(seq.min(canvas.last_seq))
}

/// # Errors
/// `Forbidden` unless all others have a lower rank than the user who asks.
async fn refuse_high_ranks(
    state: &AppState,
    canvas: CanvasId,
    user: UserId,
    named: &HashSet<UserId>,
) -> Result<(), ApiError> {
    let mut all: Vec<UserId> = named.iter().copied().collect();
    all.push(user);
    let roles = access::roles(&state.pool, canvas, &all).await?;
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
