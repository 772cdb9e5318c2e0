//! A tile event as the replay needs it, read from its wire form without the rest.

use serde::Deserialize;
use shared::{
    api::rewrites::Cause,
    ids::{TileId, UserId},
    pixels::{PixelEdit, Pixels},
};

/// A tile event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Its place in the canvas's order of events.
    pub(crate) seq: i64,
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
    },
    Updated {
        updater: UserId,
        title: Option<String>,
        delta: Vec<PixelEdit>,
        pixels: Option<Pixels>,
        undo_of: Option<i64>,
        version: i64,
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
    tile_id: TileId,
    creator_id: UserId,
    updater_id: Option<UserId>,
    deleter_id: Option<UserId>,
    title: Option<String>,
    delta: Option<Vec<PixelEdit>>,
    pixels: Option<&'a str>,
    undo_of: Option<i64>,
    #[serde(default)]
    version: i64,
    cause: Option<Cause>,
}

impl Step {
    /// Reads an event's wire form; none if it is no `tile_created`, `tile_updated` or
    /// `tile_deleted`.
    pub(crate) fn parse(body: &str) -> Option<Self> {
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
            },
            "tile_updated" => StepAction::Updated {
                updater: body.updater_id?,
                title: body.title,
                delta: body.delta.unwrap_or_default(),
                pixels,
                undo_of: body.undo_of,
                version: body.version,
            },
            "tile_deleted" => StepAction::Deleted {
                deleter: body.deleter_id?,
            },
            _ => return None,
        };
        Some(Self {
            seq: body.seq,
            cause: body.cause,
            action,
        })
    }
}
