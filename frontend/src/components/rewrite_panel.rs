//! The panel in which a person chooses what is taken back or restored: whose
//! work, since when, in which area. A dry run counts what would change, and the
//! board highlights it.

pub mod area;
pub mod people;

use crate::{
    api, browser,
    components::{
        choices::Choices,
        dock::DockState,
        field::Field,
        icons::{Glyph, Icon},
        rewrites::{finish, rewrite_problem},
        time_bar,
    },
    i18n::{
        self, clock, coordinates, list,
        rewrites::{found, rewrite_texts, running as running_text},
        t,
    },
    model::{
        notice::NoticeKind,
        rewrite::{AreaChoice, Change, MarkedTile, RewriteGoal, area_between},
    },
    past::PastView,
    session::Session,
    store::Store,
    tasks::{Task, Tasks},
};
use area::AreaFields;
use gloo_timers::future::TimeoutFuture;
use leptos::{ev, prelude::*};
use people::PeopleFields;
use shared::{
    api::{
        moderation::UserRef,
        rewrites::{Area, NewRewrite, Rewrite},
    },
    canvas::Role,
    limits,
    time::Timestamp,
};
use std::sync::Arc;

/// Milliseconds from the last change of the form until the dry run.
const FORM_MS: u32 = 250;
/// Milliseconds from the last change of the board until another dry run.
const BOARD_MS: u32 = 1_500;

const MINUTE_MS: i64 = 60_000;
/// The spans that can be chosen, in milliseconds; none for all of the past.
const SPANS: [Option<i64>; 5] = [
    Some(10 * MINUTE_MS),
    Some(60 * MINUTE_MS),
    Some(24 * 60 * MINUTE_MS),
    Some(7 * 24 * 60 * MINUTE_MS),
    None,
];

/// What the dry run said.
#[derive(Clone, Debug, PartialEq)]
enum Preview {
    Counting,
    Found(Rewrite),
    Problem(String),
}

/// The panel, while something is to be taken back or restored.
#[component]
pub fn RewritePanel() -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let close = Callback::new(move |()| {
        store.rewrite.set(None);
        store.area.set(AreaChoice::default());
        store.marked.set(Arc::default());
    });
    on_cleanup(move || close.run(()));
    let dock = expect_context::<DockState>();
    // The board is seen whole, and what is under the highlights.
    Effect::new(move || {
        if store.rewrite.with(Option::is_some) {
            session.leave_tile();
            store.painters.set(None);
            if browser::is_phone() {
                dock.open.set(false);
            }
        }
    });
    move || {
        let goal = store.rewrite.get()?;
        Some(view! { <Panel goal close /> })
    }
}

/// The form's values.
#[derive(Clone, Copy)]
struct Form {
    people: RwSignal<Vec<UserRef>>,
    /// An index of [`SPANS`]; beyond them the change that was chosen.
    span: RwSignal<usize>,
    reason: RwSignal<String>,
    /// Fixed when the panel opens or another span is chosen, so that the window
    /// does not move while somebody looks.
    before: Option<Change>,
    /// The event after which it was as it is to be; fixed where one looks at
    /// that moment.
    then: Option<i64>,
    restores: bool,
}

impl Form {
    /// The request; none while it is not complete.
    fn request(self, store: Store, dry_run: bool) -> Option<NewRewrite> {
        let span = SPANS.get(self.span.get()).copied().flatten();
        let since = span.and_then(|ms| {
            let millis = store.server_now_ms() - ms;
            Some(Timestamp::from(chrono::DateTime::from_timestamp_millis(
                millis,
            )?))
        });
        let area = store.area.get().area;
        let reason = self.reason.get_untracked().trim().to_owned();
        let mut request = NewRewrite {
            kind: if self.restores { "restore" } else { "revert" }.to_owned(),
            area,
            reason: (!reason.is_empty()).then_some(reason),
            dry_run: Some(dry_run),
            ..NewRewrite::default()
        };
        if self.restores {
            request.area = Some(area?);
            match (self.then, span, self.before) {
                (Some(seq), ..) => request.at_seq = Some(seq),
                (None, None, Some(change)) => request.at_seq = Some(change.seq - 1),
                _ => request.at = since,
            }
        } else {
            let people = self.people.get();
            request.usernames = Some(people.into_iter().map(|user| user.username).collect());
            request.from = since;
        }
        Some(request)
    }
}

