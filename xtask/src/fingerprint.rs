//! Finds out whether files have changed, from their names, sizes and times.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// A number that changes when a file in one of `paths` (files or folders) is written, added or
/// removed. A path that cannot be read counts as absent.
pub(crate) fn fingerprint(paths: &[PathBuf]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for path in paths {
        add(path, &mut hasher);
    }
    hasher.finish()
}

fn add(path: &Path, hasher: &mut DefaultHasher) {
    path.hash(hasher);
    let Ok(metadata) = fs::metadata(path) else {
        return;
    };
    if !metadata.is_dir() {
        metadata.len().hash(hasher);
        metadata.modified().ok().hash(hasher);
        return;
    }
    let Ok(entries) = fs::read_dir(path) else {
        return;
    };
    let mut inside: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    inside.sort();
    for path in inside {
        add(&path, hasher);
    }
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::process;

    use super::*;

    #[test]
    fn changes_with_content_and_names() {
        let folder = env::temp_dir().join(format!("stellar-fingerprint-{}", process::id()));
        let inner = folder.join("inner");
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join("a"), "1").unwrap();
        let paths = [folder.clone(), folder.join("absent")];
        let first = fingerprint(&paths);
        assert_eq!(fingerprint(&paths), first);
        fs::write(inner.join("a"), "22").unwrap();
        let second = fingerprint(&paths);
        assert_ne!(second, first);
        fs::rename(inner.join("a"), inner.join("b")).unwrap();
        assert_ne!(fingerprint(&paths), second);
        fs::remove_dir_all(folder).unwrap();
    }
}
