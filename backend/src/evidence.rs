//! The evidence of cases: what was there when the first report came, read from the log as it
//! was at its head. It is stored with the ids of users, whose names are read when it is shown.
//! It knows no HTTP.

mod cells;
mod messages;
mod stored;

pub(crate) use messages::of_direct_message;
pub(crate) use stored::{Names, StoredEvidence, name};

use crate::{
    cell_log::HeldPermit,
    db::{self, Pool, cases::CaseTarget},
    past::{self, index::EventIndex, log::Log},
};
use cells::of_cells;
use chrono::{DateTime, Utc};
use messages::{chat, of_comment, of_message, with_words};
use shared::{api::Canvas, ids::UserId};

/// The newest messages of a person.
const NEWEST: i64 = 20;
/// The cells in which a person painted last.
const NEWEST_CELLS: usize = 20;

/// The evidence of a new case, and whom it is about.
#[derive(Default)]
pub(crate) struct CaseEvidence {
    pub(crate) evidence: StoredEvidence,
    /// Who painted, said or is what is reported.
    pub(crate) reported: Vec<UserId>,
}

/// Gathers the evidence at the canvas's `last_seq`; `now` is the time of the report. See
/// [`crate::cell_log::fold`] for `permit`.
///
/// # Errors
/// Those of the database.
pub(crate) async fn gather(
    reads: &Pool,
    index: &EventIndex,
    log: &Log,
    canvas: &Canvas,
    target: &CaseTarget,
    now: DateTime<Utc>,
    permit: &HeldPermit,
) -> db::Result<CaseEvidence> {
    let seq = canvas.last_seq;
    match target {
        CaseTarget::Tile { .. } | CaseTarget::Area { .. } => {
            of_cells(reads, canvas, &target.cells(), now, permit).await
        }
        CaseTarget::Message { message_id } => of_message(reads, log, canvas, *message_id).await,
        CaseTarget::Comment { comment_id } => of_comment(reads, canvas, *comment_id).await,
        CaseTarget::User { user_id } => {
            of_person(reads, index, log, canvas, *user_id, now, permit).await
        }
        // Of no canvas.
        CaseTarget::DirectMessage { .. } => Ok(CaseEvidence::default()),
        CaseTarget::Canvas => Ok(CaseEvidence {
            evidence: StoredEvidence {
                seq: Some(seq),
                ..StoredEvidence::default()
            },
            reported: vec![canvas.owner_id],
        }),
    }
}

/// What a person said and painted last.
async fn of_person(
    reads: &Pool,
    index: &EventIndex,
    log: &Log,
    canvas: &Canvas,
    user: UserId,
    now: DateTime<Utc>,
    permit: &HeldPermit,
) -> db::Result<CaseEvidence> {
    let head = canvas.last_seq;
    let messages = log
        .newest_messages_of(reads, canvas.id, user, head, NEWEST)
        .await?;
    let cells = past::cells::newest_of(index, canvas.id, user, head, NEWEST_CELLS).await?;
    let of_cells = of_cells(reads, canvas, &cells, now, permit).await?;
    Ok(CaseEvidence {
        evidence: StoredEvidence {
            messages: Some(chat(with_words(reads, canvas.id, messages).await?)),
            overpainted: None,
            ..of_cells.evidence
        },
        reported: vec![user],
    })
}
