//! What is sent about appeals against sanctions.

use super::sanctions::AppealState;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// `POST /sanctions/{id}/appeal` and `POST /appeals/{id}/messages`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppealText {
    /// 1–2000 characters.
    pub text: String,
}

/// How an appeal is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AppealOutcome {
    /// The sanction stays as it is.
    Kept,
    /// It ends earlier.
    Shortened,
    /// It ends now.
    Lifted,
}

impl From<AppealOutcome> for AppealState {
    fn from(outcome: AppealOutcome) -> Self {
        match outcome {
            AppealOutcome::Kept => Self::Kept,
            AppealOutcome::Shortened => Self::Shortened,
            AppealOutcome::Lifted => Self::Lifted,
        }
    }
}

/// `POST /appeals/{id}/decide`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DecideAppeal {
    /// How it is decided.
    pub outcome: AppealOutcome,
    /// When the sanction ends from now on; required with `shortened`, and only there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// 1–2000 characters, which the sanctioned user reads.
    pub text: String,
}
