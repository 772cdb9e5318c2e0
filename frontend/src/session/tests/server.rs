//! A small server by the shared rules: orders requests, applies each `op_id`
//! once, and keeps the log from which connections resume.

use shared::{
    api::{
        Canvas, ChatMessage, ReplyTo, Snapshot, Tile, User, comments::Comment, moderation::UserRef,
    },
    canvas::{
        self, Actor, Coord, EditPolicy, Grid, Guests, Newcomers, Role, TileChange, TileOp,
        TileState, Visibility,
    },
    ids::{CanvasId, ConnectionId, Epoch, MessageId, OpId, TileId, UserId},
    protocol::{
        Ack, ChatEdited, ChatEvent, ClientMessage, ClientRequest, Connected, DurableEvent,
        ErrorCode, ErrorMessage, Heartbeat, Resume, ServerMessage, TileCreated, TileDeleted,
        TileLiked, TileUpdated,
    },
    time::Timestamp,
};
use std::collections::{BTreeMap, HashMap, HashSet};
use uuid::Uuid;

pub(super) const CANVAS: CanvasId = CanvasId(1);
pub(super) const GRID: Grid = Grid {
    width: 3,
    height: 2,
    tile_size: 8,
    palette: 4,
};

/// What the server does with a request.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// Stored as this event, or nothing to store.
    Stored(Ack, Option<DurableEvent>),
    /// Refused, or postponed.
    Failed(ErrorMessage),
}

/// Where a client resumes.
#[derive(Debug)]
pub(super) struct Resumed {
    pub(super) epoch: Epoch,
    pub(super) seq: i64,
    pub(super) timestamp: Option<String>,
}

#[derive(Debug)]
pub(super) struct Server {
    /// The time of its clock; a moment passes with each event.
    pub(super) clock: i64,
    pub(super) epoch: Epoch,
    pub(super) policy: EditPolicy,
    pub(super) log: Vec<DurableEvent>,
    pub(super) tiles: BTreeMap<Coord, TileState>,
    likes: HashSet<(Coord, UserId)>,
    pub(super) messages: Vec<ChatMessage>,
    pub(super) comments: Vec<Comment>,
    answers: HashMap<(UserId, OpId), Ack>,
    next_tile: i64,
    /// Whom everybody hides.
    pub(super) blocked: Vec<UserId>,
    /// How often each user's operation was carried out.
    pub(super) applied: HashMap<(UserId, OpId), usize>,
}

pub(super) fn user(id: i64) -> User {
    User {
        id: UserId(id),
        username: format!("user{id}"),
        display_name: format!("User {id}"),
        is_guest: false,
        is_admin: false,
        status_message: String::new(),
        created_at: epoch_time(),
    }
}

pub(super) fn user_ref(user: &User) -> UserRef {
    UserRef {
        user_id: user.id,
        username: user.username.clone(),
        display_name: user.display_name.clone(),
    }
}

fn epoch_time() -> Timestamp {
    chrono::DateTime::UNIX_EPOCH.into()
}

impl Default for Server {
    fn default() -> Self {
        Self {
            clock: 0,
            epoch: Epoch(Uuid::from_u128(77)),
            policy: EditPolicy::Open,
            log: Vec::new(),
            tiles: BTreeMap::new(),
            likes: HashSet::new(),
            messages: Vec::new(),
            comments: Vec::new(),
            answers: HashMap::new(),
            next_tile: 1,
            blocked: Vec::new(),
            applied: HashMap::new(),
        }
    }
}

impl Server {
    pub(super) fn time(&mut self) -> Timestamp {
        self.clock += 1;
        chrono::DateTime::from_timestamp_millis(self.clock)
            .unwrap()
            .into()
    }

    pub(super) fn head(&self) -> i64 {
        i64::try_from(self.log.len()).unwrap()
    }

    pub(super) fn likes(&self, at: Coord, user: UserId) -> bool {
        self.likes.contains(&(at, user))
    }

