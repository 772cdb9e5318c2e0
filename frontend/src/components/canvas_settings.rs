//! The dialog about the open canvas: facts for everybody, settings and deletion
//! for its owner, and the members with their roles.

use crate::{
    api,
    components::{
        choices::{
            Choices, GUESTS, NEWCOMERS, POLICIES, VISIBILITIES, guests, index, newcomers, policies,
            visibilities,
        },
        dialogs::Dialogs,
        field::Field,
        form::Submission,
        icons::{Glyph, Icon},
        members::Members,
    },
    i18n::{account_texts, moment, number, t},
    model::notice::NoticeKind,
    session::Session,
    store::Store,
};
use leptos::{ev::SubmitEvent, prelude::*};
use shared::{
    api::{Canvas, UpdateCanvas},
    canvas::Role,
    limits,
};

/// The content of the dialog.
#[component]
pub fn CanvasSettings() -> impl IntoView {
    let store = expect_context::<Store>();
    let Some(canvas) = store.canvas.get_untracked() else {
        return ().into_any();
    };
    let role = untrack(|| store.role());
    let is_owner = role == Some(Role::Owner);
    view! {
        {if is_owner {
            view! { <Settings canvas=canvas.clone() /> }.into_any()
        } else {
            (!canvas.description.is_empty())
                .then(|| view! { <p class="about" dir="auto" translate="yes">{canvas.description.clone()}</p> })
                .into_any()
        }}
        <Facts canvas=canvas.clone() is_owner />
        <Members canvas=canvas.clone() role />
        {is_owner.then(|| view! { <Delete canvas /> })}
    }
    .into_any()
}

#[component]
fn Facts(canvas: Canvas, is_owner: bool) -> impl IntoView {
    let side = |n: i32| number(usize::try_from(n).unwrap_or_default());
    let (width, height) = (side(canvas.width), side(canvas.height));
    let size = t().grid_size(&width, &height);
    let tile = side(canvas.tile_size);
    let tile = t().grid_size(&tile, &tile);
    let mut facts = vec![
        (t().canvas_size(), size),
        (t().canvas_tile_size(), tile),
        (t().canvas_made(), moment(canvas.created_at)),
    ];
    if !is_owner {
        let (found, text) = &visibilities()[index(&VISIBILITIES, &canvas.visibility)];
        facts.push((t().canvas_visibility(), format!("{found}. {text}")));
        let (drawn, text) = &policies()[index(&POLICIES, &canvas.edit_policy)];
        facts.push((t().canvas_edit_policy(), format!("{drawn}. {text}")));
        let (_, text) = &guests()[index(&GUESTS, &canvas.guests)];
        facts.push((account_texts().guests(), (*text).to_owned()));
        let (_, text) = &newcomers()[index(&NEWCOMERS, &canvas.newcomers)];
        facts.push((account_texts().newcomers(), (*text).to_owned()));
    }
    let facts = facts.into_iter().map(|(name, fact)| {
        view! {
            <dt>{name}</dt>
            <dd>{fact}</dd>
        }
    });
    view! { <dl class="facts">{facts.collect_view()}</dl> }
}

#[component]
fn Settings(canvas: Canvas) -> impl IntoView {
    let session = expect_context::<Session>();
    let dialogs = expect_context::<Dialogs>();
    let name = RwSignal::new(canvas.name);
    let description = RwSignal::new(canvas.description);
    let visibility = RwSignal::new(index(&VISIBILITIES, &canvas.visibility));
    let policy = RwSignal::new(index(&POLICIES, &canvas.edit_policy));
    let guests_do = RwSignal::new(index(&GUESTS, &canvas.guests));
    let newcomers_do = RwSignal::new(index(&NEWCOMERS, &canvas.newcomers));
    let form = Submission::from_context();
    let save = move |event: SubmitEvent| {
        event.prevent_default();
        // Unchanged values change nothing on the server.
        let change = UpdateCanvas {
            name: Some(name.get_untracked().trim().to_owned()),
            description: Some(description.get_untracked().trim().to_owned()),
            visibility: Some(VISIBILITIES[visibility.get_untracked()]),
            edit_policy: Some(POLICIES[policy.get_untracked()]),
            guests: Some(GUESTS[guests_do.get_untracked()]),
            newcomers: Some(NEWCOMERS[newcomers_do.get_untracked()]),
            ..UpdateCanvas::default()
        };
        form.send(
            async move { api::update_canvas(canvas.id, &change).await },
            move |_| {
                dialogs.close();
                session.notify(NoticeKind::Done(t().saved().to_owned()));
            },
        );
    };
    view! {
        <form class="form" on:submit=save novalidate=true>
            <Field
                id="settings-name"
                label=t().canvas_name()
                value=name
                max=*limits::CANVAS_NAME.end()
                error=form.wrong("name")
            />
            <Field
                id="settings-description"
                label=t().canvas_description()
                value=description
                max=*limits::CANVAS_DESCRIPTION.end()
                error=form.wrong("description")
            />
            <Choices
                name="settings-visibility"
                label=t().canvas_visibility()
                value=visibility
                options=visibilities()
            />
            <Choices
                name="settings-policy"
                label=t().canvas_edit_policy()
                value=policy
                options=policies()
            />
            <Choices
                name="settings-guests"
                label=account_texts().guests()
                value=guests_do
                options=guests()
            />
            <Choices
                name="settings-newcomers"
                label=account_texts().newcomers()
                value=newcomers_do
                options=newcomers()
            />
            <p class="field__error" role="alert">{move || form.problem()}</p>
            <div class="dialog__foot">
                <button
                    class="btn btn--primary"
                    type="submit"
                    aria-busy=move || form.is_busy()
                >
                    {t().save()}
                </button>
            </div>
        </form>
    }
}

/// Deletes the canvas after its name was typed.
#[component]
fn Delete(canvas: Canvas) -> impl IntoView {
    let dialogs = expect_context::<Dialogs>();
    let written = RwSignal::new(String::new());
    let form = Submission::from_context();
    let label = t().delete_canvas_label(&canvas.name);
    let name = canvas.name;
    let is_sure = Memo::new(move |_| written.with(|written| written.trim() == name));
    let delete = move |event: SubmitEvent| {
        event.prevent_default();
        if is_sure.get_untracked() {
            // The page shows by itself that the canvas is deleted.
            form.send(api::delete_canvas(canvas.id), move |()| dialogs.close());
        }
    };
    view! {
        <details class="danger">
            <summary>{t().delete_canvas()}</summary>
            <form class="form" on:submit=delete novalidate=true>
                <p class="soft">{t().delete_canvas_text()}</p>
                <Field
                    id="delete-name"
                    label=label
                    value=written
                    max=*limits::CANVAS_NAME.end()
                />
                <p class="field__error" role="alert">{move || form.problem()}</p>
                <button
                    class="btn btn--danger"
                    type="submit"
                    disabled=move || !is_sure.get()
                >
                    <Icon glyph=Glyph::Delete small=true />
                    {t().delete_canvas()}
                </button>
            </form>
        </details>
    }
}
