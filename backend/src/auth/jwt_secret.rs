//! The secret that signs tokens where none is configured: generated once and kept
//! in the data folder.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::{
    fs::{self, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Bytes that a secret must have: as many as the hash (RFC 7518, section 3.2).
pub(crate) const JWT_SECRET_MIN_LEN: usize = 32;

/// The secret in `folder`, generated at the first start. Only the server's user can
/// read the file.
///
/// # Errors
/// Those of the file system.
pub(crate) fn load_or_create_jwt_secret(folder: &Path) -> io::Result<Vec<u8>> {
    fs::create_dir_all(folder)?;
    let path = folder.join("jwt_secret");
    match fs::read(&path) {
        Ok(secret) if secret.len() >= JWT_SECRET_MIN_LEN => return Ok(secret),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    // Written to another file and renamed, so that a crash leaves no partial secret.
    let secret = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let temporary = folder.join(format!("jwt_secret.{}", std::process::id()));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)?;
    file.write_all(secret.as_bytes())?;
    file.sync_all()?;
    fs::rename(&temporary, &path)?;
    Ok(secret.into_bytes())
}
