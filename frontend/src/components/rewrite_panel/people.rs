//! Whose work is taken back: one person, and others who are added by name.

use crate::{
    components::{
        field::Field,
        icons::{Glyph, Icon},
    },
    i18n::rewrites::rewrite_texts,
    store::Store,
};
use leptos::{ev::KeyboardEvent, prelude::*};
use shared::{api::moderation::UserRef, ids::UserId, limits};

/// Most people whose work is taken back at once.
const MAX_PEOPLE: usize = 50;

/// The people, and the field that adds one.
#[component]
pub fn PeopleFields(
    /// The people; never empty.
    people: RwSignal<Vec<UserRef>>,
) -> impl IntoView {
    let store = expect_context::<Store>();
    let texts = rewrite_texts();
    let written = RwSignal::new(String::new());
    let add = move || {
        let name = written.get_untracked();
        let name = name.trim().trim_start_matches('@').to_owned();
        if name.is_empty() {
            return;
        }
        let is = |user: &UserRef| user.username.eq_ignore_ascii_case(&name);
        people.update(|people| {
            if people.len() < MAX_PEOPLE && !people.iter().any(is) {
                people.push(known(store, &name));
            }
        });
        written.set(String::new());
    };
    let enter = move |event: KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            add();
        }
    };
    let rows = move || {
        let all = people.get();
        let is_alone = all.len() == 1;
        let row = |user: UserRef| {
            let username = user.username;
            let label = texts.leave_out(&user.display_name);
            let leave_out = move |_| {
                people.update(|people| people.retain(|other| other.username != username));
            };
            view! {
                <li class="rewrite__person">
                    <span dir="auto">{user.display_name}</span>
                    {(!is_alone)
                        .then(|| {
                            view! {
                                <button
                                    class="btn btn--quiet btn--icon btn--small"
                                    type="button"
                                    aria-label=label.clone()
                                    title=label
                                    on:click=leave_out
                                >
                                    <Icon glyph=Glyph::Close small=true />
                                </button>
                            }
                        })}
                </li>
            }
        };
        all.into_iter().map(row).collect_view()
    };
    view! {
        <div class="field">
            <span class="field__label">{texts.people_label()}</span>
            <ul class="rewrite__people" aria-label=texts.people_label()>{rows}</ul>
            <div class="rewrite__add" on:keydown=enter>
                <Field
                    id="rewrite-person"
                    label=texts.person_label()
                    value=written
                    is_username=true
                    max=*limits::USERNAME.end()
                />
                <button class="btn" type="button" on:click=move |_| add()>
                    {texts.add_person()}
                </button>
            </div>
        </div>
    }
}

/// Somebody by their user name, with the name to show where they were met.
fn known(store: Store, username: &str) -> UserRef {
    let met = store.people.find(|person| {
        person
            .username
            .eq_ignore_ascii_case(username)
            .then(|| UserRef {
                user_id: person.user_id,
                username: person.username.clone(),
                display_name: person.display_name.clone(),
            })
    });
    met.unwrap_or_else(|| UserRef {
        // Not used: the server finds them by name.
        user_id: UserId(0),
        username: username.to_owned(),
        display_name: username.to_owned(),
    })
}
