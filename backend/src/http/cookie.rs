//! The cookies that hold a token, and by which a device is recognized, in browsers:
//! their names and `Set-Cookie` values.

use crate::auth::{IssuedToken, KNOWN_FOR};

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

/// The name of the cookie by which a device is recognized.
pub(super) const DEVICE_COOKIE: &str = "known_device";

/// The `Set-Cookie` that has the device recognized when somebody signs in there again.
pub(super) fn set_device_cookie(token: &str, https: bool) -> String {
    let secure = if https { "; Secure" } else { "" };
    let max_age = KNOWN_FOR.num_seconds();
    format!(
        "{DEVICE_COOKIE}={token}; HttpOnly; SameSite=Lax; Path=/api/v1/auth; Max-Age={max_age}{secure}"
    )
}
