//! The start page: introduction, sign-in forms, and the lists of canvases.

mod canvas_list;

use self::canvas_list::{CanvasList, ListState, liveliest};
use crate::{
    browser,
    components::{
        auth_forms::{EntryForms, EntryMethod},
        avatar::{Avatar, Size},
        canvas_card::{CanvasCard, WaitingCard},
        dialogs::{DialogHost, DialogKind, Dialogs},
        icons::{Glyph, Icon, Star},
        inbox::buttons::InboxButtons,
        language_picker::LanguagePicker,
        sign_in::SignOutWaits,
        theme::ThemePicker,
        thumbnail::{Address, Subject},
    },
    i18n::{account_texts, order::order_texts, t},
    lazy::{Lazy, LazyView},
    model::connection::SignIn,
    store::Account,
    tasks::Tasks,
};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use leptos_use_interval_fn::use_interval_fn;
use shared::{
    api::{Canvas, User},
    ids::CanvasId,
};
use std::{rc::Rc, time::Duration};

/// Milliseconds between two requests of the list, while the tab is visible.
const REFRESH_MS: u64 = 10_000;

/// Width and height in pixels that the background covers.
const BACKDROP: (f64, f64) = (2048.0, 1280.0);

/// Milliseconds from the last key press to the search.
const SEARCH_DELAY: Duration = Duration::from_millis(250);

/// The start page.
#[component]
pub fn StartPage() -> impl IntoView {
    let account = expect_context::<Account>();
    let navigate = use_navigate();
    let open = Callback::new(move |id: CanvasId| {
        navigate(&format!("/canvas/{id}"), NavigateOptions::default());
    });
    let query = RwSignal::new(String::new());
    Tasks::provide();
    let public = CanvasList::new(false, query);
    let mine = CanvasList::new(true, query);
    let making = RwSignal::new(false);
    Dialogs::provide();

    public.refresh();
    let user_id = Memo::new(move |_| account.user().map(|user| user.id));
    Effect::new(move || {
        mine.canvases.set(Vec::new());
        if user_id.get().is_some() {
            mine.refresh();
        }
    });
    let poll = move || {
        if browser::is_visible() {
            public.poll();
            if user_id.get_untracked().is_some() {
                mine.poll();
            }
        }
    };
    let mut search = debounce(SEARCH_DELAY, move |()| {
        public.clear();
        mine.clear();
        public.refresh();
        if user_id.get_untracked().is_some() {
            mine.refresh();
        }
    });
    Effect::watch(move || query.get(), move |_, _, _| search(()), false);
    let _ = use_interval_fn(poll, REFRESH_MS);

    let entered = Callback::new(move |method| {
        let goal = public
            .canvases
            .with_untracked(|canvases| liveliest(canvases).map(|canvas| canvas.id));
        if let (EntryMethod::Guest, Some(id)) = (method, goal) {
            open.run(id);
        }
    });
    let wished = RwSignal::new(false);
    Effect::new(move || {
        let sign_in = account.sign_in.get();
        if !wished.get() || sign_in == SignIn::Unknown {
            return;
        }
        wished.set(false);
        if sign_in == SignIn::SignedOut {
            // The form may be mounted in this frame.
            request_animation_frame(|| focus("entry-name"));
        } else {
            making.set(true);
        }
    });
    let make = Callback::new(move |()| wished.set(true));
    let made = Callback::new(move |canvas: Canvas| open.run(canvas.id));
    view! {
        <Title text=t().name() />
        <div class="start">
            <Hero public entered />
            <main id="canvases">
                <div class="finder">
                    <input
                        class="input finder__field"
                        type="search"
                        aria-label=t().search()
                        placeholder=t().search()
                        maxlength="200"
                        bind:value=query
                    />
                    <button class="btn" type="button" on:click=move |_| make.run(())>
                        <Icon glyph=Glyph::Plus />
                        {t().new_canvas()}
                    </button>
                </div>
                <Show when=move || mine.canvases.with(|canvases| !canvases.is_empty())>
                    <section class="canvas-list canvas-list--row" aria-labelledby="mine">
                        <div class="canvas-list__head">
                            <h2 id="mine">{t().my_canvases()}</h2>
                        </div>
                        <Cards list=mine make />
                    </section>
                </Show>
                <section class="canvas-list" aria-labelledby="public">
                    <div class="canvas-list__head">
                        <h2 id="public">{t().public_canvases()}</h2>
                    </div>
                    <Cards list=public make />
                </section>
            </main>
        </div>
        <Lazy view=move || LazyView::NewCanvas(making, made) />
        <DialogHost />
    }
}

