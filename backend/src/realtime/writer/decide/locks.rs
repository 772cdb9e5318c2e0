//! Decisions about tile locks.

use super::{Planner, nothing};
use crate::{
    db::locks::TileLock,
    realtime::{
        cluster_message::LockChange,
        write::WriteError,
        writer::{Applied, Request},
    },
};
use chrono::TimeDelta;
use shared::{
    canvas::{Coord, EditPolicy, Refusal, Role},
    ids::{ConnectionId, UserId},
    limits,
};

impl Planner {
    /// Takes or renews the lock of a tile for the connection of the request.
    pub(super) fn lock(&mut self, request: &Request, at: Coord) -> Result<Applied, WriteError> {
        self.may_lock(request, at)?;
        let connection = request.connection.ok_or(WriteError::Internal)?;
        self.grant_lock(request, at, connection, true);
        Ok(nothing())
    }

    /// Releases the lock of a tile, if the user holds it from any connection.
    pub(super) fn unlock(&mut self, user: UserId, at: Coord) -> Result<Applied, WriteError> {
        if !self.grid.contains(at) {
            return Err(Refusal::OutOfBounds.into());
        }
        if self.plan.policy != EditPolicy::Exclusive {
            return Err(Refusal::Forbidden.into());
        }
        match self.locks.get(&at) {
            Some(lease) if lease.user_id != user => Err(Refusal::TileLocked.into()),
            Some(_) => {
                if let Some(lease) = self.locks.remove(&at) {
                    self.plan.lock_changes.push(LockChange::Released(lease));
                }
                Ok(nothing())
            }
            None => Ok(nothing()),
        }
    }

    fn may_lock(&self, request: &Request, at: Coord) -> Result<(), Refusal> {
        if !self.grid.contains(at) {
            return Err(Refusal::OutOfBounds);
        }
        if self.plan.policy != EditPolicy::Exclusive || self.role(request) < Some(Role::Editor) {
            return Err(Refusal::Forbidden);
        }
        let user = request.write.identity.user_id;
        match self.locks.get(&at) {
            Some(lease) if lease.user_id != user => Err(Refusal::TileLocked),
            _ => Ok(()),
        }
    }

    /// Takes or renews a lock. It stays with the connection that took it. A
    /// renewal is announced to the members if the client asked for it, or if the last
    /// announcement is a while ago.
    pub(super) fn grant_lock(
        &mut self,
        request: &Request,
        at: Coord,
        connection: ConnectionId,
        asked: bool,
    ) {
        let length = TimeDelta::milliseconds(i64::try_from(limits::LOCK_MS).unwrap_or(i64::MAX));
        let earlier = self.locks.get(&at);
        let soon = self.now + length * 2 / 3;
        let lease = TileLock {
            at,
            user_id: request.write.identity.user_id,
            username: request.write.identity.username.to_string(),
            connection_id: earlier.map_or(connection, |lease| lease.connection_id),
            expires_at: self.now + length,
        };
        let announce = asked || earlier.is_none_or(|lease| lease.expires_at < soon);
        self.locks.insert(at, lease.clone());
        self.plan
            .lock_changes
            .push(LockChange::Held { lease, announce });
    }
}
