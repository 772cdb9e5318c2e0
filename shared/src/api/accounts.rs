//! The bodies of accounts, sessions and invites.

use super::moderation::UserRef;
use crate::{
    canvas::Role,
    ids::{InviteId, SessionId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// `POST /users/me/account`: a guest becomes registered.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegisterGuest {
    /// 3–32 of `A-Za-z0-9_-`.
    pub username: String,
    /// 8–128 characters.
    pub password: String,
}

/// `POST /users/me/password`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangePassword {
    /// The present password.
    pub old_password: String,
    /// 8–128 characters.
    pub new_password: String,
}

/// `DELETE /users/me`.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeleteAccount {
    /// The password; guests have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Whether one's own canvases are deleted, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_canvases: Option<bool>,
}

/// A session of the requesting user: one sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserSession {
    /// The session's id.
    pub id: SessionId,
    /// When the user signed in.
    pub created_at: Timestamp,
    /// When the session was used last, to within some minutes.
    pub last_seen_at: Timestamp,
    /// Whether it is the session of this request.
    pub current: bool,
}

/// `POST /canvases/{id}/invites`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateInvite {
    /// Any role but owner; only the owner invites moderators.
    pub role: Role,
    /// How many people it gives the role to: 1–10,000; any number if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_uses: Option<i32>,
    /// Seconds until it ends: at most 30 days; 7 days if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_s: Option<i64>,
    /// At most 100 characters, for those who manage the invites; empty if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// An invite to a canvas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Invite {
    /// The invite's id.
    pub id: InviteId,
    /// What the invited person needs: the last part of `/invite/{code}`.
    pub code: String,
    /// The role that it gives.
    pub role: Role,
    /// How often it gave the role.
    pub uses: i32,
    /// How often it may; null for any number.
    pub max_uses: Option<i32>,
    /// When it ends.
    pub expires_at: Timestamp,
    /// A note for those who manage the invites, may be empty.
    pub note: String,
    /// Who made it.
    pub created_by: UserRef,
}
