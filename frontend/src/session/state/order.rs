//! Sanctions of this user, and what becomes of what they did: refused for
//! good it is kept as a draft, refused for a moment it waits.

use super::SessionState;
use crate::{
    model::{
        connection::{ConnectionStatus, EndReason},
        notice::NoticeKind,
        order::is_in_force,
    },
    session::{
        chat,
        effect::Effect,
        pending_storage::PendingStorage,
        queue::{Op, OrderingKey},
    },
    store::backend::{Backend, Var},
};
use shared::{
    api::sanctions::{Activity, Sanction, SanctionBrief, SanctionKind},
    canvas::Role,
    ids::OpId,
    protocol::{ClientMessage, ClientRequest, ErrorCode},
};
use std::collections::HashSet;

impl<B: Backend> SessionState<B> {
    /// A sanction came into force.
    pub(super) fn sanctioned(&mut self, sanction: Sanction) {
        self.store.sanctions.update(|all| {
            all.retain(|other| other.id != sanction.id);
            all.push(sanction);
        });
        self.leave_forbidden_tile();
    }

    /// Who may not paint any more leaves the open tile.
    fn leave_forbidden_tile(&mut self) {
        if self.store.kept_from(Activity::Painting).is_some()
            && let Some(at) = self.store.editing.get()
        {
            self.store.editing.set(None);
            self.store.pen.set(None);
            self.announce_editing(at, false);
        }
    }

    /// A sanction was lifted, confirmed, or is over.
    pub fn sanction_over(&mut self, id: i64) {
        let mut over = None;
        self.store.sanctions.update(|all| {
            let index = all.iter().position(|sanction| sanction.id == id);
            over = index.map(|index| all.remove(index));
        });
        if over.is_some_and(|sanction| sanction.kind != SanctionKind::Warning) {
            self.notify(NoticeKind::SanctionOver);
        }
    }

    /// The server lets this user in no more: nothing that waits can be stored.
    pub(super) fn banned(&mut self) {
        self.effects.push(Effect::CloseSocket);
        self.end(EndReason::Banned);
        self.effects.push(Effect::FetchSanctions);
        let waiting: Vec<OpId> = self.queue.iter().map(|op| op.id).collect();
        let mut is_shelved = false;
        let mut cells = HashSet::new();
        for id in waiting {
            let Some(op) = self.finish(id) else { continue };
            let code = ErrorCode::Sanctioned;
            is_shelved |= self.shelve(&op, code);
            match op.ordering_key {
                OrderingKey::Chat => self.refuse_chat(op.id, code),
                OrderingKey::Comments => self
                    .store
                    .comments
                    .update(|comments| comments.refuse(op.id, code)),
                OrderingKey::Tile(at) => drop(cells.insert(at)),
            }
        }
        for at in cells {
            // Nothing is pending there any more, so the time is of no matter.
            self.rebase(at, 0);
        }
        self.history.clear();
        self.store.undoable.set_if_changed((false, false));
        if is_shelved {
            self.notify(NoticeKind::Shelved);
        }
    }

    /// A sanction refused a request. One that is not known yet is asked for,
    /// once, so that its person is told why.
    pub(super) fn refused_by(&mut self, brief: Option<&SanctionBrief>) {
        let Some(brief) = brief else { return };
        let is_known = self
            .store
            .sanctions
            .with(|all| all.iter().any(|one| one.id == brief.id));
        if !is_known && self.asked_sanction.replace(brief.id) != Some(brief.id) {
            self.effects.push(Effect::FetchSanctions);
        }
    }

    /// This user's sanctions came, over ones too; none if they could not be had.
    pub fn sanctions_received(&mut self, sanctions: Option<Vec<Sanction>>, now: i64) {
        let Some(sanctions) = sanctions else { return };
        let canvas = self.store.canvas_id;
        let server_now = self.server_time(now).millis();
        let here = sanctions.into_iter().filter(|sanction| {
            sanction.canvas_id.is_none_or(|id| id == canvas) && is_in_force(sanction, server_now)
        });
        self.store.sanctions.set(here.collect());
        self.leave_forbidden_tile();
    }

