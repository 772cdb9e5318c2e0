//! The panel in which somebody chooses an export of the canvas's past: a film, a
//! picture or the log; of the board, an area or a tile; how long, how large, and
//! by whom. What is small is downloaded at once; all else is made in the
//! background, see [`jobs`].

pub mod jobs;
pub mod person;
pub mod preview;
pub mod progress;
pub mod scope;

use crate::{
    api, browser,
    components::{
        choices::{Choices, Options},
        dock::DockState,
        icons::{Glyph, Icon},
    },
    i18n::{
        export::{export_problem, export_texts, kind_hint, kind_name},
        number, t,
    },
    model::{
        export::{ExportChoice, ExportGoal, LENGTHS, USUAL_LENGTH, file_name},
        rewrite::AreaChoice,
    },
    store::{Account, Store},
    tasks::{Task, Tasks},
};
use jobs::ExportJobs;
use leptos::{ev, html, prelude::*};
use person::PersonChoice;
use preview::Preview;
use progress::Progress;
use scope::ScopeChoice;
use shared::{api::exports::ExportKind, time::Timestamp};
use wasm_bindgen::JsCast;

/// The kinds in the order in which they are offered.
const KINDS: [ExportKind; 4] = [
    ExportKind::Gif,
    ExportKind::Apng,
    ExportKind::Png,
    ExportKind::Log,
];

const DAY_MS: i64 = 24 * 60 * 60_000;
/// How long ago a film can begin, in milliseconds; none for the first event.
const BEGINNINGS: [Option<i64>; 3] = [None, Some(DAY_MS), Some(7 * DAY_MS)];

/// Opens the panel: for a tile, or for the board.
pub fn open_export(store: Store, goal: ExportGoal) {
    store.rewrite.set(None);
    store.export.set(Some(goal));
}

/// The panel, while a file is chosen.
#[component]
pub fn ExportPanel() -> impl IntoView {
    let store = expect_context::<Store>();
    let dock = expect_context::<DockState>();
    Effect::new(move || {
        // One of the two that choose an area on the board.
        if store.rewrite.with(Option::is_some) {
            store.export.set(None);
        }
    });
    Effect::new(move || {
        if store.export.with(Option::is_some) && browser::is_phone() {
            dock.open.set(false);
        }
    });
    on_cleanup(move || store.export.set(None));
    move || {
        let goal = store.export.get()?;
        Some(view! { <Panel goal /> })
    }
}

/// The form's values.
#[derive(Clone, Copy)]
struct Form {
    /// An index of [`KINDS`].
    kind: RwSignal<usize>,
    /// An index of [`BEGINNINGS`].
    from: RwSignal<usize>,
    /// An index of [`LENGTHS`].
    length: RwSignal<usize>,
    /// None for a handy one.
    scale: RwSignal<Option<i32>>,
    /// Whose acts alone are wanted; empty for everybody's.
    actor: RwSignal<String>,
    /// The time on which beginnings are counted back.
    opened_ms: i64,
}

impl Form {
    fn kind(self) -> ExportKind {
        KINDS
            .get(self.kind.get())
            .copied()
            .unwrap_or(ExportKind::Gif)
    }

    /// What was chosen. Reactive.
    fn choice(self, store: Store) -> Option<ExportChoice> {
        let grid = store.tiles.grid()?;
        let ago = BEGINNINGS.get(self.from.get()).copied().flatten();
        let from = ago.and_then(|ms| {
            let time = chrono::DateTime::from_timestamp_millis(self.opened_ms - ms)?;
            Some(browser::iso_time(Timestamp::from(time)))
        });
        let actor = self.actor.with(|actor| actor.trim().to_owned());
        let mut choice = ExportChoice {
            kind: self.kind(),
            area: store.area.with(|choice| choice.area),
            from,
            to: store.past_seq(),
            seconds: LENGTHS.get(self.length.get()).copied().unwrap_or_default(),
            scale: 1,
            actor: (!actor.is_empty()).then_some(actor),
        };
        let wanted = self.scale.get();
        let fits = wanted.filter(|scale| choice.scales(&grid).contains(scale));
        choice.scale = fits.unwrap_or_else(|| choice.handy_scale(&grid));
        Some(choice)
    }
}