    /// Carries out a request; the same `op_id` of the same user once.
    pub(super) fn request(&mut self, user: &User, request: &ClientRequest) -> Outcome {
        let id = request.op_id.expect("only durable requests are simulated");
        if let Some(ack) = self.answers.get(&(user.id, id)) {
            return Outcome::Stored(ack.clone(), None);
        }
        let mut ack = Ack {
            op_id: Some(id),
            request: request.message.message_type().to_owned(),
            ..Ack::default()
        };
        let event = match &request.message {
            ClientMessage::CanvasChat { text, reply_to, .. } => {
                let reply_to = match reply_to.map(|id| self.message(id)) {
                    Some(None) => {
                        return Outcome::Failed(failure(id, ErrorCode::MessageNotFound));
                    }
                    Some(Some(index)) => Some(ReplyTo::of(&self.messages[index])),
                    None => None,
                };
                let seq = self.head() + 1;
                let message = ChatMessage {
                    message_id: MessageId(Uuid::from_u128(u128::from(seq.unsigned_abs()))),
                    canvas_id: CANVAS,
                    seq,
                    sender_id: user.id,
                    sender_username: user.username.clone(),
                    sender_display_name: user.display_name.clone(),
                    message_text: text.as_str().to_owned(),
                    created_at: self.time(),
                    reply_to,
                    edited_at: None,
                    removed: false,
                };
                self.messages.push(message.clone());
                Some(DurableEvent::CanvasChatMessage(ChatEvent {
                    message,
                    op_id: Some(id),
                }))
            }
            ClientMessage::ChatEdit { message_id, text } => {
                match self.edit(user, *message_id, text.as_str(), id) {
                    Ok(event) => event,
                    Err(code) => return Outcome::Failed(failure(id, code)),
                }
            }
            ClientMessage::CommentCreate { .. }
            | ClientMessage::CommentUpdate { .. }
            | ClientMessage::CommentRemove { .. } => {
                match self.comment(user, &request.message, &mut ack) {
                    Ok(event) => event,
                    Err(code) => return Outcome::Failed(failure(id, code)),
                }
            }
            message => {
                let (at, op) = message.tile_op().expect("a durable request");
                match self.tile(user, at, &op, &mut ack) {
                    Ok(event) => event,
                    Err(refusal) => {
                        return Outcome::Failed(failure(id, refusal.code()));
                    }
                }
            }
        };
        if let Some(event) = &event {
            ack.seq = Some(event.seq());
            ack.timestamp = Some(event.timestamp());
            self.log.push(event.clone());
        }
        *self.applied.entry((user.id, id)).or_default() += 1;
        self.answers.insert((user.id, id), ack.clone());
        Outcome::Stored(ack, event)
    }

    fn message(&self, id: MessageId) -> Option<usize> {
        self.messages
            .iter()
            .position(|message| message.message_id == id)
    }

    /// Replaces the words of a message, also in the log and in answers.
    fn edit(
        &mut self,
        user: &User,
        message_id: MessageId,
        text: &str,
        op_id: OpId,
    ) -> Result<Option<DurableEvent>, ErrorCode> {
        let index = self.message(message_id).ok_or(ErrorCode::MessageNotFound)?;
        if self.messages[index].sender_id != user.id {
            return Err(ErrorCode::Forbidden);
        }
        if self.messages[index].message_text == text {
            return Ok(None);
        }
        let edited_at = self.time();
        for message in &mut self.messages {
            if message.message_id == message_id {
                message.message_text = text.to_owned();
                message.edited_at = Some(edited_at);
            } else if let Some(reply) = &mut message.reply_to
                && reply.message_id == message_id
            {
                reply.excerpt = ReplyTo::excerpt(text);
            }
        }
        let messages = &self.messages;
        for event in &mut self.log {
            if let DurableEvent::CanvasChatMessage(event) = event {
                let now = messages
                    .iter()
                    .find(|message| message.seq == event.message.seq);
                event.message = now.unwrap().clone();
            }
        }
        Ok(Some(DurableEvent::ChatEdited(ChatEdited {
            seq: self.head() + 1,
            canvas_id: CANVAS,
            message_id,
            target_seq: self.messages[index].seq,
            message_text: text.to_owned(),
            edited_at,
            op_id: Some(op_id),
        })))
    }

