//! Keeps queued requests in a key-value storage (the browser's local storage),
//! so that they survive a reload and a crash. One entry per request, so that
//! a stroke does not rewrite the whole queue.
//!
//! Every page writes its entries under its own id and renews a heartbeat entry
//! while it is alive. The other pages of the same user on the same canvas take
//! over the entries of pages whose heartbeat is missing or old, unless a lock
//! shows that they are open ([`super::living_pages`]). If two pages
//! take over the same entries, or a page slept so long that others took its
//! entries, nothing is lost or done twice: the server applies an `op_id` once,
//! and [`PendingStorage::heartbeat`] tells the page that slept to leave its
//! requests as they are.

pub use crate::storage::KeyValueStorage;
use serde::de::{DeserializeOwned, Error};
use serde_json::{Map, Value};
use shared::{
    api::Canvas,
    ids::{CanvasId, OpId, UserId},
    protocol::{ClientMessage, ClientRequest},
    text::ChatText,
};
use std::{cell::Cell, rc::Rc};
use uuid::Uuid;

/// A page whose heartbeat is older than this is gone. Browsers run a hidden
/// page's timers as seldom as once a minute.
pub const STALE_MS: i64 = 75_000;
const PREFIX: &str = "stellar.";

/// The queued requests of one page, of one user on one canvas. Dropping it
/// ends the page's heartbeat.
pub struct PendingStorage {
    storage: Rc<dyn KeyValueStorage>,
    /// What the keys of this user's requests on this canvas begin with.
    ops: String,
    /// The same of the requests that are kept as a draft.
    drafts: String,
    /// The key of the canvas's settings.
    frame: String,
    page: Uuid,
    heartbeat_at: Cell<i64>,
}

impl PendingStorage {
    /// Starts the heartbeat of a page.
    pub fn new(
        storage: Rc<dyn KeyValueStorage>,
        canvas: CanvasId,
        user: UserId,
        page: Uuid,
    ) -> Self {
        let pending = Self {
            heartbeat_at: Cell::new(storage.clock()),
            storage,
            ops: format!("{PREFIX}op.{canvas}.{user}."),
            drafts: format!("{PREFIX}draft.{canvas}.{user}."),
            frame: format!("{PREFIX}frame.{canvas}.{user}"),
            page,
        };
        pending.heartbeat();
        pending
    }

    /// The page's id.
    pub fn page(&self) -> Uuid {
        self.page
    }

    /// Says that this page is alive; to be called every few seconds. False if
    /// other pages may have taken over the requests, because the last call was
    /// long ago or the clock was set.
    pub fn heartbeat(&self) -> bool {
        let now = self.storage.clock();
        self.storage
            .save(&heartbeat_key(self.page), &now.to_string());
        (now - self.heartbeat_at.replace(now)).abs() < STALE_MS
    }

    /// Whether the last heartbeat is further from now than `ms` milliseconds.
    pub fn is_late(&self, ms: i64) -> bool {
        (self.storage.clock() - self.heartbeat_at.get()).abs() >= ms
    }

    /// Says that this page ends: others may take over its requests at once.
    pub fn leave(&self) {
        self.storage.remove(&heartbeat_key(self.page));
    }

    /// Writes a request; false if there is no room.
    pub fn put(&self, request: &ClientRequest) -> bool {
        let Some(id) = request.op_id else {
            return false;
        };
        serde_json::to_string(request).is_ok_and(|json| self.storage.save(&self.op_key(id), &json))
    }

    /// Removes a request that the server stored or refused.
    pub fn remove(&self, id: OpId) {
        self.storage.remove(&self.op_key(id));
    }

    /// Keeps a request as a draft, which no page sends by itself. False if there
    /// is no room.
    pub fn put_draft(&self, request: &ClientRequest) -> bool {
        let Some(id) = request.op_id else {
            return false;
        };
        let key = format!("{}{id}", self.drafts);
        serde_json::to_string(request).is_ok_and(|json| self.storage.save(&key, &json))
    }

    /// How many requests this user's draft has.
    pub fn count_drafts(&self) -> usize {
        self.storage.keys(&self.drafts).len()
    }

    /// The requests of this user's draft, oldest first, as JSON and as far as
    /// this version can read them.
    pub fn drafts(&self) -> Vec<(String, Option<ClientRequest>)> {
        // Ids begin with the time at which they were made.
        let mut keys = self.storage.keys(&self.drafts);
        keys.sort_unstable();
        let json = keys.iter().filter_map(|key| self.storage.load(key));
        json.map(|json| {
            let request = read(&json).ok();
            (json, request)
        })
        .collect()
    }

    /// Removes this user's draft.
    pub fn discard_drafts(&self) {
        for key in self.storage.keys(&self.drafts) {
            self.storage.remove(&key);
        }
    }

    /// Keeps the settings of the canvas, so that what waits can be shown on a board
    /// of the right size before the server answers. False if there is no room.
    pub fn put_frame(&self, canvas: &Canvas) -> bool {
        serde_json::to_string(canvas).is_ok_and(|json| self.storage.save(&self.frame, &json))
    }

    /// The settings of the canvas, if something waits and this version can read
    /// them.
    pub fn frame(&self) -> Option<Canvas> {
        serde_json::from_str(&self.storage.load(&self.frame)?).ok()
    }

    /// Removes the settings of the canvas, if no page of this user has something
    /// that waits.
    pub fn remove_frame(&self) {
        if self.storage.keys(&self.ops).is_empty() {
            self.storage.remove(&self.frame);
        }
    }

