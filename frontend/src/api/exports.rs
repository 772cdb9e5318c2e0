//! Requests about films of a canvas's past, and about files that the server
//! makes of it.

use super::{ApiError, ApiResult, call, done, fetch, get, parse, send, url};
use gloo_net::http::Method;
use shared::{
    api::exports::{Export, NewExport},
    ids::{CanvasId, ExportId},
};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

/// Asks for a file.
///
/// # Errors
/// [`ApiError`].
pub async fn start(id: CanvasId, body: &NewExport) -> ApiResult<Export> {
    parse(fetch(call(Method::POST, &format!("/canvases/{id}/exports")).json(body)).await)
}

/// Gets how far a file is.
///
/// # Errors
/// [`ApiError`]; `export_not_found` if it was deleted, or somebody else asked
/// for it.
pub async fn state(id: ExportId) -> ApiResult<Export> {
    parse(fetch(get(&format!("/exports/{id}"))).await)
}

/// Deletes a file, or stops making it.
///
/// # Errors
/// [`ApiError`].
pub async fn delete(id: ExportId) -> ApiResult<()> {
    self::done(call(Method::DELETE, &format!("/exports/{id}"))).await
}

/// The URL of a picture or film, for `<img src>` and `<a href>`; `path` as
/// [`crate::model::export::ExportChoice::path`] has it.
pub fn file_url(path: &str) -> String {
    url(path)
}

/// Gets a picture or film.
///
/// # Errors
/// [`ApiError`].
pub async fn file(path: &str) -> ApiResult<Blob> {
    let (response, deadline) = send(get(path)).await?;
    let response: web_sys::Response = response.into();
    let blob = match response.blob() {
        Ok(blob) => JsFuture::from(blob).await,
        Err(error) => Err(error),
    };
    drop(deadline);
    blob.ok()
        .and_then(|blob| blob.dyn_into().ok())
        .ok_or(ApiError::Unreachable)
}
