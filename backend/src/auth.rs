//! Sessions, their tokens (JWT) and WebSocket tickets. It knows the database and
//! the clock, but neither HTTP nor cookies: `http::credential` finds the token in
//! a request and turns [`AuthError`] into an answer.

mod device;
mod jwt_secret;
mod last_seen;
mod network;
mod password;
mod token;

pub(crate) use device::{KNOWN_FOR, KnownUsers};
pub(crate) use jwt_secret::{JWT_SECRET_MIN_LEN, load_or_create_jwt_secret};
pub(crate) use password::Passwords;

use crate::{
    clock::DatabaseClock,
    db::{
        self, Batcher, DbError, Pool,
        sessions::{self, ActiveSession},
    },
    realtime::Identity,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use device::DeviceTokens;
use last_seen::LastSeen;
use moka::future::Cache;
use network::NetworkDigests;
use sha2::{Digest, Sha256};
use shared::{
    api::sanctions::SanctionBrief,
    ids::{SessionId, UserId},
};
use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use thiserror::Error;
use token::{Claims, Keys};
use uuid::Uuid;

/// How long a session is used without asking the database again. The contract
/// lets a session that was revoked on another node live for 5 s.
const SESSION_CACHE_TTL: Duration = Duration::from_secs(3);
/// Sessions in the cache at most. A crowd that joins at once passes through in a few
/// seconds; room for all of it would stay allocated, some 200 bytes each.
const SESSION_CACHE_CAPACITY: u64 = 4_096;
/// How long a ticket can be redeemed.
const TICKET_TTL: TimeDelta = TimeDelta::seconds(30);

/// Why a session or password operation failed.
#[derive(Debug, Error)]
pub(crate) enum AuthError {
    /// The token or ticket is malformed, expired, forged or revoked; callers are
    /// not told which, as clients must not learn it.
    #[error("the credential is not valid")]
    InvalidCredential,
    /// Too many passwords are being hashed; worth a retry after this time.
    #[error("too many passwords are being hashed")]
    Overloaded(Duration),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
    /// Signing or hashing failed, which is a fault of the server.
    #[error("{0}")]
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

impl AuthError {
    fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }
}

/// A session whose token or ticket was verified.
#[derive(Clone, Debug)]
#[expect(clippy::struct_field_names, reason = "there are other ids around it")]
pub(crate) struct Session {
    pub(crate) session_id: SessionId,
    /// When the token that was shown expires; for a ticket, when the session does.
    pub(crate) expires_at: DateTime<Utc>,
    /// The user whose session it is.
    pub(crate) identity: Identity,
    /// Whether the database has the user as an admin. It is at most [`SESSION_CACHE_TTL`] old.
    pub(crate) is_admin: bool,
    /// Whether the user has no password. As old as `is_admin`.
    pub(crate) is_guest: bool,
    server_ban: Option<Arc<SanctionBrief>>,
}

impl Session {
    /// The ban from the whole server that is in force at `now`. Where this node was not told
    /// of it, it may be noticed, or forgotten, [`SESSION_CACHE_TTL`] late.
    pub(crate) fn server_ban(&self, now: DateTime<Utc>) -> Option<&SanctionBrief> {
        let ban = self.server_ban.as_deref();
        ban.filter(|ban| ban.expires_at.is_none_or(|end| DateTime::from(end) > now))
    }

    /// The user whose session it is.
    pub(crate) fn user_id(&self) -> UserId {
        self.identity.user_id
    }
}

/// A new token.
pub(crate) struct IssuedToken {
    pub(crate) token: String,
    pub(crate) expires_at: DateTime<Utc>,
    /// Seconds until `expires_at`, for the cookie's `Max-Age`.
    pub(crate) max_age: i64,
}

/// A session as it was read from the database.
#[derive(Clone)]
struct CachedSession {
    active: ActiveSession,
    /// The moment before it was read: its age counts from there, however long the query took.
    read_at: Instant,
    /// [`Auth::access_changes`] at that moment.
    access_changes: u64,
}

/// Issues and verifies tokens and tickets.
pub(crate) struct Auth {
    pool: Pool,
    clock: DatabaseClock,
    keys: Keys,
    device_tokens: DeviceTokens,
    networks: NetworkDigests,
    token_ttl: TimeDelta,
    session_cache: Cache<SessionId, CachedSession>,
    /// Grows before entries are dropped from the cache: what was read from the database
    /// before that must not be cached afterwards.
    invalidations: AtomicU64,
    /// How often this node was told that admins or sanctions on the whole server changed.
    access_changes: Arc<AtomicU64>,
    sessions: Batcher<SessionId, Option<ActiveSession>>,
    last_seen: LastSeen,
}

impl Auth {
    /// Signs tokens with `secret`; they are valid for `token_ttl`. `access_changes` grows
    /// whenever admins or sanctions on the whole server change: sessions that were read before
    /// are read again.
    pub(crate) fn new(
        pool: Pool,
        clock: DatabaseClock,
        secret: &[u8],
        token_ttl: Duration,
        access_changes: Arc<AtomicU64>,
    ) -> Self {
        // Whole seconds, as in the token, and at most a hundred years, so that no
        // date overflows.
        let seconds = token_ttl.as_secs().clamp(1, 100 * 365 * 24 * 3600);
        let now = clock.clone();
        Self {
            sessions: Batcher::new(
                pool.clone(),
                Arc::new(move |connection, ids| {
                    Box::pin(sessions::active(connection, ids, now.now()))
                }),
            ),
            pool,
            clock,
            keys: Keys::new(secret),
            device_tokens: DeviceTokens::new(secret),
            networks: NetworkDigests::new(secret),
            token_ttl: TimeDelta::seconds(i64::try_from(seconds).unwrap_or(i64::MAX / 1000)),
            session_cache: Cache::builder()
                .max_capacity(SESSION_CACHE_CAPACITY)
                .time_to_live(SESSION_CACHE_TTL)
                .build(),
            invalidations: AtomicU64::new(0),
            access_changes,
            last_seen: LastSeen::default(),
        }
    }

    /// Starts a session of the user and issues its first token.
    pub(crate) async fn start_session(&self, user_id: UserId) -> Result<IssuedToken, AuthError> {
        let session_id = SessionId(Uuid::new_v4());
        let issued = self.issue(session_id, user_id, self.clock.now() + self.token_ttl)?;
        sessions::insert(&self.pool, session_id, user_id, issued.expires_at).await?;
        Ok(issued)
    }

    /// Issues a token of the same session that expires later than the one shown.
    pub(crate) async fn refresh(&self, session: &Session) -> Result<IssuedToken, AuthError> {
        // Times in tokens are whole seconds. A refresh within the second of the
        // token before adds one second, but never more than one to the usual end.
        let end = self.clock.now() + self.token_ttl;
        let second = TimeDelta::seconds(1);
        let end = end.max((session.expires_at + second).min(end + second));
        let issued = self.issue(session.session_id, session.user_id(), end)?;
        if !sessions::extend(&self.pool, session.session_id, issued.expires_at).await? {
            return Err(AuthError::InvalidCredential);
        }
        self.invalidate(&session.session_id).await;
        Ok(issued)
    }

    /// Ends a session: its tokens and tickets are refused from now on, on other
    /// nodes within [`SESSION_CACHE_TTL`].
    pub(crate) async fn revoke(&self, session_id: SessionId) -> Result<(), AuthError> {
        sessions::revoke(&self.pool, session_id, self.clock.now()).await?;
        self.invalidate(&session_id).await;
        Ok(())
    }

    /// Ends one of the user's sessions; false if they have no such session.
    pub(crate) async fn revoke_of(
        &self,
        user: UserId,
        session_id: SessionId,
    ) -> Result<bool, AuthError> {
        let is_ended = sessions::revoke_of(&self.pool, user, session_id, self.clock.now()).await?;
        self.invalidate(&session_id).await;
        Ok(is_ended)
    }

    /// Ends all other sessions of the session's user, and returns those that it ended.
    pub(crate) async fn revoke_others(
        &self,
        session: &Session,
    ) -> Result<Vec<SessionId>, AuthError> {
        let (user, kept) = (session.user_id(), Some(session.session_id));
        let ended = sessions::revoke_others(&self.pool, user, kept, self.clock.now()).await?;
        self.invalidate_user(user).await;
        Ok(ended)
    }

    /// Issues a ticket for the session, and says when it expires. Only its hash
    /// is stored.
    pub(crate) async fn issue_ticket(
        &self,
        session: &Session,
    ) -> Result<(String, DateTime<Utc>), AuthError> {
        let ticket = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        let expires_at = self.clock.now() + TICKET_TTL;
        let digest = Sha256::digest(ticket.as_bytes());
        sessions::insert_ticket(&self.pool, &digest, session.session_id, expires_at).await?;
        Ok((ticket, expires_at))
    }

    /// The session of a token.
    ///
    /// # Errors
    /// `InvalidCredential` whatever is wrong with it; `Database` if the session
    /// could not be read.
    pub(crate) async fn verify_token(&self, token: &str) -> Result<Session, AuthError> {
        let claims = self
            .keys
            .verify(token, self.clock.now())
            .ok_or(AuthError::InvalidCredential)?;
        let active = self.active_session(claims.session_id).await?;
        if active.user_id != claims.user_id.0 {
            return Err(AuthError::InvalidCredential);
        }
        Ok(session(claims.session_id, claims.expires_at, active))
    }

    /// The session of a ticket, which is used up by this.
    ///
    /// # Errors
    /// As [`Self::verify_token`].
    pub(crate) async fn redeem_ticket(&self, ticket: &str) -> Result<Session, AuthError> {
        let digest = Sha256::digest(ticket.as_bytes());
        let session_id = sessions::redeem_ticket(&self.pool, &digest, self.clock.now())
            .await?
            .ok_or(AuthError::InvalidCredential)?;
        let active = self.active_session(session_id).await?;
        Ok(session(session_id, active.expires_at, active))
    }

    /// The digest of the network of an address; none for one that is no network, such as a
    /// private one.
    pub(crate) fn network_digest(&self, address: IpAddr) -> Option<Vec<u8>> {
        self.networks.digest(address)
    }

    /// The users who signed in on the device with this token; none if it is not valid.
    pub(crate) fn known_users(&self, device_token: &str) -> KnownUsers {
        self.device_tokens.verify(device_token, self.clock.now())
    }

    /// The token of a device on which `user` signed in now, and those of `before`
    /// earlier.
    pub(crate) fn issue_device_token(
        &self,
        user: UserId,
        before: &KnownUsers,
    ) -> Result<String, AuthError> {
        self.device_tokens
            .sign(user, before, self.clock.now())
            .map_err(AuthError::internal)
    }

    /// Drops the user's sessions from the cache, so that the next request reads
    /// their new names.
    pub(crate) async fn invalidate_user(&self, user_id: UserId) {
        self.invalidations.fetch_add(1, Ordering::SeqCst);
        for (session_id, cached) in &self.session_cache {
            if cached.active.user_id == user_id.0 {
                self.session_cache.invalidate(&*session_id).await;
            }
        }
    }

    /// Stores which sessions were used, besides those of the connections that are open. Called
    /// by the maintenance loop.
    ///
    /// # Errors
    /// Those of the database; what is not stored then is noted at the next use.
    pub(crate) async fn store_last_seen(&self, open: Vec<SessionId>) -> db::Result<()> {
        self.last_seen
            .store(&self.pool, open, self.clock.now())
            .await
    }

    /// Frees what expired; called by the maintenance loop.
    pub(crate) async fn evict_expired(&self) {
        self.session_cache.run_pending_tasks().await;
    }

    /// Drops a session from the cache.
    async fn invalidate(&self, session_id: &SessionId) {
        self.invalidations.fetch_add(1, Ordering::SeqCst);
        self.session_cache.invalidate(session_id).await;
    }

    fn issue(
        &self,
        session_id: SessionId,
        user_id: UserId,
        expires_at: DateTime<Utc>,
    ) -> Result<IssuedToken, AuthError> {
        let claims = Claims {
            session_id,
            user_id,
            expires_at: DateTime::from_timestamp(expires_at.timestamp(), 0).unwrap_or(expires_at),
        };
        let now = self.clock.now();
        let token = self.keys.sign(&claims, now).map_err(AuthError::internal)?;
        Ok(IssuedToken {
            token,
            expires_at: claims.expires_at,
            max_age: (claims.expires_at - now).num_seconds().max(0),
        })
    }

    /// The session from the cache or the database. Concurrent lookups are
    /// batched into one query.
    async fn active_session(&self, session_id: SessionId) -> Result<ActiveSession, AuthError> {
        let access_changes = self.access_changes.load(Ordering::SeqCst);
        if let Some(cached) = self.session_cache.get(&session_id).await
            && cached.read_at.elapsed() < SESSION_CACHE_TTL
            && cached.access_changes == access_changes
        {
            return Ok(cached.active);
        }
        let read_at = Instant::now();
        let invalidations = self.invalidations.load(Ordering::SeqCst);
        let active = self
            .sessions
            .load(session_id)
            .await?
            .ok_or(AuthError::InvalidCredential)?;
        self.last_seen.note(session_id);
        let cached = CachedSession {
            active: active.clone(),
            read_at,
            access_changes,
        };
        self.session_cache.insert(session_id, cached).await;
        // It may have been revoked or changed since it was read.
        if self.invalidations.load(Ordering::SeqCst) != invalidations {
            self.session_cache.invalidate(&session_id).await;
        }
        Ok(active)
    }
}

fn session(session_id: SessionId, expires_at: DateTime<Utc>, active: ActiveSession) -> Session {
    Session {
        session_id,
        expires_at,
        identity: Identity {
            user_id: UserId(active.user_id),
            username: active.username.into(),
            display_name: active.display_name.into(),
            name_version: active.name_version,
        },
        is_admin: active.is_admin,
        is_guest: active.is_guest,
        server_ban: active.server_ban,
    }
}
