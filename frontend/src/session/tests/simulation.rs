//! Several tabs and a server, with a network that the test controls: messages
//! arrive when the test says so, connections break, answers get lost.

use super::{
    plain::{MemoryStorage, Plain},
    server::{CANVAS, GRID, Outcome, Resumed, Server, failure, message},
};
use crate::{
    model::{connection::SignIn, tile_store::TileStore},
    session::{
        effect::{Effect, MeAnswer, Network},
        pending_storage::KeyValueStorage,
        state::SessionState,
    },
    store::{CanvasStore, backend::Var},
};
use shared::{
    api::{Snapshot, User},
    canvas::Coord,
    ids::{Epoch, MessageId, OpId, UserId},
    pixels::PixelEdit,
    protocol::{ClientMessage, ClientRequest, DurableEvent, ErrorCode, ServerMessage},
    text::ChatText,
};
use std::{
    cell::Cell,
    collections::{HashSet, VecDeque},
    rc::Rc,
};
use uuid::Uuid;

pub(super) const NETWORK: Network = Network {
    online: true,
    retry_after_ms: 0,
    random: 1.0,
};

/// One tab: the state machine, and what is under way on its connection.
pub(super) struct Tab {
    pub(super) state: SessionState<Plain>,
    /// Whose cookie the browser sends.
    pub(super) user: User,
    storage: Rc<MemoryStorage>,
    ids: Rc<Cell<u128>>,
    /// The socket is to be open.
    pub(super) wants_socket: bool,
    pub(super) connected: bool,
    pub(super) to_server: VecDeque<ClientRequest>,
    pub(super) to_tab: VecDeque<ServerMessage>,
    wants_snapshot: bool,
    snapshot: Option<Snapshot>,
    /// Asks the server who is signed in.
    pub(super) wants_me: bool,
    /// The cells whose comments it reads, with the cursor of the next page.
    pub(super) wants_comments: VecDeque<(Coord, Option<String>)>,
    /// The page's id, by which its lock is known.
    pub(super) page: Option<Uuid>,
    /// What the browser says which pages are open; none where it cannot.
    pub(super) living: Option<Vec<Uuid>>,
    /// Effects that are not carried out here.
    pub(super) seen: Vec<Effect>,
}

impl Tab {
    /// Opens the canvas; nothing is asked for yet.
    pub(super) fn new(
        user: User,
        storage: &Rc<MemoryStorage>,
        ids: &Rc<Cell<u128>>,
        now: i64,
    ) -> Self {
        Self {
            state: state(storage, ids, now),
            user,
            storage: Rc::clone(storage),
            ids: Rc::clone(ids),
            wants_socket: false,
            connected: false,
            to_server: VecDeque::new(),
            to_tab: VecDeque::new(),
            wants_snapshot: false,
            snapshot: None,
            wants_me: false,
            wants_comments: VecDeque::new(),
            page: None,
            living: None,
            seen: Vec::new(),
        }
    }

    /// Passes an input to the state machine and carries out its effects.
    pub(super) fn input<T>(
        &mut self,
        now: i64,
        input: impl FnOnce(&mut SessionState<Plain>) -> T,
    ) -> T {
        self.storage.now.set(now);
        let result = input(&mut self.state);
        self.perform_effects(now);
        result
    }

    fn perform_effects(&mut self, now: i64) {
        for effect in self.state.take_effects() {
            match effect {
                Effect::Flush | Effect::FlushSoon => self.flush(now),
                Effect::OpenSocket => self.wants_socket = true,
                Effect::CloseSocket => {
                    self.wants_socket = false;
                    self.drop_connection();
                }
                Effect::Reconnect | Effect::ReconnectLater => {
                    self.drop_connection();
                    self.input(now, SessionState::connecting);
                }
                Effect::FetchSnapshot => self.wants_snapshot = true,
                Effect::RetrySnapshot { .. } => {
                    self.wants_snapshot = true;
                    self.seen.push(effect);
                }
                Effect::HoldPage(page) => self.page = Some(page),
                Effect::FindLivingPages => {
                    let living = self.living.clone();
                    self.input(now, |state| state.recover_orphaned(living.as_deref(), now));
                }
                Effect::FetchMe => self.wants_me = true,
                Effect::FetchComments { at, cursor } => self.wants_comments.push_back((at, cursor)),
                Effect::SignedIn(user) => self.sign_in(SignIn::SignedIn(user), now),
                Effect::SignedOut => self.sign_in(SignIn::SignedOut, now),
                other => self.seen.push(other),
            }
        }
    }

