//! Tells systemd that the server is ready or stops (`Type=notify` in the unit). Does
//! nothing where another program started the server.

use sd_notify::NotifyState;

/// The server accepts connections.
pub fn ready() {
    notify(&[NotifyState::Ready]);
}

/// The server begins to stop.
pub(super) fn stopping() {
    notify(&[NotifyState::Stopping]);
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "cannot tell the service manager");
    }
}
