//! The token by which a browser is recognized as one from which a user signed in
//! before: a JWT (HS256) with the users and when they signed in. It opens nothing: it
//! only exempts from limits that failed sign-ins by others cause.

use super::token::install_crypto;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, errors::Error};
use serde::{Deserialize, Serialize};
use shared::ids::UserId;

/// How long a device is known after a sign-in.
pub(crate) const KNOWN_FOR: TimeDelta = TimeDelta::days(30);
/// The value of `iss`.
const ISSUER: &str = "stellar-canvas";
/// The value of `aud`. Another one than a session's, so that neither token can be used
/// in place of the other.
const AUDIENCE: &str = "stellar-canvas-device";
/// Users of one device that are remembered: the newest ones.
const MAX_USERS: usize = 8;

/// The users who signed in on a device within [`KNOWN_FOR`], the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KnownUsers(Vec<(UserId, i64)>);

impl KnownUsers {
    /// Whether nobody is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this user signed in.
    pub(crate) fn contains(&self, user: UserId) -> bool {
        self.0.iter().any(|(known, _)| *known == user)
    }

    /// The same after a sign-in of this user.
    fn with(&self, user: UserId, now: DateTime<Utc>) -> Self {
        let others = self.0.iter().filter(|(known, _)| *known != user).copied();
        let all = std::iter::once((user, now.timestamp())).chain(others);
        Self(all.take(MAX_USERS).collect())
    }
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    /// Each with the time in seconds since 1970.
    users: Vec<(UserId, i64)>,
}

/// Signs and verifies tokens of devices.
pub(super) struct DeviceTokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl DeviceTokens {
    pub(super) fn new(secret: &[u8]) -> Self {
        install_crypto();
        let mut validation = Validation::new(Algorithm::HS256);
        // Each user has a time of their own, compared in `verify`.
        validation.validate_exp = false;
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["iss", "aud"]);
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
        }
    }

    /// The token of a device on which `user` signed in just now, and those of `before`
    /// earlier.
    pub(super) fn sign(
        &self,
        user: UserId,
        before: &KnownUsers,
        now: DateTime<Utc>,
    ) -> Result<String, Error> {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            users: before.with(user, now).0,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
    }

    /// The users of a token; none of one that is not valid.
    pub(super) fn verify(&self, token: &str, now: DateTime<Utc>) -> KnownUsers {
        let Ok(data) = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation)
        else {
            return KnownUsers::default();
        };
        let oldest = (now - KNOWN_FOR).timestamp();
        let mut users = data.claims.users;
        users.retain(|(_, signed_in)| *signed_in >= oldest);
        KnownUsers(users)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_knows_its_newest_users_for_thirty_days() {
        let tokens = DeviceTokens::new(b"a secret of thirty-two characters");
        let start = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let mut known = KnownUsers::default();
        for user in 0..10 {
            let now = start + TimeDelta::days(user);
            let token = tokens.sign(UserId(user), &known, now).unwrap();
            known = tokens.verify(&token, now);
        }
        let users = |known: &KnownUsers| known.0.iter().map(|(user, _)| user.0).collect::<Vec<_>>();
        assert_eq!(users(&known), [9, 8, 7, 6, 5, 4, 3, 2]);
        let again = tokens.sign(UserId(4), &known, start + TimeDelta::days(10));
        let token = again.unwrap();
        let later = tokens.verify(&token, start + TimeDelta::days(37));
        assert_eq!(users(&later), [4, 9, 8, 7]);
        assert!(later.contains(UserId(4)) && !later.contains(UserId(6)));
        for wrong in ["", "a.b.c", &token[..token.len() - 2]] {
            assert!(tokens.verify(wrong, start).is_empty());
        }
        let other = DeviceTokens::new(b"another secret of so many letters");
        assert!(other.verify(&token, start).is_empty());
    }
}
