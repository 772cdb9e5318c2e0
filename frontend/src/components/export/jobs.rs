//! The file that the server makes for this user: asks for it, follows it, also
//! over reloads, and stops it.

use crate::{
    api::{self, ApiError, ApiResult},
    board::url,
    browser,
    model::{
        export::ExportChoice,
        export_job::{ExportJob, JobState, KeptExport, PollPause},
    },
    store::{Account, Store},
    tasks::{Task, Tasks},
};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use shared::{
    api::exports::ExportKind,
    ids::{ExportId, UserId},
};

/// What is kept of a user's file, in local storage.
const KEPT: &str = "stellar.export";

/// The file that is made, or that was made last; a context of the canvas page.
#[derive(Clone, Copy)]
pub struct ExportJobs {
    job: RwSignal<Option<ExportJob>>,
    store: Store,
    account: Account,
    request: StoredValue<Task>,
    tasks: Tasks,
}

impl ExportJobs {
    /// Provides it to the page, and follows what was asked for before a reload.
    pub fn provide(store: Store) -> Self {
        let jobs = Self {
            job: RwSignal::new(None),
            store,
            account: expect_context(),
            request: StoredValue::default(),
            tasks: Tasks::new(),
        };
        provide_context(jobs);
        let account = jobs.account;
        let user = Memo::new(move |_| account.user().map(|user| user.id));
        let search = use_location().search;
        let asked = Memo::new(move |_| search.with(|query| url::export(query)));
        Effect::new(move || {
            let asked = asked.get();
            jobs.job.set(None);
            let Some(user) = user.get() else { return };
            match (asked, load(user)) {
                (Some(id), kept) if kept.as_ref().is_none_or(|kept| kept.id != id) => {
                    // The canvas's name is known later, and stands above the board.
                    jobs.show(id, String::new());
                }
                (_, Some(kept)) => jobs.follow(kept),
                (_, None) => {}
            }
        });
        jobs
    }

    /// The file. Reactive.
    pub fn job(self) -> Option<ExportJob> {
        self.job.get()
    }

    /// Whether there is a file. Reactive.
    pub fn has_job(self) -> bool {
        self.job.with(Option::is_some)
    }

    /// Whether one is being made. Reactive.
    pub fn is_making(self) -> bool {
        self.job
            .with(|job| job.as_ref().is_some_and(|job| !job.is_over()))
    }

    /// Asks for a file. It is followed from then on.
    ///
    /// # Errors
    /// [`api::ApiError`].
    pub async fn start(self, choice: &ExportChoice) -> ApiResult<()> {
        let export = api::exports::start(self.store.canvas_id, &choice.request()).await?;
        let name = self.store.canvas.with_untracked(|canvas| {
            let canvas = canvas.as_ref();
            canvas.map(|canvas| canvas.name.clone()).unwrap_or_default()
        });
        let kept = KeptExport {
            id: export.id,
            canvas_id: export.canvas_id,
            kind: export.kind,
            canvas_name: name,
        };
        self.keep(Some(&kept));
        self.follow(kept);
        Ok(())
    }

    /// Shows a file that a notification tells of.
    pub fn show(self, id: ExportId, canvas_name: String) {
        let is_shown = self
            .job
            .with_untracked(|job| job.as_ref().is_some_and(|job| job.kept.id == id));
        if is_shown {
            return;
        }
        let kept = KeptExport {
            id,
            // Until the server has told.
            canvas_id: self.store.canvas_id,
            kind: ExportKind::Gif,
            canvas_name,
        };
        self.keep(Some(&kept));
        self.follow(kept);
    }

    /// Stops making it, or deletes it.
    pub fn stop(self) {
        let Some(job) = self.job.get_untracked() else {
            return;
        };
        self.dismiss();
        self.tasks.spawn(async move {
            // It is deleted after a day in any case.
            let _ = api::exports::delete(job.kept.id).await;
        });
    }

    /// Shows it no more.
    pub fn dismiss(self) {
        self.request.update_value(Task::cancel);
        self.job.set(None);
        self.keep(None);
    }

    fn keep(self, kept: Option<&KeptExport>) {
        let Some(user) = untrack(|| self.account.user()) else {
            return;
        };
        let text = kept.and_then(|kept| serde_json::to_string(kept).ok());
        match text {
            // Without room for it, it is followed until the page is left.
            Some(text) => drop(browser::save(&key(user.id), &text)),
            None => browser::remove(&key(user.id)),
        }
    }

    /// Asks how far it is until it is over.
    fn follow(self, kept: KeptExport) {
        let id = kept.id;
        self.job.set(Some(ExportJob::new(kept)));
        self.request.set_value(self.tasks.start(async move {
            let mut pause = PollPause::default();
            loop {
                let mut retry_after_ms = None;
                match api::exports::state(id).await {
                    Ok(export) => self.job.update(|job| {
                        if let Some(job) = job {
                            job.update(&export);
                        }
                    }),
                    Err(error) if is_lost(&error) => {
                        self.job.update(|job| {
                            if let Some(job) = job {
                                job.state = JobState::Gone;
                            }
                        });
                    }
                    // Told by the connection; a sign-in follows it anew.
                    Err(error) if error.is_signed_out() => return,
                    Err(error) => retry_after_ms = error.retry_after_ms(),
                }
                if !untrack(|| self.is_making()) {
                    return;
                }
                TimeoutFuture::new(pause.next(retry_after_ms)).await;
            }
        }));
    }
}

/// Whether the server says that there is no such file for this user, now and
/// later.
fn is_lost(error: &ApiError) -> bool {
    matches!(error.status(), Some(400..=499))
        && !error.is_signed_out()
        && !matches!(error.status(), Some(408 | 429))
}

fn key(user: UserId) -> String {
    format!("{KEPT}.{user}")
}

fn load(user: UserId) -> Option<KeptExport> {
    serde_json::from_str(&browser::load(&key(user))?).ok()
}
