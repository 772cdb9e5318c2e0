//! The cookie that holds a token in browsers: its name and its `Set-Cookie` values.

use crate::auth::IssuedToken;

/// The name of the cookie that holds a token.
pub(crate) const COOKIE: &str = "auth_token";
/// The `Set-Cookie` that removes the cookie.
pub(super) const REMOVE_COOKIE: &str = "auth_token=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0";

/// The `Set-Cookie` that stores a token; `Secure` where the client uses https.
pub(super) fn set_cookie(issued: &IssuedToken, https: bool) -> String {
    let IssuedToken { token, max_age, .. } = issued;
    let secure = if https { "; Secure" } else { "" };
    format!("{COOKIE}={token}; HttpOnly; SameSite=Lax; Path=/; Max-Age={max_age}{secure}")
}
