//! Files that this page has: their addresses, and giving them to other programs.

use crate::browser;
use js_sys::Array;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File, FilePropertyBag, ShareData, Url};

/// An address of a file in this page, which is given up when this value is
/// dropped.
pub struct FileAddress {
    blob: Blob,
    address: String,
}

impl FileAddress {
    /// None if the browser refuses.
    pub fn new(blob: Blob) -> Option<Self> {
        let address = Url::create_object_url_with_blob(&blob).ok()?;
        Some(Self { blob, address })
    }

    /// For `<img src>`.
    pub fn text(&self) -> String {
        self.address.clone()
    }

    /// The file.
    pub fn blob(&self) -> &Blob {
        &self.blob
    }
}

impl Drop for FileAddress {
    fn drop(&mut self) {
        // Fails only for what is no address.
        let _ = Url::revoke_object_url(&self.address);
    }
}

/// Whether the browser can give a file to another program (Web Share).
pub fn can_share(file: &Blob, name: &str) -> bool {
    let navigator = browser::window().navigator();
    let has =
        |method: &str| js_sys::Reflect::has(navigator.as_ref(), &method.into()).unwrap_or_default();
    has("share")
        && has("canShare")
        && share_data(file, name).is_some_and(|data| navigator.can_share_with_data(&data))
}

/// Has the browser ask to which program a file is to be given. Returns when that
/// is done, or nobody wants it any more.
pub async fn share_file(file: &Blob, name: &str) {
    if let Some(data) = share_data(file, name) {
        let shared = browser::window().navigator().share_with_data(&data);
        // Refused where somebody closed the browser's question.
        let _ = JsFuture::from(shared).await;
    }
}

fn share_data(file: &Blob, name: &str) -> Option<ShareData> {
    let options = FilePropertyBag::new();
    options.set_type(&file.type_());
    let parts = Array::of1(file);
    let file = File::new_with_blob_sequence_and_options(&parts, name, &options).ok()?;
    let data = ShareData::new();
    data.set_files(&Array::of1(&file));
    Some(data)
}
