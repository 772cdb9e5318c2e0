//! `page-builder WASM DIST`: builds the client's page into the folder DIST from the compiled
//! client WASM, as `trunk build` does from `Trunk.toml` and `frontend/index.html`.
//!
//! `cargo xtask run` uses it: compiling trunk and wasm-bindgen's program takes longer than
//! compiling the server, and of trunk a first run needs no more than this. It minifies nothing,
//! and knows only those of trunk's settings and elements that our page has; others are an error.
//! What is delivered, and what `cargo xtask dev` serves, is built with trunk.

mod config;
mod dist;
mod page;

use anyhow::{Context, Result, bail};
use config::Config;
use dist::Dist;
use std::{
    env, fs,
    path::{Path, PathBuf},
};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let (Some(wasm), Some(dist), None) = (arguments.next(), arguments.next(), arguments.next())
    else {
        bail!("usage: page-builder WASM DIST");
    };
    build(Path::new("Trunk.toml"), &wasm, &dist)
}

fn build(config: &Path, wasm: &Path, dist: &Path) -> Result<()> {
    let config = Config::read(config)?;
    let page = &config.build.target;
    let sources = page.parent().context("the page is in no folder")?;
    let dist = Dist::create(dist)?;
    let code = bind(wasm, &dist)?;
    // Last, since they run cargo, which waits for the build of the server.
    config.run_hooks(sources)?;
    let html = fs::read_to_string(page).with_context(|| page.display().to_string())?;
    let html = page::build(&html, &config.code_elements(&code), |file, name| {
        dist.add(&sources.join(file), name)
    })
    .with_context(|| page.display().to_string())?;
    dist.write("index.html", html.as_bytes())
}

/// Writes the client and its script into `dist`, and returns the stem of their names.
fn bind(wasm: &Path, dist: &Dist) -> Result<String> {
    let bytes = fs::read(wasm).with_context(|| wasm.display().to_string())?;
    let stem = wasm.file_stem().context("the client has no name")?;
    let name = format!("{}-{}", stem.display(), dist::hash(&bytes));
    Bindgen::new()
        .web(true)?
        .input_bytes(&name, bytes)
        .out_name(&name)
        .generate(dist.folder())
        .context("wasm-bindgen")?;
    Ok(name)
}