    fn tile(
        &mut self,
        user: &User,
        at: Coord,
        op: &TileOp,
        ack: &mut Ack,
    ) -> Result<Option<DurableEvent>, canvas::Refusal> {
        let actor = Actor {
            user_id: user.id,
            role: Role::Editor,
            likes: self.likes(at, user.id),
            locked_by_other: false,
        };
        let mut cell = self.tiles.get(&at).cloned();
        let before = cell.clone();
        canvas::check(&GRID, at, op)?;
        canvas::permit(self.policy, cell.as_ref(), op, &actor)?;
        let change = canvas::apply(&GRID, &mut cell, op, &actor, TileId(self.next_tile))?;
        let seq = self.head() + 1;
        let timestamp = self.time();
        let (x, y, canvas_id) = (at.x, at.y, CANVAS);
        let Some(tile) = cell.as_ref().or(before.as_ref()) else {
            return Ok(None);
        };
        ack.tile_id = Some(tile.id);
        if cell.is_some() {
            ack.version = Some(tile.version);
            ack.like_count = Some(tile.like_count);
        }
        let (tile_id, creator_id) = (tile.id, tile.creator_id);
        let event = match change {
            TileChange::Nothing => return Ok(None),
            TileChange::Created => {
                self.next_tile += 1;
                DurableEvent::TileCreated(TileCreated {
                    seq,
                    tile_id,
                    canvas_id,
                    creator_id,
                    x,
                    y,
                    title: tile.title.clone(),
                    pixels: tile.pixels.clone(),
                    version: tile.version,
                    like_count: tile.like_count,
                    timestamp,
                    cause: None,
                })
            }
            TileChange::Updated {
                title,
                delta,
                pixels,
            } => DurableEvent::TileUpdated(TileUpdated {
                seq,
                tile_id,
                canvas_id,
                creator_id,
                updater_id: user.id,
                x,
                y,
                version: tile.version,
                like_count: tile.like_count,
                timestamp,
                title,
                delta,
                pixels,
                undo_of: None,
                cause: None,
            }),
            TileChange::Liked(liked) => {
                if liked {
                    self.likes.insert((at, user.id));
                } else {
                    self.likes.remove(&(at, user.id));
                }
                DurableEvent::TileLiked(TileLiked {
                    seq,
                    tile_id,
                    canvas_id,
                    creator_id,
                    liker_id: user.id,
                    liked,
                    x,
                    y,
                    like_count: tile.like_count,
                    timestamp,
                })
            }
            TileChange::Deleted => {
                self.likes.retain(|(cell, _)| *cell != at);
                DurableEvent::TileDeleted(TileDeleted {
                    seq,
                    tile_id,
                    canvas_id,
                    creator_id,
                    deleter_id: user.id,
                    x,
                    y,
                    timestamp,
                    cause: None,
                })
            }
        };
        match cell {
            Some(tile) => self.tiles.insert(at, tile),
            None => self.tiles.remove(&at),
        };
        Ok(Some(event))
    }

    /// Whether the log has what a client that resumes has.
    fn knows(&self, resume: &Resumed) -> bool {
        let seq = usize::try_from(resume.seq).unwrap();
        let event = seq.checked_sub(1).and_then(|index| self.log.get(index));
        resume.epoch == self.epoch
            && seq <= self.log.len()
            && match (event, &resume.timestamp) {
                (Some(event), Some(timestamp)) => event.timestamp().to_string() == *timestamp,
                _ => true,
            }
    }

