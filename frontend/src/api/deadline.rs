//! The time that a request may take. Browsers wait for an answer without end.

use gloo_timers::callback::Timeout;
use web_sys::{AbortController, AbortSignal};

/// Milliseconds until the head of the answer has arrived.
const HEAD_MS: u32 = 20_000;
/// Milliseconds from then on until the body has arrived; a large canvas on a slow line takes long.
const BODY_MS: u32 = 120_000;

/// Aborts a request that takes too long. Kept until the body was read.
pub(super) struct Deadline {
    /// None in browsers that do not know it (before 2018): they wait.
    controller: Option<AbortController>,
    timer: Option<Timeout>,
    aborts_when_dropped: bool,
}

impl Deadline {
    /// Starts the time. With `aborts_when_dropped`, dropping it early ends the request too.
    pub(super) fn new(aborts_when_dropped: bool) -> Self {
        let mut deadline = Self {
            controller: AbortController::new().ok(),
            timer: None,
            aborts_when_dropped,
        };
        deadline.start(HEAD_MS);
        deadline
    }

    /// For the request.
    pub(super) fn signal(&self) -> Option<AbortSignal> {
        self.controller.as_ref().map(AbortController::signal)
    }

    /// The head of the answer is there: the time of the body begins.
    pub(super) fn head_arrived(&mut self) {
        self.start(BODY_MS);
    }

    fn start(&mut self, ms: u32) {
        let controller = self.controller.clone();
        self.timer = Some(Timeout::new(ms, move || {
            if let Some(controller) = controller {
                controller.abort();
            }
        }));
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        // Of no effect on a request that is over.
        if let (true, Some(controller)) = (self.aborts_when_dropped, &self.controller) {
            controller.abort();
        }
    }
}
