//! Minifies the script that wasm-bindgen generates: trunk tries, but its minifier does not know
//! all of the syntax and leaves the script as it is.

use std::fs;
use std::path::Path;

use crate::error::{Error, Result};

/// Minifies the script `NAME.js` that belongs to each `NAME_bg.wasm` in `folder`. File names stay.
/// Other scripts stay as they are: the page names their hashes, which browsers check.
pub(crate) fn minify_scripts(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(Error::file("read", folder))? {
        let wasm = entry.map_err(Error::file("read", folder))?.path();
        let name = wasm.file_name().and_then(|name| name.to_str());
        let Some(name) = name.and_then(|name| name.strip_suffix("_bg.wasm")) else {
            continue;
        };
        let path = wasm.with_file_name(format!("{name}.js"));
        let script = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
        let minified = minifier::js::minify(&script)
            .map_err(Error::context(&format!("minify {}", path.display())))?
            .to_string();
        fs::write(&path, minified).map_err(Error::file("write", &path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::process;

    use super::*;

    #[test]
    fn minifies_the_script_of_a_wasm_file_only() {
        let folder = env::temp_dir().join(format!("stellar-minify-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        let script = "// A comment.\nexport default function one() {\n    return `a  b`;\n}\n";
        for name in ["app.js", "boot.js", "app_bg.wasm"] {
            fs::write(folder.join(name), script).unwrap();
        }
        minify_scripts(&folder).unwrap();
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(
            read("app.js"),
            "export default function one(){return`a  b`;}"
        );
        assert_eq!(read("boot.js"), script);
        fs::remove_dir_all(folder).unwrap();
    }
}
