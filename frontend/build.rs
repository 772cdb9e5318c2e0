//! Writes the typed functions of all texts (`src/i18n/texts.rs` includes them), and the English
//! catalog for tests. Trunk.toml writes the catalogs that browsers fetch.

use message_catalog::{Locales, rust_code};
use std::{env, error::Error, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=locales");
    let locales = Locales::read(Path::new("locales"))?;
    let out = env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?;
    let out = Path::new(&out);
    fs::write(out.join("texts.rs"), rust_code(&locales)?)?;
    fs::write(out.join("en.json"), locales.catalog(&locales.source))?;
    Ok(())
}
