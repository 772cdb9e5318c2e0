//! The client's plain data types, which every other module may use: tiles, viewport, tools, people,
//! chat rows, comments, activity lines, connection status, toasts, the inbox, the place and size of an imported picture.
//! Imports nothing of ours but `shared`; knows no signal, no socket and no page.

pub mod activity;
pub mod camera;
pub mod chat;
pub mod comments;
pub mod connection;
pub mod export;
pub mod export_job;
pub mod ghost;
pub mod import_layout;
pub mod inbox;
pub mod moment;
pub mod notice;
pub mod order;
pub mod overviews;
pub mod painters;
pub mod palette;
pub mod past;
pub mod people;
pub mod picture_size;
pub mod player;
pub mod replay;
pub mod rewrite;
pub mod tile_past;
pub mod tile_store;
pub mod timeline;
pub mod tools;
