//! One's own durable requests: checked, shown at once, queued, kept for a
//! reload, and ended when the server has stored or refused them.

use super::{
    super::queue::{self, Op, OrderingKey, Pushed, Queue},
    SessionState,
};
use crate::{
    model::{comments::Comments, notice::NoticeKind},
    session::{effect::Effect, pending_storage::PendingStorage},
    store::backend::{Backend, Var},
};
use shared::{
    api::User,
    canvas::{Coord, TileOp},
    ids::OpId,
    protocol::{ClientMessage, ClientRequest, ErrorCode},
};
use std::{collections::HashSet, rc::Rc, sync::Arc};
use uuid::Uuid;

impl<B: Backend> SessionState<B> {
    /// Sends a message: a durable one is queued and shown at once, an
    /// ephemeral one is sent if there is a connection. Returns the id of a
    /// durable one; none if it was not taken.
    pub fn dispatch(&mut self, message: ClientMessage, now: i64) -> Option<OpId> {
        if !message.is_durable() {
            self.send(message);
            return None;
        }
        let id = self.enqueue(message, now);
        self.effects.push(Effect::Flush);
        id
    }

    /// Checks a durable request by the shared rules, shows and queues it.
    /// None, and a toast, if it is not allowed or the queue is full.
    pub(super) fn enqueue(&mut self, message: ClientMessage, now: i64) -> Option<OpId> {
        let ordering_key = queue::ordering_key(&message)?;
        let tile = message.tile_op();
        if let Some((at, op)) = &tile
            && let Err(refusal) = self.store.permit(*at, op)
        {
            match self.store.draw_refusal(*at) {
                Some(why) => self.notify_may_not(why),
                None => self.notify_refusal(&refusal, *at),
            }
            return None;
        }
        let author = self.author()?;
        self.wake(now);
        let applied_at = self.server_time(now);
        let id = OpId::from((self.new_id)());
        let row = self.chat_row(id, &message, now);
        let is_edit = matches!(message, ClientMessage::ChatEdit { .. });
        let comment = self.pending_comment(id, &message, now);
        let id = match self.queue.push(id, ordering_key, message, now) {
            Pushed::New => id,
            Pushed::Merged(id) => id,
            Pushed::Full => {
                self.notify(NoticeKind::QueueFull);
                return None;
            }
        };
        self.unsaved.insert(id);
        if let Some((at, op)) = tile {
            self.store
                .tiles
                .update(at, |tiles| tiles.apply(at, &op, &author, applied_at));
        }
        if let Some(row) = row {
            self.store.chat.update(|chat| chat.push(Arc::new(row)));
        }
        if is_edit {
            self.show_waiting_chat();
        }
        if let Some(comment) = comment {
            self.store
                .comments
                .update(|comments| comments.push(comment));
        }
        self.count_waiting();
        Some(id)
    }

    /// Another user signed in: what belongs to the former one goes from this
    /// tab (it stays in the storage), and what this user left unsent in
    /// closed pages is taken over.
    pub(super) fn sign_in(&mut self, user: User, now: i64) {
        if self.user.as_ref().is_some_and(|old| old.id == user.id) {
            self.user = Some(user);
            return;
        }
        self.save();
        let former = std::mem::take(&mut self.queue);
        if let Some(old) = self.user.replace(user) {
            let unkept: Vec<ClientRequest> = former
                .iter()
                .filter(|op| self.unkept.contains(&op.id))
                .map(Op::request)
                .collect();
            if !unkept.is_empty() {
                self.parked.push((old.id, unkept));
            }
            // The role was the former user's.
            self.store.canvas.update(|canvas| {
                if let Some(canvas) = canvas {
                    canvas.role = None;
                }
            });
        }
        self.unkept.clear();
        self.frame_kept = false;
        self.history.clear();
        self.set_hidden(HashSet::new());
        self.store.undoable.set_if_changed((false, false));
        self.typing_sent_at = None;
        self.status = None;
        self.take_off_board(&former, now);
        let page = (self.new_id)();
        let storage = Rc::clone(&self.local_storage);
        self.storage = self.user.as_ref().map(|user| {
            // Dropping the former user's ends its heartbeat: their other pages
            // may take over at once.
            PendingStorage::new(storage, self.store.canvas_id, user.id, page)
        });
        self.effects.push(Effect::HoldPage(page));
        self.store.sanctions.set_if_changed(Vec::new());
        self.count_drafts();
        self.predict_me();
        let parked = self.unpark();
        self.unsaved
            .extend(parked.iter().filter_map(|request| request.op_id));
        self.recover(parked, now);
        self.show_frame(now);
        self.effects.push(Effect::FindLivingPages);
    }

    /// What this user left unsent in this tab, and the storage had no room for.
    fn unpark(&mut self) -> Vec<ClientRequest> {
        let user = self.user.as_ref().map(|user| user.id);
        let index = self.parked.iter().position(|(id, _)| Some(*id) == user);
        index.map_or_else(Vec::new, |index| self.parked.swap_remove(index).1)
    }

    /// Removes a former user's pending operations from what is shown.
    fn take_off_board(&mut self, former: &Queue, now: i64) {
        self.take_off_chat();
        self.store.comments.update(Comments::clear_pending);
        let cells: HashSet<Coord> = former
            .iter()
            .filter_map(|op| match op.ordering_key {
                OrderingKey::Tile(at) => Some(at),
                OrderingKey::Chat | OrderingKey::Comments => None,
            })
            .collect();
        for at in cells {
            self.rebase(at, now);
        }
        self.count_waiting();
    }