#[component]
fn Panel(goal: RewriteGoal, close: Callback<()>) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let texts = rewrite_texts();
    let past = expect_context::<PastView>();
    let (people, area, before, then) = match goal {
        RewriteGoal::TakeBack(people) => (people, None, None, None),
        RewriteGoal::Restore { at, before } => {
            (Vec::new(), Some(area_between(at, at)), before, None)
        }
        RewriteGoal::RestoreThen { area, moment } => (Vec::new(), Some(area), None, Some(moment)),
    };
    let restores = area.is_some();
    store.area.set(AreaChoice {
        is_drawing: false,
        area,
    });
    let form = Form {
        people: RwSignal::new(people),
        span: RwSignal::new(if before.is_some() { SPANS.len() - 1 } else { 1 }),
        reason: RwSignal::new(String::new()),
        before,
        then,
        restores,
    };
    let preview = RwSignal::new(Preview::Counting);
    let running = RwSignal::new(None::<Rewrite>);
    let is_busy = move || running.with(Option::is_some);
    count(store, form, preview, is_busy);

    let is_mine = move || {
        let me = store.me.with(|me| me.as_ref().map(|me| me.user_id));
        form.people
            .with(|people| people.iter().all(|user| Some(user.user_id) == me))
    };
    let title = move || match area {
        Some(_) => match store.area.get().area {
            Some(area) if (area.x0, area.y0) == (area.x1, area.y1) => {
                texts.restore_tile(&coordinates(area.x0, area.y0))
            }
            _ => texts.restore_area().to_owned(),
        },
        None if is_mine() => texts.take_back_mine().to_owned(),
        None => form.people.with(|people| {
            texts.take_back_from(&list(people.iter().map(|u| u.display_name.as_str())))
        }),
    };
    // The page's, so that it is followed to its end if the panel is closed.
    let tasks = expect_context::<Tasks>();
    let start = move |_| {
        let Some(request) = untrack(|| form.request(store, false)) else {
            return;
        };
        store.area.update(|choice| choice.is_drawing = false);
        tasks.spawn(async move {
            let asked = api::rewrites::rewrite(store.canvas_id, &request).await;
            let progress = |rewrite: &Rewrite| {
                running.try_set(Some(rewrite.clone()));
            };
            match finish(asked, progress).await {
                Ok(rewrite) => {
                    // What it made is seen now.
                    if then.is_some() {
                        past.now();
                    }
                    session.notify(NoticeKind::Rewritten(Box::new(rewrite)));
                    if running.try_set(None).is_none() {
                        close.run(());
                    }
                }
                Err(error) => {
                    running.try_set(None);
                    let text = rewrite_problem(&error);
                    if preview.try_set(Preview::Problem(text.clone())).is_some() {
                        session.notify(NoticeKind::Problem(text));
                    }
                }
            }
        });
    };
    let stop = move |_| {
        if let Some(rewrite) = running.get_untracked() {
            tasks.spawn(async move {
                // How it ended is asked for anyway.
                let _ = api::rewrites::stop_rewrite(rewrite.id).await;
            });
        }
    };
    let escape = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" {
            event.stop_propagation();
            close.run(());
        }
    };
    let has_found = move || {
        preview.with(|preview| matches!(preview, Preview::Found(rewrite) if rewrite.tiles > 0))
    };
    let sentence = move || match running.get() {
        Some(rewrite) => running_text(&rewrite),
        None => match preview.get() {
            Preview::Counting => texts.counting().to_owned(),
            Preview::Found(rewrite) => found(&rewrite),
            Preview::Problem(text) => text,
        },
    };
    let action = if restores {
        texts.restore_action()
    } else {
        texts.take_back_action()
    };
    // Others can be added to others, not to oneself.
    let adds_people = !restores && untrack(|| store.role() >= Some(Role::Moderator) && !is_mine());
    view! {
        <section
            class="rewrite floating"
            aria-labelledby="rewrite-title"
            data-testid="rewrite"
            on:keydown=escape
        >
            <div class="rewrite__head">
                <h2 id="rewrite-title" class="rewrite__title" dir="auto">{title}</h2>
                <button
                    class="btn btn--quiet btn--icon"
                    type="button"
                    aria-label=t().close()
                    on:click=move |_| close.run(())
                >
                    <Icon glyph=Glyph::Close />
                </button>
            </div>
            <div class="rewrite__form" inert=is_busy>
                {adds_people.then(|| view! { <PeopleFields people=form.people /> })}
                {match then {
                    Some(_) => {
                        let moment = store.past.moment.get_untracked();
                        let precision = untrack(|| time_bar::precision(store));
                        let when = moment.map(|moment| i18n::time::when(&moment, precision));
                        let when = when.unwrap_or_default();
                        view! { <p>{i18n::time::time_texts().restore_to(&when)}</p> }.into_any()
                    }
                    None => {
                        view! {
                            <Choices
                                name="rewrite-span"
                                label=if restores { texts.restore_when() } else { texts.window() }
                                value=form.span
                                options=spans(restores, before)
                            />
                        }
                            .into_any()
                    }
                }}
                <AreaFields everywhere=!restores />
                <Field
                    id="rewrite-reason"
                    label=texts.reason()
                    value=form.reason
                    max=*limits::REASON.end()
                    hint=texts.reason_hint()
                />
            </div>
            <p class="rewrite__found" role="status" data-testid="rewrite-found">{sentence}</p>
            <div class="dialog__foot">
                <Show
                    when=is_busy
                    fallback=move || view! {
                        <button
                            class="btn btn--primary"
                            type="button"
                            disabled=move || !has_found()
                            on:click=start
                        >
                            {action}
                        </button>
                    }
                >
                    <button class="btn" type="button" on:click=stop>{texts.stop()}</button>
                </Show>
            </div>
        </section>
    }
}

