//! The Stellar Canvas browser client: draws the board, connects to the server
//! with one WebSocket per open canvas, and keeps drawings and messages until the
//! server has stored them.

#![allow(
    clippy::large_types_passed_by_value,
    reason = "the store and the session are handles, made to be copied about"
)]

pub mod account;
pub mod api;
pub mod app;
pub mod board;
pub mod browser;
pub mod components;
pub mod i18n;
pub mod inbox;
pub mod lazy;
pub mod model;
pub mod pages;
pub mod past;
pub mod session;
pub mod socket;
pub mod storage;
pub mod store;
pub mod tasks;
pub mod tools;

fn main() {
    std::panic::set_hook(Box::new(browser::report_panic));
    // Panics where the server sent texts of another version: there is nothing that could be shown
    // without texts, and boot.js shows that the page could not be loaded.
    i18n::install(browser::fetched_texts()).expect("the texts of this version");
    browser::remove_placeholder();
    leptos::mount::mount_to_body(app::App);
}
