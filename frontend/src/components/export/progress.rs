//! How far the user's file is, and what can be done with it.

use super::jobs::ExportJobs;
use crate::{
    components::icons::{Glyph, Icon},
    i18n::{
        export::{export_texts, file_size, kind_name},
        t,
    },
    model::{
        export::{ending, file_name},
        export_job::{ExportJob, JobState},
    },
    store::Store,
};
use leptos::prelude::*;

/// The same over the board, while the panel is closed.
#[component]
pub fn ExportCard() -> impl IntoView {
    let store = expect_context::<Store>();
    let jobs = expect_context::<ExportJobs>();
    view! {
        <Show when=move || jobs.has_job() && store.export.with(Option::is_none)>
            <section class="export-card floating" aria-label=export_texts().file()>
                <Progress />
            </section>
        </Show>
    }
}

/// The progress, and the buttons.
#[component]
pub fn Progress() -> impl IntoView {
    let jobs = expect_context::<ExportJobs>();
    let texts = export_texts();
    let job = Memo::new(move |_| jobs.job());
    let title = move || {
        job.with(|job| {
            let kept = &job.as_ref()?.kept;
            let name = crate::i18n::isolate(&kept.canvas_name);
            let kind = kind_name(kept.kind);
            Some(if name.is_empty() {
                kind.to_owned()
            } else {
                texts.file_of(kind, &name)
            })
        })
    };
    let sentence = move || job.with(|job| job.as_ref().map(state));
    let percent = Memo::new(move |_| {
        job.with(|job| {
            let job = job.as_ref().filter(|job| !job.is_over());
            job.map(ExportJob::percent)
        })
    });
    let bar = move || {
        percent.get().map(|percent| {
            view! {
                <progress class="export-card__bar" max="100" value=percent aria-label=texts.file()></progress>
            }
        })
    };
    let download = move || {
        job.with(|job| {
            let job = job.as_ref()?;
            let JobState::Done { url, .. } = &job.state else {
                return None;
            };
            let name = file_name(&job.kept.canvas_name, job.kept.kind);
            Some(view! {
                <a class="btn btn--small btn--primary" href=url.clone() download=name>
                    <Icon glyph=Glyph::Download small=true />
                    {t().download()}
                </a>
            })
        })
    };
    let leave = move || {
        if jobs.is_making() {
            view! {
                <button class="btn btn--small" type="button" on:click=move |_| jobs.stop()>
                    {texts.stop()}
                </button>
            }
            .into_any()
        } else {
            view! {
                <button
                    class="btn btn--quiet btn--icon btn--small"
                    type="button"
                    aria-label=texts.dismiss()
                    title=texts.dismiss()
                    on:click=move |_| jobs.dismiss()
                >
                    <Icon glyph=Glyph::Close small=true />
                </button>
            }
            .into_any()
        }
    };
    view! {
        <div
            class="export-card__inside"
            data-testid="export-job"
            data-kind=move || job.with(|job| job.as_ref().map(|job| ending(job.kept.kind)))
        >
            <span class="row__text">
                <span class="row__name" dir="auto">{title}</span>
                <span class="row__note row__note--whole numbers" role="status">{sentence}</span>
            </span>
            {download}
            {leave}
            {bar}
        </div>
    }
}

fn state(job: &ExportJob) -> String {
    let texts = export_texts();
    match &job.state {
        JobState::Waiting => texts.waiting().to_owned(),
        JobState::Running { .. } => texts.making(&t().percent(job.percent())),
        JobState::Done { bytes, .. } => texts.done(&file_size(*bytes)),
        JobState::Failed => texts.failed().to_owned(),
        JobState::Gone => texts.gone().to_owned(),
    }
}
