//! Who is asking: sessions, their tokens and tickets, and where a request may
//! carry them. It knows headers, but neither routes nor bodies.

mod credential;
mod password;
mod secret;
mod token;

pub(crate) use credential::{COOKIE, Credential, REMOVE_COOKIE, is_origin};
pub(crate) use password::Passwords;
pub(crate) use secret::{JWT_SECRET_MIN_LEN, load_or_create_jwt_secret};

use crate::{
    clock::Clock,
    db::{
        Batcher, ConnectionCache,
        sessions::{self, ActiveSession},
    },
    error::ApiError,
    realtime::Identity,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use shared::ids::{SessionId, UserId};
use sqlx::PgPool;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use token::{Claims, Keys};
use uuid::Uuid;

/// How long a session that was looked up is session_cache in. The contract lets a
/// session that was revoked on another node live for 5 s.
const SESSION_CACHE_TTL: Duration = Duration::from_secs(3);
/// Sessions remembered at most.
const SESSION_CACHE_CAPACITY: usize = 50_000;
/// How long a ticket can be used.
const TICKET_TTL: TimeDelta = TimeDelta::seconds(30);

/// A request's session, checked.
#[derive(Clone, Debug)]
#[expect(clippy::struct_field_names, reason = "there are other ids around it")]
pub(crate) struct Session {
    /// Which.
    pub(crate) session_id: SessionId,
    /// When the token that was shown ends.
    pub(crate) expires_at: DateTime<Utc>,
    /// Whose.
    pub(crate) identity: Identity,
}

impl Session {
    /// Whose.
    pub(crate) fn user_id(&self) -> UserId {
        self.identity.user_id
    }
}

/// A token and when it ends.
pub(crate) struct Issued {
    pub(crate) token: String,
    pub(crate) expires_at: DateTime<Utc>,
    /// Seconds until then.
    pub(crate) seconds: i64,
}

/// Gives out and checks tokens and tickets.
pub(crate) struct Auth {
    pool: PgPool,
    clock: Clock,
    keys: Keys,
    ttl: TimeDelta,
    session_cache: Mutex<HashMap<SessionId, (ActiveSession, Instant)>>,
    sessions: Batcher<SessionId, Option<ActiveSession>>,
}

impl Auth {
    /// Tokens are signed with `secret` and live for `ttl`.
    pub(crate) fn new(
        pool: PgPool,
        connection_cache: ConnectionCache,
        clock: Clock,
        secret: &[u8],
        ttl: Duration,
    ) -> Self {
        // Whole seconds, as in the token; a hundred years are as good as more.
        let seconds = ttl.as_secs().clamp(1, 100 * 365 * 24 * 3600);
        let now = clock.clone();
        Self {
            sessions: Batcher::new(
                connection_cache,
                Arc::new(move |connection, ids| {
                    Box::pin(sessions::active(connection, ids, now.now()))
                }),
            ),
            pool,
            clock,
            keys: Keys::new(secret),
            ttl: TimeDelta::seconds(i64::try_from(seconds).unwrap_or(i64::MAX / 1000)),
            session_cache: Mutex::default(),
        }
    }

    /// Begins a session.
    pub(crate) async fn begin(&self, user_id: UserId) -> Result<Issued, ApiError> {
        let session_id = SessionId(Uuid::new_v4());
        let issued = self.issue(session_id, user_id, self.clock.now() + self.ttl)?;
        sessions::insert(&self.pool, session_id, user_id, issued.expires_at).await?;
        Ok(issued)
    }

    /// A token of the same session that ends later than the one that was shown.
    pub(crate) async fn refresh(&self, session: &Session) -> Result<Issued, ApiError> {
        // Times in tokens are whole seconds: within the same one, one more makes
        // it later all the same, but never more than that.
        let end = self.clock.now() + self.ttl;
        let second = TimeDelta::seconds(1);
        let end = end.max((session.expires_at + second).min(end + second));
        let issued = self.issue(session.session_id, session.user_id(), end)?;
        if !sessions::extend(&self.pool, session.session_id, issued.expires_at).await? {
            return Err(ApiError::Unauthenticated);
        }
        self.forget(session.session_id);
        Ok(issued)
    }

    /// Ends a session.
    pub(crate) async fn revoke(&self, session_id: SessionId) -> Result<(), ApiError> {
        sessions::revoke(&self.pool, session_id, self.clock.now()).await?;
        self.forget(session_id);
        Ok(())
    }

    /// Makes a ticket for the session: it and its end.
    pub(crate) async fn ticket(
        &self,
        session: &Session,
    ) -> Result<(String, DateTime<Utc>), ApiError> {
        let ticket = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        let expires_at = self.clock.now() + TICKET_TTL;
        let digest = Sha256::digest(ticket.as_bytes());
        sessions::insert_ticket(&self.pool, &digest, session.session_id, expires_at).await?;
        Ok((ticket, expires_at))
    }

    /// The session that a credential stands for.
    ///
    /// # Errors
    /// `Unauthenticated` or `StaleCookie`; `Unavailable` without the database.
    pub(crate) async fn authenticate(&self, credential: &Credential) -> Result<Session, ApiError> {
        match credential {
            Credential::Bearer(token) => self.verify(token).await,
            Credential::Cookie(token) => self.verify(token).await.map_err(|error| match error {
                ApiError::Unauthenticated => ApiError::StaleCookie,
                other => other,
            }),
            // A token has two dots, a ticket has none.
            Credential::Query(token) if token.contains('.') => self.verify(token).await,
            Credential::Query(ticket) => self.redeem(ticket).await,
        }
    }

    /// The session of a token.
    ///
    /// # Errors
    /// `Unauthenticated` whatever is wrong with it; `Unavailable` without the
    /// database.
    pub(crate) async fn verify(&self, token: &str) -> Result<Session, ApiError> {
        let claims = self
            .keys
            .read(token, self.clock.now())
            .ok_or(ApiError::Unauthenticated)?;
        let live = self.live(claims.session_id).await?;
        if live.user_id != claims.user_id.0 {
            return Err(ApiError::Unauthenticated);
        }
        Ok(session(claims.session_id, claims.expires_at, live))
    }

    /// Lets changes of the user's names be seen at once.
    pub(crate) fn forget_user(&self, user_id: UserId) {
        self.session_cache
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|_, (live, _)| live.user_id != user_id.0);
    }

    /// Forgets the sessions that are to be looked up again anyway.
    pub(crate) fn evict_expired(&self) {
        let mut session_cache = self
            .session_cache
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        session_cache.retain(|_, (_, asked)| asked.elapsed() < SESSION_CACHE_TTL);
        session_cache.shrink_to_fit();
    }

    fn forget(&self, session_id: SessionId) {
        self.session_cache
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&session_id);
    }

    fn issue(
        &self,
        session_id: SessionId,
        user_id: UserId,
        expires_at: DateTime<Utc>,
    ) -> Result<Issued, ApiError> {
        let claims = Claims {
            session_id,
            user_id,
            expires_at: DateTime::from_timestamp(expires_at.timestamp(), 0).unwrap_or(expires_at),
        };
        let now = self.clock.now();
        let token = self.keys.sign(&claims, now).map_err(ApiError::internal)?;
        Ok(Issued {
            token,
            expires_at: claims.expires_at,
            seconds: (claims.expires_at - now).num_seconds().max(0),
        })
    }

    async fn redeem(&self, ticket: &str) -> Result<Session, ApiError> {
        let digest = Sha256::digest(ticket.as_bytes());
        let session_id = sessions::redeem_ticket(&self.pool, &digest, self.clock.now())
            .await?
            .ok_or(ApiError::Unauthenticated)?;
        let live = self.live(session_id).await?;
        Ok(session(session_id, live.expires_at, live))
    }

    async fn live(&self, session_id: SessionId) -> Result<ActiveSession, ApiError> {
        if let Some(live) = self.session_cache(session_id) {
            return Ok(live);
        }
        let asked = Instant::now();
        let live = self
            .sessions
            .load(session_id)
            .await?
            .ok_or(ApiError::Unauthenticated)?;
        let mut session_cache = self
            .session_cache
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if session_cache.len() >= SESSION_CACHE_CAPACITY {
            session_cache.retain(|_, (_, asked)| asked.elapsed() < SESSION_CACHE_TTL);
        }
        if session_cache.len() < SESSION_CACHE_CAPACITY {
            session_cache.insert(session_id, (live.clone(), asked));
        }
        Ok(live)
    }

    fn session_cache(&self, session_id: SessionId) -> Option<ActiveSession> {
        let session_cache = self
            .session_cache
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (live, asked) = session_cache.get(&session_id)?;
        (asked.elapsed() < SESSION_CACHE_TTL).then(|| live.clone())
    }
}

fn session(session_id: SessionId, expires_at: DateTime<Utc>, live: ActiveSession) -> Session {
    Session {
        session_id,
        expires_at,
        identity: Identity {
            user_id: UserId(live.user_id),
            username: live.username.into(),
            display_name: live.display_name.into(),
            name_version: live.name_version,
        },
    }
}
