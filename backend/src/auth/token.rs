//! JSON Web Tokens (RFC 7519), exactly as the wire contract has them: HS256,
//! `typ`, `iss`, `aud`, `sub`, `jti`, `iat` and `exp`, all checked, without
//! leeway. `jsonwebtoken` brings RSA and elliptic curves with each of its own
//! cryptography features, so it is given a provider that knows HS256 alone.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{Error, ErrorKind},
    signature::{self, Signer, Verifier},
};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use shared::ids::{SessionId, UserId};
use uuid::Uuid;

/// The value of `iss` and `aud`.
const PARTY: &str = "stellar-canvas";
/// Seconds by which another node's clock may be ahead when it signs.
const CLOCK_SKEW: i64 = 5;

/// Signs and verifies HS256 and nothing else.
static HS256_ONLY: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| Ok(Box::new(HmacSha256::new(*algorithm, key.as_bytes())?)),
    verifier_factory: |algorithm, key| {
        let key = key.try_get_as_bytes()?;
        Ok(Box::new(HmacSha256::new(*algorithm, key)?))
    },
    key_utils: KeyUtils::new_unimplemented(),
};

/// Has `jsonwebtoken` use [`HS256_ONLY`]. Before its first use.
pub(super) fn install_crypto() {
    // Fails if it is installed already, which is as good.
    let _ = HS256_ONLY.install_default();
}

/// HMAC with SHA-256 (RFC 7518, section 3.2), with its key.
struct HmacSha256(Hmac<Sha256>);

impl HmacSha256 {
    fn new(algorithm: Algorithm, key: &[u8]) -> Result<Self, Error> {
        if algorithm != Algorithm::HS256 {
            return Err(ErrorKind::InvalidAlgorithm.into());
        }
        Hmac::new_from_slice(key)
            .map(Self)
            .map_err(|_| ErrorKind::InvalidKeyFormat.into())
    }
}

impl Signer<Vec<u8>> for HmacSha256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        let mac = self.0.clone().chain_update(message);
        Ok(mac.finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for HmacSha256 {
    /// In constant time.
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let mac = self.0.clone().chain_update(message);
        mac.verify_slice(signature)
            .map_err(signature::Error::from_source)
    }
}

impl JwtSigner for HmacSha256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for HmacSha256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

/// What a token says.
pub(super) struct Claims {
    pub(super) session_id: SessionId,
    pub(super) user_id: UserId,
    /// In whole seconds.
    pub(super) expires_at: DateTime<Utc>,
}

/// [`Claims`] as JSON.
#[derive(Serialize, Deserialize)]
struct JwtClaims {
    iss: String,
    aud: String,
    sub: String,
    jti: Uuid,
    iat: i64,
    exp: i64,
}

/// Signs and verifies tokens.
pub(super) struct Keys {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl Keys {
    pub(super) fn new(secret: &[u8]) -> Self {
        install_crypto();
        let mut validation = Validation::new(Algorithm::HS256);
        // Compared in `verify`, by the database's clock.
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
        let claims = JwtClaims {
            iss: PARTY.to_owned(),
            aud: PARTY.to_owned(),
            sub: claims.user_id.to_string(),
            jti: claims.session_id.0,
            iat: now.timestamp(),
            exp: claims.expires_at.timestamp(),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
    }

    /// The claims of a valid token; none of an invalid one.
    pub(super) fn verify(&self, token: &str, now: DateTime<Utc>) -> Option<Claims> {
        let data =
            jsonwebtoken::decode::<JwtClaims>(token, &self.decoding, &self.validation).ok()?;
        let claims = data.claims;
        let expires_at = DateTime::from_timestamp(claims.exp, 0)?;
        let valid = data.header.typ.as_deref() == Some("JWT")
            && expires_at > now
            && claims.iat <= now.timestamp() + CLOCK_SKEW;
        valid.then_some(Claims {
            session_id: SessionId(claims.jti),
            user_id: claims.sub.parse().ok()?,
            expires_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    use chrono::TimeDelta;
    use serde_json::{Value, json};
    use sha2::Sha384;

    const SECRET: &[u8] = b"a secret of thirty-two bytes, ok";

    fn claims_json(now: DateTime<Utc>) -> Value {
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
        let read = keys.verify(&keys.sign(&claims, now).unwrap(), now).unwrap();
        assert_eq!(read.session_id, claims.session_id);
        assert_eq!(read.user_id, claims.user_id);
        assert_eq!(read.expires_at, claims.expires_at);
    }

    #[test]
    fn every_claim_is_checked() {
        let keys = Keys::new(SECRET);
        let now = Utc::now();
        let header = Header::new(Algorithm::HS256);
        assert!(
            keys.verify(&sign(&header, &claims_json(now), SECRET), now)
                .is_some()
        );
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
            let mut claims = claims_json(now);
            claims[claim] = value.clone();
            let token = sign(&header, &claims, SECRET);
            assert!(keys.verify(&token, now).is_none(), "{claim} {value}");
            claims.as_object_mut().unwrap().remove(claim);
            let token = sign(&header, &claims, SECRET);
            assert!(keys.verify(&token, now).is_none(), "without {claim}");
        }
    }

    #[test]
    fn header_and_signature_are_checked() {
        let keys = Keys::new(SECRET);
        let now = Utc::now();
        let header = Header::new(Algorithm::HS256);
        let forged = sign(
            &header,
            &claims_json(now),
            b"another secret of thirty-two byte",
        );
        assert!(keys.verify(&forged, now).is_none());
        // {"alg":"HS384","typ":"JWT"}, with the signature that this asks for.
        let good = sign(&header, &claims_json(now), SECRET);
        let body = good.split('.').nth(1).unwrap();
        let signed = format!("eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9.{body}");
        let mac = Hmac::<Sha384>::new_from_slice(SECRET).unwrap();
        let signature = mac.chain_update(&signed).finalize().into_bytes();
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature));
        assert!(keys.verify(&token, now).is_none());
        assert!(HmacSha256::new(Algorithm::HS384, SECRET).is_err());
        for typ in [None, Some("at+jwt".to_owned())] {
            let mut header = Header::new(Algorithm::HS256);
            header.typ = typ;
            let token = sign(&header, &claims_json(now), SECRET);
            assert!(keys.verify(&token, now).is_none());
        }
        // {"alg":"none","typ":"JWT"}
        let good = sign(&header, &claims_json(now), SECRET);
        let body = good.split('.').nth(1).unwrap();
        let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.");
        assert!(keys.verify(&unsigned, now).is_none());
    }

    #[test]
    fn a_token_ends_to_the_second() {
        let keys = Keys::new(SECRET);
        let now = Utc::now();
        let token = sign(&Header::new(Algorithm::HS256), &claims_json(now), SECRET);
        let end = DateTime::from_timestamp(now.timestamp() + 60, 0).unwrap();
        assert!(
            keys.verify(&token, end - TimeDelta::milliseconds(1))
                .is_some()
        );
        assert!(keys.verify(&token, end).is_none());
    }
}
