//! How fast somebody may write: newcomers, and everybody in slow mode.

use super::Planner;
use crate::realtime::{order::left, write::WriteError, writer::Request};
use chrono::{DateTime, Utc};
use shared::{
    canvas::{Role, TileOp, TileState},
    ids::UserId,
};

impl Planner {
    /// Checks the time between the messages of a user.
    pub(super) fn check_chat(&self, request: &Request, role: Role) -> Result<(), WriteError> {
        let Some(visit) = self.visits.get(&request.write.identity.user_id) else {
            return Ok(());
        };
        if self.newcomer_until(request).is_some()
            && let Some(wait) = visit.recent.chat_wait(self.now)
        {
            return Err(WriteError::Newcomer(wait));
        }
        self.check_slow_mode(request, role)
    }

    /// Checks the time since the last message of a user.
    pub(super) fn check_slow_mode(&self, request: &Request, role: Role) -> Result<(), WriteError> {
        let slow_mode_s = self.order.slow_mode_s;
        if slow_mode_s > 0
            && role < Role::Moderator
            && let Some(visit) = self.visits.get(&request.write.identity.user_id)
            && let Some(wait) = visit.recent.slow_mode_wait(self.now, slow_mode_s)
        {
            return Err(WriteError::SlowMode(wait));
        }
        Ok(())
    }

    /// Counts a message that was accepted.
    pub(super) fn note_chat(&mut self, user: UserId) {
        if let Some(visit) = self.visits.get_mut(&user) {
            visit.recent.note_chat(self.now);
            self.plan.paced.insert(user, visit.recent.clone());
        }
    }

    /// Refuses what newcomers may not do at all in the tile of somebody else.
    pub(super) fn check_newcomer(
        &self,
        request: &Request,
        tile: Option<&TileState>,
        op: &TileOp,
    ) -> Result<(), WriteError> {
        let is_whole = match op {
            TileOp::Delete => true,
            TileOp::Update { pixels, .. } => pixels.is_some(),
            TileOp::Create { .. } | TileOp::Paint { .. } | TileOp::Like { .. } => false,
        };
        if !is_whole || !is_of_somebody_else(request, tile) {
            return Ok(());
        }
        match self.newcomer_until(request) {
            Some(until) => Err(WriteError::Newcomer(left(until, self.now))),
            None => Ok(()),
        }
    }

    /// Counts the pixels that a newcomer changes in the tile of somebody else.
    ///
    /// # Errors
    /// [`WriteError::Newcomer`] where they are too many; then they are not counted.
    pub(super) fn count_pixels(
        &mut self,
        request: &Request,
        before: Option<&TileState>,
        after: Option<&TileState>,
    ) -> Result<(), WriteError> {
        if !is_of_somebody_else(request, before) || self.newcomer_until(request).is_none() {
            return Ok(());
        }
        let (Some(before), Some(after)) = (before, after) else {
            return Ok(());
        };
        let pixels = before.pixels.as_bytes().iter().zip(after.pixels.as_bytes());
        let changed = pixels.filter(|(before, after)| before != after).count();
        let user = request.write.identity.user_id;
        let visit = self.visits.get_mut(&user).filter(|_| changed > 0);
        let Some(visit) = visit else { return Ok(()) };
        if let Some(wait) = visit.recent.pixels_wait(self.now, changed) {
            return Err(WriteError::Newcomer(wait));
        }
        visit.recent.note_pixels(self.now, changed);
        self.plan.paced.insert(user, visit.recent.clone());
        Ok(())
    }

    /// Until when the user who asks is a newcomer; `None` where newcomers are not limited.
    fn newcomer_until(&self, request: &Request) -> Option<DateTime<Utc>> {
        if !self.order.limits_newcomers || self.standing(request).has_given_role {
            return None;
        }
        let visit = self.visits.get(&request.write.identity.user_id)?;
        visit.newcomer_until(self.now)
    }
}

/// Whether the tile was started by somebody else than the user who asks.
fn is_of_somebody_else(request: &Request, tile: Option<&TileState>) -> bool {
    tile.is_some_and(|tile| tile.creator_id != request.write.identity.user_id)
}
