//! The secret that signs tokens: given, or made once and kept.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::{
    fs::{self, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// The shortest secret that is taken: as long as the hash (RFC 7518 section 3.2).
pub(crate) const JWT_SECRET_MIN_LEN: usize = 32;

/// The secret in `folder`, made at the first start; nobody else can read it.
pub(crate) fn load_or_create_jwt_secret(folder: &Path) -> io::Result<Vec<u8>> {
    fs::create_dir_all(folder)?;
    let path = folder.join("jwt_secret");
    match fs::read(&path) {
        Ok(secret) if secret.len() >= JWT_SECRET_MIN_LEN => return Ok(secret),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    // Written aside and renamed, so that a crash leaves no half of it.
    let secret = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let aside = folder.join(format!("jwt_secret.{}", std::process::id()));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&aside)?;
    file.write_all(secret.as_bytes())?;
    file.sync_all()?;
    fs::rename(&aside, &path)?;
    Ok(secret.into_bytes())
}
