//! The drawing tools, while a tile is open.

use crate::{
    components::{
        ghost::GhostButton,
        icons::{Glyph, Icon},
        import::ImportButton,
        key_labels::KeyLabels,
    },
    i18n::{
        self,
        board::{
            LEAVE_KEY, MIRROR_KEY, REDO_KEY, SWAP_KEY, UNDO_KEY, board_texts, tool as tool_text,
        },
        key_name,
        language::in_reading_order,
        with_note,
    },
    lazy::{Lazy, LazyView},
    model::tools::Tool,
    session::Session,
    store::Store,
};
use leptos::{
    ev::{FocusEvent, KeyboardEvent},
    html,
    prelude::*,
};
use shared::pixels::TRANSPARENT;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// The drawing tools; nothing while no tile is open.
#[component]
pub fn ToolBar() -> impl IntoView {
    let store = expect_context::<Store>();
    let open = Memo::new(move |_| store.editing.with(Option::is_some));
    view! {
        <Show when=move || open.get()>
            <Lazy view=|| LazyView::Tools wanted=true />
        </Show>
    }
}

/// The tools.
#[component]
pub fn Tools() -> impl IntoView {
    let bar = NodeRef::<html::Div>::new();
    view! {
            <div
                class="tool-bar floating"
                role="toolbar"
                aria-label=board_texts().tools()
                node_ref=bar
                // A click does not move the focus away from the board.
                on:mousedown=|event| event.prevent_default()
                on:focusin=move |event| rove(bar, &event)
                on:keydown=move |event| step(bar, &event)
            >
                <div class="tool-bar__group">
                    {Tool::ALL.map(|tool| view! { <ToolButton tool /> }).collect_view()}
                    <Mirror />
                    <GhostButton />
                </div>
                <Steps />
                <Palette />
            </div>
    }
}

/// The enabled buttons, in document order.
fn buttons(bar: NodeRef<html::Div>) -> Vec<HtmlElement> {
    let found = bar
        .get_untracked()
        .and_then(|bar| bar.query_selector_all("button:enabled").ok());
    let Some(found) = found else {
        return Vec::new();
    };
    (0..found.length())
        .filter_map(|index| found.get(index)?.dyn_into().ok())
        .collect()
}

/// Only the button that last had the focus can be reached with Tab.
fn rove(bar: NodeRef<html::Div>, event: &FocusEvent) {
    for button in buttons(bar) {
        let is_focused = event.target().as_deref() == Some(&button);
        button.set_tab_index(if is_focused { 0 } else { -1 });
    }
}

/// Arrow keys move the focus from button to button.
fn step(bar: NodeRef<html::Div>, event: &KeyboardEvent) {
    let buttons = buttons(bar);
    let at = buttons
        .iter()
        .position(|button| event.target().as_deref() == Some(button));
    let Some(at) = at else { return };
    let count = buttons.len();
    let to = match in_reading_order(&event.key()) {
        "ArrowRight" | "ArrowDown" => (at + 1) % count,
        "ArrowLeft" | "ArrowUp" => (at + count - 1) % count,
        "Home" => 0,
        "End" => count - 1,
        _ => return,
    };
    // Without this the board would move.
    event.prevent_default();
    // Cannot fail for a mounted button.
    let _ = buttons[to].focus();
}

#[component]
fn ToolButton(tool: Tool) -> impl IntoView {
    let store = expect_context::<Store>();
    let (name, key) = tool_text(tool);
    let key = key_label(key);
    let chosen = move || store.tools.with(|tools| tools.tool == tool);
    view! {
        <button
            class="tool"
            type="button"
            aria-label=name
            aria-pressed=move || chosen().to_string()
            aria-keyshortcuts=key
            title=move || with_note(name, &key())
            on:click=move |_| store.tools.update(|tools| tools.tool = tool)
        >
            <Icon glyph=glyph(tool) />
        </button>
    }
}

#[component]
fn Mirror() -> impl IntoView {
    let store = expect_context::<Store>();
    let name = board_texts().mirror();
    let key = key_label(MIRROR_KEY);
    view! {
        <button
            class="tool"
            type="button"
            aria-label=name
            aria-pressed=move || store.tools.with(|tools| tools.mirror).to_string()
            aria-keyshortcuts=key
            title=move || with_note(name, &key())
            on:click=move |_| store.tools.update(|tools| tools.mirror = !tools.mirror)
        >
            <Icon glyph=Glyph::Mirror />
        </button>
    }
}

