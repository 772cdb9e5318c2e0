//! Users whose names change while they are on the canvas, or have written on it.

use super::{Room, command::RenamedUser};

impl Room {
    /// Takes over a user's new names: for what they do from now on, for the list of users, and,
    /// of a deleted account, for the messages that are in memory.
    pub(super) fn on_renamed(&mut self, user: &RenamedUser) {
        let identity = &user.identity;
        self.members.rename(identity);
        if self.presence.rename(identity) {
            self.broadcast_display_name(identity);
            self.rewrite_presence(identity.user_id);
        }
        if user.is_deleted {
            self.delivery.rename_sender(identity);
        }
    }
}