    /// Takes over the requests of this user's closed pages. `living` are the
    /// pages that are surely open; none where the browser cannot tell.
    pub fn recover_orphaned(&mut self, living: Option<&[Uuid]>, now: i64) {
        let Some(storage) = &self.storage else { return };
        let room = queue::CAPACITY.saturating_sub(self.queue.len());
        let has = |id| self.queue.get(id).is_some();
        let recovered = storage.recover_orphaned(living, room, has);
        self.recover(recovered, now);
        self.effects.push(Effect::Flush);
    }

    /// Queues and shows requests of an earlier page.
    pub(super) fn recover(&mut self, requests: Vec<ClientRequest>, now: i64) {
        let mut rows = Vec::new();
        let mut comments = Vec::new();
        let mut cells = HashSet::new();
        for request in requests {
            let (Some(id), Some(ordering_key)) =
                (request.op_id, queue::ordering_key(&request.message))
            else {
                continue;
            };
            let row = self.chat_row(id, &request.message, now);
            let comment = self.pending_comment(id, &request.message, now);
            if !self
                .queue
                .push_recovered(id, ordering_key, request.message, now)
            {
                // It is in the queue, perhaps in a newer form.
                self.unsaved.insert(id);
                continue;
            }
            rows.extend(row.map(Arc::new));
            comments.extend(comment);
            if let OrderingKey::Tile(at) = ordering_key {
                cells.insert(at);
            }
        }
        if !rows.is_empty() {
            self.store.chat.update(|chat| chat.extend(rows));
        }
        self.show_waiting_chat();
        if !comments.is_empty() {
            self.store.comments.update(|all| {
                for comment in comments {
                    all.push(comment);
                }
            });
        }
        for at in cells {
            self.rebase(at, now);
        }
        self.count_waiting();
    }

    /// Takes a request out of the queue and the storage: the server stored or
    /// refused it. None if there is no such request.
    pub(super) fn finish(&mut self, id: OpId) -> Option<Op> {
        let (op, emptied) = self.queue.remove(id)?;
        for id in emptied.iter().chain([&id]) {
            self.unsaved.remove(id);
            self.unkept.remove(id);
            if let Some(storage) = &self.storage {
                storage.remove(*id);
            }
        }
        if op.ordering_key == OrderingKey::Comments && !emptied.is_empty() {
            self.store.comments.update(|comments| {
                for id in emptied {
                    comments.settle(id);
                }
            });
        }
        self.count_waiting();
        self.forget_frame();
        Some(op)
    }

    /// The server refused a request: it is taken back, what is still pending
    /// is rebased, and the user is told.
    pub(super) fn refuse(&mut self, id: OpId, code: ErrorCode, now: i64) {
        let Some(op) = self.finish(id) else { return };
        let is_shelved = self.shelve(&op, code);
        let at = match op.ordering_key {
            OrderingKey::Chat => return self.refuse_chat(op.id, code),
            OrderingKey::Comments => return self.refuse_comment(&op, code, is_shelved),
            OrderingKey::Tile(at) => at,
        };
        if let Some(history) = self.history.get_mut(&at) {
            history.remove_refused(id);
            self.update_undoable(at);
        }
        self.rebase(at, now);
        self.notify(if is_shelved {
            NoticeKind::Shelved
        } else {
            NoticeKind::Refused { code, at: Some(at) }
        });
    }

    /// Applies a cell's pending operations anew to what is confirmed.
    pub(super) fn rebase(&self, at: Coord, now: i64) {
        let Some(author) = self.author() else {
            self.store.tiles.update(at, |_| {});
            return;
        };
        let time = self.server_time(now);
        let pending: Vec<TileOp> = self
            .queue
            .iter()
            .filter(|op| op.ordering_key == OrderingKey::Tile(at))
            .filter_map(|op| op.message.tile_op().map(|(_, op)| op))
            .collect();
        self.store.tiles.update(at, |tiles| {
            tiles.rebase(at, pending.iter(), &author, time);
        });
    }

    /// Rebases every cell that has something pending.
    pub(super) fn rebase_all(&self, now: i64) {
        let cells: HashSet<Coord> = self
            .queue
            .iter()
            .filter_map(|op| match op.ordering_key {
                OrderingKey::Tile(at) => Some(at),
                OrderingKey::Chat | OrderingKey::Comments => None,
            })
            .collect();
        for at in cells {
            self.rebase(at, now);
        }
    }

    /// Writes the queued requests that the storage has not yet.
    pub fn save(&mut self) {
        let Some(storage) = &self.storage else { return };
        for id in self.unsaved.drain() {
            let Some(op) = self.queue.get(id) else {
                continue;
            };
            if storage.put(&op.request()) {
                self.unkept.remove(&id);
            } else {
                self.unkept.insert(id);
            }
        }
        if !self.unkept.is_empty() && !self.storage_full {
            self.storage_full = true;
            self.notify(NoticeKind::NotKept);
        }
        self.keep_frame();
    }

    fn count_waiting(&self) {
        self.store.waiting.set_if_changed(self.queue.len());
    }
}