#[component]
fn Panel(goal: ExportGoal) -> impl IntoView {
    let store = expect_context::<Store>();
    let jobs = expect_context::<ExportJobs>();
    let texts = export_texts();
    let form = Form {
        kind: RwSignal::new(0),
        from: RwSignal::new(0),
        length: RwSignal::new(USUAL_LENGTH),
        scale: RwSignal::new(None),
        actor: RwSignal::new(String::new()),
        opened_ms: store.server_now_ms(),
    };
    let choice = Memo::new(move |_| form.choice(store));
    let is_log = Memo::new(move |_| form.kind() == ExportKind::Log);
    let is_film = Memo::new(move |_| matches!(form.kind(), ExportKind::Gif | ExportKind::Apng));
    let close = Callback::new(move |()| store.export.set(None));
    let panel = NodeRef::<html::Section>::new();
    hold_focus(panel);
    on_cleanup(move || store.area.set(AreaChoice::default()));
    let escape = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" {
            event.stop_propagation();
            close.run(());
        }
    };
    let kinds = KINDS
        .map(|kind| (kind_name(kind).to_owned(), kind_hint(kind)))
        .to_vec();
    view! {
        <section
            class="rewrite export floating"
            role="dialog"
            aria-labelledby="export-title"
            data-testid="export"
            tabindex="-1"
            node_ref=panel
            on:keydown=escape
        >
            <div class="rewrite__head">
                <h2 id="export-title" class="rewrite__title">{texts.export_title()}</h2>
                <button
                    class="btn btn--quiet btn--icon"
                    type="button"
                    aria-label=t().close()
                    on:click=move |_| close.run(())
                >
                    <Icon glyph=Glyph::Close />
                </button>
            </div>
            <div class="rewrite__form">
                <Choices name="export-kind" label=texts.kind() value=form.kind options=kinds />
                <Show when=move || !is_log.get()>
                    <ScopeChoice goal />
                    <Show when=move || is_film.get()>
                        <Choices
                            name="export-from"
                            label=texts.time()
                            value=form.from
                            options=beginnings()
                        />
                        <Choices
                            name="export-length"
                            label=texts.length()
                            value=form.length
                            options=lengths()
                        />
                    </Show>
                    <Show when=move || store.past_seq().is_some()>
                        <p class="field__hint">{texts.until_then()}</p>
                    </Show>
                    <ScaleChoice choice chosen=form.scale />
                    <Show when=move || is_film.get()>
                        <PersonChoice actor=form.actor />
                    </Show>
                    <Preview choice />
                </Show>
            </div>
            <Show when=move || jobs.has_job()>
                <Progress />
            </Show>
            <Foot choice close />
        </section>
    }
}

/// The focus is in the panel while it is open, and goes back to where it was.
fn hold_focus(panel: NodeRef<html::Section>) {
    let active = || document().active_element();
    let before = active();
    let before = StoredValue::new_local(before);
    Effect::new(move || {
        if let Some(panel) = panel.get() {
            browser::focus_in_place(&panel);
        }
    });
    on_cleanup(move || {
        let is_lost = active().is_none_or(|element| {
            element.tag_name() == "BODY" || element.closest(".export").ok().flatten().is_some()
        });
        let before = before.try_get_value().flatten();
        if let Some(before) = before.filter(|_| is_lost) {
            // The element may be gone; then nothing has the focus.
            let _ = before.unchecked_into::<web_sys::HtmlElement>().focus();
        }
    });
}