/// Undo, redo, import and the button that ends drawing.
#[component]
fn Steps() -> impl IntoView {
    let store = expect_context::<Store>();
    let session = expect_context::<Session>();
    let texts = board_texts();
    let (undo, redo) = (key_label(UNDO_KEY), key_label(REDO_KEY));
    view! {
        <div class="tool-bar__group">
            <button
                class="tool"
                type="button"
                aria-label=texts.undo()
                aria-keyshortcuts="Control+Z"
                title=move || with_note(texts.undo(), &key_name(&undo()))
                disabled=move || !store.undoable.get().0
                on:click=move |_| session.undo()
            >
                <Icon glyph=Glyph::Undo />
            </button>
            <button
                class="tool"
                type="button"
                aria-label=texts.redo()
                aria-keyshortcuts="Control+Y"
                title=move || with_note(texts.redo(), &key_name(&redo()))
                disabled=move || !store.undoable.get().1
                on:click=move |_| session.redo()
            >
                <Icon glyph=Glyph::Redo />
            </button>
            <ImportButton />
            <button
                class="tool tool--done"
                type="button"
                aria-label=texts.leave()
                aria-keyshortcuts="Escape"
                title=with_note(texts.leave(), &key_name(LEAVE_KEY))
                on:click=move |_| session.leave_tile()
            >
                <Icon glyph=Glyph::Check />
            </button>
        </div>
    }
}

#[component]
fn Palette() -> impl IntoView {
    let store = expect_context::<Store>();
    let texts = board_texts();
    let colors = Memo::new(move |_| {
        store
            .canvas
            .with(|canvas| canvas.as_ref().map(|canvas| canvas.palette.clone()))
            .unwrap_or_default()
    });
    let value = move |index: u8| {
        colors.with(|colors| {
            if index == TRANSPARENT {
                None
            } else {
                colors.get(usize::from(index)).cloned()
            }
        })
    };
    let names = Memo::new(move |_| colors.with(|colors| i18n::board::color_names(colors)));
    let name = move |index: u8| {
        let name = names.with(|names| names.get(usize::from(index)).cloned());
        name.unwrap_or_default()
    };
    let primary = move || store.tools.with(|tools| tools.primary);
    let secondary = move || store.tools.with(|tools| tools.secondary);
    let swap_key = key_label(SWAP_KEY);
    let swap = move |_| {
        store
            .tools
            .update(|tools| std::mem::swap(&mut tools.primary, &mut tools.secondary));
    };
    view! {
        <div class="tool-bar__group tool-bar__colors">
            <button
                class="color-pair"
                type="button"
                aria-label=texts.swap()
                aria-keyshortcuts=swap_key
                title=move || {
                    [
                        texts.primary(&name(primary())),
                        texts.secondary(&name(secondary())),
                        with_note(texts.swap(), &swap_key()),
                    ]
                    .join("\n")
                }
                on:click=swap
            >
                <span class="color-pair__second" style:background-color=move || value(secondary())></span>
                <span class="color-pair__first" style:background-color=move || value(primary())></span>
            </button>
            <div class="palette" role="group" aria-label=texts.palette()>
                <For
                    each=move || colors.get().into_iter().zip(names.get()).enumerate()
                    key=|(index, (color, _))| (*index, color.clone())
                    let((index, (color, name)))
                >
                    <Swatch index color name />
                </For>
            </div>
        </div>
    }
}

#[component]
fn Swatch(index: usize, color: String, name: String) -> impl IntoView {
    let store = expect_context::<Store>();
    let index_in_palette = u8::try_from(index).unwrap_or(TRANSPARENT);
    let key = (index < 9).then(|| (index + 1).to_string());
    let title = key
        .as_ref()
        .map_or_else(|| name.clone(), |key| with_note(&name, key));
    let choose = move |second: bool| {
        store.tools.update(|tools| {
            if second {
                tools.secondary = index_in_palette;
            } else {
                tools.primary = index_in_palette;
            }
            if matches!(tools.tool, Tool::Eraser | Tool::Picker) {
                tools.tool = Tool::Pencil;
            }
        });
    };
    view! {
        <button
            class="swatch"
            type="button"
            aria-label=name
            aria-pressed=move || {
                store.tools.with(|tools| tools.primary == index_in_palette).to_string()
            }
            aria-keyshortcuts=key
            title=title
            style:background-color=color
            data-color=index
            on:click=move |_| choose(false)
            on:contextmenu=move |event| {
                event.prevent_default();
                choose(true);
            }
        ></button>
    }
}

/// The label of a shortcut on this keyboard. Reactive.
fn key_label(key: &'static str) -> impl Fn() -> String + Copy + 'static {
    let labels = expect_context::<KeyLabels>();
    move || labels.label(key)
}

fn glyph(tool: Tool) -> Glyph {
    match tool {
        Tool::Pencil => Glyph::Pencil,
        Tool::Eraser => Glyph::Eraser,
        Tool::Fill => Glyph::Fill,
        Tool::Line => Glyph::Line,
        Tool::Rectangle => Glyph::Rectangle,
        Tool::Circle => Glyph::Circle,
        Tool::Picker => Glyph::Picker,
    }
}
