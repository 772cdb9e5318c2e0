//! Removes the names of deleted accounts from what is stored, in pieces. Any node does it.

use crate::{
    db::{
        self,
        name_removals::{self, ArchivedNames, Progress},
    },
    past::archive::{self, RenameStep},
    state::AppState,
};
use sqlx::Connection;
use std::time::Duration;
use tokio::time::{self, timeout};

/// Between two polls for what other nodes did not finish, or what is due by now.
const INTERVAL: Duration = Duration::from_secs(30);
/// The pause after a piece, for requests.
const PAUSE: Duration = Duration::from_millis(20);

/// Does what is due, again and again.
pub(super) async fn remove(state: AppState) {
    loop {
        match do_piece(&state).await {
            Ok(Progress::Done(deleted)) => {
                for canvas in &deleted {
                    state.hub.canvas_deleted(*canvas);
                }
                if !deleted.is_empty() {
                    state.canvas_deleted.notify_one();
                }
                time::sleep(PAUSE).await;
            }
            Ok(Progress::Archived(_)) => time::sleep(PAUSE).await,
            Ok(Progress::Nothing) => {
                // Both outcomes mean that it is time to look.
                let _ = timeout(INTERVAL, state.account_deleted.notified()).await;
            }
            Err(error) => {
                tracing::warn!(%error, "cannot remove the names of deleted accounts");
                time::sleep(INTERVAL).await;
            }
        }
    }
}

async fn do_piece(state: &AppState) -> db::Result<Progress> {
    let now = state.hub.clock().now();
    let mut lease = state.pool.acquire().await?;
    let mut transaction = lease.begin().await?;
    let piece = name_removals::do_piece(&mut transaction, now).await?;
    if let Progress::Archived(ArchivedNames {
        user,
        canvas,
        before,
    }) = piece
    {
        let log = &state.log;
        let next = match archive::rename(&mut transaction, log, canvas, user, before).await? {
            RenameStep::Busy => Some(before),
            RenameStep::Before(next) => Some(next),
            RenameStep::All => None,
        };
        name_removals::go_on_in_archive(&mut transaction, user, next).await?;
    }
    transaction.commit().await?;
    lease.done();
    Ok(piece)
}
