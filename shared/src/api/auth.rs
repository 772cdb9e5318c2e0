//! Signing in, and the signed-in user.

use crate::{ids::UserId, time::Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// Unique; upper and lower case are the same.
    pub username: String,
    /// The name to show.
    pub display_name: String,
    /// True for a user without a password.
    pub is_guest: bool,
    /// True for an admin of the server.
    #[serde(default)]
    pub is_admin: bool,
    /// The status message that the user set, may be empty.
    pub status_message: String,
    /// When the account was created.
    pub created_at: Timestamp,
}

/// The answer to all requests that sign in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Auth {
    /// A JSON Web Token (RFC 7519).
    pub token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// When the token expires.
    pub expires_at: Timestamp,
    /// The user who signed in.
    pub user: User,
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// `POST /auth/register`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Register {
    /// 3–32 of `A-Za-z0-9_-`.
    pub username: String,
    /// 8–128 characters.
    pub password: String,
    /// 1–64 characters; the username if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// `POST /auth/login`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Login {
    /// In upper or lower case.
    pub username: String,
    /// The password.
    pub password: String,
}

/// `POST /auth/guest`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Guest {
    /// 1–64 characters; generated if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// `PATCH /users/me`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateMe {
    /// 1–64 characters; unchanged if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// At most 200 characters; unchanged if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_message: Option<String>,
}

/// The answer to `POST /ws/ticket`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ticket {
    /// Can be used once, in place of a token, in a WebSocket request.
    pub ticket: String,
    /// When the ticket expires: 30 seconds after the request.
    pub expires_at: Timestamp,
}
