//! The start page: what this is, the way in, and the canvases there are.

use crate::{
    api, browser,
    components::{
        auth_forms::{EntryForms, Way},
        avatar::{Avatar, Size},
        canvas_card::{CanvasCard, WaitingCard, picture},
        icons::{Glyph, Icon, Star},
        new_canvas::NewCanvas,
        theme::ThemePicker,
    },
    i18n::t,
    store::{Account, SignIn},
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use shared::{
    api::{Canvas, User},
    ids::CanvasId,
};
use std::time::Duration;

/// After this the list is asked for again, while somebody looks.
const REFRESH: Duration = Duration::from_secs(10);

/// The canvases of one list, as they were last told.
#[derive(Clone, Copy)]
struct Shelf {
    canvases: RwSignal<Vec<Canvas>>,
    cursor: RwSignal<Option<String>>,
    state: RwSignal<ShelfState>,
    mine: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ShelfState {
    Waiting,
    Here,
    Away,
}

impl Shelf {
    fn new(mine: bool) -> Self {
        Self {
            canvases: RwSignal::default(),
            cursor: RwSignal::default(),
            state: RwSignal::new(ShelfState::Waiting),
            mine,
        }
    }

    /// Fetches the first page and lays it over what is there. The page may
    /// have been left when the answer comes.
    fn refresh(self) {
        spawn_local(async move {
            let answer = api::canvases("", self.mine, None).await;
            let Some(state) = self.state.try_get_untracked() else {
                return;
            };
            match answer {
                Ok(page) => {
                    let more = self.canvases.with_untracked(Vec::len) > page.items.len();
                    if !more {
                        self.cursor.set(page.next_cursor);
                    }
                    self.canvases.update(|canvases| {
                        let ids: Vec<CanvasId> = page.items.iter().map(|c| c.id).collect();
                        let mut rest = std::mem::replace(canvases, page.items);
                        rest.retain(|canvas| more && !ids.contains(&canvas.id));
                        canvases.append(&mut rest);
                    });
                    self.state.set(ShelfState::Here);
                }
                Err(_) if state == ShelfState::Here => {}
                Err(_) => self.state.set(ShelfState::Away),
            }
        });
    }

    /// Fetches the next page.
    fn more(self) {
        let Some(cursor) = self.cursor.get_untracked() else {
            return;
        };
        spawn_local(async move {
            if let Ok(page) = api::canvases("", self.mine, Some(&cursor)).await {
                self.cursor.try_set(page.next_cursor);
                self.canvases
                    .try_update(|canvases| canvases.extend(page.items));
            }
        });
    }

    fn canvas(self, id: CanvasId) -> Memo<Option<Canvas>> {
        Memo::new(move |_| {
            self.canvases
                .with(|canvases| canvases.iter().find(|canvas| canvas.id == id).cloned())
        })
    }
}

/// The canvas to show behind the name and to lead a guest to: where most
/// people are, then where most is drawn.
fn liveliest(canvases: &[Canvas]) -> Option<&Canvas> {
    canvases
        .iter()
        .max_by_key(|canvas| (canvas.active_users, canvas.tile_count))
}

/// The start page.
#[component]
pub fn StartPage() -> impl IntoView {
    document().set_title(t().name);
    let account = expect_context::<Account>();
    let navigate = use_navigate();
    let open = Callback::new(move |id: CanvasId| {
        navigate(&format!("/canvas/{id}"), NavigateOptions::default());
    });
    let public = Shelf::new(false);
    let mine = Shelf::new(true);
    let making = RwSignal::new(false);

    public.refresh();
    let user_id = Memo::new(move |_| account.user().map(|user| user.id));
    Effect::new(move |_| {
        mine.canvases.set(Vec::new());
        if user_id.get().is_some() {
            mine.refresh();
        }
    });
    let refresh = move || {
        if browser::is_visible() {
            public.refresh();
            if user_id.get_untracked().is_some() {
                mine.refresh();
            }
        }
    };
    if let Ok(interval) = set_interval_with_handle(refresh, REFRESH) {
        on_cleanup(move || interval.clear());
    }

    let entered = Callback::new(move |way| {
        let goal = public
            .canvases
            .with_untracked(|canvases| liveliest(canvases).map(|canvas| canvas.id));
        if let (Way::Guest, Some(id)) = (way, goal) {
            open.run(id);
        }
    });
    let make = Callback::new(move |()| {
        if user_id.get_untracked().is_some() {
            making.set(true);
        } else {
            focus("entry-name");
        }
    });
    view! {
        <div class="start">
            <Hero public entered />
            <main id="canvases">
                <Show when=move || mine.canvases.with(|canvases| !canvases.is_empty())>
                    <section class="shelf" aria-labelledby="mine">
                        <div class="shelf__head">
                            <h2 id="mine">{t().my_canvases}</h2>
                        </div>
                        <Cards shelf=mine make />
                    </section>
                </Show>
                <section class="shelf" aria-labelledby="public">
                    <div class="shelf__head">
                        <h2 id="public">{t().public_canvases}</h2>
                        <button class="btn" type="button" on:click=move |_| make.run(())>
                            <Icon glyph=Glyph::Plus />
                            {t().new_canvas}
                        </button>
                    </div>
                    <Cards shelf=public make />
                </section>
            </main>
        </div>
        <NewCanvas open=making made=move |canvas: Canvas| open.run(canvas.id) />
    }
}

/// Name, sentence and the way in, over a canvas that drifts by.
#[component]
fn Hero(public: Shelf, entered: Callback<Way>) -> impl IntoView {
    let account = expect_context::<Account>();
    // Chosen once: a background that jumps would disturb.
    let backdrop = RwSignal::new(None::<String>);
    Effect::new(move |_| {
        let painted = public.canvases.with(|canvases| {
            liveliest(canvases)
                .filter(|canvas| canvas.tile_count > 0)
                .map(picture)
        });
        if backdrop.with_untracked(Option::is_none) {
            backdrop.set(painted);
        }
    });
    let ready = RwSignal::new(false);
    let here = Memo::new(move |_| {
        public.canvases.with(|canvases| {
            canvases
                .iter()
                .map(|canvas| canvas.active_users)
                .sum::<usize>()
        })
    });
    let drawn = Memo::new(move |_| {
        public.canvases.with(|canvases| {
            let tiles = canvases.iter().map(|canvas| canvas.tile_count).sum::<i64>();
            usize::try_from(tiles).unwrap_or_default()
        })
    });
    view! {
        <header class="hero">
            <div class="hero__sky" aria-hidden="true">
                <img
                    class="hero__picture"
                    class=("hero__picture--ready", ready)
                    src=backdrop
                    alt=""
                    on:load=move |_| ready.set(true)
                />
            </div>
            <div class="hero__veil"></div>
            <div class="hero__bar">
                <Star class="brand__star" />
                <ThemePicker compact=true />
            </div>
            <div class="hero__body">
                <div>
                    <h1 class="hero__name">{t().name}</h1>
                    <p class="hero__sentence">{t().sentence}</p>
                    <p class="hero__facts">
                        <Show when=move || { here.get() > 0 }>
                            <span class="hero__fact">
                                <span class="live-dot"></span>
                                {move || t().people_drawing.of(here.get())}
                            </span>
                        </Show>
                        <Show when=move || { drawn.get() > 0 }>
                            <span class="hero__fact">{move || t().tiles_drawn.of(drawn.get())}</span>
                        </Show>
                    </p>
                </div>
                <section class="entry" aria-labelledby="entry-title">
                    {move || match account.sign_in.get() {
                        SignIn::SignedIn(user) => view! { <Welcome user /> }.into_any(),
                        SignIn::SignedOut => view! {
                            <h2 id="entry-title">{t().come_in}</h2>
                            <EntryForms done=entered />
                        }
                        .into_any(),
                        SignIn::Unknown => view! {
                            <h2 id="entry-title">{t().come_in}</h2>
                        }
                        .into_any(),
                    }}
                </section>
            </div>
        </header>
    }
}

/// For somebody who is signed in already.
#[component]
fn Welcome(user: User) -> impl IntoView {
    let account = expect_context::<Account>();
    let sign_out = move |_| {
        spawn_local(async move {
            // Whatever the answer: a session that cannot be ended is over here.
            let _ = api::logout().await;
            account.sign_in.set(SignIn::SignedOut);
        });
    };
    view! {
        <div class="entry__who">
            <Avatar user=user.id name=user.display_name.clone() size=Size::Large />
            <div class="entry__who-text">
                <h2 id="entry-title">{user.display_name}</h2>
                <p class="faint">
                    {if user.is_guest { t().is_guest.to_owned() } else { format!("@{}", user.username) }}
                </p>
            </div>
        </div>
        <p class="soft">{t().welcome}</p>
        <div class="entry__actions">
            <a class="btn btn--primary btn--wide" href="#canvases">
                {t().pick_canvas}
            </a>
            <button class="btn btn--quiet btn--wide" type="button" on:click=sign_out>
                <Icon glyph=Glyph::SignOut />
                {t().sign_out}
            </button>
        </div>
    }
}

/// The cards of a shelf, or what stands in for them.
#[component]
fn Cards(shelf: Shelf, make: Callback<()>) -> impl IntoView {
    let cards = move || {
        view! {
            <For
                each=move || shelf.canvases.with(|c| c.iter().map(|c| c.id).collect::<Vec<_>>())
                key=|id| *id
                let:id
            >
                <CanvasCard canvas=shelf.canvas(id) />
            </For>
        }
    };
    let what = Memo::new(move |_| (shelf.state.get(), shelf.canvases.with(Vec::is_empty)));
    view! {
        {move || match what.get() {
            (ShelfState::Waiting, true) => view! {
                <ul class="cards">{[(); 4].map(|()| view! { <WaitingCard /> }).collect_view()}</ul>
            }
            .into_any(),
            (ShelfState::Away, true) => view! {
                <div class="shelf__empty empty">
                    <span class="empty__icon"><Icon glyph=Glyph::Warning /></span>
                    <p class="empty__title">{t().away_title}</p>
                    <p>{t().away_text}</p>
                    <button class="btn" type="button" on:click=move |_| shelf.refresh()>
                        {t().try_again}
                    </button>
                </div>
            }
            .into_any(),
            (ShelfState::Here, true) => view! {
                <div class="shelf__empty empty">
                    <span class="empty__icon"><Icon glyph=Glyph::Pencil /></span>
                    <p class="empty__title">{t().no_canvases_title}</p>
                    <p>{t().no_canvases_text}</p>
                    <button class="btn" type="button" on:click=move |_| make.run(())>
                        {t().make_first_canvas}
                    </button>
                </div>
            }
            .into_any(),
            (_, false) => view! { <ul class="cards">{cards()}</ul> }.into_any(),
        }}
        <Show when=move || shelf.cursor.with(Option::is_some)>
            <div class="shelf__more">
                <button class="btn" type="button" on:click=move |_| shelf.more()>
                    {t().show_more}
                </button>
            </div>
        </Show>
    }
}

fn focus(id: &str) {
    use wasm_bindgen::JsCast;
    if let Some(element) = document()
        .get_element_by_id(id)
        .and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok())
    {
        // Fails for elements that cannot have it; this one can.
        let _ = element.focus();
    }
}
