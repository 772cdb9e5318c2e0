//! What the session's state machine asks its runtime to do.

use shared::{api::User, canvas::Coord, protocol::ClientMessage};
use uuid::Uuid;

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
    /// As `Reconnect`, after a delay that grows if that does not help.
    ReconnectLater,
    /// Do not connect again before so much time has passed.
    PostponeConnect {
        /// Milliseconds.
        retry_after_ms: u32,
    },
    /// Show other pages by a lock that this page is open.
    HoldPage(Uuid),
    /// Look which pages are open; answered with `recover_orphaned`.
    FindLivingPages,
    /// Fetch the snapshot; answered with `snapshot_received`.
    FetchSnapshot,
    /// Call `fetch_snapshot` after this many milliseconds.
    RetrySnapshot {
        /// Milliseconds.
        after_ms: u32,
    },
    /// Fetch what this user may do here; answered with `role_received`.
    FetchRole,
    /// Ask who is signed in; answered with `me_received`.
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
    /// Fetch a page of the comments on a cell; answered with
    /// `comments_received`.
    FetchComments {
        /// The cell.
        at: Coord,
        /// The previous page's `next_cursor`.
        cursor: Option<String>,
    },
    /// Fetch this user's sanctions; answered with `sanctions_received`.
    FetchSanctions,
    /// Fetch the canvas's members; answered with `members_received`.
    FetchMembers,
    /// Tell the application that nobody is signed in.
    SignedOut,
    /// Tell the application that somebody else is signed in.
    SignedIn(User),
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
    /// Something on the way answers in place of the server.
    Blocked,
}

/// What is known of the network when a request has failed.
#[derive(Clone, Copy, Debug)]
pub struct Network {
    /// The browser reports that there is a network.
    pub online: bool,
    /// How long the answer asks to wait, in milliseconds.
    pub retry_after_ms: u32,
    /// From 0 to 1, for the delay until the next attempt.
    pub random: f64,
}

/// The answer to the question who is signed in.
#[derive(Clone, Debug)]
pub enum MeAnswer {
    /// This user.
    User(User),
    /// Nobody.
    SignedOut,
    /// The server did not answer.
    Unknown,
}

/// Why the server refuses to open a WebSocket, as far as HTTP told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalCause {
    /// HTTP is not refused: nothing is known.
    None,
    /// Nobody is signed in any more.
    SignedOut,
    /// The user is banned, from the canvas or the server.
    Banned,
    /// Guests may not come in, or this one has to register first.
    NoGuests {
        /// Whether registering helps for sure: somebody banned used this device
        /// or network.
        must_register: bool,
    },
    /// The user may not read the canvas, or it is gone.
    NoAccess(FetchError),
    /// This user, or this address, has too many connections.
    TooManyConnections,
    /// The server accepts no more connections.
    Overloaded,
    /// This client asks too often.
    RateLimited,
    /// Something on the way refuses, in place of the server.
    Blocked,
    /// The server does not know the address of the page.
    WrongAddress,
    /// The server does not answer.
    Unreachable {
        /// The browser reports that there is a network.
        online: bool,
    },
}
