//! What every request handler shares.

use crate::{
    auth::{Auth, Passwords},
    config::{Config, Switch},
    rate_limit::SignInLimits,
    realtime::Hub,
};
use sqlx::PgPool;
use std::{ops::Deref, sync::Arc};

/// Cheap to clone; the parts are [`Parts`].
#[derive(Clone)]
pub(crate) struct AppState(Arc<Parts>);

/// The parts of the application.
pub(crate) struct Parts {
    /// As started.
    pub(crate) config: Config,
    /// The database.
    pub(crate) pool: PgPool,
    /// Everything live.
    pub(crate) hub: Hub,
    /// Tokens, tickets and sessions.
    pub(crate) auth: Auth,
    /// Argon2id.
    pub(crate) passwords: Passwords,
    /// How often strangers may try.
    pub(crate) sign_in_limits: SignInLimits,
}

impl AppState {
    /// Puts the parts together.
    pub(crate) fn new(config: Config, pool: PgPool, hub: Hub, auth: Auth) -> Self {
        let limited = config.rate_limits == Switch::On;
        Self(Arc::new(Parts {
            pool,
            hub,
            auth,
            passwords: Passwords::new(),
            sign_in_limits: SignInLimits::new(limited),
            config,
        }))
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
