//! The form of a sanction: whom, what, for how long, why, and what it will do.

use super::{OrderState, SanctionDraft};
use crate::{
    api,
    components::{
        avatar::Avatar,
        choices::{Choices, index},
        dialogs::Dialogs,
        field::Field,
        form::Submission,
    },
    i18n::{
        order::{act, effect, order_texts},
        t,
    },
};
use leptos::{ev::SubmitEvent, prelude::*};
use shared::api::{
    moderation::UserRef,
    sanctions::{CreateSanction, SanctionKind},
};

const KINDS: [SanctionKind; 5] = [
    SanctionKind::Warning,
    SanctionKind::Mute,
    SanctionKind::NoPaint,
    SanctionKind::Timeout,
    SanctionKind::Ban,
];
/// Seconds that are offered; none is an open end.
pub const DURATIONS: [Option<i64>; 5] =
    [Some(600), Some(3_600), Some(86_400), Some(7 * 86_400), None];
/// One hour, of [`DURATIONS`].
const FIRST_DURATION: usize = 1;
/// Characters of a reason and of a note.
const MAX_REASON: usize = 500;
const MAX_NOTE: usize = 1_000;

/// The labels of [`DURATIONS`].
pub fn durations() -> Vec<(String, &'static str)> {
    [
        order_texts().ten_minutes(),
        order_texts().one_hour(),
        order_texts().one_day(),
        order_texts().seven_days(),
        order_texts().open_end(),
    ]
    .map(|text| (text.to_owned(), ""))
    .to_vec()
}

/// The form, for what [`OrderState::sanction`] was called with.
#[component]
pub fn SanctionForm() -> impl IntoView {
    let order = expect_context::<OrderState>();
    let dialogs = expect_context::<Dialogs>();
    let Some(draft) = order.draft.get_untracked() else {
        return ().into_any();
    };
    let SanctionDraft {
        people,
        kind,
        scope,
        case_id,
        outcome,
        decision_note,
    } = draft;
    let decision_note = StoredValue::new(decision_note);
    let person = RwSignal::new(people.first().cloned());
    let kind = RwSignal::new(index(&KINDS, &kind));
    let duration = RwSignal::new(FIRST_DURATION);
    let reason = RwSignal::new(String::new());
    let note = RwSignal::new(String::new());
    let form = Submission::from_context();
    let chosen = move || KINDS[kind.get()];
    let seconds = move || seconds(chosen(), duration.get());
    let name = move || {
        person.with(|person| {
            person
                .as_ref()
                .map(|person| person.display_name.clone())
                .unwrap_or_default()
        })
    };
    let preview = move || {
        let until = seconds().map(|seconds| order.seconds_from_now(seconds));
        effect(chosen(), &name(), until)
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(person) = person.get_untracked() else {
            return;
        };
        let note = note.get_untracked();
        let body = CreateSanction {
            username: person.username,
            kind: untrack(chosen),
            reason: reason.get_untracked().trim().to_owned(),
            duration_s: untrack(seconds),
            note: (!note.trim().is_empty()).then(|| note.trim().to_owned()),
            case_id,
        };
        let decision_note = decision_note.get_value();
        let request = async move {
            api::order::sanction(scope, &body).await?;
            match (case_id, outcome) {
                (Some(case), Some(outcome)) => {
                    api::order::decide(case, outcome, decision_note.trim()).await
                }
                _ => Ok(()),
            }
        };
        form.send(request, move |()| {
            dialogs.close();
            order.changed();
        });
    };
    let problem = move || problem(form, outcome.is_some());
    let kinds = KINDS.map(|kind| (act(kind).to_owned(), "")).to_vec();
    view! {
        <form class="form" on:submit=submit novalidate=true>
            <Whom people person />
            <Choices name="sanction-kind" label=order_texts().what() value=kind options=kinds />
            <HowLong kind=Signal::derive(chosen) duration />
            <Field
                id="sanction-reason"
                label=order_texts().reason()
                value=reason
                max=MAX_REASON
                hint=order_texts().reason_hint()
                error=form.wrong("reason")
                focus=true
            />
            <Field id="sanction-note" label=order_texts().note() value=note max=MAX_NOTE />
            <p class="order__preview" aria-live="polite">{preview}</p>
            <p class="field__error" role="alert">{problem}</p>
            <div class="dialog__foot">
                <button class="btn" type="button" on:click=move |_| dialogs.close()>
                    {t().cancel()}
                </button>
                <button
                    class="btn btn--danger"
                    type="submit"
                    aria-busy=move || form.is_busy()
                    disabled=move || reason.with(|reason| reason.trim().is_empty())
                >
                    {move || act(chosen())}
                </button>
            </div>
        </form>
    }
    .into_any()
}

/// How long a sanction of this kind lasts, by its place in [`DURATIONS`]; none where
/// it is open or, as a warning, has no time.
fn seconds(kind: SanctionKind, duration: usize) -> Option<i64> {
    match kind {
        SanctionKind::Warning => None,
        SanctionKind::Timeout => DURATIONS[duration].or(DURATIONS[FIRST_DURATION]),
        SanctionKind::Mute | SanctionKind::NoPaint | SanctionKind::Ban => DURATIONS[duration],
    }
}

/// What went wrong with the form as a whole; empty if nothing did.
fn problem(form: Submission, has_decision: bool) -> String {
    match form.error(|error| Some(error.code() == "forbidden")) {
        Some(true) if !has_decision => order_texts().problem_rank().to_owned(),
        // It may be the decision that is forbidden.
        Some(true) => order_texts().problem_rank_or_concerned().to_owned(),
        Some(false) | None => form.problem(),
    }
}

/// The durations that a sanction of this kind may have: a timeout has an end,
/// and a warning lasts until it is confirmed.
#[component]
fn HowLong(kind: Signal<SanctionKind>, duration: RwSignal<usize>) -> impl IntoView {
    let options = move || match kind.get() {
        SanctionKind::Warning => None,
        SanctionKind::Timeout => {
            let mut options = durations();
            options.pop();
            Some(options)
        }
        SanctionKind::Mute | SanctionKind::NoPaint | SanctionKind::Ban => Some(durations()),
    };
    move || {
        let options = options()?;
        Some(view! {
            <Choices
                name="sanction-duration"
                label=order_texts().how_long()
                value=duration
                options
            />
        })
    }
}

/// The person, or a choice of several.
#[component]
fn Whom(people: Vec<UserRef>, person: RwSignal<Option<UserRef>>) -> impl IntoView {
    if people.len() < 2 {
        let shown = people.into_iter().next().map(|person| {
            view! {
                <div class="profile__who">
                    <Avatar user=person.user_id name=person.display_name.clone() />
                    <span class="row__text">
                        <strong dir="auto">{person.display_name.clone()}</strong>
                        <span class="faint">
                            {t().at_name(&person.username)}
                        </span>
                    </span>
                </div>
            }
        });
        return shown.into_any();
    }
    let options = people.iter().map(|person| {
        let name = person.display_name.clone();
        view! { <option value=person.username.clone()>{name}</option> }
    });
    let options = options.collect_view();
    let choose = move |event| {
        let chosen = event_target_value(&event);
        let found = people.iter().find(|person| person.username == chosen);
        person.set(found.cloned());
    };
    view! {
        <label class="field">
            <span class="field__label">{order_texts().whom()}</span>
            <select class="input" on:change=choose>
                {options}
            </select>
        </label>
    }
    .into_any()
}
