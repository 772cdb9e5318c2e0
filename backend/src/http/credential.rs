//! Where a request carries its credential, and when the cookie counts (protection
//! against cross-site requests). What a token means is `auth`'s.

use super::{cookie::COOKIE, error::ApiError};
use crate::{
    auth::{Auth, AuthError, Session},
    origins::Origins,
};
use axum::http::{HeaderMap, Method, header, request::Parts};
use axum_extra::extract::CookieJar;
use std::fmt;

/// A credential and where it was found.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    /// `Authorization: Bearer`.
    Bearer(String),
    /// The cookie, on a request that may use it.
    Cookie(String),
    /// `?token=`: a token or a ticket.
    Query(String),
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bearer(_) => "Bearer",
            Self::Cookie(_) => "Cookie",
            Self::Query(_) => "Query",
        })
    }
}

impl Credential {
    /// The credential of an ordinary request.
    ///
    /// # Errors
    /// `OriginNotAllowed` for a cookie on a request that changes something and comes
    /// from a page of another origin.
    pub(crate) fn of_request(parts: &Parts, origins: &Origins) -> Result<Option<Self>, ApiError> {
        let changes = !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
        Self::find(parts, origins, changes)
    }

    /// The credential of a WebSocket handshake with this `?token=`.
    ///
    /// # Errors
    /// `OriginNotAllowed` for a cookie from a page of another origin.
    pub(crate) fn of_upgrade(
        parts: &Parts,
        origins: &Origins,
        token: Option<&str>,
    ) -> Result<Option<Self>, ApiError> {
        let found = Self::find(parts, origins, true)?;
        Ok(found.or_else(|| {
            token
                .filter(|token| !token.is_empty())
                .map(|token| Self::Query(token.to_owned()))
        }))
    }

    /// The session that the credential stands for.
    ///
    /// # Errors
    /// `Unauthenticated` if it is not valid, `StaleCookie` for a cookie;
    /// `Unavailable` without the database.
    pub(super) async fn authenticate(&self, auth: &Auth) -> Result<Session, ApiError> {
        let session = match self {
            Self::Bearer(token) => auth.verify_token(token).await?,
            Self::Cookie(token) => auth
                .verify_token(token)
                .await
                .map_err(|error| match error {
                    AuthError::InvalidCredential => ApiError::StaleCookie,
                    other => other.into(),
                })?,
            // A token has two dots, a ticket has none.
            Self::Query(token) if token.contains('.') => auth.verify_token(token).await?,
            Self::Query(ticket) => auth.redeem_ticket(ticket).await?,
        };
        Ok(session)
    }

    fn find(
        parts: &Parts,
        origins: &Origins,
        needs_origin: bool,
    ) -> Result<Option<Self>, ApiError> {
        if let Some(token) = bearer(&parts.headers) {
            return Ok(Some(Self::Bearer(token.to_owned())));
        }
        let jar = CookieJar::from_headers(&parts.headers);
        let Some(cookie) = jar.get(COOKIE).filter(|cookie| !cookie.value().is_empty()) else {
            return Ok(None);
        };
        if needs_origin && !origins.allow(parts) {
            return Err(ApiError::OriginNotAllowed);
        }
        Ok(Some(Self::Cookie(cookie.value().to_owned())))
    }
}

/// The token of `Authorization: Bearer`. Other schemes are ignored: a proxy before
/// the server may use them.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?;
    // A value that is not ASCII is an invalid token, not a missing one.
    let value = value.to_str().unwrap_or("Bearer ");
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use axum::http::Request;
    use clap::Parser;

    fn origins() -> Origins {
        let config = [
            "stellar-canvas",
            "--allowed-origins",
            "https://friend.example",
        ];
        Origins::new(&Config::try_parse_from(config).unwrap())
    }

    fn parts(method: Method, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri("/api/v1/users/me");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    const HOST: (&str, &str) = ("host", "canvas.example:8080");
    const JAR: (&str, &str) = ("cookie", "a=b; auth_token=x.y.z");

    #[test]
    fn the_first_credential_counts() {
        let both = parts(
            Method::POST,
            &[HOST, JAR, ("authorization", "bearer t.o.k")],
        );
        let found = Credential::of_upgrade(&both, &origins(), Some("q")).unwrap();
        assert_eq!(found, Some(Credential::Bearer("t.o.k".into())));
        let query = parts(Method::GET, &[HOST]);
        let found = Credential::of_upgrade(&query, &origins(), Some("q")).unwrap();
        assert_eq!(found, Some(Credential::Query("q".into())));
        assert_eq!(Credential::of_request(&query, &origins()).unwrap(), None);
        let basic = parts(Method::GET, &[HOST, ("authorization", "Basic abc")]);
        assert_eq!(Credential::of_request(&basic, &origins()).unwrap(), None);
    }

    #[test]
    fn a_cookie_changes_things_only_from_allowed_pages() {
        let read = parts(Method::GET, &[HOST, JAR]);
        assert!(Credential::of_request(&read, &origins()).unwrap().is_some());
        for (origin, good) in [
            (None, false),
            (Some("http://canvas.example:8080"), true),
            (Some("https://canvas.example:8080"), true),
            (Some("http://canvas.example"), false),
            (Some("http://canvas.example:8080.evil.example"), false),
            (Some("https://friend.example"), true),
            (Some("https://evil.example"), false),
            (Some("null"), false),
        ] {
            let mut headers = vec![HOST, JAR];
            headers.extend(origin.map(|origin| ("origin", origin)));
            for upgrade in [false, true] {
                let found = if upgrade {
                    Credential::of_upgrade(&parts(Method::GET, &headers), &origins(), Some("t"))
                } else {
                    Credential::of_request(&parts(Method::POST, &headers), &origins())
                };
                match found {
                    Ok(Some(Credential::Cookie(_))) => assert!(good, "{origin:?}"),
                    Err(ApiError::OriginNotAllowed) => assert!(!good, "{origin:?}"),
                    other => panic!("{origin:?}: {other:?}"),
                }
            }
        }
    }
}
