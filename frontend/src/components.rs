//! The parts that pages are made of. They read the store and ask the session;
//! none of them knows the socket.

pub mod avatar;
pub mod board_view;
pub mod dialog;
pub mod dock;
pub mod icons;
pub mod minimap;
pub mod sign_in;
pub mod status_bar;
pub mod toasts;
pub mod tool_bar;
pub mod top_bar;
