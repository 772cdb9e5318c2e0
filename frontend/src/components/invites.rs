//! The invites to a canvas: links that give whoever opens them a role. For the
//! owner and moderators.

use crate::{
    api, browser,
    components::{
        choices::{Choices, Options},
        field::Field,
        form::Submission,
        icons::{Glyph, Icon},
        members::role_label,
        share::{copy, select_all},
    },
    i18n::{account_texts, api_problem, moment},
    model::notice::NoticeKind,
    session::Session,
    store::Store,
    tasks::Tasks,
};
use leptos::{ev::SubmitEvent, prelude::*};
use shared::{
    api::accounts::{CreateInvite, Invite},
    canvas::Role,
    limits,
};

/// The roles that can be given; the last one by the owner alone.
const ROLES: [Role; 3] = [Role::Editor, Role::Viewer, Role::Moderator];
/// How often an invite can be used.
const USES: [Option<i32>; 4] = [None, Some(1), Some(10), Some(100)];
const DAY_S: i64 = 24 * 60 * 60;
/// How long an invite holds, in seconds.
const TIMES: [i64; 3] = [DAY_S, 7 * DAY_S, 30 * DAY_S];

#[derive(Clone, Copy)]
struct List {
    invites: RwSignal<Option<Vec<Invite>>>,
    problem: RwSignal<Option<String>>,
    tasks: Tasks,
}

impl List {
    fn load(self, store: Store) {
        self.tasks.spawn(async move {
            match api::accounts::invites(store.canvas_id).await {
                Ok(page) => self.invites.set(Some(page.items)),
                Err(error) => self.problem.set(Some(api_problem(&error))),
            }
        });
    }

    fn revoke(self, store: Store, invite: Invite) {
        self.tasks.spawn(async move {
            let answer = api::accounts::revoke_invite(invite.id).await;
            self.problem
                .set(answer.err().map(|error| api_problem(&error)));
            self.load(store);
        });
    }
}

/// The content of the dialog.
#[component]
pub fn Invites() -> impl IntoView {
    let store = expect_context::<Store>();
    let texts = account_texts();
    let list = List {
        invites: RwSignal::new(None),
        problem: RwSignal::new(None),
        tasks: Tasks::new(),
    };
    list.load(store);
    let rows = move || {
        let invites = list.invites.get()?;
        let rows = invites
            .into_iter()
            .map(|invite| view! { <InviteRow list invite /> });
        Some(rows.collect_view())
    };
    let is_empty = move || {
        list.invites
            .with(|all| all.as_ref().is_some_and(Vec::is_empty))
    };
    view! {
        <p class="soft">{texts.invites_text()}</p>
        <Make list />
        <section class="form" aria-label=texts.invites()>
            <ul class="members" aria-label=texts.invites()>{rows}</ul>
            <Show when=is_empty>
                <p class="soft">{texts.no_invites()}</p>
            </Show>
            <p class="field__error" role="alert">{move || list.problem.get()}</p>
        </section>
    }
}

/// The form that makes one.
#[component]
fn Make(list: List) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let texts = account_texts();
    let is_owner = untrack(|| store.role()) == Some(Role::Owner);
    let role = RwSignal::new(0_usize);
    let uses = RwSignal::new(0_usize);
    let time = RwSignal::new(1_usize);
    let note = RwSignal::new(String::new());
    let form = Submission::from_context();
    let options = |texts: &[&'static str]| -> Options {
        texts.iter().map(|text| ((*text).to_owned(), "")).collect()
    };
    let roles: Vec<&'static str> = ROLES
        .into_iter()
        .filter(|role| is_owner || *role != Role::Moderator)
        .map(role_label)
        .collect();
    let make = move |event: SubmitEvent| {
        event.prevent_default();
        let note_now = note.get_untracked().trim().to_owned();
        let body = CreateInvite {
            role: ROLES[role.get_untracked()],
            max_uses: USES[uses.get_untracked()],
            expires_in_s: Some(TIMES[time.get_untracked()]),
            note: (!note_now.is_empty()).then_some(note_now),
        };
        let request = async move { api::accounts::create_invite(store.canvas_id, &body).await };
        form.send(request, move |invite| {
            note.try_set(String::new());
            list.load(store);
            list.tasks.spawn(async move {
                if copy(&address(&invite)).await {
                    session.notify(NoticeKind::Done(texts.invite_copied().to_owned()));
                }
            });
        });
    };
    view! {
        <form class="form" on:submit=make novalidate=true>
            <Choices
                name="invite-role"
                label=texts.invite_role()
                value=role
                options=options(&roles)
            />
            <Choices
                name="invite-uses"
                label=texts.invite_uses()
                value=uses
                options=options(
                    &[
                        texts.invite_uses_any(),
                        texts.invite_uses_once(),
                        texts.invite_uses_ten(),
                        texts.invite_uses_hundred(),
                    ],
                )
            />
            <Choices
                name="invite-time"
                label=texts.invite_time()
                value=time
                options=options(&[texts.invite_day(), texts.invite_week(), texts.invite_month()])
            />
            <Field
                id="invite-note"
                label=texts.invite_note()
                value=note
                max=*limits::INVITE_NOTE.end()
                placeholder=texts.invite_note_example()
                error=form.wrong("note")
            />
            <p class="field__error" role="alert">{move || form.problem()}</p>
            <div class="dialog__foot">
                <button class="btn btn--primary" type="submit" aria-busy=move || form.is_busy()>
                    <Icon glyph=Glyph::Plus small=true />
                    {texts.invite_make()}
                </button>
            </div>
        </form>
    }
}

/// An invite: role, note, how often it was used, until when it holds.
#[component]
fn InviteRow(list: List, invite: Invite) -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let texts = account_texts();
    let link = address(&invite);
    let shown = link.clone();
    let role = role_label(invite.role);
    let uses = count(invite.uses);
    let used = invite
        .max_uses
        .map_or_else(|| texts.uses(uses), |max| texts.invite_used(uses, max));
    let until = texts.invite_until(&moment(invite.expires_at));
    let name = if invite.note.is_empty() {
        role.to_owned()
    } else {
        format!("{role} · {}", invite.note)
    };
    let revoke_label = texts.invite_revoke_one(&name);
    let copy_link = move |_| {
        let link = link.clone();
        list.tasks.spawn(async move {
            if copy(&link).await {
                session.notify(NoticeKind::Done(texts.invite_copied().to_owned()));
            }
        });
    };
    let can_copy = browser::window().is_secure_context();
    view! {
        <li class="invite">
            <span class="row__text">
                <span class="row__name-text" dir="auto">{name}</span>
                <span class="row__note">{format!("{used} · {until}")}</span>
            </span>
            <input
                class="input invite__link"
                type="text"
                readonly=true
                aria-label=texts.invite_link()
                prop:value=shown
                on:focus=move |event| select_all(&event_target(&event))
            />
            {can_copy
                .then(|| {
                    view! {
                        <button class="btn btn--small" type="button" on:click=copy_link>
                            <Icon glyph=Glyph::Copy small=true />
                            {texts.invite_copy()}
                        </button>
                    }
                })}
            <button
                class="btn btn--small"
                type="button"
                aria-label=revoke_label
                on:click=move |_| list.revoke(store, invite.clone())
            >
                {texts.invite_revoke()}
            </button>
        </li>
    }
}

/// The address that is given to whoever is invited.
fn address(invite: &Invite) -> String {
    let origin = browser::window().location().origin().unwrap_or_default();
    format!("{origin}/invite/{}", invite.code)
}

fn count(n: i32) -> usize {
    usize::try_from(n).unwrap_or_default()
}
