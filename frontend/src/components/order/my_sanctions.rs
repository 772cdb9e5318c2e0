//! One's own sanctions, over ones too, and the appeals against them. Also for
//! who is banned, and on pages without a canvas.

use super::appeals::Conversation;
use crate::{
    api, browser,
    components::form::Submission,
    i18n::{
        api_problem, moment,
        order::{appeal_state, order_texts, told, until},
    },
    model::order::is_in_force,
    tasks::Tasks,
};
use leptos::{ev::SubmitEvent, prelude::*};
use shared::api::sanctions::{Appeal, AppealState, Sanction, SanctionKind};

/// The content of the dialog.
#[component]
pub fn MySanctions() -> impl IntoView {
    let tasks = Tasks::new();
    let sanctions = RwSignal::new(None::<Vec<Sanction>>);
    let problem = RwSignal::new(String::new());
    tasks.spawn(async move {
        match api::order::my_sanctions().await {
            Ok(page) => sanctions.set(Some(page.items)),
            Err(error) => problem.set(api_problem(&error)),
        }
    });
    let rows = move || {
        let all = sanctions.get()?;
        Some(if all.is_empty() {
            view! { <p class="soft">{order_texts().no_sanctions()}</p> }.into_any()
        } else {
            let rows = all.into_iter().map(|sanction| view! { <One sanction /> });
            view! { <ul class="order__list">{rows.collect_view()}</ul> }.into_any()
        })
    };
    view! {
        {rows}
        <p class="field__error" role="alert">{move || problem.get()}</p>
    }
}

#[component]
fn One(sanction: Sanction) -> impl IntoView {
    let (title, _) = told(sanction.kind, sanction.canvas_id.is_none());
    let holds = is_in_force(&sanction, browser::now_ms());
    let end = match (sanction.kind, sanction.lifted_at, sanction.expires_at) {
        (_, Some(at), _) => order_texts().lifted_on(&moment(at)),
        (SanctionKind::Warning, None, _) => moment(sanction.issued_at),
        (_, None, Some(at)) if !holds => order_texts().ended_on(&moment(at)),
        (_, None, end) => until(end),
    };
    let appeal = RwSignal::new(sanction.appeal.clone());
    let id = sanction.id;
    let may_appeal = sanction.kind != SanctionKind::Warning && holds;
    let inside = move || match appeal.get() {
        Some(shown) => view! { <Appealed shown appeal /> }.into_any(),
        None if may_appeal => {
            let send = Callback::new(move |(form, text): (Submission, String)| {
                let request = async move { api::order::appeal(id, &text).await };
                form.send(request, move |new| {
                    appeal.try_set(Some(new));
                });
            });
            view! {
                <Write
                    label=order_texts().appeal_text()
                    hint=order_texts().appeal_hint()
                    action=order_texts().send_appeal()
                    send
                />
            }
            .into_any()
        }
        None => ().into_any(),
    };
    view! {
        <li class="order__item">
            <div class="order__item-text">
                <h3>{title}</h3>
                <p dir="auto" translate="yes">{sanction.reason}</p>
                <p class="faint">{end}</p>
                {inside}
            </div>
        </li>
    }
}

/// An appeal, and a field to add to it while it waits.
#[component]
fn Appealed(shown: Appeal, appeal: RwSignal<Option<Appeal>>) -> impl IntoView {
    let id = shown.id;
    let send = Callback::new(move |(form, text): (Submission, String)| {
        let request = async move { api::order::write_in_appeal(id, &text).await };
        form.send(request, move |new| {
            appeal.try_set(Some(new));
        });
    });
    let state = if shown.state == AppealState::Waiting {
        order_texts().appeal_waiting()
    } else {
        appeal_state(shown.state)
    };
    view! {
        <p role="status"><strong>{state}</strong></p>
        <Conversation messages=shown.messages />
        {(shown.state == AppealState::Waiting)
            .then(|| {
                view! {
                    <Write
                        label=order_texts().appeal_reply()
                        hint=""
                        action=order_texts().appeal_reply()
                        send
                    />
                }
            })}
    }
}

/// A text field and the button that sends it.
#[component]
fn Write(
    label: &'static str,
    hint: &'static str,
    action: &'static str,
    send: Callback<(Submission, String)>,
) -> impl IntoView {
    let text = RwSignal::new(String::new());
    let form = Submission::from_context();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let text = text.get_untracked().trim().to_owned();
        if !text.is_empty() {
            send.run((form, text));
        }
    };
    view! {
        <form class="form" on:submit=submit novalidate=true>
            <label class="field">
                <span class="field__label">{label}</span>
                <textarea
                    class="input"
                    rows="3"
                    dir="auto"
                    maxlength="2000"
                    prop:value=text
                    on:input=move |event| text.set(event_target_value(&event))
                ></textarea>
                {(!hint.is_empty()).then(|| view! { <span class="field__hint">{hint}</span> })}
            </label>
            <p class="field__error" role="alert">{move || form.problem()}</p>
            <div class="dialog__foot">
                <button
                    class="btn btn--primary"
                    type="submit"
                    aria-busy=move || form.is_busy()
                    disabled=move || text.with(|text| text.trim().is_empty())
                >
                    {action}
                </button>
            </div>
        </form>
    }
}
