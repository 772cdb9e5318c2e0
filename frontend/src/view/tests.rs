//! Views in a real page.

use super::{Rows, Show, View, state::State, view};
use leptos::{prelude::*, task::tick};
use std::{any::Any, collections::BTreeSet};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test as test;
use web_sys::{Element, HtmlElement, HtmlInputElement};

/// A view in an element of its own, until dropped.
struct Shown {
    root: HtmlElement,
    _mounted: Box<dyn Any>,
}

impl Shown {
    fn new(view: impl FnOnce() -> View + 'static) -> Self {
        let root = document().create_element("div").unwrap();
        document().body().unwrap().append_child(&root).unwrap();
        let root: HtmlElement = root.unchecked_into();
        let mounted = mount_to(root.clone(), {
            let root = root.clone();
            move || {
                let state = State::build(view());
                state.append_to(&root);
                StoredValue::new_local(state);
            }
        });
        Self {
            root,
            _mounted: Box::new(mounted),
        }
    }

    /// Without the comments that keep a place.
    fn html(&self) -> String {
        self.root.inner_html().replace("<!---->", "")
    }

    fn find<T: JsCast>(&self, selector: &str) -> T {
        let found = self.root.query_selector(selector).unwrap().unwrap();
        found.dyn_into().unwrap()
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.root.remove();
    }
}

#[test]
fn elements_have_their_attributes_and_what_is_in_them() {
    let (name, none) = ("x < y".to_owned(), None::<String>);
    let shown = Shown::new(move || {
        view! {
            <p class="one two" class=("three", true) class=("four", false) title=name hidden=false>
                "a " <b>{"bold"}</b> {Some(" c")} {None::<View>} {()}
            </p>
            <input type="checkbox" disabled=true data-none=none />
        }
    });
    assert_eq!(
        shown.html(),
        "<p class=\"one two three\" title=\"x &lt; y\">a <b>bold</b> c</p>\
         <input type=\"checkbox\" disabled=\"\">"
    );
}

#[test]
fn pictures_are_of_their_own_kind() {
    let shown = Shown::new(move || view! { <svg viewBox="0 0 2 2"><path d="M0 0h2" /></svg> });
    let path: Element = shown.find("path");
    assert_eq!(path.namespace_uri().unwrap(), "http://www.w3.org/2000/svg");
    assert!(shown.html().contains("viewBox"));
}

#[test]
async fn what_is_read_is_followed() {
    let count = RwSignal::new(1);
    let shown = Shown::new(move || {
        let is_odd = Memo::new(move |_| count.get() % 2 == 1);
        view! {
            <p data-count=move || count.get() class=("odd", is_odd) style:width=move || format!("{}px", count.get())>
                {move || count.get().to_string()}
                <Show when=move || is_odd.get()>"!"</Show>
            </p>
        }
    });
    let first = "<p data-count=\"1\" class=\"odd\" style=\"width: 1px;\">1!</p>";
    assert_eq!(shown.html(), first);
    let paragraph: Element = shown.find("p");
    count.set(2);
    tick().await;
    let second = "<p data-count=\"2\" class=\"\" style=\"width: 2px;\">2</p>";
    assert_eq!(shown.html(), second);
    count.set(1);
    tick().await;
    assert_eq!(shown.html(), first);
    assert_eq!(shown.find::<Element>("p"), paragraph);
}

#[test]
async fn the_same_view_computed_anew_keeps_its_elements() {
    let text = RwSignal::new("a");
    let clicked = StoredValue::new(String::new());
    let shown = Shown::new(move || {
        view! {
            {move || {
                let text = text.get();
                let click = move |_| clicked.update_value(|clicked| clicked.push_str(text));
                view! { <button title=text on:click=click>{text}</button> }
            }}
        }
    });
    let button: HtmlElement = shown.find("button");
    button.focus().unwrap();
    text.set("b");
    tick().await;
    assert_eq!(shown.html(), "<button title=\"b\">b</button>");
    assert_eq!(document().active_element().as_ref(), Some(button.as_ref()));
    button.click();
    assert_eq!(clicked.get_value(), "b");
}

