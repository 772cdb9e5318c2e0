//! The typed functions of all messages, which `build.rs` writes from `locales/en`.
#![allow(
    clippy::unused_self,
    reason = "`t().close()` reads better than a path, and the types hold nothing"
)]

use super::catalog::{Argument, Number, filled, plain};

include!(concat!(env!("OUT_DIR"), "/texts.rs"));