/// The button that makes the file or fetches it, or why there is none.
#[component]
fn Foot(choice: Memo<Option<ExportChoice>>, close: Callback<()>) -> impl IntoView {
    let store = expect_context::<Store>();
    let account = expect_context::<Account>();
    let jobs = expect_context::<ExportJobs>();
    let texts = export_texts();
    let grid = move || store.tiles.grid();
    let is_possible = Memo::new(move |_| {
        let grid = grid();
        choice.with(|choice| {
            let both = choice.as_ref().zip(grid.as_ref());
            both.is_some_and(|(choice, grid)| choice.is_possible(grid))
        })
    });
    let link = Memo::new(move |_| {
        let grid = grid()?;
        choice.with(|choice| {
            let choice = choice.as_ref().filter(|choice| choice.is_at_once(&grid))?;
            Some((choice.path(store.canvas_id), choice.kind))
        })
    });
    let name = move |kind: ExportKind| {
        store.canvas.with(|canvas| {
            let name = canvas.as_ref().map(|canvas| canvas.name.as_str());
            file_name(name.unwrap_or_default(), kind)
        })
    };
    let problem = RwSignal::new(None::<String>);
    let request = StoredValue::new(Task::default());
    let is_asking = RwSignal::new(false);
    let tasks = Tasks::new();
    Effect::new(move || {
        choice.track();
        problem.set(None);
    });
    let start = move |_| {
        let Some(choice) = choice.get_untracked() else {
            return;
        };
        is_asking.set(true);
        problem.set(None);
        request.set_value(tasks.start(async move {
            match jobs.start(&choice).await {
                Ok(()) => close.run(()),
                Err(error) => problem.set(Some(export_problem(&error))),
            }
            is_asking.set(false);
        }));
    };
    let is_signed_in = Memo::new(move |_| account.user().is_some());
    let sentence = move || {
        if let Some(problem) = problem.get() {
            Some(problem)
        } else if !is_possible.get() {
            Some(texts.too_large().to_owned())
        } else if link.with(Option::is_some) {
            None
        } else if !is_signed_in.get() {
            Some(texts.sign_in_to_export().to_owned())
        } else {
            jobs.is_making().then(|| texts.is_running().to_owned())
        }
    };
    let action = move || match link.get().filter(|_| is_possible.get()) {
        Some((path, kind)) => view! {
            <a
                class="btn btn--primary"
                href=api::exports::file_url(&path)
                download=name(kind)
            >
                <Icon glyph=Glyph::Download />
                {t().download()}
            </a>
        }
        .into_any(),
        None => view! {
            <button
                class="btn btn--primary"
                type="button"
                disabled=move || {
                    !is_possible.get() || !is_signed_in.get() || is_asking.get() || jobs.is_making()
                }
                on:click=start
            >
                {texts.start()}
            </button>
        }
        .into_any(),
    };
    view! {
        <p class="rewrite__found export__problem" role="status">{sentence}</p>
        <div class="dialog__foot">{action}</div>
    }
}

/// How large a pixel of the board becomes, and the size of the file's pictures.
#[component]
fn ScaleChoice(
    choice: Memo<Option<ExportChoice>>,
    /// None for a handy one.
    chosen: RwSignal<Option<i32>>,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let texts = export_texts();
    let scales = Memo::new(move |_| {
        let grid = store.tiles.grid()?;
        choice.with(|choice| Some(choice.as_ref()?.scales(&grid)))
    });
    let scale = Memo::new(move |_| choice.with(|choice| choice.as_ref().map(|one| one.scale)));
    let pixels = move || {
        let grid = store.tiles.grid()?;
        let (width, height) = choice.with(|choice| Some(choice.as_ref()?.size(&grid)))?;
        let side = |side: i32| number(usize::try_from(side).unwrap_or_default());
        Some(t().preview_pixels(&side(width), &side(height)))
    };
    let options = move || {
        let scales = scales.get().unwrap_or_default();
        let option = |one: i32| {
            view! {
                <label class="choice">
                    <input
                        type="radio"
                        name="export-scale"
                        prop:checked=move || scale.get() == Some(one)
                        on:change=move |_| chosen.set(Some(one))
                    />
                    <span>{t().times(one.unsigned_abs())}</span>
                </label>
            }
        };
        scales.into_iter().map(option).collect_view()
    };
    view! {
        <Show when=move || scales.with(|scales| scales.as_ref().is_some_and(|all| !all.is_empty()))>
            <fieldset class="field">
                <legend class="field__label">{texts.scale()}</legend>
                <div class="choices">{options}</div>
                <p class="field__hint numbers">{pixels}</p>
            </fieldset>
        </Show>
    }
}

fn beginnings() -> Options {
    let texts = export_texts();
    [texts.time_beginning(), texts.time_day(), texts.time_week()]
        .map(|label| (label.to_owned(), ""))
        .to_vec()
}

/// The lengths of a film.
pub fn lengths() -> Options {
    let seconds = LENGTHS.map(|n| usize::try_from(n).unwrap_or_default());
    seconds.map(|n| (export_texts().seconds(n), "")).to_vec()
}
