//! Splits the WASM file of the delivered client into chunks (see frontend/src/lazy.rs), so that a
//! first visit loads no more than its page needs.
//!
//! trunk does not know of splitting. It builds the client in the [`environment`] given here, and the WASM file still
//! has the relocations that `wasm-split-cli` needs; then [`split`] puts the chunks, and the file
//! without them, in place of what trunk wrote.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::error::{Error, Result};
use crate::process::succeed;
use crate::setup::WASM_TARGET;
use crate::workspace::Workspace;

/// What Leptos needs to erase the types of views, as in .cargo/config.toml, and what makes the
/// client's code one that can be split.
const RUSTFLAGS: &str = "--cfg erase_components --cfg code_split -C link-arg=--emit-relocs -C llvm-args=-inline-instr-cost=500";

/// The script that fetches the chunks, as `wasm-split-cli` names it.
const LOADER: &str = "__wasm_split.js";

/// The environment in which trunk's cargo compiles a client that can be split.
pub(crate) fn environment() -> [(&'static str, &'static str); 2] {
    [
        ("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", RUSTFLAGS),
        // The linker cannot both keep relocations and strip.
        ("CARGO_PROFILE_WEB_RELEASE_STRIP", "none"),
    ]
}

/// Splits the client that trunk built into `folder`.
pub(crate) fn split(workspace: &Workspace, profile: &str, folder: &Path) -> Result<()> {
    let name = script_name(folder)?;
    let whole = workspace
        .target
        .join(WASM_TARGET)
        .join(profile)
        .join("frontend.wasm");
    let parts = workspace.target.join("split-client");
    // An older one may be absent.
    let _ = fs::remove_dir_all(&parts);
    let mut splitter = workspace.command("wasm-split-cli");
    splitter
        .args(["--target", "web", "--out-name", &name])
        .args([&whole, &parts]);
    succeed(splitter)?;
    let bound = parts.join("bound");
    let mut bindgen = workspace.command("wasm-bindgen");
    bindgen
        .args(["--target", "web", "--out-name", &name, "--out-dir"])
        .arg(&bound)
        .args(["--no-typescript", "--keep-lld-exports"])
        .args(["--remove-name-section", "--remove-producers-section"])
        .arg(parts.join(format!("{name}.wasm")));
    succeed(bindgen)?;

    let loader_name = format!("{name}-chunks.js");
    let script = read(&bound.join(format!("{name}.js")))?;
    // The name in the WASM file stays. The minifier joins lines, and wasm-bindgen ends its imports
    // with the line.
    let script = script.replace(
        &format!("from \"./{LOADER}\"\n"),
        &format!("from \"./{loader_name}\";\n"),
    );
    write(&folder.join(format!("{name}.js")), script.as_bytes())?;
    let main = format!("{name}_bg.wasm");
    copy(&bound.join(&main), &folder.join(&main))?;

    let mut loader = read(&parts.join(LOADER))?;
    let files = chunk_files(&loader);
    for file in files.values().flatten() {
        let renamed = format!("{name}-{file}");
        let path = parts.join(file);
        // A file of several chunks comes once for each.
        if path.exists() {
            let bytes = fs::read(&path).map_err(Error::file("read", &path))?;
            write(&folder.join(&renamed), &without_custom_sections(&bytes)?)?;
            fs::remove_file(&path).map_err(Error::file("remove", &path))?;
        }
        loader = loader.replace(&format!("\"./{file}\""), &format!("\"./{renamed}\""));
    }
    write(&folder.join(&loader_name), loader.as_bytes())?;
    let page = folder.join("index.html");
    let html = name_chunks(&read(&page)?, &name, &loader_name, &files)?;
    write(&page, html.as_bytes())
}

/// What stands before `.js` in the name of the client's script.
fn script_name(folder: &Path) -> Result<String> {
    for entry in fs::read_dir(folder).map_err(Error::file("read", folder))? {
        let file = entry.map_err(Error::file("read", folder))?.file_name();
        if let Some(name) = file.to_str().and_then(|name| name.strip_suffix("_bg.wasm")) {
            return Ok(name.to_owned());
        }
    }
    Err(Error::new(format!("no WASM file in {}", folder.display())))
}

/// The files of each chunk, as the loader names them: first its own, then those that it shares
/// with other chunks.
fn chunk_files(loader: &str) -> BTreeMap<String, Vec<String>> {
    // `const __chunk_1 = makeLoad(() => { … new URL("./chunk_1.wasm", …` defines a shared file,
    // `export const __wasm_split_load_NAME = … "./split_NAME.wasm" … , [__chunk_1]));` a chunk.
    let mut shared = BTreeMap::new();
    let mut chunks = BTreeMap::new();
    for definition in loader.split("const __").skip(1) {
        let name = definition.split(' ').next().unwrap_or_default();
        let file = between(definition, "\"./", "\"").map(str::to_owned);
        if let Some(chunk) = name.strip_prefix("wasm_split_load_") {
            let needed = between(definition, "\n, [", "]").unwrap_or_default();
            let needed = needed
                .split(", ")
                .filter_map(|name| shared.get(name.trim_start_matches("__")).cloned());
            chunks.insert(chunk.to_owned(), file.into_iter().chain(needed).collect());
        } else if let Some(file) = file.filter(|_| name.starts_with("chunk_")) {
            shared.insert(name.to_owned(), file);
        }
    }
    chunks
}

