//! The form of a report: what is wrong, and what will happen.

use super::{OrderState, Reported};
use crate::{
    api::{self, ApiError},
    components::{dialogs::Dialogs, field::Field, form::Submission},
    i18n::{
        order::{order_texts, rule},
        t,
    },
    inbox::Inbox,
    model::notice::NoticeKind,
    session::Session,
    store::Store,
};
use leptos::{ev::SubmitEvent, prelude::*};
use shared::api::reports::{NewReport, Report, ReportRule};

const RULES: [ReportRule; 7] = [
    ReportRule::Griefing,
    ReportRule::Harassment,
    ReportRule::Hate,
    ReportRule::Sexual,
    ReportRule::Illegal,
    ReportRule::Spam,
    ReportRule::Other,
];
/// Characters of a comment.
const MAX_COMMENT: usize = 500;

/// The form, for what [`OrderState::report`] was called with; then that it was
/// sent, and how to take it back.
#[component]
pub fn ReportForm() -> impl IntoView {
    // Private messages are reported on pages without a canvas, too.
    let canvas = use_context::<Store>().map(|store| store.canvas_id);
    let order = expect_context::<OrderState>();
    let dialogs = expect_context::<Dialogs>();
    let Some((about, title)) = order.reported.get_untracked() else {
        return ().into_any();
    };
    let chosen = RwSignal::new(None::<ReportRule>);
    let comment = RwSignal::new(String::new());
    let sent = RwSignal::new(None::<Report>);
    let form = Submission::from_context();
    let about = StoredValue::new(about);
    let is_ready = move || match chosen.get() {
        Some(ReportRule::Other) => comment.with(|comment| !comment.trim().is_empty()),
        Some(_) => true,
        None => false,
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(rule) = chosen.get_untracked() else {
            return;
        };
        let comment = comment.with_untracked(|comment| comment.trim().to_owned());
        let comment = (!comment.is_empty()).then_some(comment);
        let about = about.get_value();
        form.send(
            async move {
                match (about, canvas) {
                    (Reported::OnCanvas(target), Some(canvas)) => {
                        let body = NewReport {
                            target,
                            rule,
                            comment,
                        };
                        api::order::report(canvas, &body).await
                    }
                    (Reported::Private(message), _) => {
                        api::inbox::report(message, rule, comment.as_deref()).await
                    }
                    // What is on a canvas is reported on its page alone.
                    (Reported::OnCanvas(_), None) => Err(ApiError::Unreachable),
                }
            },
            move |report| {
                sent.try_set(Some(report));
            },
        );
    };
    let rule_view = move |one: ReportRule| {
        view! {
            <label class="report__rule">
                <input
                    type="radio"
                    name="report-rule"
                    prop:checked=move || chosen.get() == Some(one)
                    on:change=move |_| chosen.set(Some(one))
                />
                <span>{rule(one)}</span>
            </label>
        }
    };
    let form_view = move || {
        view! {
            <form class="form" on:submit=submit novalidate=true>
                <p><strong dir="auto">{title.clone()}</strong></p>
                <fieldset class="field">
                    <legend class="field__label">{order_texts().report_what()}</legend>
                    {RULES.map(rule_view).collect_view()}
                </fieldset>
                <Field
                    id="report-comment"
                    label=order_texts().report_comment()
                    value=comment
                    max=MAX_COMMENT
                    error=form.wrong("comment")
                />
                <p class="soft">{order_texts().report_follows()}</p>
                <p class="field__error" role="alert">{move || form.problem()}</p>
                <div class="dialog__foot">
                    <button class="btn" type="button" on:click=move |_| dialogs.close()>
                        {t().cancel()}
                    </button>
                    <button
                        class="btn btn--primary"
                        type="submit"
                        aria-busy=move || form.is_busy()
                        disabled=move || !is_ready()
                    >
                        {order_texts().send_report()}
                    </button>
                </div>
            </form>
        }
        .into_any()
    };
    let inside = move || match sent.get() {
        Some(report) => view! { <Sent report /> }.into_any(),
        None => form_view(),
    };
    inside.into_any()
}

/// The report was sent; it can be taken back.
#[component]
fn Sent(report: Report) -> impl IntoView {
    let dialogs = expect_context::<Dialogs>();
    // There is none on pages without a canvas.
    let session = use_context::<Session>();
    let inbox = expect_context::<Inbox>();
    let form = Submission::from_context();
    let withdraw = move |_| {
        form.send(api::order::withdraw(report.id), move |()| {
            dialogs.close();
            let told = order_texts().withdrawn().to_owned();
            match session {
                Some(session) => session.notify(NoticeKind::Done(told)),
                None => inbox.note(told),
            }
        });
    };
    view! {
        <p role="status">{order_texts().reported()}</p>
        <p class="field__error" role="alert">{move || form.problem()}</p>
        <div class="dialog__foot">
            <button class="btn" type="button" on:click=withdraw>
                {order_texts().withdraw()}
            </button>
            <button
                class="btn btn--primary"
                type="button"
                autofocus=true
                on:click=move |_| dialogs.close()
            >
                {t().close()}
            </button>
        </div>
    }
}
