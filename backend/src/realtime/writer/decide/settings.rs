//! Decisions about the canvas's settings, and the events that they make.

use super::{Planner, nothing};
use crate::realtime::{
    cluster_message::LockChange,
    write::WriteError,
    writer::{Applied, Request, plan::LogLine},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};
use shared::{
    api::{UpdateCanvas, moderation::ModerationAction},
    canvas::{EditPolicy, Guests, Newcomers, Role},
    limits,
    protocol::{CanvasUpdated, DurableEvent},
};

impl Planner {
    /// Tells what was changed already, or that it was refused.
    pub(super) fn change_settings(
        &mut self,
        request: &Request,
        change: &UpdateCanvas,
    ) -> Result<Applied, WriteError> {
        let changed = self.settings.pop_front().ok_or(WriteError::Internal)?;
        let Some(mut canvas) = changed? else {
            return Ok(nothing());
        };
        canvas.last_seq = self.seq + 1;
        canvas.tile_count = self.tile_count;
        self.order.guests = canvas.guests;
        self.order.limits_newcomers &= canvas.newcomers == Newcomers::Limited;
        self.order.slow_mode_s = canvas.slow_mode_s;
        self.order.lockdown_until = canvas.lockdown_until.map(DateTime::from);
        self.plan.policy = canvas.edit_policy;
        if self.plan.policy != EditPolicy::Exclusive {
            let held = self.locks.drain().map(|(_, lease)| lease);
            let released = held.map(LockChange::Released);
            self.plan.lock_changes.extend(released);
        }
        let event = DurableEvent::CanvasUpdated(Box::new(CanvasUpdated {
            seq: self.seq + 1,
            canvas_id: self.canvas,
            canvas,
            timestamp: self.now.into(),
        }));
        let applied = self.append(request, &event)?;
        let detail = log_detail(change);
        if !detail.is_empty() {
            self.plan.log_lines.push(LogLine {
                action: ModerationAction::SettingsChanged,
                actor: request.write.identity.user_id,
                target: None,
                reason: String::new(),
                detail: detail.into(),
            });
        }
        Ok(applied)
    }
}

/// The detail of a change in the moderation log: the new values of the settings that keep order.
fn log_detail(change: &UpdateCanvas) -> Map<String, Value> {
    let mut detail = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        detail.extend(value.map(|value| (name.to_owned(), value)));
    };
    set("guests", change.guests.map(|guests: Guests| json!(guests)));
    set("newcomers", change.newcomers.map(|it| json!(it)));
    set("slow_mode_s", change.slow_mode_s.map(|it| json!(it)));
    set("lockdown_until", change.lockdown_until.map(|it| json!(it)));
    detail
}

/// Whether somebody with this role may change the settings so: the owner all of them,
/// moderators slow mode and a lockdown that ends soon.
pub(crate) fn permits(role: Option<Role>, change: &UpdateCanvas, now: DateTime<Utc>) -> bool {
    match role {
        Some(Role::Owner) => true,
        Some(Role::Moderator) => {
            let rest = UpdateCanvas {
                slow_mode_s: None,
                lockdown_until: None,
                ..change.clone()
            };
            let latest = now + TimeDelta::seconds(limits::MODERATORS_LOCKDOWN_S);
            let until = change.lockdown_until.flatten().map(DateTime::<Utc>::from);
            rest == UpdateCanvas::default() && until.is_none_or(|until| until <= latest)
        }
        Some(Role::Editor | Role::Viewer) | None => false,
    }
}
