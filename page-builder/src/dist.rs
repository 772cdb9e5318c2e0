//! The folder that the page and its files are written into.

use anyhow::{Context, Result};
use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io::ErrorKind,
    path::{Path, PathBuf},
};

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

/// A hash of `content` for a name, in 16 hexadecimal digits.
pub(crate) fn hash(content: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
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
        let name = dist.add(&source, Name::Hashed).unwrap();
        assert_eq!(name.len(), "page-0123456789abcdef.js".len());
        assert!(dist.folder().join(&name).exists());
        assert_eq!(dist.add(&source, Name::Hashed).unwrap(), name);
        fs::write(&source, "1").unwrap();
        assert_ne!(dist.add(&source, Name::Hashed).unwrap(), name);
        assert_eq!(dist.add(&source, Name::Plain).unwrap(), "page.js");
        let copy = fs::read_to_string(dist.folder().join("page.js")).unwrap();
        assert_eq!(copy, "1");
    }
}