    /// Takes over the requests of pages that are gone, oldest first: those that
    /// this page has already, as `has` says (another page took them from it,
    /// perhaps in an older form), and at most `room` others. The rest stays
    /// where it is, and so does what this version cannot read: a newer one may
    /// have written it. `living` are pages that are surely open.
    pub fn recover_orphaned(
        &self,
        living: Option<&[Uuid]>,
        room: usize,
        has: impl Fn(OpId) -> bool,
    ) -> Vec<ClientRequest> {
        let is_alive = |page: Uuid| {
            page == self.page
                || living.is_some_and(|living| living.contains(&page))
                || self.has_heartbeat(page)
        };
        let mut found: Vec<(OpId, String, ClientRequest)> = Vec::new();
        for key in self.storage.keys(PREFIX) {
            if let Some(page) = key.strip_prefix("stellar.page.") {
                if !page.parse().is_ok_and(is_alive) {
                    self.storage.remove(&key);
                }
                continue;
            }
            let Some(rest) = key.strip_prefix(&self.ops) else {
                continue;
            };
            let page = rest.split('.').next().and_then(|page| page.parse().ok());
            if page.is_some_and(is_alive) {
                continue;
            }
            let json = self.storage.load(&key).unwrap_or_default();
            if let Ok(request) = read(&json)
                && let Some(id) = request.op_id
            {
                // Ids begin with the time at which they were made.
                let at = found.partition_point(|(before, ..)| *before < id);
                found.insert(at, (id, key, request));
            }
        }
        let mut requests = Vec::new();
        let mut new = 0;
        for (id, key, request) in found {
            let is_known = has(id);
            if !is_known && new >= room {
                continue;
            }
            new += usize::from(!is_known);
            self.recover(&key, &request);
            requests.push(request);
        }
        requests
    }

    /// Moves a request to this page.
    fn recover(&self, key: &str, request: &ClientRequest) {
        let is_put = self.put(request);
        self.storage.remove(key);
        if !is_put {
            // There is room now.
            self.put(request);
        }
    }

    fn has_heartbeat(&self, page: Uuid) -> bool {
        let now = self.storage.clock();
        self.storage
            .load(&heartbeat_key(page))
            .and_then(|heartbeat| heartbeat.parse::<i64>().ok())
            .is_some_and(|heartbeat| (now - heartbeat).abs() < STALE_MS)
    }

    fn op_key(&self, id: OpId) -> String {
        format!("{}{}.{id}", self.ops, self.page)
    }
}

impl Drop for PendingStorage {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Reads what [`PendingStorage::put`] wrote: a request with a durable message.
///
/// Not `shared::protocol::decode`, which checks what clients send and has a text for each
/// mistake, and not serde's derive for an enum with a tag: both are large in the download.
fn read(json: &str) -> serde_json::Result<ClientRequest> {
    let mut fields: Map<String, Value> = serde_json::from_str(json)?;
    let fields = &mut fields;
    let op_id = field(fields, "op_id")?;
    let message = match field::<String>(fields, "type")?.as_str() {
        "canvas_chat" => ClientMessage::CanvasChat {
            text: ChatText::parse(&field::<String>(fields, "text")?).map_err(Error::custom)?,
            canvas_id: field(fields, "canvas_id")?,
            reply_to: field(fields, "reply_to")?,
        },
        "chat_edit" => ClientMessage::ChatEdit {
            message_id: field(fields, "message_id")?,
            text: ChatText::parse(&field::<String>(fields, "text")?).map_err(Error::custom)?,
        },
        "chat_remove" => ClientMessage::ChatRemove {
            message_id: field(fields, "message_id")?,
        },
        "comment_create" => ClientMessage::CommentCreate {
            x: field(fields, "x")?,
            y: field(fields, "y")?,
            text: field(fields, "text")?,
            parent_id: field(fields, "parent_id")?,
        },
        "comment_update" => ClientMessage::CommentUpdate {
            comment_id: field(fields, "comment_id")?,
            text: field(fields, "text")?,
            resolved: field(fields, "resolved")?,
        },
        "comment_remove" => ClientMessage::CommentRemove {
            comment_id: field(fields, "comment_id")?,
        },
        "tile_create" => ClientMessage::TileCreate {
            x: field(fields, "x")?,
            y: field(fields, "y")?,
            title: field(fields, "title")?,
            pixels: field(fields, "pixels")?,
        },
        "tile_paint" => ClientMessage::TilePaint {
            x: field(fields, "x")?,
            y: field(fields, "y")?,
            pixels: field(fields, "pixels")?,
            undo_of: field(fields, "undo_of")?,
        },
        "tile_update" => ClientMessage::TileUpdate {
            x: field(fields, "x")?,
            y: field(fields, "y")?,
            title: field(fields, "title")?,
            pixels: field(fields, "pixels")?,
        },
        "tile_like" => ClientMessage::TileLike {
            x: field(fields, "x")?,
            y: field(fields, "y")?,
            liked: field(fields, "liked")?,
        },
        "tile_delete" => ClientMessage::TileDelete {
            x: field(fields, "x")?,
            y: field(fields, "y")?,
        },
        _ => return Err(Error::custom("not a durable message")),
    };
    Ok(ClientRequest { op_id, message })
}

/// Takes a field out of an object; an absent field is null.
fn field<T: DeserializeOwned>(
    fields: &mut Map<String, Value>,
    name: &str,
) -> serde_json::Result<T> {
    let value = fields.get_mut(name).map(Value::take);
    serde_json::from_value(value.unwrap_or_default())
}

fn heartbeat_key(page: Uuid) -> String {
    format!("{PREFIX}page.{page}")
}
