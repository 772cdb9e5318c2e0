//! The folder that the page and its files are written into.

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use std::{
    fmt::Write,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

/// Bytes of the digest that a name contains.
const HASH_BYTES: usize = 8;

/// How a file of the page is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    /// With a hash of its content, so that browsers may keep it for ever.
    Hashed,
    /// As its source.
    Plain,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Dist(PathBuf);

impl Dist {
    /// Makes the folder, empty.
    pub(crate) fn create(folder: &Path) -> Result<Self> {
        let failed = || folder.display().to_string();
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(failed);
            }
            _ => {}
        }
        fs::create_dir_all(folder).with_context(failed)?;
        Ok(Self(folder.to_owned()))
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0
    }

    /// Adds a copy of the file `source`, and returns its name.
    pub(crate) fn add(&self, source: &Path, name: Name) -> Result<String> {
        let failed = || source.display().to_string();
        let content = fs::read(source).with_context(failed)?;
        let stem = source.file_stem().with_context(failed)?.display();
        let extension = source.extension().with_context(failed)?.display();
        let name = match name {
            Name::Hashed => format!("{stem}-{}.{extension}", hash(&content)),
            Name::Plain => format!("{stem}.{extension}"),
        };
        self.write(&name, &content)?;
        Ok(name)
    }

    pub(crate) fn write(&self, name: &str, content: &[u8]) -> Result<()> {
        let path = self.0.join(name);
        fs::write(&path, content).with_context(|| path.display().to_string())
    }
}

/// A hash of `content` for a name, in hexadecimal digits.
pub(crate) fn hash(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    digest[..HASH_BYTES]
        .iter()
        .fold(String::new(), |mut text, byte| {
            // Writing into a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_content() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("page.js");
        fs::write(&source, "").unwrap();
        let dist = folder.path().join("dist");
        fs::create_dir(&dist).unwrap();
        fs::write(dist.join("old.js"), "").unwrap();

        let dist = Dist::create(&dist).unwrap();
        assert!(!dist.folder().join("old.js").exists());
        // SHA-256 of nothing, FIPS 180-4.
        let name = dist.add(&source, Name::Hashed).unwrap();
        assert_eq!(name, "page-e3b0c44298fc1c14.js");
        assert!(dist.folder().join(name).exists());
        fs::write(&source, "1").unwrap();
        let name = dist.add(&source, Name::Hashed).unwrap();
        assert_ne!(name, "page-e3b0c44298fc1c14.js");
        assert_eq!(dist.add(&source, Name::Plain).unwrap(), "page.js");
        let copy = fs::read_to_string(dist.folder().join("page.js")).unwrap();
        assert_eq!(copy, "1");
    }
}
