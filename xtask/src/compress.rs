//! Compresses the built client once, so that the server never has to, and tells how much of it a
//! first visit loads.

use std::collections::{HashMap, HashSet};
use std::fmt::{self, Display, Formatter};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::mem;
use std::path::{Path, PathBuf};

use brotli::CompressorWriter;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::error::{Error, Result};
use crate::split;

/// Extensions of files that compression makes smaller.
const KINDS: [&str; 9] = [
    "css",
    "html",
    "ico",
    "js",
    "json",
    "svg",
    "txt",
    "wasm",
    "webmanifest",
];
/// A smaller file, in bytes, fits into one packet anyway.
const WORTH_IT: u64 = 1024;
/// 16 MiB, the largest window that browsers accept.
const BROTLI_WINDOW: u32 = 24;

/// How hard to compress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Within a second.
    Fast,
    /// As small as it gets, which takes about ten seconds.
    Best,
}

impl Level {
    /// The quality for brotli, from 0 to 11.
    fn brotli(self) -> u32 {
        match self {
            Self::Fast => 5,
            Self::Best => 11,
        }
    }

    fn gzip(self) -> Compression {
        match self {
            Self::Fast => Compression::default(),
            Self::Best => Compression::best(),
        }
    }
}

/// Writes a `.br` and a `.gz` file next to each file of `folder` that is worth compressing.
pub(crate) fn compress_all(folder: &Path, level: Level) -> Result<()> {
    let entries = fs::read_dir(folder).map_err(Error::file("read", folder))?;
    for entry in entries {
        let path = entry.map_err(Error::file("read", folder))?.path();
        let metadata = fs::metadata(&path).map_err(Error::file("read", &path))?;
        let kind = path.extension().and_then(|kind| kind.to_str());
        if metadata.is_dir() {
            compress_all(&path, level)?;
        } else if metadata.len() >= WORTH_IT && kind.is_some_and(|kind| KINDS.contains(&kind)) {
            compress(&path, level)?;
        }
    }
    Ok(())
}

/// The compressed bytes that a first visit loads until its page is shown: of the start page or of a
/// canvas, whichever needs more.
pub(crate) struct FirstLoad {
    /// The client without chunks, and the chunks of the page.
    pub(crate) wasm: u64,
    pub(crate) js: u64,
    pub(crate) css: u64,
    /// Of the language with the largest catalog.
    pub(crate) texts: u64,
    /// The chunks that are loaded after that.
    pub(crate) later: u64,
}

impl FirstLoad {
    /// The most that it may be, in bytes.
    pub(crate) const LIMIT: u64 = 460_000;
    /// The most that the texts of one language may be, in bytes.
    pub(crate) const TEXTS_LIMIT: u64 = 12_000;

    /// The sizes of a client that [`compress_all`] has compressed.
    pub(crate) fn of(folder: &Path) -> Result<Self> {
        let mut load = Self {
            wasm: 0,
            js: 0,
            css: 0,
            texts: 0,
            later: 0,
        };
        let mut texts = 0;
        let mut wasm = HashMap::new();
        for entry in fs::read_dir(folder).map_err(Error::file("read", folder))? {
            let entry = entry.map_err(Error::file("read", folder))?;
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let sum = match path.extension().and_then(|kind| kind.to_str()) {
                Some("wasm") => wasm.entry(name).or_default(),
                Some("js") => &mut load.js,
                Some("css") => &mut load.css,
                Some("json") => &mut texts,
                _ => continue,
            };
            let compressed = beside(&path, "br");
            let sent = if compressed.exists() {
                &compressed
            } else {
                &path
            };
            let metadata = fs::metadata(sent).map_err(Error::file("read", sent))?;
            *sum += metadata.len();
            load.texts = load.texts.max(mem::take(&mut texts));
        }
        // A client that is not split names no chunks.
        let page = fs::read_to_string(folder.join("index.html")).unwrap_or_default();
        let size = |name: &str| wasm.get(name).copied().unwrap_or_default();
        let chunks = |chunk| split::files_of(&page, chunk).map(size).sum::<u64>();
        let all: HashSet<&str> = ["start", "canvas", "panels"]
            .into_iter()
            .flat_map(|chunk| split::files_of(&page, chunk))
            .collect();
        let chunked: u64 = all.into_iter().map(size).sum();
        let first = chunks("start").max(chunks("canvas"));
        load.wasm = wasm.values().sum::<u64>() - chunked + first;
        load.later = chunked - first;
        Ok(load)
    }

