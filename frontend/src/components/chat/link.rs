//! A link to another site in a text that somebody wrote.

use leptos::prelude::*;
use web_sys::Url;

/// The parts of an address that are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Address {
    /// The whole address, as the browser reads it.
    href: String,
    /// The host and port, as the browser reads them: an international name that
    /// looks like another one is seen to be different (`xn--…`).
    host: String,
    /// What was written after them.
    rest: String,
}

impl Address {
    /// None for anything but `https`, and where a name before the host could be
    /// taken for it.
    fn parse(written: &str) -> Option<Self> {
        let url = Url::new(written).ok()?;
        // Browsers differ in whether they encode what no host may contain, or refuse it.
        let is_plain =
            url.username().is_empty() && url.password().is_empty() && !url.host().contains('%');
        if url.protocol() != "https:" || !is_plain {
            return None;
        }
        let (_, after) = written.split_once("://")?;
        let end = after.find(['/', '?', '#']).unwrap_or(after.len());
        Some(Self {
            href: url.href(),
            host: url.host(),
            rest: after[end..].to_owned(),
        })
    }
}

/// A link to the address that somebody wrote, which shows its host. What is no
/// safe address is plain text. It opens in a tab of its own, which learns nothing
/// of this one.
#[component]
pub fn ExternalLink(
    /// As it was written; begins with `https://`.
    written: String,
) -> impl IntoView {
    let Some(Address { href, host, rest }) = Address::parse(&written) else {
        return written.into_any();
    };
    view! {
        <a
            class="external"
            dir="ltr"
            href=href.clone()
            title=href
            target="_blank"
            rel="noopener noreferrer nofollow ugc"
        >
            "https://"
            <strong class="external__host">{host}</strong>
            {rest}
        </a>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn shown(written: &str) -> Option<(String, String)> {
        Address::parse(written).map(|address| (address.host, address.rest))
    }

    #[expect(clippy::unnecessary_wraps, reason = "what `shown` returns")]
    fn parts(host: &str, rest: &str) -> Option<(String, String)> {
        Some((host.to_owned(), rest.to_owned()))
    }

    #[test]
    fn the_host_is_shown_as_the_browser_reads_it() {
        assert_eq!(
            shown("https://Example.org/a?b#c"),
            parts("example.org", "/a?b#c")
        );
        assert_eq!(
            shown("https://example.org:8443?x"),
            parts("example.org:8443", "?x")
        );
        // The first letter is Cyrillic.
        assert_eq!(shown("https://аpple.com"), parts("xn--pple-43d.com", ""));
    }

    #[test]
    fn what_could_lead_elsewhere_than_it_seems_is_no_link() {
        for written in [
            "https://example.org@evil.example/",
            "https://user:secret@example.org/",
            "http://example.org/",
            "https://",
            "https://exa mple.org/",
        ] {
            assert_eq!(shown(written), None, "{written}");
        }
    }
}
