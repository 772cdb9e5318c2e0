//! The compiler of Fluent files, on small files and on those of the client.

use message_catalog::{Kind, Locales, rust_code};
use std::fs;
use std::path::{Path, PathBuf};

/// A folder with locales, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let folder = std::env::temp_dir().join(format!("catalogs-{}-{name}", std::process::id()));
        for (path, text) in files {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(folder)
    }

    fn read(&self) -> Result<Locales, String> {
        Locales::read(&self.0).map_err(|error| error.to_string())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn patterns(catalog: &str) -> Vec<String> {
    serde_json::from_str(catalog).unwrap()
}

#[test]
fn messages_become_patterns_in_the_order_of_english() {
    let folder = Folder::new(
        "order",
        &[
            (
                "en/chat.ftl",
                "# A comment.\nsays = { $name } says { $text }\nsend = {\"{\"}Send}\nbraces = {\"{\"}{ $name }{\"\\\\\"}\n",
            ),
            (
                "en/loading.ftl",
                "tiles =\n    { $n ->\n        [0] none\n       *[other] { $n } tiles\n        [one] one of { $name }\n    }\nleft = { NUMBER($n) } left\n",
            ),
            (
                "de/chat.ftl",
                "send = Senden\nsays = { $text } ({ $name })\n",
            ),
        ],
    );
    // A brace that closes nothing is not valid.
    assert!(folder.read().unwrap_err().contains("chat.ftl:3"));
    fs::write(
        folder.0.join("en/chat.ftl"),
        "says = { $name } says { $text }\nsend = {\"{\"}Send\nbraces = {\"{\"}{ $name }{\"\\\\\"}\n",
    )
    .unwrap();
    let locales = folder.read().unwrap();
    let fingerprint = locales.fingerprint();
    assert_eq!(
        patterns(&locales.catalog(&locales.source)),
        [
            fingerprint.as_str(),
            "{0?=0{none}one{one of {1}}other{{0} tiles}}",
            "{0} left",
            "{0} says {1}",
            "{Send",
            r"\{{0}\\",
        ]
    );
    let german = &locales.translations[0];
    // English takes the place of what is missing; variables keep their places.
    assert_eq!(
        patterns(&locales.catalog(german))[3..],
        ["{1} ({0})", "Senden", r"\{{0}\\"]
    );
    assert_eq!(
        locales.untranslated(german),
        ["loading: tiles", "loading: left", "chat: braces"]
    );
}

#[test]
fn functions_take_the_variables_by_their_kinds() {
    let folder = Folder::new(
        "code",
        &[(
            "en/my-area.ftl",
            "plain-text = Close\nuses =\n    { $n ->\n        [one] { $name } once\n       *[other] { $name } { $n } times\n    }\n",
        )],
    );
    let locales = folder.read().unwrap();
    let code = rust_code(&locales).unwrap();
    for expected in [
        "pub struct MyAreaTexts;",
        "pub fn my_area_texts() -> MyAreaTexts {",
        "pub fn plain_text(self) -> &'static str { plain(1) }",
        "pub fn uses(self, n: impl Number, name: &str) -> String { filled(2, &[Argument::Number(n.to_f64()), Argument::Text(name)]) }",
    ] {
        assert!(code.contains(expected), "{expected} in {code}");
    }
    let kinds: Vec<Kind> = locales
        .messages()
        .flat_map(|(_, message)| message.parameters.iter().map(|parameter| parameter.kind))
        .collect();
    assert_eq!(kinds, [Kind::Number, Kind::Text]);
}

#[test]
fn what_a_translation_may_not_have_is_an_error() {
    let english = (
        "en/a.ftl",
        "by = by { $name }\nleft = { NUMBER($n) } left\n",
    );
    for (text, problem) in [
        ("bye = Adiós\n", "is not in the English file"),
        ("by = von { $nam }\n", "$nam is not in the English message"),
        ("by = von jemandem\n", "$name is missing"),
        (
            "by = { $name ->\n   *[other] { $name }\n }\n",
            "$name is text in the English message",
        ),
        ("by = von { $name }\nby = bei { $name }\n", "is there twice"),
        (
            "left = { $n ->\n    [some] a { $n }\n   *[other] b\n }\n",
            "[some] is no plural category",
        ),
        ("by = von\n    { $name }\n", "has more than one line"),
        ("by = { DATETIME($name) }\n", "are supported"),
        ("-term = A\n", "something else"),
    ] {
        let folder = Folder::new("errors", &[english, ("xx/a.ftl", text)]);
        let error = folder.read().unwrap_err();
        assert!(error.contains(problem), "{text}: {error}");
    }
    // More plural forms than English has are no error.
    let forms = "left = { $n ->\n    [few] { $n } a\n   *[other] { $n } b\n }\n";
    let folder = Folder::new("forms", &[english, ("xx/a.ftl", forms)]);
    assert!(folder.read().is_ok());
}

#[test]
fn the_client_knows_its_catalogs_by_their_messages_and_variables() {
    let fingerprint = |text: &str| {
        let folder = Folder::new("fingerprint", &[("en/a.ftl", text)]);
        folder.read().unwrap().fingerprint()
    };
    let first = fingerprint("by = by { $name }\n");
    assert_eq!(first, fingerprint("by = made by { $name }\n"));
    assert_ne!(first, fingerprint("of = by { $name }\n"));
    assert_ne!(first, fingerprint("by = by { NUMBER($name) }\n"));
}

#[test]
fn the_client_is_translated_completely() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../frontend/locales");
    let locales = Locales::read(&folder).unwrap();
    let tags: Vec<&str> = locales
        .translations
        .iter()
        .map(|one| one.tag.as_str())
        .collect();
    assert_eq!(tags, ["ar", "de", "es", "ja"]);
    for language in &locales.translations {
        let none: [&str; 0] = [];
        assert_eq!(locales.untranslated(language), none, "{}", language.tag);
    }
    // Each is listed in the page.
    let page = fs::read_to_string(folder.join("../index.html")).unwrap();
    for tag in tags {
        assert!(page.contains(&format!("locales/{tag}.json")), "{tag}");
    }
}