    /// The sum.
    pub(crate) fn total(&self) -> u64 {
        self.wasm + self.js + self.css + self.texts
    }
}

impl Display for FirstLoad {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} KB of {} (WASM {}, JS {}, CSS {}, texts {} of {}), and {} KB after its page is shown",
            self.total() / 1000,
            Self::LIMIT / 1000,
            self.wasm / 1000,
            self.js / 1000,
            self.css / 1000,
            self.texts / 1000,
            Self::TEXTS_LIMIT / 1000,
            self.later / 1000,
        )
    }
}

fn compress(path: &Path, level: Level) -> Result<()> {
    let bytes = fs::read(path).map_err(Error::file("read", path))?;
    let (brotli, file) = create(path, "br")?;
    let mut encoder = CompressorWriter::new(file, 64 * 1024, level.brotli(), BROTLI_WINDOW);
    let mut file = encoder
        .write_all(&bytes)
        .map(|()| encoder.into_inner())
        .map_err(Error::file("write", &brotli))?;
    file.flush().map_err(Error::file("write", &brotli))?;

    let (gzip, file) = create(path, "gz")?;
    let mut encoder = GzEncoder::new(file, level.gzip());
    encoder
        .write_all(&bytes)
        .and_then(|()| encoder.finish())
        .and_then(|mut file| file.flush())
        .map_err(Error::file("write", &gzip))
}

fn create(path: &Path, suffix: &str) -> Result<(PathBuf, BufWriter<File>)> {
    let path = beside(path, suffix);
    let file = File::create(&path).map_err(Error::file("write", &path))?;
    Ok((path, BufWriter::new(file)))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::io::Read;
    use std::process;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn compresses_what_is_worth_it_and_keeps_the_content() {
        let folder = env::temp_dir().join(format!("stellar-compress-{}", process::id()));
        fs::create_dir_all(folder.join("inner")).unwrap();
        let text = "pixel ".repeat(1000);
        let script = folder.join("inner/app.js");
        fs::write(&script, &text).unwrap();
        fs::write(folder.join("small.js"), "1").unwrap();
        fs::write(folder.join("picture.png"), &text).unwrap();
        compress_all(&folder, Level::Fast).unwrap();

        let mut read = String::new();
        let brotli = File::open(folder.join("inner/app.js.br")).unwrap();
        brotli::Decompressor::new(brotli, 4096)
            .read_to_string(&mut read)
            .unwrap();
        assert_eq!(read, text);
        read.clear();
        let gzip = File::open(folder.join("inner/app.js.gz")).unwrap();
        GzDecoder::new(gzip).read_to_string(&mut read).unwrap();
        assert_eq!(read, text);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 3);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_first_load_is_what_browsers_are_sent() {
        let folder = env::temp_dir().join(format!("stellar-load-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        for (name, bytes) in [
            ("app.wasm", 5000),
            ("app.wasm.br", 3000),
            ("app.wasm.gz", 4000),
            ("app.js", 900),
            ("app.css", 2000),
            ("app.css.br", 700),
            ("icon.svg", 9000),
            ("en.json", 600),
            ("ar.json", 3000),
            ("ar.json.br", 800),
        ] {
            fs::write(folder.join(name), vec![0; bytes]).unwrap();
        }
        let load = FirstLoad::of(&folder).unwrap();
        assert_eq!((load.wasm, load.js, load.css), (3000, 900, 700));
        assert_eq!(load.texts, 800);
        assert_eq!(load.total(), 5400);
        assert_eq!(load.later, 0);

        for (name, bytes) in [
            ("app-a.wasm", 100),
            ("app-b.wasm", 10),
            ("app-c.wasm", 1000),
        ] {
            fs::write(folder.join(name), vec![0; bytes]).unwrap();
        }
        let page =
            "data-canvas=\"/app-a.wasm /app-b.wasm\" data-panels=\"/app-c.wasm /app-b.wasm\"";
        fs::write(folder.join("index.html"), page).unwrap();
        let load = FirstLoad::of(&folder).unwrap();
        assert_eq!((load.wasm, load.later), (3110, 1000));
        fs::remove_dir_all(folder).unwrap();
    }
}
