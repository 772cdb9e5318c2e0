//! The room's part in noticing that the log went back: after a restore, or a failover
//! to a standby that was behind. Whatever looks like it has the log compared under the
//! canvas's lock (`db::history`). If events that were delivered are gone, the members
//! are disconnected before anything is delivered or acknowledged after them, and resume
//! with `resync`, since the epoch is another one.

use super::Room;
use crate::{
    db::{
        history::{CheckedLog, SeenLog},
        log::{Head, RoomCanvas},
    },
    realtime::write::WriteError,
};
use shared::{ids::Epoch, protocol::CloseReason};

/// Members that are disconnected reconnect at a random moment within this time, in
/// milliseconds.
const RECONNECT_MS: u64 = 1000;
/// A canvas that so many polls, one second apart, do not find in a database that was
/// loaded meanwhile counts as deleted.
const MISSING_POLLS: u32 = 10;

/// Which log it is that the room delivers.
pub(super) struct LogIdentity {
    pub(super) epoch: Epoch,
    /// See [`crate::db::log::LockedCanvas::instance`].
    pub(super) instance: i64,
    /// The newest delivered `seq` when the head was polled last: no later poll may
    /// find less.
    least_head: i64,
    /// Whether the log has to be compared with what was delivered.
    pub(super) needs_check: bool,
    /// The polls in a row that did not find the canvas.
    missing_polls: u32,
}

impl LogIdentity {
    pub(super) fn new(canvas: &RoomCanvas) -> Self {
        Self {
            epoch: canvas.epoch,
            instance: canvas.instance,
            least_head: canvas.last_seq,
            needs_check: false,
            missing_polls: 0,
        }
    }

    /// Whether this is the log that the room delivers. If not, it is compared.
    pub(super) fn compare(&mut self, epoch: Epoch, instance: i64) -> bool {
        let is_same = epoch == self.epoch && instance == self.instance;
        self.needs_check |= !is_same;
        is_same
    }
}

impl Room {
    /// What the room has delivered of the log.
    pub(super) fn seen_log(&self) -> SeenLog {
        SeenLog {
            epoch: self.log.epoch,
            instance: self.log.instance,
            head: self.delivery.head(),
            last_event: self.delivery.last_event(),
        }
    }

    /// Takes what a poll found. While a dump is being loaded, a canvas may be missing
    /// for a moment.
    pub(super) fn on_polled(&mut self, instance: i64, head: Option<Head>) {
        let Some(head) = head else {
            self.log.missing_polls += 1;
            if instance == self.log.instance || self.log.missing_polls > MISSING_POLLS {
                self.delete();
            }
            return;
        };
        self.log.missing_polls = 0;
        if !self.log.compare(head.epoch, instance) || head.last_seq < self.log.least_head {
            self.log.needs_check = true;
        } else {
            self.delivery.observe_head(head.last_seq);
        }
        self.log.least_head = self.delivery.head();
        self.check_roles(head.acl_version);
    }

    /// Takes the identity of the log with which a transaction of this room succeeded:
    /// it contains what was delivered.
    pub(super) fn adopt_log(&mut self, epoch: Epoch, instance: i64) {
        if (epoch, instance) != (self.log.epoch, self.log.instance) {
            self.log.epoch = epoch;
            self.log.instance = instance;
            self.members.invalidate_acl();
        }
    }

    /// Takes the result of a comparison.
    pub(super) fn on_log_checked(&mut self, checked: CheckedLog) {
        let CheckedLog {
            canvas,
            is_continued,
        } = checked;
        self.grid = canvas.grid;
        self.adopt_log(canvas.epoch, canvas.instance);
        if is_continued {
            self.delivery.observe_head(canvas.last_seq);
        } else {
            self.restart_from(canvas);
        }
    }

    fn restart_from(&mut self, canvas: RoomCanvas) {
        let (canvas_id, delivered, head) = (self.canvas_id, self.delivery.head(), canvas.last_seq);
        tracing::warn!(%canvas_id, delivered, head, "the log went back; the members start again");
        for (request, reply_to) in self.writes.take_queued() {
            let op_id = request.write.op_id;
            self.reply(op_id, reply_to, Err(WriteError::Unavailable));
        }
        self.delivery.flush_now(&self.members);
        self.members.close_all(CloseReason::GoingAway(RECONNECT_MS));
        self.log.least_head = head;
        self.writes.backfilled.clear();
        self.delivery.restart(head, canvas.last_event);
        self.members.invalidate_acl();
        self.read_locks();
    }
}