    fn flush(&mut self, now: i64) {
        self.state.save();
        while let Some(request) = self.state.next_request(now) {
            if self.connected {
                self.to_server.push_back(request);
            }
        }
    }

    fn drop_connection(&mut self) {
        self.connected = false;
        self.to_server.clear();
        self.to_tab.clear();
    }

    /// Signs in and asks for the snapshot, as a page does that is opened.
    pub(super) fn open(&mut self, now: i64) {
        let sign_in = SignIn::SignedIn(self.user.clone());
        self.state.account = sign_in.clone();
        self.input(now, SessionState::fetch_snapshot);
        self.input(now, |state| state.signed(sign_in, now));
    }

    /// The application learns who is signed in.
    pub(super) fn sign_in(&mut self, sign_in: SignIn, now: i64) {
        self.seen.push(match &sign_in {
            SignIn::SignedIn(user) => Effect::SignedIn(user.clone()),
            SignIn::SignedOut | SignIn::Unknown => Effect::SignedOut,
        });
        self.state.account = sign_in.clone();
        self.input(now, |state| state.signed(sign_in, now));
    }

    /// The page is loaded anew. Where it `crashed` it could not say so.
    pub(super) fn reload(&mut self, crashed: bool, now: i64) {
        self.drop_connection();
        let new = state(&self.storage, &self.ids, now);
        let mut old = std::mem::replace(&mut self.state, new);
        if crashed {
            // Dropping it would end its heartbeat.
            std::mem::forget(old);
        } else {
            old.leave();
        }
        (self.wants_socket, self.wants_snapshot, self.snapshot) = (false, false, None);
        self.wants_me = false;
        self.wants_comments.clear();
        self.open(now);
    }

    /// The connection breaks.
    pub(super) fn disconnect(&mut self, now: i64) {
        self.drop_connection();
        self.input(now, |state| state.waiting(now + 100, false, true));
    }

    /// Paints pixels of a tile in one stroke.
    pub(super) fn paint(&mut self, at: Coord, edits: &[(u16, u8)], now: i64) -> bool {
        let edits: Vec<PixelEdit> = edits.iter().map(|&(i, c)| PixelEdit(i, c)).collect();
        self.input(now, |state| {
            state.begin_stroke(at);
            state.paint(at, &edits, now)
        })
    }

    /// Sends a chat message.
    pub(super) fn say(&mut self, text: &str, now: i64) -> Option<OpId> {
        self.reply(None, text, now)
    }

    /// Sends a chat message, perhaps as an answer.
    pub(super) fn reply(
        &mut self,
        reply_to: Option<MessageId>,
        text: &str,
        now: i64,
    ) -> Option<OpId> {
        let message = ClientMessage::CanvasChat {
            text: ChatText::parse(text).unwrap(),
            canvas_id: None,
            reply_to,
        };
        self.input(now, |state| state.dispatch(message, now))
    }

    /// Replaces the words of a chat message.
    pub(super) fn edit(&mut self, message_id: MessageId, text: &str, now: i64) -> Option<OpId> {
        let message = ClientMessage::ChatEdit {
            message_id,
            text: ChatText::parse(text).unwrap(),
        };
        self.input(now, |state| state.dispatch(message, now))
    }

    /// The colour that a pixel has on the board.
    pub(super) fn shown(&self, at: Coord, index: usize) -> Option<u8> {
        self.state.store.tiles.peek(|tiles| {
            let tile = tiles.shown(at)?;
            tile.state.pixels.as_bytes().get(index).copied()
        })
    }

    /// How many requests wait for their answer.
    pub(super) fn waiting(&self) -> usize {
        self.state.store.waiting.get()
    }
}

fn state(storage: &Rc<MemoryStorage>, ids: &Rc<Cell<u128>>, now: i64) -> SessionState<Plain> {
    storage.now.set(now);
    let storage: Rc<dyn KeyValueStorage> = Rc::<MemoryStorage>::clone(storage);
    let ids = Rc::clone(ids);
    let new_id = Box::new(move || {
        ids.set(ids.get() + 1);
        Uuid::from_u128(ids.get())
    });
    SessionState::new(CanvasStore::new(CANVAS), storage, new_id, now)
}

