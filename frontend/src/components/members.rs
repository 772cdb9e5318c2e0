//! The members of a canvas and their roles; the owner and moderators change
//! them.

use crate::{
    api,
    components::{
        avatar::Avatar,
        field::Field,
        icons::{Glyph, Icon},
    },
    i18n::{api_problem, t},
    tasks::Tasks,
};
use leptos::{ev::SubmitEvent, html, prelude::*};
use shared::{
    api::{Canvas, Member},
    canvas::{Role, Visibility},
    limits,
};

/// The roles that can be given, from the highest.
const ROLES: [Role; 3] = [Role::Moderator, Role::Editor, Role::Viewer];

/// The name of a role.
pub fn role_label(role: Role) -> &'static str {
    match role {
        Role::Owner => t().role_owner(),
        Role::Moderator => t().role_moderator(),
        Role::Editor => t().role_editor(),
        Role::Viewer => t().role_viewer(),
    }
}

/// The members as last fetched, and the last error.
#[derive(Clone, Copy)]
struct List {
    /// Of the list as a whole: a row is removed when the list is fetched anew.
    tasks: Tasks,
    canvas: shared::ids::CanvasId,
    /// None until they are fetched.
    members: RwSignal<Option<Vec<Member>>>,
    problem: RwSignal<Option<String>>,
}

impl List {
    /// Fetches the list. Also resets the controls after a failed change.
    fn load(self) {
        self.tasks.spawn(async move {
            match api::members(self.canvas).await {
                Ok(page) => {
                    self.members.set(Some(page.items));
                }
                Err(error) => self.tell(&error),
            }
        });
    }

    fn tell(self, error: &api::ApiError) {
        self.problem.set(Some(match error.code() {
            "user_not_found" => t().no_such_user().to_owned(),
            _ => api_problem(error),
        }));
    }

    /// Gives a user a role, or removes it.
    fn change(self, username: String, role: Option<Role>, done: Callback<()>) {
        self.problem.set(None);
        self.tasks.spawn(async move {
            let answer = match role {
                Some(role) => api::set_member(self.canvas, &username, role).await,
                None => api::remove_member(self.canvas, &username).await,
            };
            match answer {
                // Of a row or form that may be gone.
                Ok(()) => {
                    done.try_run(());
                }
                Err(error) => self.tell(&error),
            }
            self.load();
        });
    }
}

/// The list, and the form that adds a member.
#[component]
pub fn Members(
    /// The canvas.
    canvas: Canvas,
    /// The role of the current user.
    role: Option<Role>,
) -> impl IntoView {
    let list = List {
        tasks: Tasks::new(),
        canvas: canvas.id,
        members: RwSignal::new(None),
        problem: RwSignal::new(None),
    };
    list.load();
    let may_give = role >= Some(Role::Moderator);
    let rows = move || {
        let members = list.members.get()?;
        let rows = members.into_iter().map(|member| row(list, member, role));
        Some(rows.collect_view())
    };
    let hint = match canvas.visibility {
        Visibility::Private => t().members_private(),
        Visibility::Public | Visibility::Unlisted => t().members_public(),
    };
    view! {
        <section class="form" aria-labelledby="members-title">
            <h3 id="members-title">{t().members()}</h3>
            <p class="field__hint">{hint}</p>
            <ul class="members">{rows}</ul>
            <Show when=move || list.members.with(Option::is_none)>
                <span class="skeleton skeleton--line skeleton--long"></span>
            </Show>
            {may_give.then(|| view! { <Add list role /> })}
            <p class="field__error" role="alert">{move || list.problem.get()}</p>
        </section>
    }
}

fn row(list: List, member: Member, role: Option<Role>) -> impl IntoView {
    let may = Some(member.role) < role && role >= Some(Role::Moderator);
    let name = member.display_name.clone();
    let username = StoredValue::new(member.username.clone());
    let nothing = Callback::new(|()| ());
    let controls = if may {
        // A new list may show other roles in the same elements, and a browser
        // does not take them over where somebody has chosen one.
        let select = NodeRef::<html::Select>::new();
        let now = role_label(member.role);
        Effect::new(move || {
            if let Some(select) = select.get() {
                select.set_value(now);
            }
        });
        let change = move |event| {
            if let Some(role) = chosen(&event_target_value(&event)) {
                list.change(username.get_value(), Some(role), nothing);
            }
        };
        view! {
            <select
                class="input select"
                aria-label=t().role_of(&name)
                node_ref=select
                on:change=change
            >
                {options(role, member.role)}
            </select>
            <button
                class="btn btn--quiet btn--icon"
                type="button"
                aria-label=t().remove_member(&name)
                title=t().remove_member(&name)
                on:click=move |_| list.change(username.get_value(), None, nothing)
            >
                <Icon glyph=Glyph::Close small=true />
            </button>
        }
        .into_any()
    } else {
        view! { <span class="faint">{role_label(member.role)}</span> }.into_any()
    };
    view! {
        <li class="member">
            <Avatar user=member.user_id name=name.clone() />
            <span class="row__text">
                <span class="row__name-text" dir="auto">{name}</span>
                <span class="row__note">{t().at_name(&member.username)}</span>
            </span>
            {controls}
        </li>
    }
}

/// The options that a user with the role `own` can give; `now` is selected.
fn options(own: Option<Role>, now: Role) -> impl IntoView {
    ROLES
        .into_iter()
        .filter(|role| Some(*role) < own)
        .map(|role| {
            view! {
                <option value=role_label(role) selected=role == now>
                    {role_label(role)}
                </option>
            }
        })
        .collect_view()
}

fn chosen(value: &str) -> Option<Role> {
    ROLES.into_iter().find(|role| role_label(*role) == value)
}

#[component]
fn Add(list: List, role: Option<Role>) -> impl IntoView {
    let name = RwSignal::new(String::new());
    let given = RwSignal::new(Role::Editor);
    let add = move |event: SubmitEvent| {
        event.prevent_default();
        let username = name
            .get_untracked()
            .trim()
            .trim_start_matches('@')
            .to_owned();
        if !username.is_empty() {
            let done = Callback::new(move |()| {
                name.try_set(String::new());
            });
            list.change(username, Some(given.get_untracked()), done);
        }
    };
    let choose = move |event| {
        if let Some(role) = chosen(&event_target_value(&event)) {
            given.set(role);
        }
    };
    view! {
        <form class="members__add" on:submit=add novalidate=true>
            <Field
                id="member-name"
                label=t().username()
                value=name
                is_username=true
                max=*limits::USERNAME.end()
                placeholder=t().member_example()
            />
            <select class="input select" aria-label=t().role() on:change=choose>
                {options(role, Role::Editor)}
            </select>
            <button class="btn" type="submit">
                <Icon glyph=Glyph::Plus small=true />
                {t().add_member()}
            </button>
        </form>
    }
}