#[test]
async fn another_view_replaces_the_one_before_it() {
    let is_long = RwSignal::new(false);
    let shown = Shown::new(move || {
        view! {
            <i></i>
            {move || if is_long.get() {
                view! { <b>"1"</b> <b>"2"</b> }
            } else {
                view! { <u>"0"</u> }
            }}
            <i></i>
        }
    });
    assert_eq!(shown.html(), "<i></i><u>0</u><i></i>");
    is_long.set(true);
    tick().await;
    assert_eq!(shown.html(), "<i></i><b>1</b><b>2</b><i></i>");
    is_long.set(false);
    tick().await;
    assert_eq!(shown.html(), "<i></i><u>0</u><i></i>");
}

#[test]
async fn several_views_become_more_or_fewer() {
    let count = RwSignal::new(2);
    let shown = Shown::new(move || {
        view! {
            {move || (0..count.get()).map(|n| view! { <b>{n.to_string()}</b> }).collect::<View>()}
            <i></i>
        }
    });
    for (n, html) in [
        (3, "<b>0</b><b>1</b><b>2</b><i></i>"),
        (1, "<b>0</b><i></i>"),
        (0, "<i></i>"),
        (2, "<b>0</b><b>1</b><i></i>"),
    ] {
        count.set(n);
        tick().await;
        assert_eq!(shown.html(), html);
    }
}

#[test]
async fn rows_stay_while_their_keys_stay() {
    let keys = RwSignal::new(vec!['a', 'b', 'c']);
    let ended = StoredValue::new(String::new());
    let shown = Shown::new(move || {
        view! {
            <ul>
                <Rows each=move || keys.get() key=|key| *key let:key>
                    {
                        on_cleanup(move || ended.update_value(|ended| ended.push(key)));
                        view! { <li id=key.to_string()>{key.to_string()}</li> }
                    }
                </Rows>
                <li>"end"</li>
            </ul>
        }
    });
    let list: Element = shown.find("ul");
    let b: Element = shown.find("#b");
    for (order, text, gone) in [
        ("abcd", "abcdend", ""),
        ("dbx", "dbxend", "ac"),
        ("xbd", "xbdend", "ac"),
        ("xybzd", "xybzdend", "ac"),
        ("bb", "bbend", "acdxyz"),
    ] {
        keys.set(order.chars().collect());
        tick().await;
        assert_eq!(list.text_content().unwrap(), text);
        assert_eq!(shown.find::<Element>("#b"), b);
        let ended: BTreeSet<char> = ended.with_value(|ended| ended.chars().collect());
        assert_eq!(ended.into_iter().collect::<String>(), gone);
    }
    keys.set(Vec::new());
    tick().await;
    assert_eq!(list.text_content().unwrap(), "end");
}

#[test]
async fn a_bound_field_and_its_signal_follow_each_other() {
    let written = RwSignal::new("a".to_owned());
    let shown = Shown::new(move || view! { <input bind:value=written /> });
    let input: HtmlInputElement = shown.find("input");
    assert_eq!(input.value(), "a");
    input.set_value("b");
    let event = web_sys::Event::new("input").unwrap();
    input.dispatch_event(&event).unwrap();
    assert_eq!(written.get_untracked(), "b");
    written.set("c".to_owned());
    tick().await;
    assert_eq!(input.value(), "c");
}

#[test]
async fn what_is_gone_hears_nothing() {
    let is_there = RwSignal::new(true);
    let heard = StoredValue::new(0);
    let shown = Shown::new(move || {
        view! {
            <Show when=move || is_there.get()>
                <button on:click=move |_| heard.update_value(|heard| *heard += 1)></button>
            </Show>
        }
    });
    let button: HtmlElement = shown.find("button");
    button.click();
    is_there.set(false);
    tick().await;
    button.click();
    assert_eq!(heard.get_value(), 1);
    assert_eq!(shown.html(), "");
}