/// The files of a chunk that the page of a split client names.
pub(crate) fn files_of<'a>(html: &'a str, chunk: &str) -> impl Iterator<Item = &'a str> {
    let paths = between(html, &format!("data-{chunk}=\""), "\"").unwrap_or_default();
    let names = paths.split(' ').filter_map(|path| path.rsplit('/').next());
    names.filter(|name| !name.is_empty())
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(inside, _)| inside)
}

/// The page with the files of each chunk, for boot.js and the service worker: attributes
/// `data-NAME` of the element that names the client's files.
fn name_chunks(
    html: &str,
    name: &str,
    loader: &str,
    chunks: &BTreeMap<String, Vec<String>>,
) -> Result<String> {
    let (before, after) = html
        .split_once("data-wasm=")
        .ok_or_else(|| Error::new("the page does not name the client's files"))?;
    let base = between(after, "", name).unwrap_or_default();
    let base = base.trim_matches('"');
    let mut attributes = vec![format!("data-loader=\"{base}{loader}\"")];
    for (chunk, files) in chunks {
        let paths: Vec<String> = files
            .iter()
            .map(|file| format!("{base}{name}-{file}"))
            .collect();
        attributes.push(format!("data-{chunk}=\"{}\"", paths.join(" ")));
    }
    Ok(format!(
        "{before}{} data-wasm={after}",
        attributes.join(" ")
    ))
}

/// A WASM file without its custom sections, such as the names of functions (WebAssembly Core
/// Specification, section 5.5.3).
fn without_custom_sections(wasm: &[u8]) -> Result<Vec<u8>> {
    const HEADER: usize = 8;
    let cut = || Error::new("a chunk is no whole WASM file");
    let mut kept = wasm.get(..HEADER).ok_or_else(cut)?.to_vec();
    let mut rest = &wasm[HEADER..];
    while let Some((id, after)) = rest.split_first() {
        let (size, content) = leb128(after).ok_or_else(cut)?;
        let end = rest.len() - content.len() + size;
        let section = rest.get(..end).ok_or_else(cut)?;
        if *id != 0 {
            kept.extend_from_slice(section);
        }
        rest = &rest[end..];
    }
    Ok(kept)
}

/// An unsigned LEB128 number, and what follows it.
fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut number = 0;
    for (index, byte) in bytes.iter().enumerate().take(5) {
        number |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((number, &bytes[index + 1..]));
        }
    }
    None
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(Error::file("read", path))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).map_err(Error::file("write", path))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to)
        .map_err(Error::file("write", to))
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = r#"function makeLoad(fetcher, deps) {
    const loader = async () => {};
}
/* canvas, panels */
const __chunk_3 = makeLoad(() => {
    const src = fetch(new URL("./chunk_3.wasm", import.meta.url));
}
, []);
export const __wasm_split_load_panels = wrapAsyncCb(makeLoad(() => {
    const src = fetch(new URL("./split_panels.wasm", import.meta.url));
}
, [__chunk_3]));
export const __wasm_split_load_start = wrapAsyncCb(makeLoad(() => {
    const src = fetch(new URL("./split_start.wasm", import.meta.url));
}
, []));
"#;

    #[test]
    fn the_page_names_the_files_of_each_chunk() {
        let files = chunk_files(SCRIPT);
        assert_eq!(files["panels"], ["split_panels.wasm", "chunk_3.wasm"]);
        assert_eq!(files["start"], ["split_start.wasm"]);
        assert_eq!(files.len(), 2);
        let html = "<meta data-js=/app-1.js data-wasm=/app-1_bg.wasm name=stellar-client>";
        assert_eq!(
            name_chunks(html, "app-1", "app-1-chunks.js", &files).unwrap(),
            "<meta data-js=/app-1.js data-loader=\"/app-1-chunks.js\" \
             data-panels=\"/app-1-split_panels.wasm /app-1-chunk_3.wasm\" \
             data-start=\"/app-1-split_start.wasm\" data-wasm=/app-1_bg.wasm name=stellar-client>"
        );
    }

    #[test]
    fn custom_sections_are_removed() {
        let wasm = b"\0asm\x01\0\0\0\x01\x02ab\0\x83\0xyz\x0a\x01c";
        let kept = without_custom_sections(wasm).unwrap();
        assert_eq!(kept, b"\0asm\x01\0\0\0\x01\x02ab\x0a\x01c");
        assert!(without_custom_sections(&wasm[..wasm.len() - 1]).is_err());
    }
}
