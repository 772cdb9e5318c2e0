//! The messages of all languages, read from a folder a language with a file an area.

use crate::error::{Error, Result};
use crate::message::Message;
use fluent_syntax::ast::Entry;
use fluent_syntax::parser;
use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// The language that all others are translated from.
const SOURCE: &str = "en";
/// Its messages come first in each catalog. `boot.js` takes them by their place, before the client
/// is loaded, which has no functions for them.
pub(crate) const FIRST_AREA: &str = "loading";

/// The messages of one language: by area, in the order of the English file.
#[derive(Clone, Debug, Default)]
pub struct Language {
    /// The language tag, which is the folder's name.
    pub tag: String,
    /// The messages. A message that is not translated is absent.
    pub areas: BTreeMap<String, Vec<Message>>,
}

/// All languages.
#[derive(Clone, Debug)]
pub struct Locales {
    /// English.
    pub source: Language,
    /// The translations.
    pub translations: Vec<Language>,
}

impl Locales {
    /// Reads all languages.
    ///
    /// # Errors
    /// If a file cannot be read or is wrong, or a translation has a message or a variable that
    /// English does not have. A missing message is no error: see [`Locales::untranslated`].
    pub fn read(folder: &Path) -> Result<Self> {
        let source = Language::read(&folder.join(SOURCE), None)?;
        let mut translations = Vec::new();
        for path in entries(folder)? {
            if path.is_dir() && !path.ends_with(SOURCE) {
                translations.push(Language::read(&path, Some(&source))?);
            }
        }
        Ok(Self {
            source,
            translations,
        })
    }

    /// The English messages that a language has no translation of, as `area: id`.
    pub fn untranslated(&self, language: &Language) -> Vec<String> {
        let missing = self.messages().filter_map(|(area, message)| {
            let found = language.message(area, &message.id);
            found.is_none().then(|| format!("{area}: {}", message.id))
        });
        missing.collect()
    }

    /// The English messages with their areas, in the order of the catalogs.
    pub fn messages(&self) -> impl Iterator<Item = (&str, &Message)> {
        let areas = &self.source.areas;
        let first = areas.get_key_value(FIRST_AREA).into_iter();
        let others = areas.iter().filter(|(area, _)| *area != FIRST_AREA);
        first
            .chain(others)
            .flat_map(|(area, messages)| messages.iter().map(move |one| (area.as_str(), one)))
    }

    /// What must be equal in the client and its catalog: the names and variables of all messages.
    pub fn fingerprint(&self) -> String {
        let mut hasher = DefaultHasher::new();
        for (area, message) in self.messages() {
            (area, &message.id).hash(&mut hasher);
            for parameter in &message.parameters {
                (&parameter.name, parameter.kind as u8).hash(&mut hasher);
            }
        }
        format!("{:016x}", hasher.finish())
    }

    /// The catalog of a language: the fingerprint, then the pattern of each message. English takes
    /// the place of what is not translated.
    pub fn catalog(&self, language: &Language) -> String {
        let patterns = self.messages().map(|(area, message)| {
            let translated = language.message(area, &message.id).unwrap_or(message);
            translated.pattern.clone()
        });
        let lines: Vec<String> = std::iter::once(self.fingerprint())
            .chain(patterns)
            .collect();
        serde_json::Value::from(lines).to_string()
    }

    /// Writes the catalog of each language, as `de.json`, and leaves those that are the same.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write_catalogs(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder).map_err(file_error(folder))?;
        for language in std::iter::once(&self.source).chain(&self.translations) {
            let path = folder.join(format!("{}.json", language.tag));
            let catalog = self.catalog(language);
            if fs::read_to_string(&path).ok().as_deref() != Some(&catalog) {
                fs::write(&path, catalog).map_err(file_error(&path))?;
            }
        }
        Ok(())
    }
}

impl Language {
    fn read(folder: &Path, source: Option<&Self>) -> Result<Self> {
        let mut language = Self {
            tag: name_of(folder),
            areas: BTreeMap::new(),
        };
        for path in entries(folder)? {
            if path.extension().is_some_and(|extension| extension == "ftl") {
                let area = name_of(&path.with_extension(""));
                let messages = read_area(&path, &area, source)?;
                language.areas.insert(area, messages);
            }
        }
        Ok(language)
    }

    fn message(&self, area: &str, id: &str) -> Option<&Message> {
        self.areas
            .get(area)?
            .iter()
            .find(|message| message.id == id)
    }
}

fn read_area(path: &Path, area: &str, source: Option<&Language>) -> Result<Vec<Message>> {
    let text = fs::read_to_string(path).map_err(file_error(path))?;
    let resource = parser::parse(text.as_str()).map_err(|(_, errors)| {
        let (at, problem) = errors.first().map_or((0, String::new()), |error| {
            (error.pos.start, error.to_string())
        });
        Error::Syntax {
            path: path.to_owned(),
            line: text[..at].lines().count().max(1),
            problem,
        }
    })?;
    let mut messages: Vec<Message> = Vec::new();
    for entry in &resource.body {
        let message = match entry {
            Entry::Message(message) => message,
            Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => continue,
            Entry::Term(_) | Entry::Junk { .. } => {
                return Err(Error::Syntax {
                    path: path.to_owned(),
                    line: 1,
                    problem: "holds something else than messages and comments".to_owned(),
                });
            }
        };
        let id = message.id.name;
        let refused = |problem: String| Error::Message {
            path: path.to_owned(),
            id: id.to_owned(),
            problem,
        };
        let english = source.map(|source| source.message(area, id));
        if english == Some(None) {
            return Err(refused("is not in the English file".to_owned()));
        }
        if messages.iter().any(|known| known.id == id) {
            return Err(refused("is there twice".to_owned()));
        }
        messages.push(Message::compile(message, english.flatten()).map_err(refused)?);
    }
    Ok(messages)
}

/// The paths in a folder, sorted.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = fs::read_dir(folder).map_err(file_error(folder))?;
    let mut paths = read
        .map(|entry| Ok(entry.map_err(file_error(folder))?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn file_error(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    move |source| Error::File {
        path: path.to_owned(),
        source,
    }
}