/// What the server does with a request, besides carrying it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// Refuses it.
    Refuse,
    /// Cannot now: to be asked again.
    Unavailable,
    /// Carries it out, but the connection breaks before the answer.
    LoseAnswer,
}

pub(super) struct Simulation {
    pub(super) server: Server,
    pub(super) tabs: Vec<Tab>,
    pub(super) now: i64,
    /// Requests that the server refused.
    pub(super) refused: HashSet<(UserId, OpId)>,
}

impl Simulation {
    /// One tab for each user; the tabs of a user share a browser.
    pub(super) fn new(users: &[User]) -> Self {
        let now = 1_000_000;
        let ids = Rc::new(Cell::new(0));
        let mut storages: Vec<(UserId, Rc<MemoryStorage>)> = Vec::new();
        let mut tabs = Vec::new();
        for user in users {
            let known = storages.iter().find(|(id, _)| *id == user.id);
            let storage = known.map_or_else(Rc::default, |(_, storage)| Rc::clone(storage));
            storages.push((user.id, Rc::clone(&storage)));
            tabs.push(Tab::new(user.clone(), &storage, &ids, now));
        }
        Self {
            server: Server::default(),
            tabs,
            now,
            refused: HashSet::new(),
        }
    }

    /// As [`Self::new`], with every tab connected and up to date.
    pub(super) fn open(users: &[User]) -> Self {
        let mut simulation = Self::new(users);
        for tab in &mut simulation.tabs {
            tab.open(simulation.now);
        }
        simulation.settle();
        simulation
    }

    /// The local storage of a tab's browser.
    pub(super) fn storage(&self, tab: usize) -> Rc<MemoryStorage> {
        Rc::clone(&self.tabs[tab].storage)
    }

    /// Connects a tab, if it wants to be. True if it did.
    pub(super) fn connect(&mut self, tab: usize) -> bool {
        let tab = &mut self.tabs[tab];
        if tab.connected || !tab.wants_socket {
            return false;
        }
        tab.input(self.now, SessionState::connecting);
        let resume = resume_point(&tab.state.resume_query());
        tab.to_tab.extend(self.server.connect(&tab.user, resume));
        tab.connected = true;
        true
    }

    /// The server tells a tab who is signed in, if it asks.
    pub(super) fn tell_me(&mut self, tab: usize) -> bool {
        let now = self.now;
        let tab = &mut self.tabs[tab];
        if !std::mem::take(&mut tab.wants_me) {
            return false;
        }
        let answer = MeAnswer::User(tab.user.clone());
        tab.input(now, |state| state.me_received(answer));
        true
    }

    /// The server reads a tab's snapshot; it arrives later.
    pub(super) fn read_snapshot(&mut self, tab: usize) -> bool {
        let tab = &mut self.tabs[tab];
        if !std::mem::take(&mut tab.wants_snapshot) {
            return false;
        }
        tab.snapshot = Some(self.server.snapshot(Some(tab.user.id)));
        true
    }

    /// A snapshot that was read arrives.
    pub(super) fn deliver_snapshot(&mut self, tab: usize) -> bool {
        let now = self.now;
        let tab = &mut self.tabs[tab];
        let Some(snapshot) = tab.snapshot.take() else {
            return false;
        };
        tab.input(now, |state| {
            state.snapshot_received(Ok(snapshot), NETWORK, now);
        });
        true
    }

    /// The next page of comments that a tab reads arrives.
    pub(super) fn deliver_comments(&mut self, tab: usize) -> bool {
        let now = self.now;
        let Some((at, cursor)) = self.tabs[tab].wants_comments.pop_front() else {
            return false;
        };
        let page = self.server.comments_on(at, cursor.as_deref());
        self.tabs[tab].input(now, |state| state.comments_received(at, Some(page)));
        true
    }

    /// A tab receives the next message.
    pub(super) fn deliver(&mut self, tab: usize) -> bool {
        let now = self.now;
        let tab = &mut self.tabs[tab];
        let Some(message) = tab.to_tab.pop_front() else {
            return false;
        };
        tab.input(now, |state| state.message_received(message, now));
        true
    }

