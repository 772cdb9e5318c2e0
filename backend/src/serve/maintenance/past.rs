//! Makes what is derived from the log, slowly, so that nobody notices: a step at a time, and
//! everybody else has the database for a while after each.

use crate::{
    db,
    past::{Step, archive::Archiver, index, tiles},
    state::AppState,
};
use std::time::{Duration, Instant};
use tokio::{task::JoinHandle, time};

/// Between two looks for new events.
const INTERVAL: Duration = Duration::from_secs(5);
/// After an error.
const ERROR_PAUSE: Duration = Duration::from_secs(30);
/// The shortest pause after a step.
const MIN_PAUSE: Duration = Duration::from_millis(5);

/// Spawns the task; abort it to stop.
pub(in crate::serve) fn past_loop(state: AppState) -> JoinHandle<()> {
    tokio::spawn(async move {
        let (pool, log, clock) = (
            state.pool.clone(),
            state.log.clone(),
            state.hub.clock().clone(),
        );
        let mut archiver = Archiver::new(&state.config, pool, log, clock);
        loop {
            match work(&state, &mut archiver).await {
                Ok(Step::Done) => {}
                Ok(Step::Idle) => time::sleep(INTERVAL).await,
                Err(error) => {
                    if error.is_unavailable() {
                        tracing::debug!(%error, "work on the past of canvases is done later");
                    } else {
                        tracing::warn!(%error, "cannot work on the past of canvases");
                    }
                    time::sleep(ERROR_PAUSE).await;
                }
            }
        }
    })
}

/// A step of each kind of work that there is. The archive comes last: it needs the others.
async fn work(state: &AppState, archiver: &mut Archiver) -> db::Result<Step> {
    let indexed = paced(index::step(&state.pool)).await?;
    let kept = paced(tiles::step(&state.pool, &state.log)).await?;
    // It makes its own pauses.
    let archived = archiver.step().await?;
    let is_idle = [indexed, kept, archived]
        .iter()
        .all(|step| *step == Step::Idle);
    Ok(if is_idle { Step::Idle } else { Step::Done })
}

/// Does a step. After it everybody else has the database for twice as long as it took.
async fn paced(step: impl Future<Output = db::Result<Step>>) -> db::Result<Step> {
    let begun = Instant::now();
    let done = step.await?;
    if done == Step::Done {
        time::sleep((begun.elapsed() * 2).max(MIN_PAUSE)).await;
    }
    Ok(done)
}
