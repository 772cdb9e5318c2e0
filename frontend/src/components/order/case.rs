//! A case as a whole: what was there when it was reported, who had painted it,
//! what others had done to it, the words around a message, and the decision.

use super::{
    Subject,
    cases::{Deciding, OUTCOMES},
    person_menu::PersonButton,
};
use crate::{
    board::tile_cache::context_of,
    components::field::Field,
    i18n::{
        clock, moment,
        order::{order_texts, outcome},
    },
    model::{
        camera::CameraCommand,
        palette,
        people::{PERSON_COLORS, person_color_index},
    },
    session::Session,
    store::Store,
};
use leptos::{html, prelude::*};
use shared::{
    api::{
        ChatMessage,
        moderation::UserRef,
        reports::{
            Case, CaseState, Evidence, EvidenceMessage, EvidenceTile, Overpainted, ReportTarget,
        },
    },
    canvas::Coord,
    time::Timestamp,
};
use wasm_bindgen::Clamped;
use web_sys::ImageData;

/// Characters of a note on a decision.
const MAX_NOTE: usize = 1_000;
/// Index of pixels that are nobody's, or of somebody that is not listed.
const NOBODY: u8 = 254;

/// The people whom a decision may be about, those who overpainted others first.
pub fn people_of(case: &Case) -> Vec<UserRef> {
    if let Some(people) = &case.people {
        return people.clone();
    }
    let Some(evidence) = &case.evidence else {
        return Vec::new();
    };
    let mut people: Vec<UserRef> = Vec::new();
    let mut add = |person: &UserRef| {
        if !people.contains(person) {
            people.push(person.clone());
        }
    };
    if let Some(message) = &evidence.message {
        add(&words_of(message, &[]).0);
    }
    if matches!(case.target, ReportTarget::User { .. }) {
        let messages = evidence.messages.iter().flatten();
        messages.for_each(|message| add(&words_of(message, &[]).0));
        let username = match &case.target {
            ReportTarget::User { username } => username.as_str(),
            _ => "",
        };
        let tiles = evidence.tiles.iter().flatten();
        tiles
            .flat_map(|tile| &tile.authors)
            .filter(|person| person.username.eq_ignore_ascii_case(username))
            .for_each(&mut add);
        return people;
    }
    let overpainters = evidence.overpainted.iter().flatten();
    overpainters.for_each(|one| add(&one.by));
    let tiles = evidence.tiles.iter().flatten();
    tiles.flat_map(|tile| &tile.authors).for_each(add);
    people
}

/// Who wrote it, what, and when. `people` are those of a conversation in private.
fn words_of(message: &EvidenceMessage, people: &[UserRef]) -> (UserRef, String, Timestamp) {
    match message {
        EvidenceMessage::Chat(message) => (
            sender(message),
            message.message_text.clone(),
            message.created_at,
        ),
        EvidenceMessage::Comment(comment) => (
            comment.author.clone(),
            comment.text.clone(),
            comment.created_at,
        ),
        EvidenceMessage::Direct(message) => {
            let known = people.iter().find(|one| one.user_id == message.sender_id);
            let sender = known.cloned().unwrap_or_else(|| UserRef {
                user_id: message.sender_id,
                username: String::new(),
                display_name: message.sender_id.to_string(),
            });
            (sender, message.text.clone(), message.created_at)
        }
    }
}

fn sender(message: &ChatMessage) -> UserRef {
    UserRef {
        user_id: message.sender_id,
        username: message.sender_username.clone(),
        display_name: message.sender_display_name.clone(),
    }
}

