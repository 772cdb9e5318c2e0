//! Minifies the script that wasm-bindgen generates: trunk tries, but its minifier does not know
//! all of the syntax and leaves the script as it is.

use std::fs;
use std::path::Path;

use crate::error::{Error, Result};

/// Minifies every script in `folder` where that makes it smaller. File names stay.
pub(crate) fn minify_scripts(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(Error::file("read", folder))? {
        let path = entry.map_err(Error::file("read", folder))?.path();
        if path.extension().is_none_or(|kind| kind != "js") {
            continue;
        }
        let script = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
        let minified = minifier::js::minify(&script)
            .map_err(Error::context(&format!("minify {}", path.display())))?
            .to_string();
        if minified.len() < script.len() {
            fs::write(&path, minified).map_err(Error::file("write", &path))?;
        }
    }
    Ok(())
}
