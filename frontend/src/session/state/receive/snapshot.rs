//! The start of a connection: the server's `connected` message and the
//! snapshot, which replaces what the store shows.

use super::FollowUp;
use crate::{
    model::{
        chat::OlderPages,
        connection::{ConnectionStatus, LoadState},
        palette,
        people::{Me, is_nameless},
    },
    session::{chat, state::SessionState},
    store::backend::{Backend, Var},
};
use shared::{
    api::{Canvas, Snapshot, Tile},
    canvas::Grid,
    limits,
    protocol::{Connected, Resume},
};
use std::collections::{HashMap, VecDeque};

impl<B: Backend> SessionState<B> {
    /// Handles the first message of a connection. Returns what is needed to
    /// catch up.
    pub(super) fn connected(&mut self, message: Connected, now: i64) -> FollowUp {
        if !self.is_me(message.user_id) {
            // The browser signed in as somebody else since this page knew.
            return FollowUp::Identify;
        }
        self.live = true;
        self.foreign_connections = 0;
        self.blocked_upgrades = 0;
        self.store
            .clock_offset
            .set_if_changed(message.server_time.millis() - now);
        for user in &message.active_users {
            self.remember_names(user.user_id, &user.username, &user.display_name);
        }
        self.remember_names(message.user_id, &message.username, &message.display_name);
        self.store.people.replace(message.active_users);
        self.store.locks.set(message.locks);
        self.set_hidden(message.blocked.into_iter().collect());
        self.store.cursors.update(HashMap::clear);
        self.store.me.set_if_changed(Some(Me {
            user_id: message.user_id,
            username: message.username,
            display_name: message.display_name,
            role: message.role,
        }));
        self.store.sanctions.set_if_changed(message.sanctions);
        self.store
            .newcomer_until
            .set_if_changed(message.newcomer_until);
        self.store.locked_out_until.set_if_changed(None);
        self.store.connection.set(ConnectionStatus::Live);
        self.store.connection_problem.set(None);
        match message.resume {
            Resume::Resumed => FollowUp::Flush,
            Resume::Fresh | Resume::Resync => {
                self.seq.reset();
                self.seq.start_buffering();
                FollowUp::Snapshot
            }
        }
    }

    /// Replaces the state with a snapshot, then applies the buffered messages.
    /// Returns what the caller has to do next.
    pub(in crate::session::state) fn load(&mut self, snapshot: Snapshot, now: i64) -> FollowUp {
        let is_older = self
            .seq
            .resume_point()
            .is_some_and(|point| point.epoch == snapshot.epoch && point.seq > snapshot.seq);
        if is_older && !self.seq.is_buffering() {
            return FollowUp::Flush;
        }
        self.learn_names(&snapshot);
        // Activities after the snapshot need not follow on those before it.
        self.store.activity.update(VecDeque::clear);
        if !self.live {
            self.store.people.replace(snapshot.active_users);
        }
        let grid = grid_of(&snapshot.canvas);
        if self.store.canvas.with(Option::is_none) {
            let palette = palette::parse(&snapshot.canvas.palette);
            self.store
                .tools
                .update(|tools| tools.set_default_colors(&palette));
        }
        self.store.canvas.set(Some(snapshot.canvas));
        self.store
            .comments
            .update(|comments| comments.restart(&snapshot.tiles));
        self.store.tiles.load(grid, snapshot.tiles);
        let has_all_messages = snapshot.messages.len() < count(limits::SNAPSHOT_MESSAGES);
        let mut dropped = false;
        self.store
            .chat
            .update(|rows| dropped = chat::restart(rows, snapshot.messages));
        self.show_waiting_chat();
        if has_all_messages {
            self.store.older.set(OlderPages::None);
        } else if dropped || self.store.older.get() == OlderPages::Loading {
            self.store.older.set(OlderPages::Maybe);
        }
        self.predict_me();
        self.rebase_all(now);
        self.store.load.set(LoadState::Ready);
        let buffered = self.seq.restart(snapshot.epoch, snapshot.seq);
        let mut next = FollowUp::Flush;
        for message in buffered {
            next = self.receive(message, now);
            if next != FollowUp::Flush {
                break;
            }
        }
        next
    }

    /// Stores the names of the people in a snapshot.
    fn learn_names(&mut self, snapshot: &Snapshot) {
        for tile in &snapshot.tiles {
            self.usernames
                .entry(tile.creator_id)
                .or_insert_with(|| tile.creator_username.clone());
        }
        for user in &snapshot.active_users {
            self.remember_names(user.user_id, &user.username, &user.display_name);
        }
        for message in &snapshot.messages {
            self.store
                .names
                .set(message.sender_id, &message.sender_display_name);
        }
        let named = |tile: &&Tile| !is_nameless(&tile.creator_username);
        for tile in snapshot.tiles.iter().filter(named) {
            self.store
                .names
                .set_if_unknown(tile.creator_id, &tile.creator_username);
        }
    }
}

/// The dimensions of a canvas.
pub(in crate::session::state) fn grid_of(canvas: &Canvas) -> Grid {
    Grid {
        width: canvas.width,
        height: canvas.height,
        tile_size: canvas.tile_size,
        palette: canvas.palette.len(),
    }
}

fn count(rows: i64) -> usize {
    usize::try_from(rows).unwrap_or(usize::MAX)
}