    /// The server carries out a tab's next request.
    pub(super) fn serve(&mut self, from: usize, fault: Fault) -> bool {
        let tab = &mut self.tabs[from];
        let Some(request) = tab.to_server.pop_front() else {
            return false;
        };
        let id = request.op_id.unwrap();
        let outcome = match fault {
            Fault::None | Fault::LoseAnswer => self.server.request(&tab.user, &request),
            Fault::Refuse => Outcome::Failed(failure(id, ErrorCode::TileLocked)),
            Fault::Unavailable => Outcome::Failed(failure(id, ErrorCode::Unavailable)),
        };
        match outcome {
            Outcome::Failed(error) => {
                if error.code != ErrorCode::Unavailable {
                    self.refused.insert((tab.user.id, id));
                }
                tab.to_tab.push_back(ServerMessage::Error(error));
            }
            Outcome::Stored(ack, event) => {
                let is_chat = matches!(
                    event,
                    Some(DurableEvent::CanvasChatMessage(_) | DurableEvent::ChatEdited(_))
                );
                for (index, tab) in self.tabs.iter_mut().enumerate() {
                    if let (true, Some(event)) = (tab.connected, &event)
                        && (index != from || is_chat)
                    {
                        tab.to_tab.push_back(message(event.clone()));
                    }
                }
                self.tabs[from].to_tab.push_back(ServerMessage::Ack(ack));
            }
        }
        if fault == Fault::LoseAnswer {
            self.tabs[from].disconnect(self.now);
        }
        true
    }

    /// Lets time pass, second by second.
    pub(super) fn pass(&mut self, seconds: i64) {
        for _ in 0..seconds {
            self.now += 1_000;
            let now = self.now;
            for tab in &mut self.tabs {
                tab.input(now, |state| state.tick(now));
            }
        }
    }

    /// Delivers everything without faults, until nothing is under way.
    pub(super) fn settle(&mut self) {
        for _ in 0..200 {
            let mut moved = true;
            while moved {
                moved = false;
                for tab in 0..self.tabs.len() {
                    moved |= self.connect(tab)
                        | self.tell_me(tab)
                        | self.read_snapshot(tab)
                        | self.deliver_snapshot(tab)
                        | self.deliver_comments(tab)
                        | self.deliver(tab)
                        | self.serve(tab, Fault::None);
                }
            }
            if self.tabs.iter().all(|tab| tab.waiting() == 0) {
                return;
            }
            self.pass(1);
        }
        panic!("requests still wait");
    }

    /// Every tab shows exactly what the server has.
    pub(super) fn assert_converged(&self) {
        for (index, tab) in self.tabs.iter().enumerate() {
            assert_eq!(tab.state.head(), self.server.head(), "tab {index}");
            tab.state
                .store
                .tiles
                .peek(|tiles| self.assert_tiles(tiles, tab.user.id, index));
            let rows = tab.state.store.chat.with(|rows| {
                let rows = rows.iter().filter(|row| row.seq.is_some());
                rows.map(|row| (row.seq.unwrap(), row.text.clone()))
                    .collect::<Vec<_>>()
            });
            let stored = self.server.messages.iter();
            let stored: Vec<_> = stored
                .map(|message| (message.seq, message.message_text.clone()))
                .collect();
            assert!(stored.ends_with(&rows), "chat of tab {index}: {rows:?}");
            assert!(rows.len() >= stored.len().min(50), "chat of tab {index}");
        }
    }

    fn assert_tiles(&self, tiles: &TileStore, user: UserId, tab: usize) {
        for y in 0..GRID.height {
            for x in 0..GRID.width {
                let at = Coord { x, y };
                let shown = tiles.shown(at);
                assert_eq!(
                    shown.map(|tile| &tile.state),
                    self.server.tiles.get(&at),
                    "tile {at:?} of tab {tab}"
                );
                assert!(!tiles.is_pending(at), "tile {at:?} of tab {tab}");
                if let Some(tile) = shown {
                    let likes = self.server.likes(at, user);
                    assert_eq!(tile.liked, likes, "like of {at:?} in tab {tab}");
                }
            }
        }
    }
}

/// The resume point in the query of an attempt to connect.
fn resume_point(query: &str) -> Option<Resumed> {
    let mut parts = query.split('&').filter_map(|part| part.split_once('='));
    let mut part = |name: &str| {
        let (found, value) = parts.next()?;
        (found == name).then(|| value.to_owned())
    };
    Some(Resumed {
        seq: part("last_seq")?.parse().unwrap(),
        epoch: Epoch(part("epoch")?.parse().unwrap()),
        timestamp: part("last_timestamp"),
    })
}
