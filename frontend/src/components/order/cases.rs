//! The cases of a canvas, open ones first. The chosen one is shown whole; keys
//! move between them and decide.

use super::{
    OrderState, SanctionDraft,
    case::{CaseView, people_of},
    list::{ListState, Loaded},
};
use crate::{
    api::{self, ApiResult},
    browser,
    components::dialogs::Dialogs,
    i18n::{
        ago, list,
        order::{order_texts, outcome, rule, target},
    },
    model::order::ModerationScope,
    session::Session,
};
use leptos::{ev, prelude::*};
use shared::{
    api::{
        reports::{Case, Outcome, ReportTarget},
        sanctions::SanctionKind,
    },
    ids::CanvasId,
};
use wasm_bindgen::JsCast;

/// In the order of the keys `1` to `5`.
pub const OUTCOMES: [Outcome; 5] = [
    Outcome::NoViolation,
    Outcome::Warned,
    Outcome::Removed,
    Outcome::Sanctioned,
    Outcome::ReportAbuse,
];

/// How cases are decided: a context of the section.
#[derive(Clone, Copy)]
pub struct Deciding {
    chosen_id: RwSignal<Option<i64>>,
    /// The case that is shown whole, with its comments and evidence.
    pub chosen: RwSignal<Option<Case>>,
    /// What moderators note with the decision.
    pub note: RwSignal<String>,
    list: Loaded<Case>,
    order: OrderState,
    dialogs: Dialogs,
    /// None on a page without a canvas.
    session: Option<Session>,
}

impl Deciding {
    /// Decides the chosen case. What a decision says was done to somebody, is
    /// done: a warning or sanction through its form, the removal of a message
    /// at once.
    pub fn decide(self, decision: Outcome) {
        let Some(case) = self.shown() else {
            return;
        };
        let kind = match decision {
            Outcome::Warned => Some(SanctionKind::Warning),
            Outcome::Sanctioned => Some(SanctionKind::Mute),
            Outcome::NoViolation | Outcome::Removed | Outcome::ReportAbuse => None,
        };
        let people = people_of(&case);
        if let (Some(kind), false) = (kind, people.is_empty()) {
            let draft = SanctionDraft {
                people,
                kind,
                // Of a private message, on the whole server.
                scope: case
                    .canvas_id
                    .map_or(ModerationScope::Server, ModerationScope::Canvas),
                case_id: Some(case.id),
                outcome: Some(decision),
                decision_note: self.note.get_untracked(),
            };
            return self.order.sanction(self.dialogs, draft);
        }
        let note = self.note.get_untracked();
        let (session, canvas) = (self.session, case.canvas_id);
        self.list
            .act(self.order, order_texts().problem_concerned(), async move {
                if decision == Outcome::Removed {
                    remove(session, canvas, &case.target).await?;
                }
                api::order::decide(case.id, decision, note.trim()).await
            });
    }

    /// The chosen case; none while it is being read and another one is still shown.
    fn shown(self) -> Option<Case> {
        let id = self.chosen_id.get_untracked();
        let shown = self.chosen.get_untracked();
        shown.filter(|case| Some(case.id) == id)
    }

    /// Chooses the case so many places further down.
    fn step(self, by: isize) {
        let next = self.list.items.with_untracked(|items| {
            let items = items.as_ref()?;
            let id = self.chosen_id.get_untracked();
            let at = items.iter().position(|case| Some(case.id) == id)?;
            let next = at.checked_add_signed(by)?;
            Some(items.get(next)?.id)
        });
        if let Some(next) = next {
            self.chosen_id.set(Some(next));
        }
    }

    /// A key was pressed in the panel.
    fn key(self, event: &ev::KeyboardEvent) {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || is_typed(event) {
            return;
        }
        match event.key().as_str() {
            "j" => self.step(1),
            "k" => self.step(-1),
            digit => {
                let index = digit.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
                let Some(decision) = index.and_then(|index| OUTCOMES.get(index)) else {
                    return;
                };
                self.decide(*decision);
            }
        }
        event.prevent_default();
        // They mean something else on the board.
        event.stop_propagation();
    }

    /// Takes the chosen case for this moderator.
    pub fn claim(self) {
        if let Some(case) = self.shown() {
            self.list.act(
                self.order,
                order_texts().problem_concerned(),
                api::order::claim(case.id),
            );
        }
    }
}

