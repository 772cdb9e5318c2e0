//! What every connection of a user is told of the user's notifications. None of this is stored
//! in a log: a client that was away reads the list.

use crate::api::notifications::Notification;
use serde::{Deserialize, Serialize};

/// `notification`: a new one, or one whose `count` grew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notified {
    /// The notification as it is now.
    pub notification: Notification,
    /// How many are unread.
    pub unread_count: i64,
}

/// `notifications_read`: some were read, here or elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationsRead {
    /// How many are still unread.
    pub unread_count: i64,
}