/// The case.
#[component]
pub fn CaseView(
    /// With its comments and evidence.
    case: Case,
) -> impl IntoView {
    let session = use_context::<Session>();
    let deciding = expect_context::<Deciding>();
    let place = match case.target {
        ReportTarget::Tile { x, y } => Some((x, y)),
        ReportTarget::Area { x0, y0, .. } => Some((x0, y0)),
        _ => None,
    };
    let go = match session {
        Some(session) => place.and_then(|(x, y)| {
            let at = Coord {
                x: i32::try_from(x).ok()?,
                y: i32::try_from(y).ok()?,
            };
            let go = move |_| {
                session.fly_to(CameraCommand::Tile(at));
                session.select(Some(at));
                session.highlight(at);
            };
            let go = view! {
                <button class="btn btn--small" type="button" on:click=go>
                    {order_texts().go_there()}
                </button>
            };
            Some(go.into_any())
        }),
        None => case.canvas_id.map(|canvas| {
            let query = place.map(|(x, y)| format!("?tile={x},{y}"));
            let href = format!("/canvas/{canvas}{}", query.unwrap_or_default());
            view! { <a class="btn btn--small" href=href>{order_texts().go_there()}</a> }.into_any()
        }),
    };
    let claim = match (case.state, &case.claimed_by, case.claimed_until) {
        (CaseState::Claimed, Some(person), Some(until)) => view! {
            <p class="soft">
                {order_texts().taken_by(&person.display_name, &clock(until))}
            </p>
        }
        .into_any(),
        (CaseState::Decided, ..) => ().into_any(),
        _ => view! {
            <button class="btn btn--small" type="button" on:click=move |_| deciding.claim()>
                {order_texts().take_case()}
            </button>
        }
        .into_any(),
    };
    let comments = case.comments.clone().unwrap_or_default();
    let comments = comments
        .into_iter()
        .filter(|comment| !comment.text.is_empty());
    let comments: Vec<_> = comments
        .map(|comment| view! { <blockquote dir="auto" translate="yes">{comment.text}</blockquote> })
        .collect();
    let evidence = match case.evidence {
        Some(evidence) => view! { <EvidenceView evidence people=case.people.unwrap_or_default() case_id=case.id /> }.into_any(),
        None => view! { <p class="soft">{order_texts().evidence_gone()}</p> }.into_any(),
    };
    let decision = if case.state == CaseState::Decided {
        view! {
            <p>
                <strong>{case.outcome.map(outcome)}</strong>
                " "
                <span class="soft" dir="auto">{case.outcome_note}</span>
            </p>
        }
        .into_any()
    } else {
        view! { <Decision /> }.into_any()
    };
    view! {
        <div class="case__body">
            <div class="case__acts">{go} {claim}</div>
            {(!comments.is_empty())
                .then(|| {
                    view! {
                        <h3>{order_texts().comments()}</h3>
                        {comments}
                    }
                })}
            {evidence}
            {decision}
        </div>
    }
}

/// The buttons that decide, and a note.
#[component]
fn Decision() -> impl IntoView {
    let deciding = expect_context::<Deciding>();
    let buttons = OUTCOMES.into_iter().zip(1..).map(|(decision, key)| {
        view! {
            <button class="btn btn--small" type="button" on:click=move |_| deciding.decide(decision)>
                <kbd aria-hidden="true">{key}</kbd>
                {outcome(decision)}
            </button>
        }
    });
    let buttons: Vec<_> = buttons.collect();
    view! {
        <Field
            id="decision-note"
            label=order_texts().decision_note()
            value=deciding.note
            max=MAX_NOTE
        />
        <div class="case__decide" role="group" aria-label=order_texts().decide()>
            {buttons}
        </div>
    }
}

#[component]
fn EvidenceView(evidence: Evidence, people: Vec<UserRef>, case_id: i64) -> impl IntoView {
    let is_person = evidence.messages.is_some();
    let colors = colors(evidence.palette.as_deref());
    let tiles = evidence.tiles.unwrap_or_default();
    let overpainted = evidence.overpainted;
    let pictures = (!tiles.is_empty()).then(|| {
        let title = if is_person {
            order_texts().their_tiles()
        } else {
            order_texts().frozen()
        };
        let tiles: Vec<_> = tiles
            .into_iter()
            .map(|tile| view! { <Frozen tile colors=colors.clone() case_id /> })
            .collect();
        view! {
            <h3>{title}</h3>
            <div class="frozen__tiles">{tiles}</div>
        }
    });
    let others = overpainted.map(|changes| {
        if changes.is_empty() {
            return view! { <p class="soft">{order_texts().nobody_changed()}</p> }.into_any();
        }
        let lines: Vec<_> = changes
            .into_iter()
            .map(|one| change(one, case_id))
            .collect();
        view! { <ul class="case__changes">{lines}</ul> }.into_any()
    });
    let words = evidence.message.map(|message| {
        let line = |message: EvidenceMessage, is_reported: bool| {
            view! { <Words message people=Vec::new() case_id is_reported /> }
        };
        let before = evidence.before.unwrap_or_default();
        let after = evidence.after.unwrap_or_default();
        let lines: Vec<_> = before
            .into_iter()
            .map(|message| (message, false))
            .chain([(message, true)])
            .chain(after.into_iter().map(|message| (message, false)))
            .map(|(message, is_reported)| line(message, is_reported))
            .collect();
        view! {
            <h3>{order_texts().said_around()}</h3>
            <ul class="words">{lines}</ul>
        }
    });
    let messages = evidence
        .messages
        .filter(|all| !all.is_empty())
        .map(|messages| {
            let lines: Vec<_> = messages
                .into_iter()
                .map(|message| {
                    view! { <Words message people=people.clone() case_id is_reported=false /> }
                })
                .collect();
            view! {
                <h3>{order_texts().their_messages()}</h3>
                <ul class="words">{lines}</ul>
            }
        });
    view! {
        {pictures}
        {others}
        {words}
        {messages}
    }
}

