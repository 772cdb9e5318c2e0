//! A tile event as a replay needs it, read from its wire form without the rest.

use serde::Deserialize;
use shared::{
    api::rewrites::Cause,
    canvas::Coord,
    ids::{TileId, UserId},
    pixels::{PixelEdit, Pixels},
    time::Timestamp,
};

/// A tile event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Its place in the canvas's order of events.
    pub(crate) seq: i64,
    /// When it was stored.
    pub(crate) at: Timestamp,
    /// The rewrite that made it.
    pub(crate) cause: Option<Cause>,
    pub(crate) action: StepAction,
}

/// What a tile event did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StepAction {
    Created {
        tile: TileId,
        creator: UserId,
        title: String,
        pixels: Pixels,
        version: i64,
        like_count: i64,
    },
    Updated {
        updater: UserId,
        title: Option<String>,
        delta: Vec<PixelEdit>,
        pixels: Option<Pixels>,
        undo_of: Option<i64>,
        version: i64,
        like_count: i64,
    },
    Liked {
        liker: UserId,
        liked: bool,
        like_count: i64,
    },
    Deleted {
        deleter: UserId,
    },
}

/// The fields of all tile events.
#[derive(Deserialize)]
struct Body<'a> {
    r#type: &'a str,
    seq: i64,
    x: i32,
    y: i32,
    tile_id: TileId,
    creator_id: UserId,
    updater_id: Option<UserId>,
    deleter_id: Option<UserId>,
    liker_id: Option<UserId>,
    liked: Option<bool>,
    title: Option<String>,
    delta: Option<Vec<PixelEdit>>,
    pixels: Option<&'a str>,
    undo_of: Option<i64>,
    #[serde(default)]
    version: i64,
    #[serde(default)]
    like_count: i64,
    timestamp: Timestamp,
    cause: Option<Cause>,
}

impl Step {
    /// Reads an event's wire form; none if it is no tile event.
    pub(crate) fn parse(body: &str) -> Option<Self> {
        Self::parse_with_cell(body).map(|(_, step)| step)
    }

    /// The same, with the cell in which it happened.
    pub(crate) fn parse_with_cell(body: &str) -> Option<(Coord, Self)> {
        // Chat, comments and settings, quickly.
        if body.starts_with(r#"{"type":"c"#) {
            return None;
        }
        let body: Body<'_> = serde_json::from_str(body).ok()?;
        let pixels = match body.pixels {
            Some(text) => Some(Pixels::decode(text).ok()?),
            None => None,
        };
        let action = match body.r#type {
            "tile_created" => StepAction::Created {
                tile: body.tile_id,
                creator: body.creator_id,
                title: body.title?,
                pixels: pixels?,
                version: body.version,
                like_count: body.like_count,
            },
            "tile_updated" => StepAction::Updated {
                updater: body.updater_id?,
                title: body.title,
                delta: body.delta.unwrap_or_default(),
                pixels,
                undo_of: body.undo_of,
                version: body.version,
                like_count: body.like_count,
            },
            "tile_liked" => StepAction::Liked {
                liker: body.liker_id?,
                liked: body.liked?,
                like_count: body.like_count,
            },
            "tile_deleted" => StepAction::Deleted {
                deleter: body.deleter_id?,
            },
            _ => return None,
        };
        let at = Coord {
            x: body.x,
            y: body.y,
        };
        let step = Self {
            seq: body.seq,
            at: body.timestamp,
            cause: body.cause,
            action,
        };
        Some((at, step))
    }

    /// Who acted: of a rewrite's event who asked for it.
    pub(crate) fn actor(&self) -> UserId {
        if let Some(cause) = self.cause {
            return cause.by;
        }
        match self.action {
            StepAction::Created { creator, .. } => creator,
            StepAction::Updated { updater, .. } => updater,
            StepAction::Liked { liker, .. } => liker,
            StepAction::Deleted { deleter } => deleter,
        }
    }
}
