//! The limits of what a user creates over HTTP, and of joins.

use super::{KeyedLimiter, network, quota};
use shared::ids::UserId;
use std::{net::IpAddr, time::Duration};

/// The limits of what a user may create over HTTP, and of joins. Neither a hasty
/// person reaches them, nor a crowd behind one address that reconnects after a
/// restart.
pub(crate) struct UserLimits {
    on: bool,
    canvases: KeyedLimiter<UserId>,
    tickets: KeyedLimiter<UserId>,
    joins: KeyedLimiter<UserId>,
    joins_from: KeyedLimiter<IpAddr>,
    cases_from: KeyedLimiter<IpAddr>,
    exports_from: KeyedLimiter<IpAddr>,
    conversations: KeyedLimiter<UserId>,
}

impl UserLimits {
    /// In force, or allowing everything.
    pub(crate) fn new(on: bool) -> Self {
        Self {
            on,
            canvases: KeyedLimiter::new(quota(60, 60)),
            tickets: KeyedLimiter::new(quota(300, 100)),
            joins: KeyedLimiter::new(quota(300, 300)),
            joins_from: KeyedLimiter::new(quota(6_000, 3_000)),
            cases_from: KeyedLimiter::new(quota(20, 100)),
            exports_from: KeyedLimiter::new(quota(6, 40)),
            conversations: KeyedLimiter::new(quota(6, 60)),
        }
    }

    /// Counts a canvas created by this user.
    ///
    /// # Errors
    /// How long to wait; so for all limits below.
    pub(crate) fn canvas(&self, user: UserId) -> Result<(), Duration> {
        if self.on {
            self.canvases.check(&user)?;
        }
        Ok(())
    }

    /// Counts a ticket of this user.
    pub(crate) fn ticket(&self, user: UserId) -> Result<(), Duration> {
        if self.on {
            self.tickets.check(&user)?;
        }
        Ok(())
    }

    /// Counts a WebSocket of this user from this address.
    pub(crate) fn join(&self, user: UserId, ip: IpAddr) -> Result<(), Duration> {
        if self.on {
            self.joins.check(&user)?;
            self.joins_from.check(&network(ip))?;
        }
        Ok(())
    }

    /// Counts a case opened from this address: guests report little, but are many.
    pub(crate) fn case(&self, ip: IpAddr) -> Result<(), Duration> {
        if self.on {
            self.cases_from.check(&network(ip))?;
        }
        Ok(())
    }

    /// Counts an export asked for from this address: each user has one at a time, but guests
    /// are many.
    pub(crate) fn export(&self, ip: IpAddr) -> Result<(), Duration> {
        if self.on {
            self.exports_from.check(&network(ip))?;
        }
        Ok(())
    }

    /// Undoes one [`Self::export`] that led to none.
    pub(crate) fn refund_export(&self, ip: IpAddr) {
        if self.on {
            self.exports_from.refund(&network(ip));
        }
    }

    /// Counts a conversation that this user begins.
    pub(crate) fn conversation(&self, user: UserId) -> Result<(), Duration> {
        if self.on {
            self.conversations.check(&user)?;
        }
        Ok(())
    }

    /// Frees what idle keys hold; called by the maintenance loop.
    pub(crate) fn evict_idle(&self) {
        self.conversations.evict_idle();
        self.cases_from.evict_idle();
        self.exports_from.evict_idle();
        self.canvases.evict_idle();
        self.tickets.evict_idle();
        self.joins.evict_idle();
        self.joins_from.evict_idle();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_have_quotas() {
        let limits = UserLimits::new(true);
        let made = (0..200).take_while(|_| limits.canvas(UserId(1)).is_ok());
        assert_eq!(made.count(), 60);
        assert!(limits.canvas(UserId(2)).is_ok());
        assert!(limits.ticket(UserId(1)).is_ok());
        let (here, there) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let joined = (0..1000).take_while(|_| limits.join(UserId(1), here).is_ok());
        assert!((300..400).contains(&joined.count()));
        assert!(limits.join(UserId(1), there).is_err());
        let joined = (2..20_000).take_while(|id| limits.join(UserId(*id), here).is_ok());
        assert!((2_600..4_000).contains(&joined.count()));
        assert!(limits.join(UserId(30_000), here).is_err());
        assert!(limits.join(UserId(30_000), there).is_ok());
        let off = UserLimits::new(false);
        assert!((0..200).all(|_| off.ticket(UserId(1)).is_ok()));
    }
}