/// The colours of that moment; where they were not kept, those of the open canvas.
fn colors(kept: Option<&[String]>) -> Vec<[u8; 3]> {
    if let Some(kept) = kept {
        return palette::parse(kept);
    }
    let of_canvas = |store: Store| {
        let canvas = store.canvas.get_untracked()?;
        Some(palette::parse(&canvas.palette))
    };
    use_context::<Store>()
        .and_then(of_canvas)
        .unwrap_or_default()
}

/// A sentence about who changed whose pixels.
fn change(one: Overpainted, case_id: i64) -> impl IntoView {
    let pixels = usize::try_from(one.pixels).unwrap_or_default();
    let text = order_texts().others_did(
        &one.by.display_name,
        &order_texts().pixels(pixels),
        &one.of.display_name,
        &moment(one.last_at),
    );
    view! {
        <li class="case__change">
            <span dir="auto">{text}</span>
            {menu_of(one.by, case_id)}
        </li>
    }
}

/// The button to the menu of somebody in a case; nothing on a page without a canvas,
/// where the decision is what can be done.
fn menu_of(person: UserRef, case_id: i64) -> impl IntoView {
    let subject = Subject {
        person,
        message: None,
        comment: None,
        case_id: Some(case_id),
    };
    use_context::<Store>().map(|_| view! { <PersonButton subject=Signal::stored(subject) /> })
}

/// A message of the evidence.
#[component]
fn Words(
    message: EvidenceMessage,
    people: Vec<UserRef>,
    case_id: i64,
    is_reported: bool,
) -> impl IntoView {
    let (person, text, at) = words_of(&message, &people);
    view! {
        <li class="words__line" class=("words__line--reported", is_reported)>
            <p dir="auto" translate="yes">
                <strong>{person.display_name.clone()}</strong>
                " "
                <time class="faint">{clock(at)}</time>
                <br />
                {text}
            </p>
            {menu_of(person, case_id)}
        </li>
    }
}

/// A tile as it was: its picture, who had painted each pixel in their colours,
/// and how much.
#[component]
fn Frozen(tile: EvidenceTile, colors: Vec<[u8; 3]>, case_id: i64) -> impl IntoView {
    let people: Vec<[u8; 3]> = tile
        .authors
        .iter()
        .map(|person| palette::rgb(PERSON_COLORS[person_color_index(person.user_id)]))
        .collect();
    let mut counts = vec![0_usize; tile.authors.len()];
    for &index in tile.author_pixels.as_bytes() {
        if let Some(count) = counts.get_mut(usize::from(index))
            && index < NOBODY
        {
            *count += 1;
        }
    }
    let authors: Vec<_> = tile
        .authors
        .into_iter()
        .zip(counts)
        .filter(|(_, count)| *count > 0)
        .map(|(person, count)| {
            let dot = format!("frozen__dot person-{}", person_color_index(person.user_id));
            let name = person.display_name.clone();
            view! {
                <li class="case__change">
                    <span class=dot aria-hidden="true"></span>
                    <span dir="auto">{name}</span>
                    <span class="faint">{order_texts().pixels(count)}</span>
                    {menu_of(person, case_id)}
                </li>
            }
        })
        .collect();
    let picture = palette::rgba(tile.pixels.as_bytes(), &colors);
    let who = palette::rgba(tile.author_pixels.as_bytes(), &people);
    let place = order_texts().target_tile(&crate::i18n::coordinates(tile.x, tile.y));
    view! {
        <figure class="frozen">
            <div class="frozen__pictures">
                {drawn(picture)}
                {drawn(who)}
            </div>
            <figcaption>
                <span class="faint">{place}</span>
                {(!authors.is_empty())
                    .then(|| view! { <ul aria-label=order_texts().painted_by()>{authors}</ul> })}
            </figcaption>
        </figure>
    }
}

/// A square picture of RGBA bytes.
fn drawn(pixels: Vec<u8>) -> impl IntoView {
    let canvas = NodeRef::<html::Canvas>::new();
    Effect::new(move || {
        let Some(canvas) = canvas.get() else { return };
        let side = (pixels.len() / 4).isqrt();
        let side = u32::try_from(side).unwrap_or_default();
        canvas.set_width(side);
        canvas.set_height(side);
        if let Some(context) = context_of(&canvas)
            && let Ok(image) = ImageData::new_with_u8_clamped_array(Clamped(&pixels), side)
        {
            // Fails only for images without size.
            let _ = context.put_image_data(&image, 0.0, 0.0);
        }
    });
    view! { <canvas class="frozen__picture" node_ref=canvas aria-hidden="true"></canvas> }
}
