//! Who is signed in, how far the canvas is loaded, and the state of its connection.

use shared::api::User;

/// Who uses this browser.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum SignIn {
    /// The server has not been asked yet, or has not answered.
    #[default]
    Unknown,
    /// Nobody is signed in.
    SignedOut,
    /// This user is signed in.
    SignedIn(User),
}

/// How far the canvas is loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoadState {
    /// The snapshot has not arrived: pages show skeletons.
    #[default]
    Loading,
    /// The snapshot is in the store.
    Ready,
    /// The canvas cannot be shown, and the client does not try again by itself.
    Failed(LoadFailure),
}

/// Why a canvas cannot be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadFailure {
    /// Only its members may read it.
    Forbidden,
    /// There is no such canvas.
    NotFound,
}

/// The state of the WebSocket connection of the open canvas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConnectionStatus {
    /// An attempt to connect is under way.
    #[default]
    Connecting,
    /// Connected: `connected` was received.
    Live,
    /// The connection was lost; the next attempt starts at `retry_at`.
    Waiting {
        /// Milliseconds, as `browser::uptime_ms` counts them.
        retry_at: i64,
        /// The browser reports that there is no network.
        offline: bool,
    },
    /// Nobody is signed in; queued requests wait for the next sign-in.
    SignedOut,
    /// The server closed the connection with a reason after which the client
    /// does not reconnect by itself.
    Ended(EndReason),
}

impl ConnectionStatus {
    /// Whether nothing that is done here can ever be stored any more.
    pub fn is_over(self) -> bool {
        matches!(
            self,
            Self::Ended(
                EndReason::Banned
                    | EndReason::CanvasDeleted
                    | EndReason::NoAccess
                    | EndReason::NoGuests
                    | EndReason::MustRegister
            )
        )
    }
}

/// Why the server closed a connection for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// An administrator closed it.
    Kicked,
    /// The user is banned, from this canvas or the server.
    Banned,
    /// No guests come in here.
    NoGuests,
    /// Somebody banned used this device or network: guests from there have to
    /// register.
    MustRegister,
    /// The canvas was deleted.
    CanvasDeleted,
    /// The user may not read this canvas any more.
    NoAccess,
    /// The client sent too many messages.
    RateLimited,
    /// Any other reason.
    Other,
}

/// Why there is no connection, as far as the client could find out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionProblem {
    /// The server does not answer, or is about to stop.
    Away,
    /// The browser reports that there is no network.
    Offline,
    /// This user, or this address, has too many connections.
    TooMany,
    /// The server accepts no more connections.
    Full,
    /// The server answers, but no WebSocket comes through to it: something on
    /// the way refuses it.
    Blocked,
    /// The server does not know the address under which the page was opened.
    WrongAddress,
}