/// The section with the cases.
#[component]
pub fn Cases() -> impl IntoView {
    let order = expect_context::<OrderState>();
    let scope = order.scope;
    let shows_decided = RwSignal::new(false);
    let list = Loaded::new(move || {
        let decided = shows_decided.get();
        Box::pin(async move {
            if decided {
                let page = api::order::cases(scope, "decided").await?;
                return Ok((page.items, None));
            }
            let mut open = api::order::cases(scope, "open").await?.items;
            open.extend(api::order::cases(scope, "claimed").await?.items);
            Ok((open, None))
        })
    });
    let chosen_id = RwSignal::new(None::<i64>);
    let deciding = Deciding {
        chosen_id,
        chosen: RwSignal::new(None),
        note: RwSignal::new(String::new()),
        list,
        order,
        dialogs: expect_context(),
        session: use_context(),
    };
    provide_context(deciding);
    // What is shown whole: the first case, until another one is chosen.
    Effect::new(move || {
        let ids: Option<Vec<i64>> = list
            .items
            .with(|items| Some(items.as_ref()?.iter().map(|case| case.id).collect()));
        let Some(ids) = ids else { return };
        if !chosen_id
            .get_untracked()
            .is_some_and(|id| ids.contains(&id))
        {
            chosen_id.set(ids.first().copied());
        }
    });
    let whole = Loaded::new(move || {
        let id = chosen_id.get();
        Box::pin(async move {
            let case = match id {
                Some(id) => vec![api::order::case(id).await?],
                None => Vec::new(),
            };
            Ok((case, None))
        })
    });
    Effect::new(move || {
        let case = whole.items.with(|items| items.as_ref()?.first().cloned());
        let is_other = deciding
            .chosen
            .with_untracked(|old| old.as_ref().map(|c| c.id) != case.as_ref().map(|c| c.id));
        if is_other {
            deciding.note.set(String::new());
        }
        deciding.chosen.set(case);
    });
    order
        .keys
        .set(Some(Callback::new(move |event| deciding.key(&event))));
    on_cleanup(move || {
        order.keys.try_set(None);
    });
    // A new list has new rows: the keys go on from the heading.
    Effect::new(move || {
        list.items.track();
        request_animation_frame(focus_panel);
    });
    let rows = move || {
        list.items
            .get()
            .unwrap_or_default()
            .into_iter()
            .map(|case| {
                view! { <CaseRow case chosen_id /> }
            })
            .collect_view()
    };
    view! {
        <label class="order__check">
            <input
                type="checkbox"
                prop:checked=shows_decided
                on:change=move |event| shows_decided.set(event_target_checked(&event))
            />
            {order_texts().show_decided()}
        </label>
        <ul class="cases" aria-label=order_texts().cases()>{rows}</ul>
        <ListState
            is_empty=Signal::derive(move || list.is_empty())
            is_loading=Signal::derive(move || list.items.with(Option::is_none))
            empty=order_texts().no_cases()
            problem=list.problem
        />
        <Show when=move || list.items.with(|items| items.as_ref().is_some_and(|all| !all.is_empty()))>
            <p class="faint cases__keys">{order_texts().case_keys()}</p>
        </Show>
    }
}

/// One case: a line, and all of it if it is chosen.
#[component]
fn CaseRow(case: Case, chosen_id: RwSignal<Option<i64>>) -> impl IntoView {
    let deciding = expect_context::<Deciding>();
    let id = case.id;
    let is_chosen = move || chosen_id.get() == Some(id);
    let rules = list(case.rules.keys().map(|one| rule(*one)));
    let reporters = usize::try_from(case.reporters).unwrap_or_default();
    let note = [
        rules,
        order_texts().reporters(reporters),
        ago(case.created_at, browser::now_ms()),
    ]
    .join(" · ");
    let title = target(&case.target);
    let decided = case.outcome.map(outcome);
    let whole = move || {
        let case = deciding.chosen.get().filter(|case| case.id == id);
        case.filter(|_| is_chosen())
            .map(|case| view! { <CaseView case /> })
    };
    view! {
        <li class="case" class=("case--chosen", is_chosen)>
            <button
                class="row case__row"
                type="button"
                aria-expanded=move || is_chosen().to_string()
                on:click=move |_| chosen_id.set(Some(id))
            >
                <span class="row__text">
                    <span class="row__name">
                        <span class="row__name-text">{title}</span>
                        {decided.map(|decided| view! { <span class="faint">{decided}</span> })}
                    </span>
                    <span class="row__note">{note}</span>
                </span>
            </button>
            {whole}
        </li>
    }
}

/// Removes a reported message or comment; of anything else nothing.
async fn remove(
    session: Option<Session>,
    canvas: Option<CanvasId>,
    target: &ReportTarget,
) -> ApiResult<()> {
    match (target, session, canvas) {
        (ReportTarget::Message { message_id }, Some(session), _) => {
            session.remove_message(*message_id);
            Ok(())
        }
        (ReportTarget::Comment { comment_id }, Some(session), _) => {
            session.remove_comment(*comment_id);
            Ok(())
        }
        (ReportTarget::Message { message_id }, None, Some(canvas)) => {
            api::order::remove_message(canvas, *message_id).await
        }
        (ReportTarget::Comment { comment_id }, None, _) => {
            api::order::remove_comment(*comment_id).await
        }
        _ => Ok(()),
    }
}

/// Moves the focus to the panel's heading, if nothing has it.
fn focus_panel() {
    let has_focus = document()
        .active_element()
        .is_some_and(|active| active.tag_name() != "BODY");
    let heading = document().get_element_by_id("moderation-title");
    if let (false, Some(heading)) = (has_focus, heading) {
        // Cannot fail for a mounted element.
        let _ = heading.unchecked_into::<web_sys::HtmlElement>().focus();
    }
}

/// Whether a key goes to a field or a dialog.
fn is_typed(event: &ev::KeyboardEvent) -> bool {
    browser::target_element(event).is_some_and(|target| {
        let typed = target.closest("input, textarea, select, dialog, .person-menu");
        matches!(typed, Ok(Some(_)))
    })
}
