//! Splits the WASM file of the delivered client into chunks (see frontend/src/lazy.rs), so that a
//! first visit loads no more than its page needs.
//!
//! trunk does not know of splitting. It builds the client in the [`environment`] given here, and the WASM file still
//! has the relocations that `wasm-split-cli` needs; then [`split`] puts the chunks, and the file
//! without them, in place of what trunk wrote.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use crate::error::{Error, Result};
use crate::process::succeed;
use crate::tools::SPLITTER;
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

/// Splits the client that trunk built into `folder` from the WASM file `whole`.
pub(crate) fn split(workspace: &Workspace, whole: &Path, folder: &Path) -> Result<()> {
    let old = script_name(folder)?;
    let name = new_name(&fs::read(whole).map_err(Error::file("read", whole))?);
    let parts = workspace.target.join("split-client");
    // An older one may be absent.
    let _ = fs::remove_dir_all(&parts);
    let mut splitter = workspace.command("wasm-split-cli");
    splitter
        .args(["--target", "web", "--out-name", &name])
        .args([whole, &parts]);
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
    let main = format!("{name}_bg.wasm");
    let path = bound.join(&main);
    let wasm = fs::read(&path).map_err(Error::file("read", &path))?;
    let (wasm, script) = shorten_imports(&wasm, &script, &name)?;
    write(&folder.join(&main), &wasm)?;
    write(&folder.join(format!("{name}.js")), script.as_bytes())?;

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
    let html = read(&page)?.replace(&old, &name);
    let html = name_chunks(&html, &name, &loader_name, &files)?;
    write(&page, html.as_bytes())?;
    for file in [format!("{old}.js"), format!("{old}_bg.wasm")] {
        let path = folder.join(file);
        fs::remove_file(&path).map_err(Error::file("remove", &path))?;
    }
    Ok(())
}

/// What the names of the client's files begin with: trunk's hash covers less than they are made
/// from, and browsers keep a file with a hash in its name for ever.
fn new_name(wasm: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    (wasm, include_str!("split.rs"), SPLITTER).hash(&mut hasher);
    format!("frontend-{:016x}", hasher.finish())
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
    let mut kept = header(wasm)?.to_vec();
    for section in sections(wasm)? {
        if section.id != 0 {
            kept.extend_from_slice(section.whole);
        }
    }
    Ok(kept)
}

/// Gives the functions that the client's WASM file imports from its script `NAME.js` short names,
/// in both: wasm-bindgen's end with 16 random digits, which do not compress.
fn shorten_imports(wasm: &[u8], script: &str, name: &str) -> Result<(Vec<u8>, String)> {
    const IMPORTS: u8 = 2;
    const FUNCTION: u8 = 0;
    let other = || Error::new("the client imports something else than functions");
    let module = format!("./{name}_bg.js");
    let mut names = HashMap::new();
    let mut written = header(wasm)?.to_vec();
    for section in sections(wasm)? {
        if section.id != IMPORTS {
            written.extend_from_slice(section.whole);
            continue;
        }
        let (count, mut rest) = leb128(section.content).ok_or_else(cut)?;
        let mut imports = encoded(count);
        for _ in 0..count {
            let (from, after) = text(rest).ok_or_else(cut)?;
            let (import, after) = text(after).ok_or_else(cut)?;
            let (&kind, index) = after.split_first().ok_or_else(cut)?;
            if kind != FUNCTION {
                return Err(other());
            }
            let (_, after) = leb128(index).ok_or_else(cut)?;
            let import = if from == module {
                let short = format!("i{:x}", names.len());
                names.insert(import, short.clone());
                short
            } else {
                import.to_owned()
            };
            for part in [from, &import] {
                imports.extend(encoded(part.len()));
                imports.extend_from_slice(part.as_bytes());
            }
            imports
                .extend_from_slice(&rest[rest.len() - index.len() - 1..rest.len() - after.len()]);
            rest = after;
        }
        written.push(IMPORTS);
        written.extend(encoded(imports.len()));
        written.extend(imports);
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$');
    let mut renamed = String::with_capacity(script.len());
    for part in script.split_inclusive(|c| !is_word(c)) {
        let word = part.trim_end_matches(|c| !is_word(c));
        renamed += names.get(word).map_or(word, String::as_str);
        renamed += &part[word.len()..];
    }
    Ok((written, renamed))
}

/// A section of a WASM file (WebAssembly Core Specification, section 5.5.2).
struct Section<'a> {
    id: u8,
    whole: &'a [u8],
    content: &'a [u8],
}

const HEADER: usize = 8;

fn cut() -> Error {
    Error::new("the WASM file is cut off")
}

fn header(wasm: &[u8]) -> Result<&[u8]> {
    wasm.get(..HEADER).ok_or_else(cut)
}

fn sections(wasm: &[u8]) -> Result<Vec<Section<'_>>> {
    let mut sections = Vec::new();
    let mut rest = wasm.get(HEADER..).ok_or_else(cut)?;
    while let Some((&id, after)) = rest.split_first() {
        let (size, content) = leb128(after).ok_or_else(cut)?;
        let end = rest.len() - content.len() + size;
        sections.push(Section {
            id,
            whole: rest.get(..end).ok_or_else(cut)?,
            content: content.get(..size).ok_or_else(cut)?,
        });
        rest = &rest[end..];
    }
    Ok(sections)
}

/// A name, and what follows it.
fn text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (size, rest) = leb128(bytes)?;
    let (text, rest) = rest.split_at_checked(size)?;
    Some((str::from_utf8(text).ok()?, rest))
}

/// The unsigned LEB128 form of a number.
fn encoded(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = number.to_le_bytes()[0] & 0x7f;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
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
    fn imports_get_the_same_short_names_in_both_files() {
        let mut imports = vec![2];
        for (module, name) in [
            ("./app_bg.js", "__wbg_b_01"),
            ("./x.js", "load"),
            ("./app_bg.js", "__wbg_c"),
        ] {
            imports.extend(
                [module, name]
                    .map(|text| [encoded(text.len()), text.into()].concat())
                    .concat(),
            );
            imports.extend([0, 0x83, 1]);
        }
        imports[0] = 3;
        let wasm = [
            b"\0asm\x01\0\0\0\x02",
            &encoded(imports.len())[..],
            &imports,
            b"\x0a\x01c",
        ]
        .concat();
        let script = "f({__wbg_b_01:function(a){a_b()},__wbg_c: g, \"x\":x__wbg_b_01})";
        let (wasm, script) = shorten_imports(&wasm, script, "app").unwrap();
        assert_eq!(
            script,
            "f({i0:function(a){a_b()},i1: g, \"x\":x__wbg_b_01})"
        );
        let expected = b"\0asm\x01\0\0\0\x02\x34\x03\x0b./app_bg.js\x02i0\0\x83\x01\x06./x.js\x04load\0\x83\x01\x0b./app_bg.js\x02i1\0\x83\x01\x0a\x01c";
        assert_eq!(wasm, expected);
    }

    #[test]
    fn custom_sections_are_removed() {
        let wasm = b"\0asm\x01\0\0\0\x01\x02ab\0\x83\0xyz\x0a\x01c";
        let kept = without_custom_sections(wasm).unwrap();
        assert_eq!(kept, b"\0asm\x01\0\0\0\x01\x02ab\x0a\x01c");
        assert!(without_custom_sections(&wasm[..wasm.len() - 1]).is_err());
    }
}
