//! Self-signed certificates, made with OpenSSL.

use std::{fs, path::Path, process::Stdio};
use tokio::process::Command;

/// Certificate extensions of a server certificate.
const SETTINGS: &str = "\
[req]
distinguished_name = name
[name]
[extensions]
basicConstraints = critical,CA:FALSE
subjectAltName = ";

/// Writes `certificate.pem` and `key.pem` for a name such as `IP:127.0.0.1` into the folder.
pub(crate) async fn make(folder: &Path, name: &str) {
    let settings = folder.join("settings");
    fs::write(&settings, format!("{SETTINGS}{name}\n")).unwrap();
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        ])
        .args(["-subj", "/CN=test", "-extensions", "extensions", "-config"])
        .arg(&settings)
        .arg("-out")
        .arg(folder.join("certificate.pem"))
        .arg("-keyout")
        .arg(folder.join("key.pem"))
        .stderr(Stdio::null())
        .status();
    assert!(made.await.expect("openssl is not installed").success());
}
