//! JSON Web Tokens (RFC 7519), exactly as the wire contract has them: HS256,
//! `typ`, `iss`, `aud`, `sub`, `jti`, `iat` and `exp`, all checked, without
//! leeway.

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, errors::Error};
use serde::{Deserialize, Serialize};
use shared::ids::{SessionId, UserId};
use uuid::Uuid;

/// `iss` and `aud`.
const PARTY: &str = "stellar-canvas";
/// Seconds by which another node's clock may be ahead when it signs.
const CLOCK_SKEW: i64 = 5;

/// What a token says.
pub(super) struct Claims {
    pub(super) session_id: SessionId,
    pub(super) user_id: UserId,
    /// To the second.
    pub(super) expires_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    iss: String,
    aud: String,
    sub: String,
    jti: Uuid,
    iat: i64,
    exp: i64,
}

/// Signs and reads tokens.
pub(super) struct Keys {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl Keys {
    pub(super) fn new(secret: &[u8]) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        // Compared below, by the clock that all nodes agree on.
        validation.validate_exp = false;
        validation.set_issuer(&[PARTY]);
        validation.set_audience(&[PARTY]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
        }
    }

    pub(super) fn sign(&self, claims: &Claims, now: DateTime<Utc>) -> Result<String, Error> {
        let wire = Wire {
            iss: PARTY.to_owned(),
            aud: PARTY.to_owned(),
            sub: claims.user_id.to_string(),
            jti: claims.session_id.0,
            iat: now.timestamp(),
            exp: claims.expires_at.timestamp(),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &wire, &self.encoding)
    }

    /// What a good token says; nothing is told of a bad one.
    pub(super) fn read(&self, token: &str, now: DateTime<Utc>) -> Option<Claims> {
        let data = jsonwebtoken::decode::<Wire>(token, &self.decoding, &self.validation).ok()?;
        let wire = data.claims;
        let expires_at = DateTime::from_timestamp(wire.exp, 0)?;
        let good = data.header.typ.as_deref() == Some("JWT")
            && expires_at > now
            && wire.iat <= now.timestamp() + CLOCK_SKEW;
        good.then_some(Claims {
            session_id: SessionId(wire.jti),
            user_id: wire.sub.parse().ok()?,
            expires_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use serde_json::{Value, json};

    const SECRET: &[u8] = b"a secret of thirty-two bytes, ok";

    fn wire(now: DateTime<Utc>) -> Value {
        json!({
            "iss": PARTY, "aud": PARTY, "sub": "7", "jti": Uuid::nil(),
            "iat": now.timestamp(), "exp": now.timestamp() + 60,
        })
    }

    fn sign(header: &Header, claims: &Value, secret: &[u8]) -> String {
        jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(secret)).unwrap()
    }

    #[test]
    fn a_signed_token_says_what_was_signed() {
        let keys = Keys::new(SECRET);
        let now = Utc::now();
        let claims = Claims {
            session_id: SessionId(Uuid::new_v4()),
            user_id: UserId(42),
            expires_at: DateTime::from_timestamp(now.timestamp() + 60, 0).unwrap(),
        };
        let read = keys.read(&keys.sign(&claims, now).unwrap(), now).unwrap();
        assert_eq!(read.session_id, claims.session_id);
        assert_eq!(read.user_id, claims.user_id);
        assert_eq!(read.expires_at, claims.expires_at);
    }

    #[test]
    fn every_claim_is_checked() {
        let keys = Keys::new(SECRET);
        let now = Utc::now();
        let header = Header::new(Algorithm::HS256);
        assert!(keys.read(&sign(&header, &wire(now), SECRET), now).is_some());
        for (claim, value) in [
            ("iss", json!("somebody")),
            ("aud", json!("somebody")),
            ("sub", json!("seven")),
            ("sub", json!(7)),
            ("jti", json!("none")),
            ("iat", json!(now.timestamp() + 3600)),
            ("exp", json!(now.timestamp() - 1)),
            ("exp", json!(now.timestamp())),
        ] {
            let mut claims = wire(now);
            claims[claim] = value.clone();
            let token = sign(&header, &claims, SECRET);
            assert!(keys.read(&token, now).is_none(), "{claim} {value}");
            claims.as_object_mut().unwrap().remove(claim);
            let token = sign(&header, &claims, SECRET);
            assert!(keys.read(&token, now).is_none(), "without {claim}");
        }
    }

    #[test]
    fn header_and_signature_are_checked() {
        let keys = Keys::new(SECRET);
        let now = Utc::now();
        let header = Header::new(Algorithm::HS256);
        let forged = sign(&header, &wire(now), b"another secret of thirty-two byte");
        assert!(keys.read(&forged, now).is_none());
        let other_algorithm = Header::new(Algorithm::HS384);
        let token = sign(&other_algorithm, &wire(now), SECRET);
        assert!(keys.read(&token, now).is_none());
        for typ in [None, Some("at+jwt".to_owned())] {
            let mut header = Header::new(Algorithm::HS256);
            header.typ = typ;
            let token = sign(&header, &wire(now), SECRET);
            assert!(keys.read(&token, now).is_none());
        }
        // {"alg":"none","typ":"JWT"}
        let good = sign(&header, &wire(now), SECRET);
        let body = good.split('.').nth(1).unwrap();
        let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.");
        assert!(keys.read(&unsigned, now).is_none());
    }

    #[test]
    fn a_token_ends_to_the_second() {
        let keys = Keys::new(SECRET);
        let now = Utc::now();
        let token = sign(&Header::new(Algorithm::HS256), &wire(now), SECRET);
        let end = DateTime::from_timestamp(now.timestamp() + 60, 0).unwrap();
        assert!(
            keys.read(&token, end - TimeDelta::milliseconds(1))
                .is_some()
        );
        assert!(keys.read(&token, end).is_none());
    }
}
