//! The page: `index.html`, whose elements for trunk are replaced.

use crate::dist::Name;
use anyhow::{Context, Result, bail};
use quick_xml::{
    Reader, Writer,
    events::{BytesStart, BytesText, Event},
};

/// The attribute of the elements for trunk.
const MARK: &str = "data-trunk";

/// Replaces the elements that are marked for trunk (its documentation, "Assets"): scripts, style
/// sheets and the icon by such with the names that `add` gives their files, the client by
/// `code`; files that are only copied leave no element.
///
/// The page is read as XML with HTML's attributes: each of its elements is closed.
pub(crate) fn build(
    html: &str,
    code: &str,
    mut add: impl FnMut(&str, Name) -> Result<String>,
) -> Result<String> {
    let mut reader = Reader::from_str(html);
    let mut writer = Writer::new(Vec::new());
    loop {
        match reader.read_event()? {
            Event::Eof => break,
            Event::Start(element) if is_marked(&element) => {
                if element.name().0 != "script" {
                    bail!("<{}> is not known here", &*element);
                }
                let script = linked(&element, "src", &mut add)?;
                writer.write_event(Event::Start(script))?;
            }
            Event::Empty(element) if is_marked(&element) => {
                match attribute(&element, "rel")?.as_deref() {
                    Some("icon" | "css") => {
                        let file = linked(&element, "href", &mut add)?;
                        writer.write_event(Event::Empty(file))?;
                    }
                    Some("copy-file") => {
                        let file = attribute(&element, "href")?.context("a file without href")?;
                        add(&file, Name::Plain)?;
                    }
                    Some("rust") => {
                        let code = BytesText::from_escaped(code);
                        writer.write_event(Event::Text(code))?;
                    }
                    _ => bail!("<{}> is not known here", &*element),
                }
            }
            event => writer.write_event(event)?,
        }
    }
    Ok(String::from_utf8(writer.into_inner())?)
}

fn is_marked(element: &BytesStart<'_>) -> bool {
    let mut attributes = element.html_attributes();
    attributes.any(|attribute| attribute.is_ok_and(|it| it.key.0 == MARK))
}

/// The element as the browser gets it: without what only trunk reads, and with the path of the
/// file that its attribute `link` names.
fn linked(
    element: &BytesStart<'_>,
    link: &str,
    add: &mut impl FnMut(&str, Name) -> Result<String>,
) -> Result<BytesStart<'static>> {
    let mut result = BytesStart::new(element.name().0.to_owned());
    for attribute in element.html_attributes() {
        let attribute = attribute?;
        match (attribute.key.0, &*attribute.value) {
            (key, _) if key.starts_with("data-") => {}
            (key, file) if key == link => {
                let path = format!("/{}", add(file, Name::Hashed)?);
                result.push_attribute((link, path.as_str()));
            }
            ("rel", "css") => result.push_attribute(("rel", "stylesheet")),
            _ => result.push_attribute(attribute),
        }
    }
    Ok(result)
}

/// The value of an attribute, as it is written.
fn attribute(element: &BytesStart<'_>, name: &str) -> Result<Option<String>> {
    for attribute in element.html_attributes() {
        let attribute = attribute?;
        if attribute.key.0 == name {
            return Ok(Some(attribute.value.into_owned()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The page with hashed names in capitals, and the files that it added.
    fn built(html: &str) -> (Result<String>, Vec<String>) {
        let mut added = Vec::new();
        let page = build(html, "<meta data-js=\"/a.js\">", |file, name| {
            added.push(file.to_owned());
            Ok(match name {
                Name::Hashed => file.to_uppercase(),
                Name::Plain => file.to_owned(),
            })
        });
        (page, added)
    }

    #[test]
    fn elements_for_trunk_are_replaced() {
        let (page, added) = built(
            "<head>\n\
             <script data-trunk data-no-minify type=\"module\" lang=\"ja\" title=\"日本語\" src=\"b.js\"></script>\n\
             <link data-trunk rel=\"icon\" href=\"i.svg\" type=\"image/svg+xml\" />\n\
             <link data-trunk rel=\"css\" href=\"s.css\" />\n\
             <link data-trunk rel=\"copy-file\" href=\"w.js\" />\n\
             <link data-trunk rel=\"rust\" data-wasm-opt=\"0\" />\n\
             </head>",
        );
        assert_eq!(
            page.unwrap(),
            "<head>\n\
             <script type=\"module\" lang=\"ja\" title=\"日本語\" src=\"/B.JS\"></script>\n\
             <link rel=\"icon\" href=\"/I.SVG\" type=\"image/svg+xml\"/>\n\
             <link rel=\"stylesheet\" href=\"/S.CSS\"/>\n\
             \n\
             <meta data-js=\"/a.js\">\n\
             </head>"
        );
        assert_eq!(added, ["b.js", "i.svg", "s.css", "w.js"]);
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        let html = "<!DOCTYPE html>\n<html lang=\"en\"><!-- A & B --><link rel=\"manifest\" href=\"/m\" />\
                    <p class='x' hidden>a &amp; b</p><script src=\"c.js\"></script></html>\n";
        let (page, added) = built(html);
        assert_eq!(page.unwrap(), html);
        assert_eq!(added, [""; 0]);
    }

    #[test]
    fn an_element_that_only_trunk_knows_is_an_error() {
        let (page, _) = built("<link data-trunk rel=\"sass\" href=\"s.scss\" />");
        let error = page.unwrap_err().to_string();
        assert_eq!(
            error,
            "<link data-trunk rel=\"sass\" href=\"s.scss\" > is not known here"
        );
        assert!(built("<style data-trunk></style>").0.is_err());
    }

    #[test]
    fn our_page_has_only_known_elements() {
        let (page, added) = built(include_str!("../../frontend/index.html"));
        assert!(!page.unwrap().contains("<link data-trunk"));
        assert!(added.contains(&"boot.js".to_owned()), "{added:?}");
    }
}
