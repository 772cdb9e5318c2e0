//! What the server tells a canvas's moderators about its cases. None of this is stored in the
//! log.

use crate::{
    api::reports::{CaseState, Outcome, ReportRule, ReportTarget},
    ids::CanvasId,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// `case_opened`: something was reported that had no open case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseOpened {
    /// The case.
    pub case_id: i64,
    /// The canvas.
    pub canvas_id: CanvasId,
    /// What is reported.
    pub target: ReportTarget,
    /// The rule that the first report names.
    pub rule: ReportRule,
    /// When it was opened.
    pub timestamp: Timestamp,
}

/// `case_updated`: a case was claimed or decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseUpdated {
    /// The case.
    pub case_id: i64,
    /// The canvas.
    pub canvas_id: CanvasId,
    /// Where it stands now.
    pub state: CaseState,
    /// How it was decided.
    pub outcome: Option<Outcome>,
    /// When it changed.
    pub timestamp: Timestamp,
}
