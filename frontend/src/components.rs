//! The components of the pages. They read the store and call the session; none
//! of them uses the socket.

#![allow(
    clippy::needless_pass_by_value,
    reason = "a component owns its properties"
)]

pub mod account;
pub mod activity;
pub mod auth_forms;
pub mod avatar;
pub mod banner;
pub mod board_arrows;
pub mod board_view;
pub mod canvas_card;
pub mod canvas_settings;
pub mod chat;
pub mod choices;
pub mod comments;
pub mod connection;
pub mod dialog;
pub mod dialogs;
pub mod dock;
pub mod export;
pub mod field;
pub mod file;
pub mod form;
pub mod ghost;
pub mod icons;
pub mod import;
pub mod inbox;
pub mod invites;
pub mod keep_account;
pub mod key_labels;
pub mod language_picker;
pub mod members;
pub mod menu;
pub mod minimap;
pub mod new_canvas;
pub mod order;
pub mod painters;
pub mod palette_choice;
pub mod people;
pub mod picture;
pub mod profile;
pub mod restore;
pub mod rewrite_panel;
pub mod rewrites;
pub mod share;
pub mod share_gif;
pub mod shortcuts;
pub mod sign_in;
pub mod status_bar;
pub mod theme;
pub mod thumbnail;
pub mod tile_history;
pub mod tile_panel;
pub mod tile_past;
pub mod tile_picture;
pub mod tile_title;
pub mod time_bar;
pub mod toasts;
pub mod tool_bar;
pub mod top_bar;
