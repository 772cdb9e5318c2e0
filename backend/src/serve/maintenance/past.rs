//! Makes what is derived from the log in small steps. After each it pauses, so that requests
//! have the database meanwhile.

use crate::{
    db,
    past::{Step, archive::Archiver, index, tiles},
    state::AppState,
};
use std::time::{Duration, Instant};
use tokio::{task::JoinHandle, time};

/// Between two polls for new events.
const INTERVAL: Duration = Duration::from_secs(5);
/// After an error the same kind of work rests for so long.
const ERROR_PAUSE: Duration = Duration::from_secs(30);
/// How many times as long as a step the pause after it lasts. The work still keeps up with more
/// events than one canvas can take.
const PAUSE: u32 = 4;
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
        let mut indexing = Work::new("the event index");
        let mut keyframing = Work::new("keyframes of tiles");
        let mut archiving = Work::new("the archive");
        loop {
            let indexed = paced(index::step(&state.pool, &state.log));
            let indexed = indexing.run(Box::pin(indexed)).await;
            let tiles = tiles::step(&state.pool, &state.log);
            let kept = keyframing.run(Box::pin(paced(tiles))).await;
            // It comes last, since it needs the others, and makes its own pauses.
            let archived = archiving.run(Box::pin(archiver.step())).await;
            if [indexed, kept, archived] == [Step::Idle; 3] {
                time::sleep(INTERVAL).await;
            }
        }
    })
}

/// A kind of work. What keeps one from going on does not keep the others.
struct Work {
    name: &'static str,
    /// Nothing is tried before, after an error.
    rests_until: Option<Instant>,
}

impl Work {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            rests_until: None,
        }
    }

    /// Does a step, unless it rests.
    async fn run(&mut self, step: impl Future<Output = db::Result<Step>>) -> Step {
        if self.rests_until.is_some_and(|until| Instant::now() < until) {
            return Step::Idle;
        }
        match step.await {
            Ok(step) => step,
            Err(error) => {
                let what = self.name;
                if error.is_unavailable() {
                    tracing::debug!(%error, what, "work on the past of canvases is done later");
                } else {
                    tracing::warn!(%error, what, "cannot work on the past of canvases");
                }
                self.rests_until = Some(Instant::now() + ERROR_PAUSE);
                Step::Idle
            }
        }
    }
}

/// Does a step, then pauses for [`PAUSE`] times as long as it took.
async fn paced(step: impl Future<Output = db::Result<Step>>) -> db::Result<Step> {
    let begun = Instant::now();
    let done = step.await?;
    if done == Step::Done {
        time::sleep((begun.elapsed() * PAUSE).max(MIN_PAUSE)).await;
    }
    Ok(done)
}