/// Name, description and sign-in forms, with a canvas as background.
#[component]
fn Hero(public: CanvasList, entered: Callback<EntryMethod>) -> impl IntoView {
    let account = expect_context::<Account>();
    // Chosen once, so that the background does not change while one reads.
    let backdrop = RwSignal::new_local(None::<Rc<Address>>);
    let chosen = StoredValue::new(false);
    let tasks = Tasks::new();
    Effect::new(move || {
        let painted = public.canvases.with(|canvases| {
            liveliest(canvases)
                .filter(|canvas| canvas.tile_count > 0)
                .map(Subject::from)
        });
        if let Some(subject) = painted.filter(|_| !chosen.get_value()) {
            chosen.set_value(true);
            tasks.spawn(async move {
                let (width, height) = BACKDROP;
                backdrop.set(subject.picture(width, height).await.map(Rc::new));
            });
        }
    });
    let source = move || backdrop.with(|picture| picture.as_ref().map(|picture| picture.text()));
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
                    src=source
                    alt=""
                    on:load=move |_| ready.set(true)
                />
            </div>
            <div class="hero__veil"></div>
            <div class="hero__bar">
                <Star class="brand__star" />
                <div class="hero__choices">
                    <InboxButtons />
                    <LanguagePicker />
                    <ThemePicker compact=true />
                </div>
            </div>
            <div class="hero__body">
                <div>
                    <h1 class="hero__name">{t().name()}</h1>
                    <p class="hero__sentence">{t().sentence()}</p>
                    <p class="hero__facts">
                        <Show when=move || { here.get() > 0 }>
                            <span class="hero__fact">
                                <span class="live-dot"></span>
                                {move || t().people_drawing(here.get())}
                            </span>
                        </Show>
                        <Show when=move || { drawn.get() > 0 }>
                            <span class="hero__fact">{move || t().tiles_drawn(drawn.get())}</span>
                        </Show>
                    </p>
                </div>
                <section class="entry" aria-labelledby="entry-title">
                    <SignOutWaits />
                    {move || match account.sign_in.get() {
                        SignIn::SignedIn(user) => view! { <Welcome user /> }.into_any(),
                        SignIn::SignedOut => view! {
                            <h2 id="entry-title">{t().come_in()}</h2>
                            <EntryForms done=entered />
                        }
                        .into_any(),
                        SignIn::Unknown => view! {
                            <h2 id="entry-title">{t().come_in()}</h2>
                        }
                        .into_any(),
                    }}
                </section>
            </div>
        </header>
    }
}