    /// The first message of a connection, and the events it resumes with.
    pub(super) fn connect(&self, user: &User, resume: Option<Resumed>) -> Vec<ServerMessage> {
        let replay = match resume {
            Some(resume) if self.knows(&resume) => Ok(resume.seq),
            Some(_) => Err(Resume::Resync),
            None => Err(Resume::Fresh),
        };
        let connected = ServerMessage::Connected(Box::new(Connected {
            connection_id: ConnectionId(Uuid::from_u128(5)),
            canvas_id: CANVAS,
            user_id: user.id,
            username: user.username.clone(),
            display_name: user.display_name.clone(),
            role: Role::Editor,
            epoch: self.epoch,
            seq: self.head(),
            resume: replay.err().unwrap_or(Resume::Resumed),
            active_users: Vec::new(),
            locks: Vec::new(),
            sanctions: Vec::new(),
            newcomer_until: None,
            server_time: epoch_time(),
            heartbeat: Heartbeat {
                interval_ms: 10_000,
                timeout_ms: 20_000,
            },
            blocked: self.blocked.clone(),
        }));
        let missed = replay.map_or(self.log.len(), |seq| usize::try_from(seq).unwrap());
        let missed = self.log[missed..].iter().cloned().map(message);
        std::iter::once(connected).chain(missed).collect()
    }

    /// The canvas as `user` sees it now.
    pub(super) fn snapshot(&self, user: Option<UserId>) -> Snapshot {
        let tile = |(at, tile): (&Coord, &TileState)| Tile {
            id: tile.id,
            canvas_id: CANVAS,
            x: at.x,
            y: at.y,
            creator_id: tile.creator_id,
            creator_username: format!("user{}", tile.creator_id),
            title: tile.title.clone(),
            pixels: tile.pixels.clone(),
            version: tile.version,
            like_count: tile.like_count,
            liked_by_me: user.is_some_and(|user| self.likes(*at, user)),
            open_comments: self.open_comments(*at),
            created_at: epoch_time(),
            updated_at: epoch_time(),
        };
        let newest = self.messages.len().saturating_sub(50);
        Snapshot {
            epoch: self.epoch,
            seq: self.head(),
            active_count: 0,
            canvas: Canvas {
                id: CANVAS,
                name: "test".into(),
                description: String::new(),
                width: GRID.width,
                height: GRID.height,
                tile_size: GRID.tile_size,
                palette: vec!["#000000".into(); GRID.palette],
                visibility: Visibility::Public,
                edit_policy: self.policy,
                guests: Guests::Paint,
                newcomers: Newcomers::Free,
                slow_mode_s: 0,
                lockdown_until: None,
                owner_id: UserId(1),
                role: user.map(|_| Role::Editor),
                tile_count: 0,
                active_users: 0,
                epoch: self.epoch,
                last_seq: self.head(),
                created_at: epoch_time(),
            },
            tiles: self.tiles.iter().map(tile).collect(),
            messages: self.messages[newest..].to_vec(),
            active_users: Vec::new(),
        }
    }
}

/// An event as a message.
pub(super) fn message(event: DurableEvent) -> ServerMessage {
    match event {
        DurableEvent::CanvasChatMessage(event) => ServerMessage::CanvasChatMessage(event),
        DurableEvent::TileCreated(event) => ServerMessage::TileCreated(event),
        DurableEvent::TileUpdated(event) => ServerMessage::TileUpdated(event),
        DurableEvent::TileLiked(event) => ServerMessage::TileLiked(event),
        DurableEvent::TileDeleted(event) => ServerMessage::TileDeleted(event),
        DurableEvent::CanvasUpdated(event) => ServerMessage::CanvasUpdated(event),
        DurableEvent::ChatRemoved(event) => ServerMessage::ChatRemoved(event),
        DurableEvent::ChatEdited(event) => ServerMessage::ChatEdited(event),
        DurableEvent::CommentCreated(event) => ServerMessage::CommentCreated(event),
        DurableEvent::CommentUpdated(event) => ServerMessage::CommentUpdated(event),
    }
}

/// A refusal of an operation.
pub(super) fn failure(id: OpId, code: ErrorCode) -> ErrorMessage {
    ErrorMessage {
        code,
        message: "no".into(),
        op_id: Some(id),
        retry_after_ms: None,
        sanction: None,
    }
}
