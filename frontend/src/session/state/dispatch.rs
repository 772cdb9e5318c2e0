//! One's own durable requests: checked, shown at once, queued, kept for a
//! reload, and ended when the server has stored or refused them.

use super::{
    super::{
        chat,
        queue::{self, Op, OrderingKey, Pushed},
    },
    SessionState, timestamp,
};
use crate::{
    model::{
        chat::{ChatKey, ChatRow, DeliveryStatus},
        notice::NoticeKind,
    },
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
        let id = OpId::from((self.new_id)());
        let row = self.chat_row(id, &message, now);
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
                .update(at, |tiles| tiles.apply(at, &op, &author, timestamp(now)));
        }
        if let Some(row) = row {
            self.store.chat.update(|chat| chat.push(Arc::new(row)));
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
        self.queue = queue::Queue::default();
        self.history.clear();
        self.unsaved.clear();
        let page = (self.new_id)();
        let storage = Rc::clone(&self.local_storage);
        self.storage = Some(PendingStorage::new(
            storage,
            self.store.canvas_id,
            user.id,
            page,
            now,
        ));
        self.user = Some(user);
        self.store
            .chat
            .update(|chat| chat.retain(|row| row.seq.is_some()));
        self.count_waiting();
        self.recover_orphaned(now);
        self.predict_me();
    }

    /// Takes over the requests of this user's closed pages.
    pub(super) fn recover_orphaned(&mut self, now: i64) {
        let recovered = self
            .storage
            .as_ref()
            .map(|storage| storage.recover_orphaned(now))
            .unwrap_or_default();
        if recovered.is_empty() {
            return;
        }
        let mut rows = Vec::new();
        let mut cells = HashSet::new();
        for request in recovered {
            let (Some(id), Some(ordering_key)) =
                (request.op_id, queue::ordering_key(&request.message))
            else {
                continue;
            };
            let row = self.chat_row(id, &request.message, now);
            // Without room in the queue it stays in the storage for later.
            if !self
                .queue
                .push_recovered(id, ordering_key, request.message, now)
            {
                continue;
            }
            rows.extend(row.map(Arc::new));
            if let OrderingKey::Tile(at) = ordering_key {
                cells.insert(at);
            }
        }
        self.store.chat.update(|chat| chat.extend(rows));
        for at in cells {
            self.rebase(at, now);
        }
        self.count_waiting();
    }

    fn chat_row(&self, id: OpId, message: &ClientMessage, now: i64) -> Option<ChatRow> {
        let ClientMessage::CanvasChat { text, .. } = message else {
            return None;
        };
        let user = self.user.as_ref()?;
        Some(ChatRow {
            key: ChatKey::Own(id),
            seq: None,
            sender_id: user.id,
            sender_username: user.username.clone(),
            sender_display_name: user.display_name.clone(),
            text: text.as_str().to_owned(),
            at: timestamp(now),
            delivery: DeliveryStatus::Pending,
        })
    }

    /// Takes a request out of the queue and the storage: the server stored or
    /// refused it. None if there is no such request.
    pub(super) fn finish(&mut self, id: OpId) -> Option<Op> {
        let (op, emptied) = self.queue.remove(id)?;
        for id in emptied.iter().chain([&id]) {
            self.unsaved.remove(id);
            if let Some(storage) = &self.storage {
                storage.remove(*id);
            }
        }
        self.count_waiting();
        Some(op)
    }

    /// The server refused a request: it is taken back, what is still pending
    /// is rebased, and the user is told.
    pub(super) fn refuse(&mut self, id: OpId, code: ErrorCode, message: String, now: i64) {
        let Some(op) = self.finish(id) else { return };
        let at = match op.ordering_key {
            OrderingKey::Chat => {
                self.store.chat.update(|chat| chat::refuse(chat, id, code));
                return;
            }
            OrderingKey::Tile(at) => at,
        };
        if let ClientMessage::TilePaint { pixels, .. } = &op.message
            && let Some(history) = self.history.get_mut(&at)
        {
            history.remove_refused(pixels);
            self.update_undoable(at);
        }
        self.rebase(at, now);
        self.notify(NoticeKind::Refused {
            code,
            message,
            at: Some(at),
        });
    }

    /// Applies a cell's pending operations anew to what is confirmed.
    pub(super) fn rebase(&self, at: Coord, now: i64) {
        let Some(author) = self.author() else {
            self.store.tiles.update(at, |_| {});
            return;
        };
        let pending: Vec<TileOp> = self
            .queue
            .iter()
            .filter(|op| op.ordering_key == OrderingKey::Tile(at))
            .filter_map(|op| op.message.tile_op().map(|(_, op)| op))
            .collect();
        self.store.tiles.update(at, |tiles| {
            tiles.rebase(at, pending.iter(), &author, timestamp(now));
        });
    }

    /// Rebases every cell that has something pending.
    pub(super) fn rebase_all(&self, now: i64) {
        let cells: HashSet<Coord> = self
            .queue
            .iter()
            .filter_map(|op| match op.ordering_key {
                OrderingKey::Tile(at) => Some(at),
                OrderingKey::Chat => None,
            })
            .collect();
        for at in cells {
            self.rebase(at, now);
        }
    }

    /// Writes the queued requests that the storage has not yet.
    pub fn save(&mut self) {
        let Some(storage) = &self.storage else { return };
        let mut saved = true;
        for id in self.unsaved.drain() {
            if let Some(op) = self.queue.get(id) {
                saved &= storage.put(&ClientRequest {
                    op_id: Some(id),
                    message: op.message.clone(),
                });
            }
        }
        if !saved && !self.storage_full {
            self.storage_full = true;
            self.notify(NoticeKind::NotKept);
        }
    }

    fn count_waiting(&self) {
        self.store.waiting.set_if_changed(self.queue.len());
    }
}