/// Shown instead of the forms to users who are signed in.
#[component]
fn Welcome(user: User) -> impl IntoView {
    let account = expect_context::<Account>();
    let dialogs = expect_context::<Dialogs>();
    let sign_out = move |_| dialogs.sign_out(account, Callback::new(|()| ()));
    view! {
        <div class="entry__who">
            <Avatar user=user.id name=user.display_name.clone() size=Size::Large />
            <div class="entry__who-text">
                <h2 id="entry-title" dir="auto">{user.display_name}</h2>
                <p class="faint">
                    {if user.is_guest { t().is_guest().to_owned() } else { t().at_name(&user.username) }}
                </p>
            </div>
        </div>
        <p class="soft">{t().welcome()}</p>
        <div class="entry__actions">
            <a class="btn btn--primary btn--wide" href="#canvases" rel="external">
                {t().pick_canvas()}
            </a>
            <button class="btn btn--wide" type="button" on:click=move |_| dialogs.show(DialogKind::Profile)>
                <Icon glyph=Glyph::Edit />
                {t().profile()}
            </button>
            {user
                .is_guest
                .then(|| {
                    view! {
                        <button
                            class="btn btn--wide"
                            type="button"
                            on:click=move |_| dialogs.show(DialogKind::Keep)
                        >
                            <Icon glyph=Glyph::Heart />
                            {account_texts().keep()}
                        </button>
                    }
                })}
            <button class="btn btn--wide" type="button" on:click=move |_| dialogs.show(DialogKind::Account)>
                <Icon glyph=Glyph::People />
                {account_texts().account()}
            </button>
            {user
                .is_admin
                .then(|| {
                    view! {
                        <a class="btn btn--wide" href="/moderation">
                            <Icon glyph=Glyph::Shield />
                            {order_texts().server_moderation()}
                        </a>
                    }
                })}
            <button class="btn btn--quiet btn--wide" type="button" on:click=sign_out>
                <Icon glyph=Glyph::SignOut />
                {t().sign_out()}
            </button>
        </div>
    }
}

/// The cards of a list, or a placeholder, an error or a hint.
#[component]
fn Cards(list: CanvasList, make: Callback<()>) -> impl IntoView {
    let cards = move || {
        view! {
            <For
                each=move || list.canvases.with(|c| c.iter().map(|c| c.id).collect::<Vec<_>>())
                key=|id| *id
                let:id
            >
                <CanvasCard canvas=list.canvas(id) />
            </For>
        }
    };
    let state = Memo::new(move |_| (list.state.get(), list.canvases.with(Vec::is_empty)));
    view! {
        {move || match state.get() {
            (ListState::Loading, true) => view! {
                <ul class="cards">{[(); 4].map(|()| view! { <WaitingCard /> }).collect_view()}</ul>
            }
            .into_any(),
            (ListState::Failed, true) => view! {
                <div class="canvas-list__empty empty">
                    <span class="empty__icon"><Icon glyph=Glyph::Warning /></span>
                    <p class="empty__title">{t().away_title()}</p>
                    <p>{t().away_text()}</p>
                    <button class="btn" type="button" on:click=move |_| list.refresh()>
                        {t().try_again()}
                    </button>
                </div>
            }
            .into_any(),
            (ListState::Loaded, true) if list.query.with(|query| !query.trim().is_empty()) => view! {
                <div class="canvas-list__empty empty">
                    <p class="empty__title">{t().nothing_found_title()}</p>
                    <p>{t().nothing_found_text()}</p>
                    <button
                        class="btn"
                        type="button"
                        on:click=move |_| list.query.set(String::new())
                    >
                        {t().clear_search()}
                    </button>
                </div>
            }
            .into_any(),
            (ListState::Loaded, true) => view! {
                <div class="canvas-list__empty empty">
                    <span class="empty__icon"><Icon glyph=Glyph::Pencil /></span>
                    <p class="empty__title">{t().no_canvases_title()}</p>
                    <p>{t().no_canvases_text()}</p>
                    <button class="btn" type="button" on:click=move |_| make.run(())>
                        {t().make_first_canvas()}
                    </button>
                </div>
            }
            .into_any(),
            (_, false) => view! { <ul class="cards">{cards()}</ul> }.into_any(),
        }}
        <Show when=move || list.cursor.with(Option::is_some)>
            <div class="canvas-list__more">
                <button class="btn" type="button" on:click=move |_| list.more()>
                    {t().show_more()}
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
        // Cannot fail for an input element.
        let _ = element.focus();
    }
}