    /// Keeps what a sanction or a lockdown refused as a draft. False if it was
    /// refused for another reason.
    pub(super) fn shelve(&mut self, op: &Op, code: ErrorCode) -> bool {
        let is_work = matches!(
            op.message,
            ClientMessage::CanvasChat { .. }
                | ClientMessage::ChatEdit { .. }
                | ClientMessage::CommentCreate { .. }
                | ClientMessage::CommentUpdate { text: Some(_), .. }
                | ClientMessage::TileCreate { .. }
                | ClientMessage::TilePaint { .. }
                | ClientMessage::TileUpdate { .. }
        );
        if !is_work || !matches!(code, ErrorCode::Sanctioned | ErrorCode::LockedDown) {
            return false;
        }
        let Some(storage) = &self.storage else {
            return false;
        };
        let is_kept = storage.put_draft(&op.request());
        self.count_drafts();
        is_kept
    }

    /// Tells how much is kept as a draft.
    pub(super) fn count_drafts(&self) {
        let count = self
            .storage
            .as_ref()
            .map_or(0, PendingStorage::count_drafts);
        self.store.drafts.set_if_changed(count);
    }

    /// The draft as JSON: an array of the requests, oldest first.
    pub fn draft_as_json(&self) -> String {
        let drafts = self.storage.as_ref().map(PendingStorage::drafts);
        let requests: Vec<String> = drafts
            .unwrap_or_default()
            .into_iter()
            .map(|(json, _)| json)
            .collect();
        format!("[\n{}\n]\n", requests.join(",\n"))
    }

    /// Removes the draft.
    pub fn discard_draft(&mut self) {
        if let Some(storage) = &self.storage {
            storage.discard_drafts();
        }
        self.count_drafts();
    }

    /// Sends what is kept as a draft. Each request keeps its `op_id`, so that
    /// what was stored after all is not stored twice.
    pub fn send_draft(&mut self, now: i64) {
        let drafts = self.storage.as_ref().map(PendingStorage::drafts);
        let requests: Vec<ClientRequest> = drafts
            .unwrap_or_default()
            .into_iter()
            .filter_map(|(_, request)| request)
            .collect();
        // The rows of what was refused come again.
        self.store.chat.update(|rows| {
            for id in requests.iter().filter_map(|request| request.op_id) {
                chat::discard(rows, id);
            }
        });
        for id in requests.iter().filter_map(|request| request.op_id) {
            self.discard_comment(id);
        }
        self.unsaved
            .extend(requests.iter().filter_map(|request| request.op_id));
        self.recover(requests, now);
        self.save();
        self.discard_draft();
        self.effects.push(Effect::Flush);
    }

    /// The server takes a chat message or a comment later: it waits, and nothing
    /// of another kind does. False if it is neither.
    pub(super) fn hold_words(&mut self, id: OpId, until: i64) -> bool {
        let Some(ordering_key) = self.queue.get(id).map(|op| op.ordering_key) else {
            return false;
        };
        match ordering_key {
            OrderingKey::Chat => self.store.chat_held_until.set_if_changed(until),
            OrderingKey::Comments => {}
            OrderingKey::Tile(_) => return false,
        }
        self.queue.hold(id, until);
        true
    }

    /// This user's message was stored: in slow mode the next one has to wait.
    pub(super) fn said(&mut self, stored_at: i64) {
        let slow = self.store.canvas.with(|canvas| {
            let canvas = canvas.as_ref()?;
            Some(i64::from(canvas.slow_mode_s) * 1_000)
        });
        let may_moderate = self
            .store
            .me
            .with(|me| me.as_ref().is_some_and(|me| me.role >= Role::Moderator));
        if let (Some(slow @ 1..), false) = (slow, may_moderate) {
            let until = stored_at - self.store.clock_offset.get() + slow;
            self.store.chat_held_until.set_if_changed(until);
        }
    }

    /// Ends what is over: sanctions, a lockdown, being new, a ban.
    pub(super) fn expire_order(&mut self, now: i64) {
        let server_now = self.server_time(now).millis();
        let sanctions = &self.store.sanctions;
        if sanctions.with(|all| all.iter().any(|one| !is_in_force(one, server_now))) {
            sanctions.update(|all| all.retain(|one| is_in_force(one, server_now)));
            self.notify(NoticeKind::SanctionOver);
            let is_banned =
                self.store.connection.get() == ConnectionStatus::Ended(EndReason::Banned);
            let bans = |all: &Vec<Sanction>| all.iter().any(|one| one.kind == SanctionKind::Ban);
            if is_banned && !self.store.sanctions.with(bans) {
                self.store.connection.set(ConnectionStatus::Connecting);
                self.effects.push(Effect::OpenSocket);
            }
        }
        for until in [&self.store.locked_out_until, &self.store.newcomer_until] {
            if until
                .get()
                .is_some_and(|until| until.millis() <= server_now)
            {
                until.set(None);
            }
        }
    }
}
