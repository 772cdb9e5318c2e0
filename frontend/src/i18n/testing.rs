//! The English texts for tests of other modules, which have no page that fetches them.

/// Lets texts be read.
///
/// # Panics
/// If the catalog and the code were not made by the same build.
pub fn use_english() {
    let catalog = include_str!(concat!(env!("OUT_DIR"), "/en.json"));
    let catalog = serde_json::from_str(catalog).expect("an array of texts");
    super::install(catalog).expect("the catalog of this build");
}
