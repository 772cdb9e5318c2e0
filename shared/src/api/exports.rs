//! Exports: files made of a canvas's past, which are kept for a day.

use super::rewrites::Area;
use crate::{
    ids::{CanvasId, ExportId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// What an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ExportKind {
    /// A film as a GIF.
    Gif,
    /// A film as an animated PNG.
    Apng,
    /// A picture of how it was at `to`.
    Png,
    /// The events, one on a line, compressed with gzip (RFC 1952). The first line has the canvas
    /// and the time.
    Log,
}

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ExportState {
    /// It waits for its turn.
    Waiting,
    /// It is being made.
    Running,
    /// The file is there.
    Done,
    /// It could not be made.
    Failed,
}

/// A moment of a canvas's past.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Moment {
    /// After the event with this `seq`.
    Seq(i64),
    /// A `seq`, or a time as RFC 3339 has it: after the last event up to then.
    Text(String),
}

/// `POST /canvases/{id}/exports`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewExport {
    /// What to make.
    pub kind: ExportKind,
    /// The cells; the whole board if it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<Area>,
    /// Where it begins; before the first event if it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Moment>,
    /// Where it ends; now if it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Moment>,
    /// The seconds up to the last frame of a film, 1–60; 10 if it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<i64>,
    /// Pixels for each pixel of the board, in both directions, 1–8; 1 if it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<i64>,
    /// The name of the user whose acts alone are wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

/// An export, as whoever asked for it sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Export {
    /// The export's id.
    pub id: ExportId,
    /// The canvas of which it is.
    pub canvas_id: CanvasId,
    /// What it is.
    pub kind: ExportKind,
    /// How far it is.
    pub state: ExportState,
    /// The same as a number from 0 to 1.
    pub progress: f64,
    /// The size of the file; 0 until it is done.
    pub bytes: i64,
    /// The path of the file; null until it is done.
    pub url: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it is deleted.
    pub expires_at: Timestamp,
}
