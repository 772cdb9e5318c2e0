//! What the session's state machine asks its runtime to do.

use shared::protocol::ClientMessage;

/// One thing to do, in the order in which they were asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Send an ephemeral message, if there is a connection.
    Send(ClientMessage),
    /// Send `hello`, which describes this browser.
    SendHello,
    /// Send the queued requests that may be sent now.
    Flush,
    /// As `Flush`, but wait a moment for more strokes to join.
    FlushSoon,
    /// Connect, and keep connected.
    OpenSocket,
    /// Disconnect, and stay disconnected.
    CloseSocket,
    /// Connect anew, once the socket's own call has returned.
    Reconnect,
    /// Fetch the snapshot; answered with `snapshot_received`.
    FetchSnapshot,
    /// Call `fetch_snapshot` after this many milliseconds.
    RetrySnapshot {
        /// Milliseconds.
        after_ms: u32,
    },
    /// Fetch what this user may do here; answered with `role_received`.
    FetchRole,
    /// Ask whether the user is still signed in; answered with `me_received`.
    FetchMe,
    /// Ask over HTTP why the server refuses to connect; answered with
    /// `refusal_received`.
    ProbeRefusal,
    /// Renew the session's token; answered with `token_received`.
    RefreshToken,
    /// Fetch a page of events, for the activity list; answered with
    /// `activity_received`.
    FetchActivity {
        /// Events after this `seq`.
        after: i64,
    },
    /// Fetch the canvas's members; answered with `members_received`.
    FetchMembers,
    /// Tell the application that nobody is signed in.
    SignedOut,
    /// Tell the application whether the server's answer shows that it knows
    /// who asks.
    Answered {
        /// Whether it seems to know.
        knows_user: bool,
    },
}

/// Why something could not be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchError {
    /// The server refused (401, 403).
    Forbidden,
    /// There is no such canvas (404).
    NotFound,
    /// No answer, or the server could not.
    Unavailable,
}

/// Why the server refuses to open a WebSocket, as far as HTTP told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalCause {
    /// HTTP is not refused: nothing is known.
    None,
    /// Nobody is signed in any more.
    SignedOut,
    /// The user may not read the canvas, or it is gone.
    NoAccess(FetchError),
    /// This user, or this address, has too many connections.
    TooManyConnections,
    /// The server accepts no more connections.
    Overloaded,
    /// This client asks too often.
    RateLimited,
    /// The server does not answer.
    Unreachable {
        /// The browser reports that there is a network.
        online: bool,
    },
}
