//! The file that the server makes for somebody: how far it is, when it is asked
//! about again, and what of it is kept over a reload. Pure.

use serde::{Deserialize, Serialize};
use shared::{
    api::exports::{Export, ExportKind, ExportState},
    ids::{CanvasId, ExportId},
};

/// Milliseconds until the first question how far it is.
const FIRST_PAUSE_MS: u32 = 400;
/// Most milliseconds between two questions.
const MAX_PAUSE_MS: u32 = 5_000;

/// A file that was asked for. It is kept as JSON until it is dismissed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptExport {
    /// The export.
    pub id: ExportId,
    /// The canvas of which it is.
    pub canvas_id: CanvasId,
    /// What it is.
    pub kind: ExportKind,
    /// The canvas's name; empty where it is not known.
    #[serde(default)]
    pub canvas_name: String,
}

/// How far a file is.
#[derive(Clone, Debug, PartialEq)]
pub enum JobState {
    /// It waits for its turn, or nothing is known yet.
    Waiting,
    /// It is being made.
    Running {
        /// The part that is done, from 0 to 1.
        progress: f64,
    },
    /// It is there.
    Done {
        /// Its size.
        bytes: i64,
        /// Its path.
        url: String,
    },
    /// It could not be made.
    Failed,
    /// It was deleted, or its day is over.
    Gone,
}

/// A file and how far it is.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportJob {
    /// What it is.
    pub kept: KeptExport,
    /// How far it is.
    pub state: JobState,
}

impl ExportJob {
    /// One of which nothing but this is known.
    pub fn new(kept: KeptExport) -> Self {
        Self {
            kept,
            state: JobState::Waiting,
        }
    }

    /// Takes the server's answer.
    pub fn update(&mut self, export: &Export) {
        self.kept.kind = export.kind;
        self.kept.canvas_id = export.canvas_id;
        self.state = match (export.state, &export.url) {
            (ExportState::Waiting, _) => JobState::Waiting,
            (ExportState::Running, _) => JobState::Running {
                progress: export.progress.clamp(0.0, 1.0),
            },
            (ExportState::Done, Some(url)) => JobState::Done {
                bytes: export.bytes,
                url: url.clone(),
            },
            (ExportState::Done, None) => JobState::Gone,
            (ExportState::Failed, _) => JobState::Failed,
        };
    }

    /// Whether nothing more will happen to it.
    pub fn is_over(&self) -> bool {
        match self.state {
            JobState::Waiting | JobState::Running { .. } => false,
            JobState::Done { .. } | JobState::Failed | JobState::Gone => true,
        }
    }

    /// The part that is done, in percent.
    pub fn percent(&self) -> f64 {
        match self.state {
            JobState::Waiting | JobState::Failed | JobState::Gone => 0.0,
            JobState::Running { progress } => (progress * 100.0).floor(),
            JobState::Done { .. } => 100.0,
        }
    }
}

/// How long to wait between two questions how far a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollPause(u32);

impl Default for PollPause {
    fn default() -> Self {
        Self(FIRST_PAUSE_MS)
    }
}

impl PollPause {
    /// Milliseconds until the next question, longer from time to time;
    /// `retry_after_ms` is what the server asked for.
    pub fn next(&mut self, retry_after_ms: Option<u32>) -> u32 {
        let pause = self.0;
        self.0 = (pause + pause / 2).min(MAX_PAUSE_MS);
        retry_after_ms.map_or(pause, |asked| asked.max(pause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn kept() -> KeptExport {
        KeptExport {
            id: ExportId(5),
            canvas_id: CanvasId(7),
            kind: ExportKind::Gif,
            canvas_name: "Nebula".to_owned(),
        }
    }

    fn export(state: &str, progress: f64, url: &Value) -> Export {
        let export = json!({
            "id": 5, "canvas_id": 7, "kind": "gif", "state": state, "progress": progress,
            "bytes": 2_048, "url": url, "created_at": "2026-01-02T03:04:05.000Z",
            "expires_at": "2026-01-03T03:04:05.000Z",
        });
        serde_json::from_value(export).unwrap()
    }

    #[test]
    fn a_file_is_followed_until_it_is_there() {
        let mut job = ExportJob::new(kept());
        assert!(!job.is_over());
        job.update(&export("waiting", 0.0, &Value::Null));
        assert_eq!((job.percent(), job.is_over()), (0.0, false));
        job.update(&export("running", 0.499, &Value::Null));
        assert_eq!((job.percent(), job.is_over()), (49.0, false));
        job.update(&export("done", 1.0, &"/api/v1/exports/5/file".into()));
        assert_eq!((job.percent(), job.is_over()), (100.0, true));
        let done = JobState::Done {
            bytes: 2_048,
            url: "/api/v1/exports/5/file".to_owned(),
        };
        assert_eq!(job.state, done);
    }

    #[test]
    fn what_failed_is_over() {
        let mut job = ExportJob::new(kept());
        job.update(&export("failed", 0.3, &Value::Null));
        assert_eq!((&job.state, job.is_over()), (&JobState::Failed, true));
        job.update(&export("done", 1.0, &Value::Null));
        assert_eq!(job.state, JobState::Gone);
    }

    #[test]
    fn it_survives_a_reload() {
        let text = serde_json::to_string(&kept()).unwrap();
        assert_eq!(serde_json::from_str::<KeptExport>(&text).unwrap(), kept());
        let older = r#"{"id": 5, "canvas_id": 7, "kind": "gif"}"#;
        let older: KeptExport = serde_json::from_str(older).unwrap();
        assert_eq!(older.canvas_name, "");
    }

    #[test]
    fn the_server_is_asked_less_and_less_often() {
        let mut pause = PollPause::default();
        let pauses: Vec<u32> = (0..9).map(|_| pause.next(None)).collect();
        assert_eq!(
            pauses,
            [400, 600, 900, 1_350, 2_025, 3_037, 4_555, 5_000, 5_000]
        );
        assert_eq!(pause.next(Some(30_000)), 30_000);
        assert_eq!(pause.next(Some(10)), 5_000);
    }
}