/// The labels of the spans.
fn spans(restores: bool, before: Option<Change>) -> crate::components::choices::Options {
    let texts = rewrite_texts();
    let mut labels = if restores {
        vec![
            texts.restore_minutes().to_owned(),
            texts.restore_hour().to_owned(),
            texts.restore_day().to_owned(),
            texts.restore_week().to_owned(),
        ]
    } else {
        [
            texts.window_minutes(),
            texts.window_hour(),
            texts.window_day(),
            texts.window_week(),
            texts.window_ever(),
        ]
        .map(str::to_owned)
        .to_vec()
    };
    if let Some(change) = before {
        let time = clock(change.at);
        labels.push(texts.restore_event(&time));
    }
    labels.into_iter().map(|label| (label, "")).collect()
}

/// Counts what would change, whenever the form or the board changes.
fn count(
    store: Store,
    form: Form,
    preview: RwSignal<Preview>,
    is_busy: impl Fn() -> bool + Copy + 'static,
) {
    let tasks = Tasks::new();
    let request = StoredValue::new(Task::default());
    let asked = StoredValue::new(None::<(usize, Vec<UserRef>, Option<Area>)>);
    Effect::new(move || {
        store.tiles.track();
        let values = (form.span.get(), form.people.get(), store.area.get().area);
        if is_busy() {
            return;
        }
        let is_new = asked.with_value(|asked| asked.as_ref() != Some(&values));
        if is_new {
            asked.set_value(Some(values));
            preview.set(Preview::Counting);
        }
        request.set_value(tasks.start(async move {
            TimeoutFuture::new(if is_new { FORM_MS } else { BOARD_MS }).await;
            let Some(body) = untrack(|| form.request(store, true)) else {
                preview.set(Preview::Counting);
                store.marked.set(Arc::default());
                return;
            };
            let answer = api::rewrites::preview(store.canvas_id, &body).await;
            let side = store
                .tiles
                .peek(|tiles| tiles.grid().map_or(1, |grid| grid.tile_size));
            let (told, marked) = match answer {
                Ok((rewrite, changes)) => {
                    let marked = changes.iter().map(|tile| MarkedTile::new(tile, side));
                    let marked = marked.collect::<Vec<_>>();
                    (Preview::Found(rewrite), marked)
                }
                Err(error) => (Preview::Problem(rewrite_problem(&error)), Vec::new()),
            };
            store.marked.set(Arc::new(marked));
            preview.set(told);
        }));
    });
}
